/**
 * A windowed limit on minting: it puts off, and refuses nothing for good.
 *
 * docs/protocol/money.md#breaker. Windows are fixed: floor(now / windowSeconds).
 *
 * @module
 */

import { MoneyRefused } from '../errors/money-errors.ts'

export interface Breaker {
  /** number of the window in which `usedAtto` was used */
  readonly window: bigint
  readonly usedAtto: bigint
}

export interface BreakerLimit {
  readonly windowSeconds: bigint
  readonly perWindowAtto: bigint
}

export const unusedBreaker: Breaker = { window: 0n, usedAtto: 0n }

/** @returns atto-WORK that still fit into the window of `nowSeconds` */
export function breakerRoom(breaker: Breaker, limit: BreakerLimit, nowSeconds: bigint): bigint {
  const isSameWindow = breaker.window === nowSeconds / limit.windowSeconds
  return limit.perWindowAtto - (isSameWindow ? breaker.usedAtto : 0n)
}

/** @throws MoneyRefused BreakerOpen when `wantedAtto` does not fit any more */
export function useBreaker(breaker: Breaker, limit: BreakerLimit, nowSeconds: bigint, wantedAtto: bigint): Breaker {
  const room = breakerRoom(breaker, limit, nowSeconds)
  if (wantedAtto > room) throw new MoneyRefused('BreakerOpen', { room, wanted: wantedAtto })
  return { window: nowSeconds / limit.windowSeconds, usedAtto: limit.perWindowAtto - room + wantedAtto }
}
