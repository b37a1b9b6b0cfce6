/**
 * Convert, fees and the rebate: the only ways from credits back to WORK, all bounded by lineage.
 *
 * docs/protocol/money.md#convert. Pure; bigint only.
 *
 * @module
 */

import { basisPoints, creditDivisor, feeBasisPoints, rebateBasisPoints } from './money-constants.ts'
import type { Pocket } from './pocket.ts'

const least = (left: bigint, right: bigint): bigint => (left < right ? left : right)

/**
 * m: what a convert mints, at most the credits' worth at the high price and at most the WORK that was burned for them,
 * both less the fee.
 *
 * @param taken the credits and their share of WORK
 * @param highUsd8 above 0 whenever credits exist
 * @returns atto-WORK
 */
export function mintedFor(taken: Pocket, highUsd8: bigint): bigint {
  if (taken.credits === 0n) return 0n
  const kept = basisPoints - feeBasisPoints
  const byPrice = (taken.credits * creditDivisor * kept) / (highUsd8 * basisPoints)
  return least(byPrice, (taken.workAtto * kept) / basisPoints)
}

/** @returns how much retiring `retiredAtto` raises the payee's rebate limit, in atto-WORK */
export function limitRaisedBy(retiredAtto: bigint): bigint {
  return (retiredAtto * rebateBasisPoints) / basisPoints
}

/** What one account may still be paid of its cumulative leaf of one network. All atto-WORK. */
export interface RebateInput {
  readonly leafAtto: bigint
  /** rebate that this network has paid the account */
  readonly gotAtto: bigint
  /** the account's limit, one for all networks */
  readonly limitAtto: bigint
  /** rebate that all networks together have paid the account */
  readonly gotAllAtto: bigint
}

/** @returns max(0, min(leaf - got, limit - gotAll)) */
export function rebatePays({ leafAtto, gotAtto, limitAtto, gotAllAtto }: RebateInput): bigint {
  const pays = least(leafAtto - gotAtto, limitAtto - gotAllAtto)
  return pays > 0n ? pays : 0n
}
