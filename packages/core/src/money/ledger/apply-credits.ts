/**
 * Operations on tokens and the bought pocket: transfer, burn, buy, cover, and the move from a pocket into a rail.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { unreachable } from '../../invariant.ts'
import type { Hex } from '../../units/hex.ts'
import type { MoneyRules } from '../money-rules.ts'
import { mergePockets, requireCredits, withoutPocket, type Pocket } from '../pocket.ts'
import {
  addToWallet,
  addTotals,
  boughtOf,
  burnForCover,
  requireFreshLow,
  requireInflows,
  takeFromWallet,
  withBought,
  type Ledger,
} from './ledger-state.ts'
import type { CreditsOperation, OperationOf } from './operation.ts'

/** @throws MoneyRefused InsufficientBalance, Paused, StalePrice, TooFewCredits */
export function applyCredits(ledger: Ledger, operation: CreditsOperation, rules: MoneyRules): Ledger {
  const { by } = operation
  switch (operation.kind) {
    case 'transfer':
      return addToWallet(takeFromWallet(ledger, by, operation.amountAtto), operation.to, operation.amountAtto)
    case 'burn':
      return addTotals(takeFromWallet(ledger, by, operation.amountAtto), { destroyedAtto: operation.amountAtto })
    case 'buy':
      return buy(ledger, operation, rules)
    case 'cover': {
      requireInflows(ledger)
      const burned = burnForCover(ledger, by, operation.workAtto)
      return withBought(burned, by, mergePockets(boughtOf(burned, by), { credits: 0n, workAtto: operation.workAtto }))
    }
  }
  return unreachable(operation)
}

function buy(ledger: Ledger, { by, workAtto, creditsMin }: OperationOf<'buy'>, rules: MoneyRules): Ledger {
  const lowUsd8 = requireInflowPrice(ledger)
  const credits = rules.creditsFor(workAtto, lowUsd8)
  if (credits < creditsMin) throw new MoneyRefused('TooFewCredits', { minimum: creditsMin, actual: credits })
  const burned = addTotals(burnForCover(ledger, by, workAtto), { issuedCredits: credits })
  return withBought(burned, by, mergePockets(boughtOf(burned, by), { credits, workAtto }))
}

/** @returns today's low, for a move into a rail; @throws MoneyRefused Paused, StalePrice */
export function requireInflowPrice(ledger: Ledger): bigint {
  requireInflows(ledger)
  return requireFreshLow(ledger)
}

export interface IntoRail {
  readonly payer: Hex
  readonly credits: bigint
  readonly coverMaxAtto: bigint
  readonly lowUsd8: bigint
}

/**
 * Takes credits out of the payer's bought pocket for a rail, at full cover at today's low: the entry rule.
 *
 * With `rail`, what is missing there after the move is covered too, within the same maximum (a renewal).
 *
 * @returns the ledger without them, and the pocket that goes into the rail
 * @throws MoneyRefused NotEnoughCredits, NotFullCover, InsufficientBalance
 */
export function takeForRail(
  ledger: Ledger,
  { payer, credits, coverMaxAtto, lowUsd8 }: IntoRail,
  rules: MoneyRules,
  rail?: Pocket,
): { readonly ledger: Ledger; readonly pocket: Pocket } {
  const bought = boughtOf(ledger, payer)
  requireCredits(bought, credits)
  const taken: Pocket = { credits, workAtto: rules.shareOf(bought, credits, 'up') }
  const movedAtto = rules.coverToBurn(taken, lowUsd8, coverMaxAtto)
  const wholeAtto = rail === undefined ? 0n : rules.coverToBurn(mergePockets(rail, taken), lowUsd8, coverMaxAtto)
  const coverAtto = movedAtto > wholeAtto ? movedAtto : wholeAtto
  const without = withBought(ledger, payer, withoutPocket(bought, taken))
  return {
    ledger: burnForCover(without, payer, coverAtto),
    pocket: { credits, workAtto: taken.workAtto + coverAtto },
  }
}
