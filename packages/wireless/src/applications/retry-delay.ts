/**
 * How long to wait before a delivery is tried again: doubling, with half of it drawn, so that many do not come back at once.
 *
 * @module
 */

import type { Random } from '../ports.ts'

export const firstDelayMs = 1000
export const delayMsMax = 3_600_000

/** Tries of one delivery before it is given up: with the delays above, most of a day. */
export const attemptsMax = 28

/**
 * @param attempts tries that have failed, 1 or more
 * @returns between half of the doubled delay and all of it
 */
export function retryDelayMs(attempts: number, random: Random): number {
  const wholeMs = Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(attempts - 1, 30))
  const [high = 0, low = 0] = random.bytes(2)
  return Math.ceil((wholeMs / 2) * (1 + (high * 256 + low) / 65_535))
}
