/**
 * WORK, the token: text <-> atto-WORK (10^-18 WORK).
 *
 * @module
 */

import { formatDecimal, parseDecimal } from './decimal.ts'

/** atto-WORK in one WORK. */
export const attoPerWork: bigint = 10n ** 18n

/**
 * @param text such as '1.5'
 * @returns atto-WORK
 * @throws AmountMalformed also for more than 18 decimals
 */
export function parseWork(text: string): bigint {
  return parseDecimal(text, { name: 'WORK', decimals: 18 })
}

/** @returns exact WORK, such as '1.5' */
export function formatWork(amountAtto: bigint): string {
  return formatDecimal(amountAtto, 18)
}
