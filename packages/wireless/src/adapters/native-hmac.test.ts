/**
 * Goal: the code is HMAC-SHA256, for every key of a stream and every message.
 */

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { nobleHmac } from '../wire/carry-stream.ts'
import { nativeHmac } from './native-hmac.ts'

test('it is what others compute, also when the key is used again', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
      (key, messages) => {
        for (const message of messages) {
          const expected = new Uint8Array(createHmac('sha256', key).update(message).digest())
          assert.deepEqual(new Uint8Array(nativeHmac(key, message)), expected)
          assert.deepEqual(nobleHmac(key, message), expected)
        }
      },
    ),
  )
})
