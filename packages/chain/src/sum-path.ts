/** A path in a sum tree, from the leaf up, as the contracts take it. Bit i of `sides` set: sibling i is on the left. */

import type { Hex } from 'viem'

export type SumPath = {
  readonly sides: bigint
  readonly hashes: readonly Hex[]
  readonly sums: readonly bigint[]
}
