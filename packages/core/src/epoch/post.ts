/**
 * What stands on chain of an epoch: `EpochPost` of IEpochs.sol, field for field, and its digest.
 *
 * @module
 */

import { bytes32Word, hashWords, uintWord } from '../evidence/abi.ts'
import type { Hex } from '../units/hex.ts'

export interface EpochPost {
  readonly epoch: bigint
  /** sum tree over cumulative leaves, sorted by account */
  readonly root: Hex
  /** its sum, two lanes, cumulative */
  readonly totals: bigint
  /** sum tree over this epoch's lines, sorted */
  readonly linesRoot: Hex
  /** its sum, two lanes; totals == previous totals + linesTotal */
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

/** @returns keccak256(abi.encode(EpochPost)), as Epochs keeps it while the post is pending */
export function digestOfPost(post: EpochPost): Hex {
  return hashWords(
    uintWord(post.epoch),
    bytes32Word(post.root),
    uintWord(post.totals),
    bytes32Word(post.linesRoot),
    uintWord(post.linesTotal),
    uintWord(post.lineCount),
    bytes32Word(post.batchesRoot),
    uintWord(post.batchCount),
    bytes32Word(post.evidence),
    uintWord(post.rules),
  )
}
