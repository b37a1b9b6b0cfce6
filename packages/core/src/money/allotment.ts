/**
 * An allotment: credits of one payer for one payee, drawn by vouchers with a cumulative total.
 *
 * docs/protocol/money.md#allotment. Pure; signatures are checked by the caller.
 *
 * @module
 */

import type { Hex } from '../units/hex.ts'
import type { Pocket } from './pocket.ts'

export interface Allotment extends Pocket {
  /** fixed at opening; never a contract */
  readonly signer: Hex
  readonly noticed: boolean
  /** when it may be finished, Unix seconds; 0n while no notice was given */
  readonly end: bigint
  /** credits, cumulative for ever: it survives closing and reopening */
  readonly redeemed: bigint
}

/**
 * What a voucher pays: min(total, redeemed + credits) - redeemed, or nothing.
 *
 * @returns whole credits
 */
export function voucherPays(allotment: Pick<Allotment, 'redeemed' | 'credits'>, total: bigint): bigint {
  const reach = allotment.redeemed + allotment.credits
  const upTo = total < reach ? total : reach
  return upTo > allotment.redeemed ? upTo - allotment.redeemed : 0n
}
