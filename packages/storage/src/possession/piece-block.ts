/**
 * Pieces in blocks: the 2^11 leaves under one node of a cap, or a whole lower piece, and the raw bytes behind them.
 *
 * Pure. Reading the bytes is the `PieceReader` port.
 *
 * @see docs/protocol/storage-proofs.md#caps
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { equalBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex } from '@groundwork/core/units/hex.ts'
import { capHeight, capNodeCount, type Piece } from '../model.ts'
import { nodeSizeBytes, type Hasher } from '../ports/hasher.ts'
import { leavesOf } from '../wire/fr32.ts'
import { binaryTree, type BinaryTree } from './binary-tree.ts'

/** Height of the blocks of a piece. */
export function blockHeightOf({ height }: { readonly height: number }): number {
  return Math.min(height, capHeight)
}

/** Raw bytes behind one whole block of 2^height leaves. */
export function rawBytesOfBlock(height: number): number {
  return (2 ** height * nodeSizeBytes * 127) / 128
}

/** The raw range behind block `blockIndex` of a piece; the last block's is shorter. */
export function rangeOfBlock(
  piece: Piece,
  blockIndex: number,
): { readonly startBytes: number; readonly sizeBytes: number } {
  const wholeBytes = rawBytesOfBlock(blockHeightOf(piece))
  const startBytes = blockIndex * wholeBytes
  invariant(startBytes < piece.rawSizeBytes, 'the block carries data')
  return { startBytes, sizeBytes: Math.min(wholeBytes, piece.rawSizeBytes - startBytes) }
}

/** The tree over one block, from its raw bytes. */
export function blockTree({
  piece,
  raw,
  hasher,
}: {
  readonly piece: Piece
  readonly raw: Uint8Array
  readonly hasher: Hasher
}): BinaryTree {
  return binaryTree({ nodes: leavesOf(raw), baseHeight: 0, height: blockHeightOf(piece), hasher })
}

/**
 * The tree above a cap, when the cap is the piece's.
 *
 * @param nodes from a stranger
 * @returns undefined when there are too few or too many nodes, or they do not fold to the piece's root
 */
export function capTree({
  piece,
  nodes,
  hasher,
}: {
  readonly piece: Piece
  readonly nodes: Uint8Array
  readonly hasher: Hasher
}): BinaryTree | undefined {
  if (nodes.length !== capNodeCount(piece) * nodeSizeBytes) return undefined
  const tree = binaryTree({ nodes, baseHeight: blockHeightOf(piece), height: piece.height, hasher })
  return equalBytes(tree.root, fromHex(piece.root, nodeSizeBytes)) ? tree : undefined
}
