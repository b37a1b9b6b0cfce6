/**
 * A difference between a post and its audit, as a person reads it: which line, whose, which field, what and what instead.
 *
 * @module
 */

import type { BundleVerdict } from '@groundwork/core/epoch/compare-bundle.ts'

/** Values as text; '' where one side has nothing. */
export interface DescribedDifference {
  /** where: 'lines', or what else is compared before and after them */
  readonly part: string
  /** place in the list */
  readonly index: number
  /** of the posted line, or of the recomputed one where none was posted */
  readonly account: string
  readonly kind: string
  readonly field: string
  readonly posted: string
  readonly recomputed: string
}

export function describeDifference({
  difference,
  closed,
  bundle,
}: Extract<BundleVerdict, { tag: 'differs' }>): DescribedDifference {
  const { part, index, field, expected, actual } = difference
  const line = part === 'lines' ? (bundle?.lines[index] ?? closed?.lines[index]) : undefined
  const kind = line === undefined ? '' : String(line.kind)
  return { part, index, account: line?.account ?? '', kind, field, posted: actual, recomputed: expected }
}
