/**
 * Merkle paths of single leaves up to the root of their piece: made from a range of raw bytes and the cap, and checked.
 *
 * A leaf's path is its siblings inside its block, then those of the block's node in the tree above the cap; so a path
 * costs one read of at most 65,024 bytes, whatever the size of the piece. Proofs over whole sets are in `prove.ts`.
 *
 * @see docs/protocol/storage-proofs.md#answer
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { equalBytes } from '@groundwork/core/units/bytes.ts'
import type { Piece } from '../model.ts'
import { nodeSizeBytes, type Hasher } from '../ports/hasher.ts'
import { foldSiblings, nodeOf, siblingsOf } from '../possession/binary-tree.ts'
import { blockHeightOf, blockTree, capTree, rangeOfBlock } from '../possession/piece-block.ts'

/** One leaf and its siblings, from its neighbour upwards: as many as its piece is high. */
export interface LeafPath {
  readonly leafIndex: number
  readonly leaf: Uint8Array
  readonly siblings: readonly Uint8Array[]
}

/** The longest path that is folded: no piece is higher (FRC-0069). */
export const pathLengthMax = 50

export interface RawRange {
  readonly startBytes: number
  readonly sizeBytes: number
}

/**
 * The paths of several leaves of one piece; each block is read once, and all of them with one call.
 *
 * @param cap nodes as `PieceDigest` has them
 * @param leafIndices from 0 to the piece's leafCount - 1, in any order
 * @param readRanges gives the raw bytes of each range, in order
 * @returns undefined when the cap does not fold to the piece's root
 */
export async function pathsOfLeaves({
  piece,
  cap,
  leafIndices,
  readRanges,
  hasher,
}: {
  readonly piece: Piece
  readonly cap: Uint8Array
  readonly leafIndices: readonly number[]
  readonly readRanges: (ranges: readonly RawRange[]) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  readonly hasher: Hasher
}): Promise<LeafPath[] | undefined> {
  const above = capTree({ piece, nodes: cap, hasher })
  if (above === undefined) return undefined
  const blockLeafCount = 2 ** blockHeightOf(piece)
  const blockIndices = [...new Set(leafIndices.map((index) => Math.floor(index / blockLeafCount)))]
  const raws = await readRanges(blockIndices.map((index) => rangeOfBlock(piece, index)))
  const blocks = new Map(
    blockIndices.map((blockIndex, place) => {
      const raw = raws[place]
      invariant(raw !== undefined, 'the reader gives a range for each one asked')
      return [blockIndex, blockTree({ piece, raw, hasher })]
    }),
  )
  return leafIndices.map((leafIndex) => {
    const blockIndex = Math.floor(leafIndex / blockLeafCount)
    const tree = blocks.get(blockIndex)
    invariant(leafIndex < piece.leafCount && tree !== undefined, 'the leaf carries data')
    const index = leafIndex % blockLeafCount
    const upper = siblingsOf({ tree: above, index: blockIndex, hasher })
    const siblings = [...siblingsOf({ tree, index, hasher }), ...upper]
    return { leafIndex, leaf: nodeOf({ tree, at: 0, index, hasher }), siblings }
  })
}

/** The path of one leaf. */
export async function pathOfLeaf({
  leafIndex,
  ...rest
}: Omit<Parameters<typeof pathsOfLeaves>[0], 'leafIndices'> & { readonly leafIndex: number }): Promise<
  LeafPath | undefined
> {
  const paths = await pathsOfLeaves({ ...rest, leafIndices: [leafIndex] })
  return paths?.[0]
}

/**
 * Folds a node along siblings from a stranger.
 *
 * @param index the node's place in its level; bit i says on which side sibling i stands
 * @returns undefined when the path is longer than 50, a node has not 32 bytes, or the index does not fit the path
 */
export function rootOfPath({
  leaf,
  leafIndex,
  siblings,
  hasher,
}: LeafPath & { readonly hasher: Hasher }): Uint8Array | undefined {
  if (siblings.length > pathLengthMax) return undefined
  if (!Number.isSafeInteger(leafIndex) || leafIndex < 0 || leafIndex >= 2 ** siblings.length) return undefined
  if ([leaf, ...siblings].some((node) => node.length !== nodeSizeBytes)) return undefined
  return foldSiblings({ leaf, index: leafIndex, siblings, hasher })
}

/** Whether a path from a stranger leads from its leaf to the root of a piece of that height. */
export function isPathTo({
  root,
  height,
  path,
  hasher,
}: {
  readonly root: Uint8Array
  readonly height: number
  readonly path: LeafPath
  readonly hasher: Hasher
}): boolean {
  if (path.siblings.length !== height) return false
  const actual = rootOfPath({ ...path, hasher })
  return actual !== undefined && equalBytes(actual, root)
}
