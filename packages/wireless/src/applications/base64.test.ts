/**
 * Goal: base64 is what every other implementation writes, and no other text is taken for it.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseBase64, toBase64 } from './base64.ts'

test('it writes what Node writes, and reads it back with and without padding, in both alphabets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      assert.equal(toBase64(bytes), text)
      assert.deepEqual(parseBase64(text), bytes)
      assert.deepEqual(parseBase64(text.replaceAll('=', '')), bytes)
      assert.deepEqual(parseBase64(Buffer.from(bytes).toString('base64url')), bytes)
    }),
  )
})

test('text that is no base64 is refused', () => {
  for (const text of ['A', 'AAAAA', 'AA=', 'A===', '====', 'AA==AA==', 'AA A', 'A\u00e9AA', 'AAA*'])
    assert.equal(parseBase64(text), undefined, text)
})
