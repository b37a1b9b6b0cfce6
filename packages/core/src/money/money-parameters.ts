/**
 * What a deployment chooses about money, once: the windows and amounts of its parameter file.
 *
 * @module
 */

import type { Hex } from '../units/hex.ts'

/** Times are Unix seconds or seconds, amounts atto-WORK. */
export interface MoneyParameters {
  readonly chainId: bigint
  /** address of the Rails contract; part of every stream's id */
  readonly rails: Hex
  readonly genesisAtto: bigint
  readonly bootstrapMaxAtto: bigint
  readonly feedFreshSeconds: bigint
  readonly noticeSeconds: bigint
  readonly termSeconds: bigint
  readonly holdSeconds: bigint
  readonly thawSeconds: bigint
  readonly breakerWindowSeconds: bigint
  readonly convertPerWindowAtto: bigint
  readonly claimPerWindowAtto: bigint
  readonly networkCount: bigint
  readonly epochsPerYear: bigint
  /** smallest poster set: 5, on a devnet 3 */
  readonly posterCountMin: number
  readonly guardian: Hex
  /** the contracts that may lock stake */
  readonly keepers: readonly Hex[]
}
