/** The header of an evidence batch, as its signer signed it: the EIP-712 type Batch of the contract Epochs. */

import type { Address, Hex } from 'viem'

export type EvidenceHeader = {
  readonly network: number
  readonly epoch: bigint
  readonly signer: Address
  readonly counter: bigint
  readonly previousDigest: Hex
  /** sum tree over the entries */
  readonly entriesRoot: Hex
  readonly count: number
  readonly sum: bigint
}
