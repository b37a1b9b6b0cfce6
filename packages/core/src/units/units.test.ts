/**
 * Amounts, hex and bytes.
 *
 * Goal: text and integers turn into each other exactly, and what cannot be exact is refused.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AmountMalformed, HexMalformed } from '../errors/unit-errors.ts'
import { bigintOfBytes, bytesOfBigint, compareBytes, concatBytes, equalBytes } from './bytes.ts'
import { formatCreditsUsd, formatNanoCredits, parseCredits, parseNanoCredits } from './credits.ts'
import { fromHex, parseHex, toHex } from './hex.ts'
import { formatWork, parseWork } from './work.ts'

test('amounts survive the way to text and back', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 128n), (amount) => {
      assert.equal(parseWork(formatWork(amount)), amount)
      assert.equal(parseNanoCredits(formatNanoCredits(amount)), amount)
    }),
  )
})

test('surplus decimals, signs, exponents and spaces are refused, not rounded', () => {
  assert.equal(parseWork('1.5'), 1_500_000_000_000_000_000n)
  for (const text of [
    '',
    '.',
    '1.',
    '.5',
    '-1',
    '+1',
    '1e3',
    ' 1',
    '1 ',
    '0x1',
    '1,5',
    `1.${'0'.repeat(19)}`,
    '9'.repeat(81),
  ]) {
    assert.throws(() => parseWork(text), AmountMalformed, text)
  }
  assert.throws(() => parseCredits('1.0'), AmountMalformed)
})

test('credits are shown in dollars at 100,000 a dollar', () => {
  assert.deepEqual(
    [formatCreditsUsd(100_000n), formatCreditsUsd(1n), formatCreditsUsd(-150_000n)],
    ['1', '0.00001', '-1.5'],
  )
})

test('hex survives the way to bytes and back, and anything else is no hex', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.deepEqual(fromHex(toHex(bytes)), bytes)
      assert.equal(parseHex(toHex(bytes), bytes.length + 1), undefined)
    }),
  )
  for (const text of ['', '00', '0x0', '0xzz', '0X00', '0x00 ']) assert.equal(parseHex(text), undefined)
  assert.throws(() => fromHex('0x1'), HexMalformed)
})

test('integers survive the way to big-endian bytes and back, and sort as their bytes', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 128n - 1n), fc.bigInt(0n, 2n ** 128n - 1n), (left, right) => {
      const [leftBytes, rightBytes] = [bytesOfBigint(left, 16), bytesOfBigint(right, 16)]
      assert.equal(bigintOfBytes(leftBytes), left)
      assert.equal(Math.sign(compareBytes(leftBytes, rightBytes)), left < right ? -1 : Number(left > right))
      assert.equal(equalBytes(leftBytes, rightBytes), left === right)
      assert.equal(bigintOfBytes(concatBytes(leftBytes, rightBytes)), (left << 128n) | right)
    }),
  )
})
