/** What a possession entry stands on, as StorageJudge takes it. docs/protocol/storage-proofs.md */

import type { Hex } from 'viem'

export type PossessionDetail = {
  /** as it stood on chain at the epoch's close */
  readonly setRoot: Hex
  readonly leafCount: bigint
  readonly pieceCount: number
  readonly version: bigint
  /** sum tree over the expanded answers in draw order */
  readonly answersRoot: Hex
  readonly answerCount: number
  /** of the published proof */
  readonly proofSha256: Hex
}
