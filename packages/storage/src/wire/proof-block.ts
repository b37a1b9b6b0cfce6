/**
 * The proof block: the dag-cbor bytes of one set's multiproof in one epoch, at most 64 KiB.
 *
 * Pure. It says which bytes there are, not that they prove anything: prove.ts does.
 *
 * @see docs/protocol/storage-proofs.md#evidence
 * @module
 */

import { decodeBlock, encodeBlock } from '@groundwork/core/evidence/block.ts'
import { readHex, readMap, readUint64 } from '@groundwork/core/evidence/field-reader.ts'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
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
  return encodeBlock({ version: formatVersion, dataSet: fromHex(dataSet, 32), epoch, leaves, nodes }).bytes
}

/** Reads the bytes of a stranger; undefined when they are not a proof block in its one form. */
export function decodeProofBlock(bytes: Uint8Array): ProofBlock | undefined {
  if (bytes.length > proofBytesMax) return undefined
  const map = readMap(decodeBlock(bytes), ['version', 'dataSet', 'epoch', 'leaves', 'nodes'])
  if (map?.['version'] !== formatVersion) return undefined
  const dataSet = readHex(map['dataSet'], 32)
  const epoch = readUint64(map['epoch'])
  const leaves = readNodes(map['leaves'])
  const nodes = readNodes(map['nodes'])
  if (dataSet === undefined || epoch === undefined || leaves === undefined || nodes === undefined) return undefined
  return { dataSet, epoch, leaves, nodes }
}

function readNodes(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array && value.length % nodeSizeBytes === 0 ? value : undefined
}
