/** What customer and provider both sign about a data set: the EIP-712 type PieceSet of the contract DataSets. */

import type { Address, Hex } from 'viem'

export type PieceSet = {
  readonly customer: Address
  readonly provider: Address
  /** the set's stream is Rails.streamId(customer, provider, streamSalt) */
  readonly streamSalt: Hex
  /** of the sum tree over the pieces */
  readonly root: Hex
  /** 32-byte leaves over all pieces */
  readonly leafCount: bigint
  readonly pieceCount: number
  /** rises with every change */
  readonly version: bigint
  /** the provider's bond behind this set, in atto-WORK */
  readonly lockAtto: bigint
  /** sha256 of the DAG-CBOR list of pieces */
  readonly manifest: Hex
}
