/**
 * WORK for a table that people read: six decimals, rounded down. Exact amounts are in the JSON and the CSV.
 *
 * @module
 */

import { formatWork } from '@groundwork/core/units/work.ts'

const shownAtto = 10n ** 12n

/** @returns such as '23.779297 WORK'; what is less than a millionth, but not nothing, is '<0.000001 WORK' */
export function shortWork(amountAtto: bigint): string {
  if (amountAtto > 0n && amountAtto < shownAtto) return '<0.000001 WORK'
  return `${formatWork(amountAtto - (amountAtto % shownAtto))} WORK`
}
