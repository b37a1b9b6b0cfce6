/**
 * Goal: each id is a UUID of version 4, none comes twice, and bytes are drawn seldom and never used again.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { uniqueIds } from './unique-id.ts'

test('ids are UUIDs of version 4, none twice, a thousand from a few draws', () => {
  let draws = 0
  const nextId = uniqueIds({
    bytes(sizeBytes) {
      draws += 1
      return Uint8Array.from(randomBytes(sizeBytes))
    },
  })
  const ids = Array.from({ length: 1000 }, nextId)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(draws, 4)
})

test('an id is its 16 bytes, with version and variant set', () => {
  let next = 0
  const nextId = uniqueIds({ bytes: (sizeBytes) => Uint8Array.from({ length: sizeBytes }, () => next++) })
  assert.equal(nextId(), '00010203-0405-4607-8809-0a0b0c0d0e0f')
  assert.equal(nextId(), '10111213-1415-4617-9819-1a1b1c1d1e1f')
})
