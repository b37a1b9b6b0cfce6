/**
 * The proof block: the dag-cbor bytes of one set's multiproof in one epoch, at most 64 KiB.
 *
 * Pure. It says which bytes there are, not that they prove anything: prove.ts does.
 *
 * @see docs/protocol/storage-proofs.md#evidence
 * @module
 */

import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import * as dagCbor from '@ipld/dag-cbor'
import { proofBytesMax } from '../model.ts'
import { nodeSizeBytes } from '../ports/hasher.ts'

export interface ProofBlock {
  readonly dataSet: Hex
  readonly epoch: bigint
  /** drawn leaves in ascending order, 32 bytes each */
  readonly leaves: Uint8Array
  /** the canonical multiproof's nodes, 32 bytes each */
  readonly nodes: Uint8Array
}

const formatVersion = 1

/** The bytes of the block. */
export function encodeProofBlock({ dataSet, epoch, leaves, nodes }: ProofBlock): Uint8Array {
  return dagCbor.encode({ version: formatVersion, dataSet: fromHex(dataSet, 32), epoch, leaves, nodes })
}

/** Reads the bytes of a stranger; undefined when they are not a proof block in its one form. */
export function decodeProofBlock(bytes: Uint8Array): ProofBlock | undefined {
  if (bytes.length > proofBytesMax) return undefined
  const value = decoded(bytes)
  if (typeof value !== 'object' || value === null) return undefined
  if (!('version' in value) || value.version !== formatVersion || Object.keys(value).length !== 5) return undefined
  if (!('dataSet' in value) || !(value.dataSet instanceof Uint8Array) || value.dataSet.length !== 32) return undefined
  if (!('epoch' in value) || !isUint(value.epoch)) return undefined
  if (!('leaves' in value) || !isNodes(value.leaves)) return undefined
  if (!('nodes' in value) || !isNodes(value.nodes)) return undefined
  return { dataSet: toHex(value.dataSet), epoch: BigInt(value.epoch), leaves: value.leaves, nodes: value.nodes }
}

function isUint(value: unknown): value is number | bigint {
  return (typeof value === 'number' || typeof value === 'bigint') && value >= 0 && Number.isInteger(Number(value))
}

function isNodes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length % nodeSizeBytes === 0
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch {
    return undefined
  }
}
