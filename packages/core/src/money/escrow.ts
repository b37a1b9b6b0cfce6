/**
 * An escrow: credits for one task, with a deadline for the work and one for the verdict.
 *
 * docs/protocol/money.md#escrow. Pure; who may call stands in `ledger/apply-escrow.ts`.
 *
 * @module
 */

import { MoneyRefused } from '../errors/money-errors.ts'
import type { Hex } from '../units/hex.ts'
import type { Pocket } from './pocket.ts'

export interface Escrow extends Pocket {
  readonly payer: Hex
  readonly payee: Hex
  readonly judge: Hex
  readonly workDeadline: bigint
  readonly verdictDeadline: bigint
  readonly state: 'open' | 'submitted' | 'ended'
}

/**
 * What the passing of a deadline decides: idleness is not paid, a submission without a verdict is paid in full.
 *
 * @returns credits for the payee; the rest goes back to the payer
 * @throws MoneyRefused NotYet while the deadline has not passed
 */
export function outcomeByDeadline(escrow: Escrow, nowSeconds: bigint): bigint {
  const deadline = escrow.state === 'open' ? escrow.workDeadline : escrow.verdictDeadline
  if (nowSeconds <= deadline) throw new MoneyRefused('NotYet', { allowedAt: deadline + 1n, nowAt: nowSeconds })
  return escrow.state === 'open' ? 0n : escrow.credits
}
