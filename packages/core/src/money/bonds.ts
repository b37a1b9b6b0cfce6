/**
 * Bonds: stake per (operator, network) and the locks on it, each the whole price of one obligation.
 *
 * docs/protocol/money.md#bonds. Pure; who may call stands in `ledger/apply-bonds.ts`.
 *
 * @module
 */

import { MoneyRefused } from '../errors/money-errors.ts'
import type { Hex } from '../units/hex.ts'
import { reporterShareDivisor } from './money-constants.ts'

/** atto-WORK. */
export interface Stake {
  readonly totalAtto: bigint
  /** in locks, thawing ones included */
  readonly lockedAtto: bigint
}

export interface Lock {
  readonly operator: Hex
  readonly network: bigint
  readonly amountAtto: bigint
  /** Unix seconds; 0n while the obligation lives */
  readonly thawEnd: bigint
  readonly isSlashed: boolean
  readonly judge: Hex
  readonly keeper: Hex
}

export const emptyStake: Stake = { totalAtto: 0n, lockedAtto: 0n }

export function freeOf(stake: Stake): bigint {
  return stake.totalAtto - stake.lockedAtto
}

/** True from the end of the thaw on: anyone may release the lock, and nobody slash it. */
export function isThawed(lock: Lock, nowSeconds: bigint): boolean {
  return lock.thawEnd !== 0n && nowSeconds >= lock.thawEnd
}

/** @throws MoneyRefused NotEnoughFree */
export function requireFree(stake: Stake, wantedAtto: bigint): void {
  const free = freeOf(stake)
  if (wantedAtto > free) throw new MoneyRefused('NotEnoughFree', { free, wanted: wantedAtto })
}

/** The lock takes `amountAtto` more of the free stake. */
export function lockStake(stake: Stake, amountAtto: bigint): Stake {
  requireFree(stake, amountAtto)
  return { ...stake, lockedAtto: stake.lockedAtto + amountAtto }
}

/** The lock is over: its amount is free again. */
export function unlockStake(stake: Stake, amountAtto: bigint): Stake {
  return { ...stake, lockedAtto: stake.lockedAtto - amountAtto }
}

/** A fault takes its lock and never more. */
export function slashStake(stake: Stake, amountAtto: bigint): Stake {
  return { totalAtto: stake.totalAtto - amountAtto, lockedAtto: stake.lockedAtto - amountAtto }
}

/** @returns atto-WORK for the reporter, who committed in an earlier block, else 0n; the rest of the lock is burned */
export function rewardOf(amountAtto: bigint, hasCommitted: boolean): bigint {
  return hasCommitted ? amountAtto / reporterShareDivisor : 0n
}
