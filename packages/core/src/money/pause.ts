/**
 * The bounded pause: inflows only, at most 7 days, and 30 days after the end of the last one.
 *
 * docs/protocol/money.md#breaker.
 *
 * @module
 */

import { MoneyRefused } from '../errors/money-errors.ts'
import { pauseGapSeconds, pauseSecondsMax } from './money-constants.ts'

/** @param pausedUntil end of the last pause, Unix seconds; 0n when there was none */
export function isPaused(pausedUntil: bigint, nowSeconds: bigint): boolean {
  return nowSeconds < pausedUntil
}

/**
 * @returns the end of the pause that starts now
 * @throws MoneyRefused OutOfRange for more than 7 days, TooSoon within 30 days of the end of the last one
 */
export function pauseFor(pausedUntil: bigint, nowSeconds: bigint, seconds: bigint): bigint {
  if (seconds > pauseSecondsMax) throw new MoneyRefused('OutOfRange', { limit: pauseSecondsMax, actual: seconds })
  const allowedAt = pausedUntil === 0n ? 0n : pausedUntil + pauseGapSeconds
  if (nowSeconds < allowedAt) throw new MoneyRefused('TooSoon', { allowedAt, nowAt: nowSeconds })
  return nowSeconds + seconds
}
