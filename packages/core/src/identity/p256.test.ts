/**
 * Goal: a device's signature names its key and nothing else, and has one form; no bytes make the reader throw.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { bytesOfBigint, concatBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'
import { deviceOf, deviceSignatureBytes, signAsDevice } from './p256.ts'
import { addressOfPublicKey } from './secp256k1.ts'

const digest: Hex = `0x${'5a'.repeat(32)}`
const secretKey = bytesOfBigint(7n, 32)
const device = addressOfPublicKey(p256.getPublicKey(secretKey, false))

test('a device is named by its own signature over its own digest', () => {
  const signature = signAsDevice(digest, secretKey)
  assert.equal(deviceOf(digest, signature), device)
  assert.equal(deviceOf(`0x${'5b'.repeat(32)}`, signature), undefined)
})

test('the same signature with s turned over is none', () => {
  const bytes = fromHex(signAsDevice(digest, secretKey), deviceSignatureBytes)
  const s = BigInt(toHex(bytes.subarray(32, 64)))
  const turned = bytesOfBigint(p256.Point.Fn.ORDER - s, 32)
  const publicKey = concatBytes(Uint8Array.of(4), bytes.subarray(64))
  const high = concatBytes(bytes.subarray(0, 32), turned)
  const message = fromHex(digest, 32)
  assert.equal(p256.verify(high, message, publicKey, { prehash: false, lowS: false, format: 'compact' }), true)
  assert.equal(deviceOf(digest, toHex(concatBytes(high, bytes.subarray(64)))), undefined)
})

test('one bit changed is no signature of the device, and any bytes are an ordinary value', () => {
  const signature = fromHex(signAsDevice(digest, secretKey), deviceSignatureBytes)
  fc.assert(
    fc.property(fc.nat(deviceSignatureBytes * 8 - 1), (bit) => {
      const changed = signature.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      assert.notEqual(deviceOf(digest, toHex(changed)), device)
    }),
    { numRuns: 60 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 140 }), (bytes) => {
      assert.equal(deviceOf(digest, toHex(bytes)), undefined)
    }),
    { numRuns: 40 },
  )
})
