/**
 * A sum with two lanes of 128 bits in one uint256: high (rebate) and low (bootstrap, or any single quantity).
 *
 * Lanes add separately and never carry into each other. docs/protocol/evidence.md#sum-tree
 *
 * @module
 */

import { LaneOverflow } from '../errors/merkle-errors.ts'
import { invariant } from '../invariant.ts'

/** The largest value of one lane. */
export const laneMax: bigint = 2n ** 128n - 1n

/** Two lanes, taken apart. */
export interface Lanes {
  readonly high: bigint
  readonly low: bigint
}

/** @returns high * 2^128 + low */
export function packLanes(high: bigint, low: bigint): bigint {
  invariant(high >= 0n && high <= laneMax && low >= 0n && low <= laneMax, 'a lane is 0 to 2^128 - 1')
  return (high << 128n) | low
}

/** @returns the two lanes of a sum */
export function lanesOf(sum: bigint): Lanes {
  return { high: sum >> 128n, low: sum & laneMax }
}

/** @returns the sum of both lanes, or undefined when one overflows */
export function tryAddLanes(left: bigint, right: bigint): bigint | undefined {
  const high = (left >> 128n) + (right >> 128n)
  const low = (left & laneMax) + (right & laneMax)
  return high > laneMax || low > laneMax ? undefined : (high << 128n) | low
}

/**
 * @returns the sum of both lanes
 * @throws LaneOverflow
 */
export function addLanes(left: bigint, right: bigint): bigint {
  const sum = tryAddLanes(left, right)
  if (sum === undefined) throw new LaneOverflow({ left, right })
  return sum
}

/** @returns the sum over all, or undefined when a lane overflows on the way */
export function trySumLanes(sums: Iterable<bigint>): bigint | undefined {
  let total: bigint | undefined = 0n
  for (const sum of sums) {
    total = tryAddLanes(total, sum)
    if (total === undefined) return undefined
  }
  return total
}
