/** One account's cumulative leaf and its path to the finalised root, as Epochs takes it. */

import type { Address } from 'viem'
import type { SumPath } from './sum-path.ts'

export type LeafClaim = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  readonly account: Address
  /** cumulative, in atto-WORK */
  readonly rebateAtto: bigint
  /** cumulative, in atto-WORK */
  readonly bootstrapAtto: bigint
  readonly path: SumPath
}
