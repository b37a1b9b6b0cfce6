/**
 * Goal: every reason fits its 32 bytes and is read back; what strangers write there is read as text or as nothing.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '../units/hex.ts'
import {
  encodeHoldReason,
  holdReasonCharactersMax,
  holdReasons,
  readHoldReason,
  type HoldReason,
} from './hold-reason.ts'

test('every reason is read back from its 32 bytes', () => {
  for (const reason of Object.keys(holdReasons) as HoldReason[]) {
    assert.ok(reason.length <= holdReasonCharactersMax)
    const hex = encodeHoldReason(reason)
    assert.equal(hex.length, 2 + 2 * holdReasonCharactersMax)
    assert.equal(readHoldReason(hex), reason)
  }
})

test('what is no printable ASCII from the left is no reason', () => {
  assert.equal(readHoldReason(toHex(new Uint8Array(32))), undefined)
  assert.equal(readHoldReason(`0x00${'61'.repeat(31)}`), undefined)
  assert.equal(readHoldReason(`0x${'7f'.repeat(32)}`), undefined)
  assert.equal(readHoldReason(`0x${'61'.repeat(32)}`), 'a'.repeat(32))
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = readHoldReason(toHex(bytes))
      assert.ok(text === undefined || /^[\x20-\x7e]{1,32}$/.test(text))
    }),
  )
})
