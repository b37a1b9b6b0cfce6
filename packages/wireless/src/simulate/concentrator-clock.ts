/**
 * The counter of a concentrator: microseconds in 32 bits, by a crystal that is a little off, from when it was switched on.
 *
 * @module
 */

export interface ConcentratorClock {
  /** millionths that it is too fast */
  readonly driftPpm: number
  /** when the counter was 0, in microseconds of the world */
  readonly bootUs: number
}

/** It wraps after 71.6 minutes. */
const wrapUs = 2 ** 32

const rateOf = ({ driftPpm }: ConcentratorClock): number => 1 + driftPpm / 1_000_000

/** @returns what the counter shows, 0 to 2^32 - 1 */
export function counterAt(clock: ConcentratorClock, worldUs: number): number {
  const elapsed = Math.floor((worldUs - clock.bootUs) * rateOf(clock)) % wrapUs
  return elapsed < 0 ? elapsed + wrapUs : elapsed
}

/**
 * When the counter shows a value: the time nearest to now, before or after, for a counter cannot say more.
 *
 * @returns microseconds of the world
 */
export function timeOfCounter(clock: ConcentratorClock, counter: number, nowUs: number): number {
  const aheadUs = (((counter - counterAt(clock, nowUs)) % wrapUs) + wrapUs) % wrapUs
  const signed = aheadUs >= wrapUs / 2 ? aheadUs - wrapUs : aheadUs
  return nowUs + signed / rateOf(clock)
}
