/**
 * Goal: a range names bytes that there are, whatever the header says.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readRange } from './range-header.ts'

test('a range lies inside, and is the one asked for', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 500 }), (first, last, sizeBytes) => {
      const read = readRange(`bytes=${first}-${last}`, sizeBytes)
      if (last < first) assert.equal(read.tag, 'whole')
      else if (first >= sizeBytes) assert.equal(read.tag, 'outside')
      else assert.deepEqual(read, { tag: 'part', startBytes: first, sizeBytes: Math.min(last + 1, sizeBytes) - first })
    }),
  )
  assert.deepEqual(readRange('bytes=-3', 10), { tag: 'part', startBytes: 7, sizeBytes: 3 })
  assert.deepEqual(readRange('bytes=-30', 10), { tag: 'part', startBytes: 0, sizeBytes: 10 })
  assert.deepEqual(readRange('bytes=4-', 10), { tag: 'part', startBytes: 4, sizeBytes: 6 })
  assert.deepEqual(readRange('bytes=-0', 10), { tag: 'outside' })
})

test('what is no single range of bytes counts as none', () => {
  for (const header of [undefined, '', 'bytes=', 'bytes=-', 'bytes=1-2,4-5', 'items=1-2', 'bytes=a-b']) {
    assert.deepEqual(readRange(header, 10), { tag: 'whole' })
  }
  fc.assert(fc.property(fc.string(), fc.nat(), (header, sizeBytes) => void readRange(header, sizeBytes)))
})
