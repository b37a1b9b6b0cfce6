/**
 * Goal: the cipher and the code are those of FIPS 197 and RFC 4493, and agree with the machine's own for any key and message.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { decryptBlock, encryptBlock, keySchedule } from './aes-128.ts'
import { cmac } from './cmac.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const anyBlock = fc.uint8Array({ minLength: 16, maxLength: 16 })

function native(make: 'encrypt' | 'decrypt', key: Uint8Array, block: Uint8Array): string {
  const cipher = (make === 'encrypt' ? createCipheriv : createDecipheriv)('aes-128-ecb', key, null).setAutoPadding(
    false,
  )
  return Buffer.concat([cipher.update(block), cipher.final()]).toString('hex')
}

test('AES is that of FIPS 197, appendix C.1', () => {
  const schedule = keySchedule(bytesOf('000102030405060708090a0b0c0d0e0f'))
  const cipher = encryptBlock(schedule, bytesOf('00112233445566778899aabbccddeeff'))
  assert.equal(hexOf(cipher), '69c4e0d86a7b0430d8cdb78070b4c55a')
  assert.equal(hexOf(decryptBlock(schedule, cipher)), '00112233445566778899aabbccddeeff')
})

test('AES agrees with the machine’s for any key and block, both ways', () => {
  fc.assert(
    fc.property(anyBlock, anyBlock, (key, block) => {
      const schedule = keySchedule(key)
      assert.equal(hexOf(encryptBlock(schedule, block)), native('encrypt', key, block))
      assert.equal(hexOf(decryptBlock(schedule, block)), native('decrypt', key, block))
    }),
  )
})

test('CMAC is that of RFC 4493, section 4', () => {
  const schedule = keySchedule(bytesOf('2b7e151628aed2a6abf7158809cf4f3c'))
  const message = bytesOf(
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  )
  const expected: readonly [number, string][] = [
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ]
  for (const [size, code] of expected) assert.equal(hexOf(cmac(schedule, message.subarray(0, size))), code)
})
