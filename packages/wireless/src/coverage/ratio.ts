/**
 * Exact fractions: what shares, scales and prices are computed in, so that rounding happens where a rule says so and nowhere else.
 *
 * Pure bigint, the same on every machine. Not a general decimal type: a result leaves by a named rounding.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { formatDecimal } from '@groundwork/core/units/decimal.ts'

/** numerator / denominator in lowest terms; the denominator is above 0n. */
export interface Ratio {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Longest text that is read as a ratio, in characters. */
export const ratioTextCharactersMax = 80

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [left, right] = [a < 0n ? -a : a, b]
  while (right !== 0n) [left, right] = [right, left % right]
  return left
}

/** @param denominator not 0n */
export function ratio(numerator: bigint, denominator = 1n): Ratio {
  invariant(denominator !== 0n, 'nothing is divided by zero')
  if (denominator === 1n) return { numerator, denominator }
  const sign = denominator < 0n ? -1n : 1n
  const divisor = sign * greatestCommonDivisor(numerator, sign * denominator)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

export const zero: Ratio = ratio(0n)
export const one: Ratio = ratio(1n)

/** @returns the exact value of plain decimal text ('12', '-0.0303'), or undefined when it is none: no exponent, no spaces */
export function parseRatio(text: string): Ratio | undefined {
  if (text.length > ratioTextCharactersMax) return undefined
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const fraction = match[2] ?? ''
  return ratio(BigInt((match[1] ?? '') + fraction), 10n ** BigInt(fraction.length))
}

export function add(a: Ratio, b: Ratio): Ratio {
  return ratio(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
}

export function subtract(a: Ratio, b: Ratio): Ratio {
  return ratio(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator)
}

export function multiply(a: Ratio, b: Ratio): Ratio {
  return ratio(a.numerator * b.numerator, a.denominator * b.denominator)
}

/** @param b not zero */
export function divide(a: Ratio, b: Ratio): Ratio {
  return ratio(a.numerator * b.denominator, a.denominator * b.numerator)
}

/** @param exponent 0 or more */
export function power(base: Ratio, exponent: number): Ratio {
  return ratio(base.numerator ** BigInt(exponent), base.denominator ** BigInt(exponent))
}

/** @returns below, at or above 0 as `a` is below, at or above `b` */
export function compare(a: Ratio, b: Ratio): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function smaller(a: Ratio, b: Ratio): Ratio {
  return compare(a, b) <= 0 ? a : b
}

/** Where the remainder of a rounding goes: to the even neighbour when it is a half, up to the next, or off toward zero. */
export type Rounding = 'half-even' | 'up' | 'toward-zero'

function floorOf({ numerator, denominator }: Ratio): bigint {
  const quotient = numerator / denominator
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient
}

function toInteger(value: Ratio, rounding: Rounding): bigint {
  if (rounding === 'toward-zero') return value.numerator / value.denominator
  const below = floorOf(value)
  const doubledRest = 2n * (value.numerator - below * value.denominator)
  if (doubledRest === 0n) return below
  if (rounding === 'up' || doubledRest > value.denominator) return below + 1n
  return doubledRest === value.denominator && below % 2n !== 0n ? below + 1n : below
}

/** @returns the value at `decimals` decimals */
export function round(value: Ratio, to: { readonly decimals: number; readonly rounding: Rounding }): Ratio {
  const scale = 10n ** BigInt(to.decimals)
  return ratio(toInteger(multiply(value, ratio(scale)), to.rounding), scale)
}

/** @returns the whole part; the rest is dropped */
export function truncate(value: Ratio): bigint {
  return value.numerator / value.denominator
}

/** @returns exact decimal text of a value that has at most `decimals` decimals */
export function formatRatio(value: Ratio, decimals: number): string {
  const scaled = multiply(value, ratio(10n ** BigInt(decimals)))
  invariant(scaled.denominator === 1n, 'a value is rounded before it is written')
  return formatDecimal(scaled.numerator, decimals)
}
