/**
 * Operations that take credits out of the system: convert and network fees.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { unreachable } from '../../invariant.ts'
import type { Hex } from '../../units/hex.ts'
import { useBreaker } from '../breaker.ts'
import type { MoneyRules } from '../money-rules.ts'
import { requireCredits, withoutPocket, type Pocket } from '../pocket.ts'
import {
  addFlows,
  addToWallet,
  addTotals,
  boughtOf,
  earnedOf,
  quoteNow,
  withBought,
  withEarned,
  withEntry,
  type Ledger,
} from './ledger-state.ts'
import type { OperationOf, OutOperation } from './operation.ts'

/** @throws MoneyRefused NotEnoughCredits, TooLittleOut, BreakerOpen, DeadlinePassed, BadSignature */
export function applyOut(ledger: Ledger, operation: OutOperation, rules: MoneyRules): Ledger {
  switch (operation.kind) {
    case 'convert':
      return convert(ledger, { ...operation, account: operation.by }, rules)
    case 'convertFor':
      return convertFor(ledger, operation, rules)
    case 'payFee':
      return payFee(ledger, operation, rules)
  }
  return unreachable(operation)
}

interface Conversion {
  readonly account: Hex
  readonly credits: bigint
  readonly minOutAtto: bigint
}

function convert(ledger: Ledger, { account, credits, minOutAtto }: Conversion, rules: MoneyRules): Ledger {
  const { parameters, nowSeconds } = ledger
  const earned = earnedOf(ledger, account)
  requireCredits(earned, credits)
  const taken: Pocket = { credits, workAtto: rules.shareOf(earned, credits, 'down') }
  const mintedAtto = rules.mintedFor(taken, quoteNow(ledger).highUsd8)
  if (mintedAtto < minOutAtto) throw new MoneyRefused('TooLittleOut', { minimum: minOutAtto, actual: mintedAtto })
  const limit = { windowSeconds: parameters.breakerWindowSeconds, perWindowAtto: parameters.convertPerWindowAtto }
  const convertBreaker = useBreaker(ledger.convertBreaker, limit, nowSeconds, mintedAtto)
  const spent = spend({ ...ledger, convertBreaker }, { account, taken, mintedAtto }, rules)
  return addToWallet(withEarned(spent, account, withoutPocket(earned, taken)), account, mintedAtto)
}

function convertFor(ledger: Ledger, operation: OperationOf<'convertFor'>, rules: MoneyRules): Ledger {
  const { account, deadline, signedBy } = operation
  if (ledger.nowSeconds > deadline) {
    throw new MoneyRefused('DeadlinePassed', { deadline, nowAt: ledger.nowSeconds })
  }
  if (signedBy !== account) throw new MoneyRefused('BadSignature', { expected: account })
  const nonces = withEntry(ledger.nonces, account, (ledger.nonces.get(account) ?? 0n) + 1n)
  return convert({ ...ledger, nonces }, operation, rules)
}

function payFee(ledger: Ledger, { by, fromEarned, credits }: OperationOf<'payFee'>, rules: MoneyRules): Ledger {
  const pocket = fromEarned ? earnedOf(ledger, by) : boughtOf(ledger, by)
  requireCredits(pocket, credits)
  const taken: Pocket = { credits, workAtto: rules.shareOf(pocket, credits, 'down') }
  const spent = spend(ledger, { account: by, taken, mintedAtto: 0n }, rules)
  return (fromEarned ? withEarned : withBought)(spent, by, withoutPocket(pocket, taken))
}

interface Spending {
  readonly account: Hex
  readonly taken: Pocket
  readonly mintedAtto: bigint
}

/** Credits are spent; their WORK is minted again or retired, and the rebate limit rises by k of what was retired. */
function spend(ledger: Ledger, { account, taken, mintedAtto }: Spending, rules: MoneyRules): Ledger {
  const retiredAtto = taken.workAtto - mintedAtto
  const limitAtto = rules.limitRaisedBy(retiredAtto)
  const totals = addTotals(ledger, { spentCredits: taken.credits, mintedAtto, retiredAtto })
  return addFlows(totals, account, { mintedAtto, retiredAtto, limitAtto })
}
