/**
 * What an evidence entry of possession commits to: struct PossessionDetail of IStorageJudge.sol, and its hash.
 *
 * Pure.
 *
 * @see docs/protocol/storage-proofs.md#evidence
 * @module
 */

import { bytes32Word, hashWords, uintWord } from '@groundwork/core/evidence/abi.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'

export interface PossessionDetail {
  /** as it stood on chain at the epoch's close */
  readonly setRoot: Hex
  readonly leafCount: bigint
  readonly pieceCount: number
  readonly version: bigint
  /** sum tree over the expanded answers in draw order */
  readonly answersRoot: Hex
  readonly answerCount: number
  /** of the published proof block */
  readonly proofSha256: Hex
}

/** keccak256(abi.encode(detail)): the `detail` of the entry. */
export function hashDetail(detail: PossessionDetail): Hex {
  return hashWords(
    bytes32Word(detail.setRoot),
    uintWord(detail.leafCount),
    uintWord(detail.pieceCount),
    uintWord(detail.version),
    bytes32Word(detail.answersRoot),
    uintWord(detail.answerCount),
    bytes32Word(detail.proofSha256),
  )
}
