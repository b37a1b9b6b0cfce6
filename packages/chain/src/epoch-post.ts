/** A posted epoch, as Epochs takes it. Totals carry two lanes of 128 bits: rebate (high), bootstrap (low), in atto-WORK. */

import type { Hex } from 'viem'

export type EpochPost = {
  readonly epoch: bigint
  /** sum tree over cumulative leaves, sorted by account */
  readonly root: Hex
  /** its sum, cumulative */
  readonly totals: bigint
  /** sum tree over this epoch's lines, sorted */
  readonly linesRoot: Hex
  /** its sum; totals are the previous totals and this */
  readonly linesTotal: bigint
  readonly lineCount: number
  /** sum tree over the batches that count, sorted by digest */
  readonly batchesRoot: Hex
  readonly batchCount: number
  /** sha256 of the bundle's root block */
  readonly evidence: Hex
  /** version of the audit */
  readonly rules: bigint
}
