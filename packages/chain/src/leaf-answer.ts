/** The answer to a demand for one leaf, in the form that StorageJudge takes. */

import type { Hex } from 'viem'
import type { SumPath } from './sum-path.ts'

export type LeafAnswer = {
  readonly leaf: Hex
  /** sha2-256-trunc254 siblings from the leaf to the piece's root */
  readonly piecePath: readonly Hex[]
  /** the sum of the piece's node in the set's tree */
  readonly pieceLeafCount: bigint
  readonly setPath: SumPath
}
