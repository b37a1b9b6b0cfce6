/**
 * Which leaf of a set to demand when its provider gave no proof: one that was drawn and that it does not serve.
 *
 * A provider that lost one piece of many leaves the whole set unproven when that piece is drawn, and would answer a demand of
 * almost any leaf. So each drawn leaf is asked for first, as anyone may, and checked against its piece. The pieces of the
 * rotation come first: a piece of which nothing is left is found by its visit. Pure but for the ports it is given.
 *
 * @see docs/protocol/storage-proofs.md#draws
 * @module
 */

import { fromHex } from '@groundwork/core/units/hex.ts'
import type { Piece } from './model.ts'
import { isPathTo, pathOfLeaf, type RawRange } from './piece/leaf-path.ts'
import type { Hasher } from './ports/hasher.ts'
import { drawnLeaves } from './possession/draws.ts'
import { placeOfLeaf, setLayout } from './possession/set-tree.ts'
import type { Challenge, ProvableSet } from './prove.ts'

export interface FindLostLeafOptions {
  readonly set: ProvableSet
  readonly challenge: Challenge
  /** the provider's answer for a range of a piece; what throws or has another size counts as not served */
  readonly readRange: (piece: Piece, range: RawRange) => Promise<Uint8Array>
  /** nodes of a cap, from whoever has them; without them nothing of the piece can be checked, and it counts as lost */
  readonly capOf: (piece: Piece) => Promise<Uint8Array | undefined>
  readonly hasher: Hasher
  readonly signal: AbortSignal
}

/** @returns the leaf's index in the set, or undefined when every drawn leaf is served */
export async function findLostLeaf(options: FindLostLeafOptions): Promise<number | undefined> {
  const { set, challenge, signal } = options
  const layout = setLayout(set.pieces)
  const leafCounts = set.pieces.map(({ leafCount }) => leafCount)
  const drawn = drawnLeaves({ ...challenge, dataSetId: set.id, layout, leafCounts })
  for (const leafIndex of drawn.toReversed()) {
    signal.throwIfAborted()
    const { pieceIndex, leafInPiece } = placeOfLeaf(layout, leafIndex)
    const piece = set.pieces[pieceIndex]
    if (piece === undefined || !(await isServed(options, { piece, leafInPiece }))) return leafIndex
  }
  return undefined
}

async function isServed(
  { readRange, capOf, hasher, signal }: FindLostLeafOptions,
  { piece, leafInPiece }: { readonly piece: Piece; readonly leafInPiece: number },
): Promise<boolean> {
  const root = fromHex(piece.root, 32)
  try {
    const cap = piece.capDigest === undefined ? root : await capOf(piece)
    if (cap === undefined) return false
    let isWhole = true
    const readRanges = async (ranges: readonly RawRange[]): Promise<readonly Uint8Array[]> =>
      Promise.all(
        ranges.map(async (range) => {
          const raw = await readRange(piece, range)
          isWhole &&= raw.length === range.sizeBytes
          return raw.length === range.sizeBytes ? raw : new Uint8Array(range.sizeBytes)
        }),
      )
    const path = await pathOfLeaf({ piece, cap, leafIndex: leafInPiece, readRanges, hasher })
    return isWhole && path !== undefined && isPathTo({ root, height: piece.height, path, hasher })
  } catch {
    // Whoever does not answer, or not in time, serves nothing.
    signal.throwIfAborted()
    return false
  }
}
