/**
 * Finalised roots and claims. Posting, availability and challenge are not money and stand in docs/protocol/epochs.md.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { breakerRoom, useBreaker } from '../breaker.ts'
import type { MoneyRules } from '../money-rules.ts'
import {
  addFlows,
  addToWallet,
  addTotals,
  flowsOf,
  gotKey,
  gotOf,
  headOf,
  requireInflows,
  withEntry,
  type Head,
  type Lanes,
  type Ledger,
} from './ledger-state.ts'
import type { EpochOperation, OperationOf } from './operation.ts'

/** @throws MoneyRefused EpochOutOfOrder, OverAllowance, TotalsDoNotAdd, Paused, BadProof, BreakerOpen */
export function applyEpoch(ledger: Ledger, operation: EpochOperation, rules: MoneyRules): Ledger {
  return operation.kind === 'claim' ? claim(ledger, operation, rules) : finalise(ledger, operation, rules)
}

/** Epochs may be skipped, never repeated; the bootstrap lane grows by at most this one epoch's allowance. */
function finalise(ledger: Ledger, operation: OperationOf<'finaliseEpoch'>, rules: MoneyRules): Ledger {
  const { network, epoch, leaves, totals } = operation
  const { parameters } = ledger
  const head = headOf(ledger, network)
  if (epoch < head.nextEpoch) throw new MoneyRefused('EpochOutOfOrder', { minimum: head.nextEpoch, actual: epoch })
  const added = totals.bootstrapAtto - head.totals.bootstrapAtto
  if (added < 0n || totals.rebateAtto < head.totals.rebateAtto) throw new MoneyRefused('TotalsDoNotAdd')
  const allowed = rules.bootstrapAllowance(parameters, epoch)
  if (added > allowed) throw new MoneyRefused('OverAllowance', { allowed, actual: added })
  requireInflows(ledger) // its poster has to lock a bond
  const next: Head = { ...head, nextEpoch: epoch + 1n, totals, leaves }
  return { ...ledger, heads: withEntry(ledger.heads, network, next) }
}

const least = (left: bigint, right: bigint): bigint => (left < right ? left : right)

/** Pays the cumulative leaf, less what it has paid, within the account's limit and the network's finalised totals. */
function claim(ledger: Ledger, operation: OperationOf<'claim'>, rules: MoneyRules): Ledger {
  const { network, account } = operation
  const { parameters, nowSeconds } = ledger
  const head = headOf(ledger, network)
  const leaf = head.leaves.get(account)
  if (leaf?.rebateAtto !== operation.rebateAtto || leaf.bootstrapAtto !== operation.bootstrapAtto) {
    throw new MoneyRefused('BadProof', { account })
  }
  const wanted = claimPays(ledger, operation, rules)
  if (wanted.rebateAtto === 0n && wanted.bootstrapAtto === 0n) return ledger
  const limit = { windowSeconds: parameters.breakerWindowSeconds, perWindowAtto: parameters.claimPerWindowAtto }
  const pays = withinRoom(wanted, breakerRoom(ledger.claimBreaker, limit, nowSeconds))
  const paidAtto = pays.rebateAtto + pays.bootstrapAtto
  const claimBreaker = useBreaker(ledger.claimBreaker, limit, nowSeconds, paidAtto)
  const claimed = addLanes(head.claimed, pays)
  const booked: Ledger = {
    ...ledger,
    claimBreaker,
    heads: withEntry(ledger.heads, network, { ...head, claimed }),
    got: withEntry(ledger.got, gotKey(network, account), addLanes(gotOf(ledger, network, account), pays)),
  }
  const counted = addTotals(booked, { rebatesAtto: pays.rebateAtto, bootstrapAtto: pays.bootstrapAtto })
  return addToWallet(addFlows(counted, account, { rebatesAtto: pays.rebateAtto }), account, paidAtto)
}

/** A claim's amount is nobody's choice, so it takes what room there is; only a full window puts it off. */
function withinRoom(wanted: Lanes, room: bigint): Lanes {
  if (room === 0n) throw new MoneyRefused('BreakerOpen', { room, wanted: wanted.rebateAtto + wanted.bootstrapAtto })
  const rebateAtto = least(wanted.rebateAtto, room)
  return { rebateAtto, bootstrapAtto: least(wanted.bootstrapAtto, room - rebateAtto) }
}

function claimPays(ledger: Ledger, operation: OperationOf<'claim'>, rules: MoneyRules): Lanes {
  const { network, account } = operation
  const { totals, claimed } = headOf(ledger, network)
  const got = gotOf(ledger, network, account)
  const { limitAtto, rebatesAtto } = flowsOf(ledger, account)
  const rebateAtto = rules.rebatePays({
    leafAtto: operation.rebateAtto,
    gotAtto: got.rebateAtto,
    limitAtto,
    gotAllAtto: rebatesAtto,
  })
  const bootstrapAtto = operation.bootstrapAtto > got.bootstrapAtto ? operation.bootstrapAtto - got.bootstrapAtto : 0n
  return {
    rebateAtto: least(rebateAtto, totals.rebateAtto - claimed.rebateAtto),
    bootstrapAtto: least(bootstrapAtto, totals.bootstrapAtto - claimed.bootstrapAtto),
  }
}

function addLanes(left: Lanes, right: Lanes): Lanes {
  return {
    rebateAtto: left.rebateAtto + right.rebateAtto,
    bootstrapAtto: left.bootstrapAtto + right.bootstrapAtto,
  }
}
