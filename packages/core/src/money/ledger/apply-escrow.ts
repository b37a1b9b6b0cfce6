/**
 * Operations on escrows, one for each task.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { unreachable } from '../../invariant.ts'
import type { Hex } from '../../units/hex.ts'
import type { Escrow } from '../escrow.ts'
import type { MoneyRules } from '../money-rules.ts'
import { emptyPocket, withoutPocket, type Pocket } from '../pocket.ts'
import { escrowId } from '../rail-id.ts'
import { requireInflowPrice, takeForRail } from './apply-credits.ts'
import { burnForCover, payEarned, requireInflows, returnBought, withEntry, type Ledger } from './ledger-state.ts'
import type { EscrowOperation, OpenEscrow, OperationOf } from './operation.ts'

/** @throws MoneyRefused with the name of the contract's error */
export function applyEscrow(ledger: Ledger, operation: EscrowOperation, rules: MoneyRules): Ledger {
  switch (operation.kind) {
    case 'openEscrow':
      return openEscrow(ledger, operation, rules)
    case 'coverEscrow':
      return coverEscrow(ledger, operation)
    case 'submit':
      return submit(ledger, operation)
    case 'accept': {
      const escrow = runningEscrow(ledger, operation.id)
      requireParty(operation.by, escrow.payer)
      return end(ledger, { id: operation.id, escrow, creditsPaid: escrow.credits }, rules)
    }
    case 'decline': {
      const escrow = runningEscrow(ledger, operation.id)
      requireParty(operation.by, escrow.payee)
      return end(ledger, { id: operation.id, escrow, creditsPaid: 0n }, rules)
    }
    case 'verdict':
      return verdict(ledger, operation, rules)
    case 'finishEscrow': {
      const escrow = runningEscrow(ledger, operation.id)
      const creditsPaid = rules.outcomeByDeadline(escrow, ledger.nowSeconds)
      return end(ledger, { id: operation.id, escrow, creditsPaid }, rules)
    }
  }
  return unreachable(operation)
}

function runningEscrow(ledger: Ledger, id: Hex): Escrow {
  const escrow = ledger.escrows.get(id)
  if (escrow === undefined || escrow.state === 'ended') throw new MoneyRefused('NoSuchRail', { id })
  return escrow
}

function requireParty(by: Hex, party: Hex): void {
  if (by !== party) throw new MoneyRefused('NotParty', { caller: by })
}

function openEscrow(ledger: Ledger, operation: OpenEscrow, rules: MoneyRules): Ledger {
  const { by: payer, payee, judge, workDeadline, verdictDeadline, salt } = operation
  const { nowSeconds: nowAt } = ledger
  const lowUsd8 = requireInflowPrice(ledger)
  const id = escrowId({ ...ledger.parameters, payer, payee, salt })
  if (ledger.escrows.has(id)) throw new MoneyRefused('RailExists', { id })
  if (BigInt(payee) === 0n) throw new MoneyRefused('NotParty', { caller: payee })
  if (nowAt > workDeadline) throw new MoneyRefused('DeadlinePassed', { deadline: workDeadline, nowAt })
  if (verdictDeadline < workDeadline) {
    throw new MoneyRefused('OutOfRange', { limit: workDeadline, actual: verdictDeadline })
  }
  const { ledger: without, pocket } = takeForRail(ledger, { ...operation, payer, lowUsd8 }, rules)
  const escrow: Escrow = { payer, payee, judge, workDeadline, verdictDeadline, state: 'open', ...pocket }
  return { ...without, escrows: withEntry(without.escrows, id, escrow) }
}

function coverEscrow(ledger: Ledger, { id, by, workAtto }: OperationOf<'coverEscrow'>): Ledger {
  requireInflows(ledger)
  const escrow = runningEscrow(ledger, id)
  requireParty(by, escrow.payer)
  const covered: Escrow = { ...escrow, workAtto: escrow.workAtto + workAtto }
  const burned = burnForCover(ledger, by, workAtto)
  return { ...burned, escrows: withEntry(burned.escrows, id, covered) }
}

function submit(ledger: Ledger, { id, by }: OperationOf<'submit'>): Ledger {
  const escrow = runningEscrow(ledger, id)
  requireParty(by, escrow.payee)
  const { workDeadline } = escrow
  if (escrow.state !== 'open') throw new MoneyRefused('AlreadySubmitted', { id })
  if (ledger.nowSeconds > workDeadline) {
    throw new MoneyRefused('DeadlinePassed', { deadline: workDeadline, nowAt: ledger.nowSeconds })
  }
  return { ...ledger, escrows: withEntry(ledger.escrows, id, { ...escrow, state: 'submitted' }) }
}

function verdict(ledger: Ledger, { id, by, creditsToPayee }: OperationOf<'verdict'>, rules: MoneyRules): Ledger {
  const escrow = runningEscrow(ledger, id)
  if (by !== escrow.judge) throw new MoneyRefused('NotJudge', { judge: escrow.judge, caller: by })
  if (escrow.state !== 'submitted') throw new MoneyRefused('NotSubmitted', { id })
  if (ledger.nowSeconds > escrow.verdictDeadline) {
    throw new MoneyRefused('DeadlinePassed', { deadline: escrow.verdictDeadline, nowAt: ledger.nowSeconds })
  }
  if (creditsToPayee > escrow.credits) {
    throw new MoneyRefused('OutOfRange', { limit: escrow.credits, actual: creditsToPayee })
  }
  return end(ledger, { id, escrow, creditsPaid: creditsToPayee }, rules)
}

interface Ending {
  readonly id: Hex
  readonly escrow: Escrow
  readonly creditsPaid: bigint
}

function end(ledger: Ledger, { id, escrow, creditsPaid }: Ending, rules: MoneyRules): Ledger {
  const paid: Pocket = { credits: creditsPaid, workAtto: rules.shareOf(escrow, creditsPaid, 'down') }
  const ended: Escrow = { ...escrow, ...emptyPocket, state: 'ended' }
  const closed: Ledger = { ...ledger, escrows: withEntry(ledger.escrows, id, ended) }
  const settled = payEarned(closed, { from: escrow.payer, to: escrow.payee, pocket: paid })
  return returnBought(settled, escrow.payer, withoutPocket(escrow, paid))
}
