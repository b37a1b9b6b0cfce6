/**
 * Paths in a sum tree: from a leaf up to the root, with the side, hash and sum of every sibling.
 *
 * Mirrors `contracts/src/libraries/SumTree.sol`. Paths come from strangers, so a bad one folds to `undefined`.
 * docs/protocol/evidence.md#sum-tree
 *
 * @module
 */

import { invariant } from '../invariant.ts'
import { toHex, type Hex } from '../units/hex.ts'
import { hashPair } from './hash-pair.ts'
import { tryAddLanes } from './lanes.ts'
import { nodeBytes, nodeSizeBytes, writeSum, type SumNode } from './sum-node.ts'

/** Longest path that anyone folds: a tree of 2^40 leaves. */
export const pathDepthMax = 40

/** As `SumPath` in the contracts. Bit i of `sides` set: sibling i is on the left. */
export interface SumPath {
  readonly sides: bigint
  readonly hashes: readonly Hex[]
  readonly sums: readonly bigint[]
}

/** What a path folds to. */
export interface FoldedPath {
  /** compare its hash AND its sum with the expected root */
  readonly root: SumNode
  /** sum of everything left of the leaf, in lanes */
  readonly startOffset: bigint
}

/** Folds a leaf, or an inner node, up its path; undefined when the path is malformed or a lane overflows. */
export function foldPath(leaf: SumNode, path: SumPath): FoldedPath | undefined {
  const depth = path.hashes.length
  if (depth > pathDepthMax || path.sums.length !== depth || path.sides < 0n || path.sides >> BigInt(depth) !== 0n) {
    return undefined
  }
  let bytes = nodeBytes(leaf)
  let { sum } = leaf
  let startOffset = 0n
  for (let level = 0; level < depth; level += 1) {
    const sibling = siblingAt(path, level)
    const added = sibling === undefined ? undefined : tryAddLanes(sum, sibling.sum)
    if (bytes === undefined || sibling === undefined || added === undefined) return undefined
    const isLeft = ((path.sides >> BigInt(level)) & 1n) === 1n
    if (isLeft) startOffset += sibling.sum
    sum = added
    bytes = parentBytes(isLeft ? [sibling.bytes, bytes] : [bytes, sibling.bytes], sum)
  }
  if (bytes === undefined) return undefined
  return { root: { hash: toHex(bytes.subarray(0, 32)), sum }, startOffset }
}

/** Whether the leaf stands under this root: same hash and same total. */
export function isUnder(root: SumNode, leaf: SumNode, path: SumPath): boolean {
  const folded = foldPath(leaf, path)
  return folded !== undefined && folded.root.hash === root.hash.toLowerCase() && folded.root.sum === root.sum
}

/**
 * The sides and the length of the path of leaf `index` in a tree of `count` leaves.
 *
 * @param place index from 0, below count
 */
export function sidesOf({ index, count }: { readonly index: number; readonly count: number }): {
  sides: bigint
  depth: number
} {
  invariant(Number.isSafeInteger(index) && index >= 0 && index < count, 'a leaf stands in its tree')
  let sides = 0n
  let depth = 0
  for (let at = index, size = count; size > 1; at = Math.floor(at / 2), size = Math.ceil(size / 2)) {
    if (at === size - 1 && size % 2 === 1) continue
    sides |= BigInt(at % 2) << BigInt(depth)
    depth += 1
  }
  return { sides, depth }
}

/** Whether some leaf of a tree of `count` leaves has a path of these sides and this depth. */
export function isPlace({
  sides,
  depth,
  count,
}: {
  readonly sides: bigint
  readonly depth: number
  readonly count: number
}): boolean {
  if (count < 1) return false
  let height = 0
  while (2 ** height < count) height += 1
  let rest = depth
  let index = 0
  while (height > 0) {
    height -= 1
    const sizeBelow = Math.ceil(count / 2 ** height)
    index *= 2
    if (index + 1 >= sizeBelow) continue
    if (rest === 0) return false
    rest -= 1
    index += Number((sides >> BigInt(rest)) & 1n)
  }
  return rest === 0
}

function siblingAt(path: SumPath, level: number): { bytes: Uint8Array; sum: bigint } | undefined {
  const hash = path.hashes[level]
  const sum = path.sums[level]
  if (hash === undefined || sum === undefined) return undefined
  const bytes = nodeBytes({ hash, sum })
  return bytes === undefined ? undefined : { bytes, sum }
}

function parentBytes([left, right]: readonly [Uint8Array, Uint8Array], sum: bigint): Uint8Array {
  const pair = new Uint8Array(2 * nodeSizeBytes)
  pair.set(left)
  pair.set(right, nodeSizeBytes)
  const parent = new Uint8Array(nodeSizeBytes)
  parent.set(hashPair(pair))
  writeSum(new DataView(parent.buffer), 32, sum)
  return parent
}
