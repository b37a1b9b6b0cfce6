/**
 * Goal: base64 is what every other implementation writes, and no other text is taken for it.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64, encodeBase64 } from './base64.ts'

test('it writes what Node writes, and reads it back with and without padding, in both alphabets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      assert.equal(encodeBase64(bytes), text)
      assert.deepEqual(decodeBase64(text), bytes)
      assert.deepEqual(decodeBase64(text.replaceAll('=', '')), bytes)
      assert.deepEqual(decodeBase64(Buffer.from(bytes).toString('base64url')), bytes)
    }),
  )
})

test('text that is no base64 is refused', () => {
  for (const text of ['A', 'AAAAA', 'AA=', 'A===', '====', 'AA==AA==', 'AA A', 'A\u00e9AA', 'AAA*'])
    assert.equal(decodeBase64(text), undefined, text)
})
