/**
 * Goal: fractions obey arithmetic exactly, and each rounding goes where its name says.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, compare, divide, formatRatio, multiply, parseRatio, ratio, round, subtract, truncate } from './ratio.ts'

const anyRatio = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 12n }))
  .map(([numerator, denominator]) => ratio(numerator, denominator))
const of = (text: string): ReturnType<typeof ratio> => parseRatio(text) ?? assert.fail(text)

test('what is added is subtracted again, and what is multiplied divided', () => {
  fc.assert(
    fc.property(anyRatio, anyRatio, (a, b) => {
      assert.deepEqual(subtract(add(a, b), b), a)
      assert.deepEqual(add(a, b), add(b, a))
      if (b.numerator !== 0n) assert.deepEqual(divide(multiply(a, b), b), a)
      assert.equal(compare(a, b), -compare(b, a) + 0)
    }),
  )
})

test('a rounding is off by less than one unit, half-even by at most a half', () => {
  fc.assert(
    fc.property(anyRatio, fc.integer({ min: 0, max: 18 }), (value, decimals) => {
      const unit = ratio(1n, 10n ** BigInt(decimals))
      for (const rounding of ['half-even', 'up', 'toward-zero'] as const) {
        const error = subtract(round(value, { decimals, rounding }), value)
        const size = error.numerator < 0n ? ratio(-error.numerator, error.denominator) : error
        assert.ok(compare(size, unit) < 0)
        if (rounding === 'half-even') assert.ok(compare(multiply(size, ratio(2n)), unit) <= 0)
        if (rounding === 'up') assert.ok(error.numerator >= 0n)
      }
    }),
  )
})

test('halves go to the even neighbour, on both sides of zero', () => {
  const rounded = (text: string): string => formatRatio(round(of(text), { decimals: 1, rounding: 'half-even' }), 1)
  assert.deepEqual(['0.25', '0.35', '-0.25', '-0.35', '0.2501'].map(rounded), ['0.2', '0.4', '-0.2', '-0.4', '0.3'])
  assert.equal(truncate(of('-1.9')), -1n)
  assert.equal(formatRatio(round(of('-1.95'), { decimals: 1, rounding: 'up' }), 1), '-1.9')
})

test('text that is no plain decimal is undefined', () => {
  for (const text of ['', '.', '1.', '.5', '1e3', ' 1', '+1', '0x1', '1'.repeat(81)]) {
    assert.equal(parseRatio(text), undefined)
  }
  fc.assert(fc.property(fc.string(), (text) => void parseRatio(text)))
})
