/**
 * Credits: 1 credit = $0.00001. Balances are whole credits; rates and prices are nano-credits (10^-9 credit).
 *
 * @module
 */

import { formatDecimal, parseDecimal } from './decimal.ts'

/** Nano-credits in one credit. */
export const nanoPerCredit: bigint = 10n ** 9n

/** Credits in one US dollar. */
export const creditsPerUsd: bigint = 100_000n

/**
 * @param text whole credits, such as '2500'
 * @throws AmountMalformed also for any decimals
 */
export function parseCredits(text: string): bigint {
  return parseDecimal(text, { name: 'credits', decimals: 0 })
}

/**
 * @param text credits with up to nine decimals, such as '0.25'
 * @returns nano-credits
 * @throws AmountMalformed
 */
export function parseNanoCredits(text: string): bigint {
  return parseDecimal(text, { name: 'credits', decimals: 9 })
}

/** @returns whole credits as text */
export function formatCredits(credits: bigint): string {
  return formatDecimal(credits, 0)
}

/** @returns exact credits with up to nine decimals */
export function formatNanoCredits(nanoCredits: bigint): string {
  return formatDecimal(nanoCredits, 9)
}

/** @returns exact US dollars of whole credits, such as '0.12345' */
export function formatCreditsUsd(credits: bigint): string {
  return formatDecimal(credits, 5)
}
