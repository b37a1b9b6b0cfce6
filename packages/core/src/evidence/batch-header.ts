/**
 * The signed header of an evidence batch: EIP-712 struct `Batch`, in the order of `BatchHeader` in IEpochs.sol.
 *
 * Headers of one signer form a hash chain: counter rises by one, previousDigest is the digest before. Two headers with
 * one counter and different digests are a fault. docs/protocol/evidence.md#batch
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Address } from '../identity/address.ts'
import { hashTypedData, type Domain, type TypedField } from '../identity/eip712.ts'
import { leafHash, type SumNode } from '../merkle/sum-node.ts'
import { fromHex, type Hex } from '../units/hex.ts'

export interface BatchHeader {
  readonly network: number
  readonly epoch: bigint
  readonly signer: Address
  /** 0 for a signer's first batch on a network */
  readonly counter: bigint
  /** digest of the header with counter - 1; 32 zero bytes for the first */
  readonly previousDigest: Hex
  /** sum tree over the entries */
  readonly entriesRoot: Hex
  readonly count: number
  /** sum of the entries' quantities */
  readonly sum: bigint
}

/** The struct that is signed. */
export const batchFields: readonly TypedField[] = [
  { name: 'network', type: 'uint8' },
  { name: 'epoch', type: 'uint64' },
  { name: 'signer', type: 'address' },
  { name: 'counter', type: 'uint64' },
  { name: 'previousDigest', type: 'bytes32' },
  { name: 'entriesRoot', type: 'bytes32' },
  { name: 'count', type: 'uint32' },
  { name: 'sum', type: 'uint128' },
]

/** previousDigest of a signer's first batch. */
export const noDigest: Hex = `0x${'00'.repeat(32)}`

/** @param domain verifyingContract is Epochs */
export function digestOfHeader(header: BatchHeader, domain: Domain): Hex {
  return hashTypedData({ domain, types: { Batch: batchFields }, primaryType: 'Batch', message: { ...header } })
}

/** The batch in the tree of batches that count: keccak256(0x00, "batch", digest, keccak256(signature)), sum = 1. */
export function batchLeaf({ digest, signature }: { readonly digest: Hex; readonly signature: Hex }): SumNode {
  return { hash: leafHash('batch', fromHex(digest, 32), keccak_256(fromHex(signature))), sum: 1n }
}

/** Whether `header` follows `previous` in its signer's chain; `previous` undefined: whether it can be the first. */
export function isNextHeader(
  header: BatchHeader,
  previous: { readonly header: BatchHeader; readonly digest: Hex } | undefined,
): boolean {
  if (previous === undefined) return header.counter === 0n && header.previousDigest === noDigest
  return (
    header.network === previous.header.network &&
    header.signer === previous.header.signer &&
    header.epoch >= previous.header.epoch &&
    header.counter === previous.header.counter + 1n &&
    header.previousDigest === previous.digest
  )
}
