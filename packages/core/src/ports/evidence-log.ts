/**
 * Signed evidence batches, append only, by network, epoch and signer, with the detail blocks that they link to.
 *
 * Durable: when `append` resolves, batch and details are on disk and synced. It judges nothing: two batches of one signer
 * with one counter are both kept, for together they are the evidence of a fault. docs/protocol/evidence.md#batch
 *
 * @module
 */

import type { Address } from '../identity/address.ts'
import type { Hex } from '../units/hex.ts'

/** Largest block, batch or detail, in bytes. */
export const evidenceBlockBytesMax: number = 2 ** 20

/** Most detail blocks of one batch. */
export const evidenceDetailsMax = 4096

/** A block that a batch links to. */
export interface EvidenceBlock {
  /** CIDv1 in base32 */
  readonly cid: string
  readonly bytes: Uint8Array
}

/** One batch as it lies in the log. */
export interface EvidenceRecord {
  readonly network: number
  readonly epoch: bigint
  readonly signer: Address
  readonly counter: bigint
  /** EIP-712 digest of the header: the key of the record */
  readonly digest: Hex
  /** the encoded batch block */
  readonly bytes: Uint8Array
  readonly details: readonly EvidenceBlock[]
}

export interface EvidenceLog {
  /**
   * Adds one record; a known digest changes nothing.
   *
   * @returns whether the record is new
   * @throws EvidenceRefused when a block is out of bounds
   */
  append(record: EvidenceRecord, options: { readonly signal: AbortSignal }): Promise<boolean>
  get(digest: Hex, options: { readonly signal: AbortSignal }): Promise<EvidenceRecord | undefined>
  /** The records of one network and epoch in order of digest, streamed: appends during the walk may or may not show. */
  list(
    range: { readonly network: number; readonly epoch: bigint },
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<EvidenceRecord>
  /** The record of a signer with the highest counter (of several, the lowest digest): what its next batch follows. */
  last(
    range: { readonly network: number; readonly signer: Address },
    options: { readonly signal: AbortSignal },
  ): Promise<EvidenceRecord | undefined>
}
