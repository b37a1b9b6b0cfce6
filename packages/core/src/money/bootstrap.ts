/**
 * The bootstrap allowance: the only mint beyond burns, halving every year.
 *
 * docs/protocol/money.md#bootstrap. An epoch that is not posted lapses; nothing of it is carried over.
 *
 * @module
 */

import { invariant } from '../invariant.ts'

/** What the schedule depends on; immutable in a deployment. */
export interface BootstrapSchedule {
  readonly bootstrapMaxAtto: bigint
  readonly networkCount: bigint
  readonly epochsPerYear: bigint
}

/**
 * bootstrapMax / networks / epochsPerYear / 2^(year + 1), rounded down; year = epoch / epochsPerYear.
 *
 * @param epoch counted from 0
 * @returns atto-WORK that one network may hand out in that epoch
 */
export function bootstrapAllowance(schedule: BootstrapSchedule, epoch: bigint): bigint {
  const { bootstrapMaxAtto, networkCount, epochsPerYear } = schedule
  invariant(epoch >= 0n && networkCount > 0n && epochsPerYear > 0n, 'a schedule has networks and epochs')
  const year = epoch / epochsPerYear
  return (bootstrapMaxAtto / (networkCount * epochsPerYear)) >> (year + 1n)
}
