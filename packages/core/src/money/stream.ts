/**
 * A stream: prepaid pay per second from one payer to one payee. What is due, what is held, and how segments follow.
 *
 * docs/protocol/money.md#stream. Pure: who may call, and the pockets that move, stand in `ledger/apply-stream.ts`.
 *
 * @module
 */

import { MoneyRefused } from '../errors/money-errors.ts'
import { nanoPerCredit } from '../units/credits.ts'
import type { Hex } from '../units/hex.ts'
import { openDemandCountMax } from './money-constants.ts'
import type { Pocket } from './pocket.ts'

/** Times in Unix seconds. `paid` is in whole credits and cumulative, `accruedNano` in nano-credits of ended segments. */
export interface Stream extends Pocket {
  readonly payer: Hex
  readonly payee: Hex
  readonly judge: Hex
  readonly rateNano: bigint
  readonly start: bigint
  readonly end: bigint
  readonly openDemands: bigint
  /** when the first of the open demands was opened; 0n when none is open */
  readonly firstOpened: bigint
  readonly faultSeconds: bigint
  readonly noticed: boolean
  readonly paid: bigint
  readonly accruedNano: bigint
}

const least = (left: bigint, right: bigint): bigint => (left < right ? left : right)
const most = (left: bigint, right: bigint): bigint => (left > right ? left : right)

/** @returns nano-credits earned by `atSeconds`, cumulative over all segments, before holds */
export function earnedNano(stream: Stream, atSeconds: bigint): bigint {
  const seconds = most(0n, least(atSeconds, stream.end) - stream.start - stream.faultSeconds)
  return stream.accruedNano + stream.rateNano * seconds
}

/** @returns whole credits due by `atSeconds`, cumulative, before holds; one floor over the whole life of the stream */
export function dueAt(stream: Stream, atSeconds: bigint): bigint {
  return earnedNano(stream, atSeconds) / nanoPerCredit
}

/** @returns the time up to which seconds are payable now: with an open demand, later ones wait `holdSeconds` each */
export function payableUntil(stream: Stream, nowSeconds: bigint, holdSeconds: bigint): bigint {
  return stream.openDemands === 0n ? nowSeconds : most(stream.firstOpened, nowSeconds - holdSeconds)
}

/** @returns credits that settling pays now */
export function payableAt(stream: Stream, nowSeconds: bigint, holdSeconds: bigint): bigint {
  return most(0n, dueAt(stream, payableUntil(stream, nowSeconds, holdSeconds)) - stream.paid)
}

/** True while some second that has passed is not payable yet. */
export function isHeld(stream: Stream, nowSeconds: bigint, holdSeconds: bigint): boolean {
  return payableUntil(stream, nowSeconds, holdSeconds) < least(nowSeconds, stream.end)
}

/** @returns credits that the stream must hold at least: what may still fall due */
export function creditsPromised(stream: Stream): bigint {
  return most(0n, dueAt(stream, stream.end) - stream.paid)
}

/** @throws MoneyRefused Underfunded */
export function requireFunded(stream: Stream): Stream {
  const needed = creditsPromised(stream)
  if (stream.credits < needed) throw new MoneyRefused('Underfunded', { needed, actual: stream.credits })
  return stream
}

/**
 * Starts a new segment now: the old one is kept exactly in `accruedNano`, fault seconds that it did not use carry over.
 *
 * @throws MoneyRefused PayIsHeld: else a gap would be paid, and the past priced anew
 */
export function withSegment(
  stream: Stream,
  next: { readonly rateNano: bigint; readonly end: bigint; readonly nowSeconds: bigint; readonly holdSeconds: bigint },
): Stream {
  const { rateNano, end, nowSeconds, holdSeconds } = next
  if (isHeld(stream, nowSeconds, holdSeconds)) throw new MoneyRefused('PayIsHeld')
  const passed = least(nowSeconds, stream.end) - stream.start
  return {
    ...stream,
    accruedNano: earnedNano(stream, nowSeconds),
    faultSeconds: stream.faultSeconds - least(stream.faultSeconds, passed),
    rateNano,
    start: nowSeconds,
    end,
  }
}

/** Notice: the stream ends one notice from now, or when it would have ended if that is sooner. */
export function withNotice(stream: Stream, nowSeconds: bigint, noticeSeconds: bigint): Stream {
  return { ...stream, noticed: true, end: least(stream.end, nowSeconds + noticeSeconds) }
}

/** @returns when anyone may finish it, holds aside */
export function finishableFrom(stream: Stream, noticeSeconds: bigint): bigint {
  return stream.noticed ? stream.end : stream.end + noticeSeconds
}

/**
 * A judge opens a demand: from its first one on, pay is held.
 *
 * @throws MoneyRefused OutOfRange at 65,535 open demands
 */
export function withDemand(stream: Stream, nowSeconds: bigint): Stream {
  const { openDemands } = stream
  if (openDemands === openDemandCountMax) {
    throw new MoneyRefused('OutOfRange', { limit: openDemandCountMax, actual: openDemands + 1n })
  }
  const firstOpened = openDemands === 0n ? nowSeconds : stream.firstOpened
  return { ...stream, openDemands: openDemands + 1n, firstOpened }
}

/** One demand is over; with none open nothing changes, so that no answer and no miss is refused. */
export function withoutDemand(stream: Stream): Stream {
  if (stream.openDemands === 0n) return stream
  const openDemands = stream.openDemands - 1n
  return { ...stream, openDemands, firstOpened: openDemands === 0n ? 0n : stream.firstOpened }
}

/** A judge's fault: these seconds are not paid. Saturates at the length of the segment; nothing paid is taken back. */
export function withFault(stream: Stream, faultSeconds: bigint): Stream {
  return { ...stream, faultSeconds: least(stream.faultSeconds + faultSeconds, stream.end - stream.start) }
}
