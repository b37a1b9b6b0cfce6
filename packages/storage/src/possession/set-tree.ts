/**
 * A set of pieces as one row of leaves: which piece holds leaf n, and the sum tree whose root stands on chain.
 *
 * Pure. The tree's own rules are core/merkle's; here is only what a leaf of it is. Not the bytes of the manifest
 * (wire/manifest.ts).
 *
 * @see docs/protocol/storage-proofs.md#set
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { buildSumTree, leafHash, type SumNode, type SumTree } from '@groundwork/core/merkle/sum-tree.ts'
import { bytesOfBigint } from '@groundwork/core/units/bytes.ts'
import { fromHex } from '@groundwork/core/units/hex.ts'
import type { Piece } from '../model.ts'

/** Where each piece begins in the row of leaves, and how long the row is. */
export interface SetLayout {
  readonly startLeaves: Float64Array
  readonly leafCount: number
}

/** One leaf of a set: its piece, and its place in that piece. */
export interface LeafPlace {
  readonly pieceIndex: number
  readonly leafInPiece: number
}

/** Lays the pieces side by side. */
export function setLayout(pieces: readonly { readonly leafCount: number }[]): SetLayout {
  const startLeaves = new Float64Array(pieces.length)
  let leafCount = 0
  for (const [index, piece] of pieces.entries()) {
    startLeaves[index] = leafCount
    leafCount += piece.leafCount
  }
  invariant(Number.isSafeInteger(leafCount), 'a set has fewer than 2^53 leaves')
  return { startLeaves, leafCount }
}

/** Finds leaf `leafIndex` of the set, from 0 to leafCount - 1. */
export function placeOfLeaf(layout: SetLayout, leafIndex: number): LeafPlace {
  invariant(leafIndex >= 0 && leafIndex < layout.leafCount, 'the leaf is in the set')
  let low = 0
  let high = layout.startLeaves.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((layout.startLeaves[middle] ?? 0) <= leafIndex) low = middle
    else high = middle - 1
  }
  return { pieceIndex: low, leafInPiece: leafIndex - (layout.startLeaves[low] ?? 0) }
}

/** The leaf of one piece: tag "piece"; root, height, leaf count; its sum is its leaf count. */
export function pieceNode(piece: Piece): SumNode {
  const leafCount = BigInt(piece.leafCount)
  const hash = leafHash('piece', fromHex(piece.root, 32), Uint8Array.of(piece.height), bytesOfBigint(leafCount, 8))
  return { hash, sum: leafCount }
}

/** The sum tree over the pieces in their order. */
export function setTree(pieces: readonly Piece[]): SumTree {
  return buildSumTree(pieces.map(pieceNode))
}
