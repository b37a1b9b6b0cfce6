/**
 * Exact decimal text <-> integer units. No floats, no rounding: surplus decimals are refused.
 *
 * @module
 */

import { AmountMalformed } from '../errors/unit-errors.ts'

/** Longest text that is read as an amount, in characters. */
export const decimalTextCharactersMax = 80

/**
 * @param text digits, optionally a point and at most `decimals` digits: '12', '0.5'; no sign, no exponent, no spaces
 * @param unit what it is called, and how many decimals one unit has
 * @returns the amount in the smallest unit
 * @throws AmountMalformed
 */
export function parseDecimal(text: string, unit: { readonly name: string; readonly decimals: number }): bigint {
  const refused = (): AmountMalformed => new AmountMalformed({ text, unit: unit.name, decimalsMax: unit.decimals })
  if (text.length > decimalTextCharactersMax) throw refused()
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw refused()
  const fraction = match[2] ?? ''
  if (fraction.length > unit.decimals) throw refused()
  return BigInt((match[1] ?? '') + fraction.padEnd(unit.decimals, '0'))
}

/**
 * @param amount in the smallest unit; may be negative (a difference)
 * @returns the exact decimal text, without trailing zeros
 */
export function formatDecimal(amount: bigint, decimals: number): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  const cut = digits.length - decimals
  const fraction = digits.slice(cut).replace(/0+$/, '')
  return (amount < 0n ? '-' : '') + digits.slice(0, cut) + (fraction === '' ? '' : `.${fraction}`)
}
