/**
 * Operations on bonds and on the deposits of demands.
 *
 * Keepers and judges are ordinary addresses here; which contracts they are is the deployment's business.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { unreachable } from '../../invariant.ts'
import type { Hex } from '../../units/hex.ts'
import { isThawed, lockStake, requireFree, rewardOf, unlockStake, type Lock } from '../bonds.ts'
import type { MoneyRules } from '../money-rules.ts'
import {
  addToWallet,
  addTotals,
  requireInflows,
  stakeKey,
  stakeOf,
  takeFromWallet,
  withEntry,
  withoutEntry,
  type Deposit,
  type Ledger,
} from './ledger-state.ts'
import type { BondsOperation, OperationOf } from './operation.ts'

/** @throws MoneyRefused with the name of the contract's error */
export function applyBonds(ledger: Ledger, operation: BondsOperation, rules: MoneyRules): Ledger {
  switch (operation.kind) {
    case 'deposit':
      return deposit(ledger, operation)
    case 'withdraw':
      return withdraw(ledger, operation)
    case 'lock':
      return lock(ledger, operation)
    case 'raiseLock':
      return raiseLock(ledger, operation)
    case 'thaw': {
      const kept = keptLock(ledger, operation)
      const thawEnd = ledger.nowSeconds + ledger.parameters.thawSeconds
      return kept.thawEnd === 0n && !kept.isSlashed ? putLock(ledger, operation.lockId, { ...kept, thawEnd }) : ledger
    }
    case 'unlock': {
      const kept = keptLock(ledger, operation)
      return kept.isSlashed ? ledger : endLock(ledger, operation.lockId, kept)
    }
    case 'releaseThawed':
      return releaseThawed(ledger, operation)
    case 'commitReport':
      return commitReport(ledger, operation)
    case 'slash':
      return slash(ledger, operation, rules)
    case 'openDeposit':
      return openDeposit(ledger, operation)
    case 'payDeposit':
      return closeDeposit(ledger, operation.demandId, operation.answerer)
    case 'returnDeposit':
      return closeDeposit(ledger, operation.demandId, undefined)
  }
  return unreachable(operation)
}

function lockOf(ledger: Ledger, lockId: Hex): Lock {
  const found = ledger.locks.get(lockId)
  if (found === undefined) throw new MoneyRefused('NoSuchLock', { lockId })
  return found
}

function keptLock(ledger: Ledger, { lockId, by }: { readonly lockId: Hex; readonly by: Hex }): Lock {
  const found = lockOf(ledger, lockId)
  if (found.keeper !== by) throw new MoneyRefused('NotKeeper', { caller: by })
  return found
}

function putLock(ledger: Ledger, lockId: Hex, changed: Lock): Ledger {
  return { ...ledger, locks: withEntry(ledger.locks, lockId, changed) }
}

function deposit(ledger: Ledger, { by, operator, network, amountAtto }: OperationOf<'deposit'>): Ledger {
  requireInflows(ledger)
  const taken = takeFromWallet(ledger, by, amountAtto)
  const before = stakeOf(taken, operator, network)
  const after = { ...before, totalAtto: before.totalAtto + amountAtto }
  return { ...taken, stakes: withEntry(taken.stakes, stakeKey(operator, network), after) }
}

function withdraw(ledger: Ledger, { by, network, amountAtto }: OperationOf<'withdraw'>): Ledger {
  const before = stakeOf(ledger, by, network)
  requireFree(before, amountAtto)
  const after = { ...before, totalAtto: before.totalAtto - amountAtto }
  const taken = { ...ledger, stakes: withEntry(ledger.stakes, stakeKey(by, network), after) }
  return addToWallet(taken, by, amountAtto)
}

function lock(ledger: Ledger, operation: OperationOf<'lock'>): Ledger {
  const { by: keeper, lockId, operator, network, amountAtto, judge } = operation
  requireInflows(ledger)
  if (!ledger.parameters.keepers.includes(keeper)) throw new MoneyRefused('NotKeeper', { caller: keeper })
  const before = ledger.locks.get(lockId)
  if (before !== undefined && !before.isSlashed) throw new MoneyRefused('LockExists', { lockId })
  const stake = lockStake(stakeOf(ledger, operator, network), amountAtto)
  const stakes = withEntry(ledger.stakes, stakeKey(operator, network), stake)
  const made: Lock = { operator, network, amountAtto, thawEnd: 0n, isSlashed: false, judge, keeper }
  return putLock({ ...ledger, stakes }, lockId, made)
}

function raiseLock(ledger: Ledger, operation: OperationOf<'raiseLock'>): Ledger {
  requireInflows(ledger)
  const kept = keptLock(ledger, operation)
  if (kept.isSlashed || kept.thawEnd !== 0n) throw new MoneyRefused('NoSuchLock', { lockId: operation.lockId })
  const key = stakeKey(kept.operator, kept.network)
  const stake = lockStake(stakeOf(ledger, kept.operator, kept.network), operation.amountAtto)
  const raised = { ...kept, amountAtto: kept.amountAtto + operation.amountAtto }
  return putLock({ ...ledger, stakes: withEntry(ledger.stakes, key, stake) }, operation.lockId, raised)
}

function endLock(ledger: Ledger, lockId: Hex, over: Lock): Ledger {
  const key = stakeKey(over.operator, over.network)
  const stake = unlockStake(stakeOf(ledger, over.operator, over.network), over.amountAtto)
  return { ...ledger, stakes: withEntry(ledger.stakes, key, stake), locks: withoutEntry(ledger.locks, lockId) }
}

function releaseThawed(ledger: Ledger, { lockId }: OperationOf<'releaseThawed'>): Ledger {
  const over = lockOf(ledger, lockId)
  if (over.isSlashed) throw new MoneyRefused('NoSuchLock', { lockId })
  if (!isThawed(over, ledger.nowSeconds)) {
    throw new MoneyRefused('StillThawing', { thawEnd: over.thawEnd, nowAt: ledger.nowSeconds })
  }
  return endLock(ledger, lockId, over)
}

/** By reporter, lock and salt: a commitment of one reporter is worth nothing to another. */
const reportKey = (reporter: Hex, lockId: Hex, salt: Hex): string => `${reporter}:${lockId}:${salt}`

function commitReport(ledger: Ledger, { by, lockId, salt }: OperationOf<'commitReport'>): Ledger {
  const key = reportKey(by, lockId, salt)
  if (ledger.reports.has(key)) return ledger
  return { ...ledger, reports: withEntry(ledger.reports, key, ledger.nowSeconds) }
}

function slash(ledger: Ledger, operation: OperationOf<'slash'>, rules: MoneyRules): Ledger {
  const { by, lockId, reporter, salt } = operation
  const { nowSeconds } = ledger
  const found = lockOf(ledger, lockId)
  if (found.isSlashed || isThawed(found, nowSeconds)) throw new MoneyRefused('NoSuchLock', { lockId })
  if (found.judge !== by) throw new MoneyRefused('NotJudge', { judge: found.judge, caller: by })
  const report = reportKey(reporter, lockId, salt)
  const committedAt = ledger.reports.get(report)
  const hasCommitted = committedAt !== undefined && committedAt < nowSeconds
  const rewardAtto = rewardOf(found.amountAtto, hasCommitted)
  const reports = hasCommitted ? withoutEntry(ledger.reports, report) : ledger.reports
  const key = stakeKey(found.operator, found.network)
  const stake = rules.slashStake(stakeOf(ledger, found.operator, found.network), found.amountAtto)
  const slashed: Lock = { ...found, isSlashed: true, amountAtto: 0n }
  const taken = putLock({ ...ledger, reports, stakes: withEntry(ledger.stakes, key, stake) }, lockId, slashed)
  const burned = addTotals(taken, { slashBurnedAtto: found.amountAtto - rewardAtto })
  return rewardAtto === 0n ? burned : addToWallet(burned, reporter, rewardAtto)
}

function openDeposit(ledger: Ledger, { by: demander, demandId, amountAtto }: OperationOf<'openDeposit'>): Ledger {
  if (ledger.deposits.has(demandId)) throw new MoneyRefused('LockExists', { demandId })
  const made: Deposit = { demander, amountAtto }
  const taken = takeFromWallet(ledger, demander, amountAtto)
  return { ...taken, deposits: withEntry(taken.deposits, demandId, made) }
}

/** To the answerer in time, else back to the demander. */
function closeDeposit(ledger: Ledger, demandId: Hex, answerer: Hex | undefined): Ledger {
  const found = ledger.deposits.get(demandId)
  if (found === undefined) throw new MoneyRefused('NoSuchLock', { demandId })
  const closed: Ledger = { ...ledger, deposits: withoutEntry(ledger.deposits, demandId) }
  return addToWallet(closed, answerer ?? found.demander, found.amountAtto)
}
