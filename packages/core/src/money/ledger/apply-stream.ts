/**
 * Operations on streams: who may call, which pockets move, what is refused.
 *
 * The arithmetic of pay stands in `../stream.ts`.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { unreachable } from '../../invariant.ts'
import type { Hex } from '../../units/hex.ts'
import { timeSecondsMax } from '../money-constants.ts'
import type { MoneyRules } from '../money-rules.ts'
import { emptyPocket, mergePockets, withoutPocket, type Pocket } from '../pocket.ts'
import { streamId } from '../rail-id.ts'
import { finishableFrom, isHeld, withDemand, withNotice, withoutDemand, type Stream } from '../stream.ts'
import { requireInflowPrice, takeForRail } from './apply-credits.ts'
import {
  burnForCover,
  payEarned,
  requireInflows,
  returnBought,
  withEntry,
  withoutEntry,
  type Ledger,
} from './ledger-state.ts'
import type { OpenStream, OperationOf, StreamOperation } from './operation.ts'

/** @throws MoneyRefused with the name of the contract's error */
export function applyStream(ledger: Ledger, operation: StreamOperation, rules: MoneyRules): Ledger {
  switch (operation.kind) {
    case 'open':
      return open(ledger, operation, rules)
    case 'topUp':
      return topUp(ledger, operation, rules)
    case 'renew':
      return renew(ledger, operation, rules)
    case 'raise':
      return raise(ledger, operation, rules)
    case 'cut':
      return cut(ledger, operation, rules)
    case 'coverStream':
      return coverStream(ledger, operation)
    case 'notice':
      return giveNotice(ledger, operation)
    case 'settle':
      return settle(ledger, operation.id, rules)
    case 'settleMany':
      return settleMany(ledger, operation.ids, rules)
    case 'finish':
      return finish(ledger, operation, rules)
    case 'hold':
      return putStream(ledger, operation.id, withDemand(judgedStream(ledger, operation), ledger.nowSeconds))
    case 'release':
      return judged(ledger, operation, withoutDemand)
    case 'fault':
      return judged(ledger, operation, (stream) => withoutDemand(rules.withFault(stream, operation.faultSeconds)))
  }
  return unreachable(operation)
}

interface OnStream {
  readonly id: Hex
  readonly by: Hex
}

function streamOf(ledger: Ledger, id: Hex): Stream {
  const stream = ledger.streams.get(id)
  if (stream === undefined) throw new MoneyRefused('NoSuchRail', { id })
  return stream
}

function putStream(ledger: Ledger, id: Hex, stream: Stream): Ledger {
  return { ...ledger, streams: withEntry(ledger.streams, id, stream) }
}

function streamOfPayer(ledger: Ledger, { id, by }: OnStream): Stream {
  const stream = streamOf(ledger, id)
  if (stream.payer !== by) throw new MoneyRefused('NotParty', { caller: by })
  return stream
}

function judgedStream(ledger: Ledger, { id, by }: OnStream): Stream {
  const stream = streamOf(ledger, id)
  if (stream.judge !== by) throw new MoneyRefused('NotJudge', { judge: stream.judge, caller: by })
  return stream
}

/** What a judge says of a stream that is gone changes nothing: no answer and no miss is ever refused. */
function judged(ledger: Ledger, on: OnStream, change: (stream: Stream) => Stream): Ledger {
  return ledger.streams.has(on.id) ? putStream(ledger, on.id, change(judgedStream(ledger, on))) : ledger
}

function requireTime(seconds: bigint): bigint {
  if (seconds > timeSecondsMax) throw new MoneyRefused('OutOfRange', { limit: timeSecondsMax, actual: seconds })
  return seconds
}

function requireNoNotice(stream: Stream, id: Hex): void {
  if (stream.noticed) throw new MoneyRefused('AlreadyNoticed', { id })
}

function open(ledger: Ledger, operation: OpenStream, rules: MoneyRules): Ledger {
  const { by: payer, payee, judge, rateNano, termSeconds, salt } = operation
  const { parameters, nowSeconds } = ledger
  const lowUsd8 = requireInflowPrice(ledger)
  if (BigInt(payee) === 0n) throw new MoneyRefused('NotParty', { caller: payee })
  const id = streamId({ ...parameters, payer, payee, salt })
  if (ledger.streams.has(id) || ledger.closedStreams.has(id)) throw new MoneyRefused('RailExists', { id })
  const end = requireTime(nowSeconds + (termSeconds === 0n ? parameters.termSeconds : termSeconds))
  const { ledger: without, pocket } = takeForRail(ledger, { ...operation, payer, lowUsd8 }, rules)
  const stream: Stream = {
    payer,
    payee,
    judge,
    rateNano,
    start: nowSeconds,
    end,
    openDemands: 0n,
    firstOpened: 0n,
    faultSeconds: 0n,
    noticed: false,
    paid: 0n,
    accruedNano: 0n,
    ...pocket,
  }
  return putStream(without, id, rules.requireFunded(stream))
}

function topUp(ledger: Ledger, operation: OperationOf<'topUp'>, rules: MoneyRules): Ledger {
  const { id, by: payer } = operation
  const lowUsd8 = requireInflowPrice(ledger)
  const stream = streamOfPayer(ledger, operation)
  requireNoNotice(stream, id)
  const { ledger: without, pocket } = takeForRail(ledger, { ...operation, payer, lowUsd8 }, rules)
  return putStream(without, id, { ...stream, ...mergePockets(stream, pocket) })
}

/** Before the end it moves the end out; after it a new segment starts now. The whole rail must be at full cover. */
function renew(ledger: Ledger, operation: OperationOf<'renew'>, rules: MoneyRules): Ledger {
  const { id, by: payer } = operation
  const lowUsd8 = requireInflowPrice(ledger)
  const { nowSeconds, parameters } = ledger
  const { holdSeconds } = parameters
  const stream = streamOfPayer(ledger, operation)
  requireNoNotice(stream, id)
  const termSeconds = operation.termSeconds === 0n ? parameters.termSeconds : operation.termSeconds
  const next =
    nowSeconds < stream.end
      ? { ...stream, end: requireTime(stream.end + termSeconds) }
      : rules.withSegment(stream, {
          rateNano: stream.rateNano,
          end: requireTime(nowSeconds + termSeconds),
          nowSeconds,
          holdSeconds,
        })
  const { ledger: without, pocket } = takeForRail(ledger, { ...operation, payer, lowUsd8 }, rules, stream)
  return putStream(without, id, rules.requireFunded({ ...next, ...mergePockets(stream, pocket) }))
}

function raise(ledger: Ledger, operation: OperationOf<'raise'>, rules: MoneyRules): Ledger {
  const { id, by: payer, rateNano } = operation
  const lowUsd8 = requireInflowPrice(ledger)
  const stream = streamOfPayer(ledger, operation)
  const next = withRate(ledger, { stream, id, rateNano }, rules)
  if (rateNano <= stream.rateNano) throw new MoneyRefused('OutOfRange', { limit: stream.rateNano, actual: rateNano })
  const { ledger: without, pocket } = takeForRail(ledger, { ...operation, payer, lowUsd8 }, rules)
  return putStream(without, id, rules.requireFunded({ ...next, ...mergePockets(next, pocket) }))
}

function cut(ledger: Ledger, operation: OperationOf<'cut'>, rules: MoneyRules): Ledger {
  const { id, rateNano, signedBy, signedStart } = operation
  requireInflows(ledger)
  const stream = streamOfPayer(ledger, operation)
  const next = withRate(ledger, { stream, id, rateNano }, rules)
  if (rateNano >= stream.rateNano) throw new MoneyRefused('OutOfRange', { limit: stream.rateNano, actual: rateNano })
  if (signedBy !== stream.payee || signedStart !== stream.start) {
    throw new MoneyRefused('BadSignature', { expected: stream.payee })
  }
  return putStream(ledger, id, next)
}

/** A change of rate: a new segment from now to the same end, while the stream runs and without notice. */
function withRate(
  ledger: Ledger,
  { stream, id, rateNano }: { readonly stream: Stream; readonly id: Hex; readonly rateNano: bigint },
  rules: MoneyRules,
): Stream {
  const { nowSeconds, parameters } = ledger
  requireNoNotice(stream, id)
  if (nowSeconds >= stream.end) throw new MoneyRefused('DeadlinePassed', { deadline: stream.end, nowAt: nowSeconds })
  return rules.withSegment(stream, { rateNano, end: stream.end, nowSeconds, holdSeconds: parameters.holdSeconds })
}

function coverStream(ledger: Ledger, operation: OperationOf<'coverStream'>): Ledger {
  const { id, by, workAtto } = operation
  requireInflows(ledger)
  const stream = streamOfPayer(ledger, operation)
  return putStream(burnForCover(ledger, by, workAtto), id, { ...stream, workAtto: stream.workAtto + workAtto })
}

function giveNotice(ledger: Ledger, { id, by }: OperationOf<'notice'>): Ledger {
  const stream = streamOf(ledger, id)
  if (stream.payer !== by && stream.payee !== by) throw new MoneyRefused('NotParty', { caller: by })
  requireNoNotice(stream, id)
  return putStream(ledger, id, withNotice(stream, ledger.nowSeconds, ledger.parameters.noticeSeconds))
}

function settle(ledger: Ledger, id: Hex, rules: MoneyRules): Ledger {
  const stream = streamOf(ledger, id)
  const credits = rules.payableAt(stream, ledger.nowSeconds, ledger.parameters.holdSeconds)
  if (credits === 0n) return ledger
  const pocket: Pocket = { credits, workAtto: rules.shareOf(stream, credits, 'down') }
  const rest: Stream = { ...stream, ...withoutPocket(stream, pocket), paid: stream.paid + credits }
  return payEarned(putStream(ledger, id, rest), { from: stream.payer, to: stream.payee, pocket })
}

/** Skips ids that are no stream: one bad entry never stops the others. */
function settleMany(ledger: Ledger, ids: readonly Hex[], rules: MoneyRules): Ledger {
  return ids.filter((id) => ledger.streams.has(id)).reduce((so, id) => settle(so, id, rules), ledger)
}

function finish(ledger: Ledger, { id }: OperationOf<'finish'>, rules: MoneyRules): Ledger {
  const { nowSeconds, parameters } = ledger
  const before = streamOf(ledger, id)
  const allowedAt = finishableFrom(before, parameters.noticeSeconds)
  if (nowSeconds < allowedAt) throw new MoneyRefused('NotYet', { allowedAt, nowAt: nowSeconds })
  if (isHeld(before, nowSeconds, parameters.holdSeconds)) throw new MoneyRefused('PayIsHeld', { id })
  const settled = settle(ledger, id, rules)
  const { credits, workAtto } = settled.streams.get(id) ?? emptyPocket
  const closedStreams = new Set([...settled.closedStreams, id])
  const closed: Ledger = { ...settled, streams: withoutEntry(settled.streams, id), closedStreams }
  return returnBought(closed, before.payer, { credits, workAtto })
}
