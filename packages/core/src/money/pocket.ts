/**
 * A pocket: credits and the WORK that was burned for them. How a part of one moves, and when it is fully covered.
 *
 * docs/protocol/money.md#pockets. Pure; bigint only.
 *
 * @module
 */

import { MoneyRefused } from '../errors/money-errors.ts'
import { creditDivisor } from './money-constants.ts'

/** Whole credits and atto-WORK. */
export interface Pocket {
  readonly credits: bigint
  readonly workAtto: bigint
}

/** 'up' into a rail, 'down' everywhere else. */
export type Rounding = 'up' | 'down'

export const emptyPocket: Pocket = { credits: 0n, workAtto: 0n }

/**
 * The WORK that goes with `credits` when they leave a pocket.
 *
 * @param credits 0 up to the pocket's credits
 * @returns all of the WORK for all of the credits, none for none, else the rounded share
 */
export function shareOf(pocket: Pocket, credits: bigint, rounding: Rounding): bigint {
  if (credits === 0n) return 0n
  if (credits === pocket.credits) return pocket.workAtto
  const product = pocket.workAtto * credits
  return rounding === 'down' ? product / pocket.credits : ceilDiv(product, pocket.credits)
}

/** @returns dividend / divisor, rounded up; both 0 or more, divisor above 0 */
export function ceilDiv(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor
}

/** @returns both pockets in one */
export function mergePockets(left: Pocket, right: Pocket): Pocket {
  return { credits: left.credits + right.credits, workAtto: left.workAtto + right.workAtto }
}

/** @returns what is left after `taken` went */
export function withoutPocket(pocket: Pocket, taken: Pocket): Pocket {
  return { credits: pocket.credits - taken.credits, workAtto: pocket.workAtto - taken.workAtto }
}

/** @throws MoneyRefused NotEnoughCredits */
export function requireCredits(pocket: Pocket, credits: bigint): void {
  if (credits > pocket.credits) throw new MoneyRefused('NotEnoughCredits', { balance: pocket.credits, wanted: credits })
}

/** @returns credits that `workAtto` buys at the low price, rounded down */
export function creditsFor(workAtto: bigint, lowUsd8: bigint): bigint {
  return (workAtto * lowUsd8) / creditDivisor
}

/** The entry rule: w * low >= c * Q. */
export function isFullCover(pocket: Pocket, lowUsd8: bigint): boolean {
  return pocket.workAtto * lowUsd8 >= pocket.credits * creditDivisor
}

/** @returns atto-WORK that has to be added for full cover at `lowUsd8` (above 0); 0n when it is covered */
export function coverMissing(pocket: Pocket, lowUsd8: bigint): bigint {
  const neededAtto = ceilDiv(pocket.credits * creditDivisor, lowUsd8)
  return neededAtto > pocket.workAtto ? neededAtto - pocket.workAtto : 0n
}

/**
 * Adds as much cover as full cover needs.
 *
 * @returns atto-WORK to burn
 * @throws MoneyRefused NotFullCover when that is more than `coverMaxAtto`
 */
export function coverToBurn(pocket: Pocket, lowUsd8: bigint, coverMaxAtto: bigint): bigint {
  const missingAtto = coverMissing(pocket, lowUsd8)
  if (missingAtto > coverMaxAtto) {
    throw new MoneyRefused('NotFullCover', {
      needed: pocket.workAtto + missingAtto,
      actual: pocket.workAtto + coverMaxAtto,
    })
  }
  return missingAtto
}
