/**
 * A perfect binary tree over 32-byte nodes, held as flat levels: what a proof needs between leaves, cap and root.
 *
 * Pure; the hash is the `Hasher` port. Absent nodes on the right are zero subtrees (FRC-0069). Not for a whole piece of
 * 1 GiB: `piece/` streams that; here a level has at most 2^24 nodes and mostly 2^11.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { nodeSizeBytes, type Hasher } from '../ports/hasher.ts'

/** Levels from the given nodes up to the root; each cut after its last node that is not a zero subtree. */
export interface BinaryTree {
  /** height of the lowest level above the leaves of the piece */
  readonly baseHeight: number
  readonly height: number
  readonly levels: readonly Uint8Array[]
  readonly root: Uint8Array
}

const zeroRootsByHasher = new WeakMap<Hasher, Uint8Array[]>()

/** The root of a tree of `height` over zero leaves. */
export function zeroNode({ height, hasher }: { readonly height: number; readonly hasher: Hasher }): Uint8Array {
  const known = zeroRootsByHasher.get(hasher) ?? [new Uint8Array(nodeSizeBytes)]
  zeroRootsByHasher.set(hasher, known)
  while (known.length <= height) {
    const below = nodeAt(known, known.length - 1)
    const above = new Uint8Array(nodeSizeBytes)
    hasher.hashPairs(pairOf(below, below), above)
    known.push(above)
  }
  return nodeAt(known, height)
}

/**
 * Builds the levels from `nodes`, which stand at `baseHeight`, up to `height`.
 *
 * @param nodes whole nodes, at least one, at most 2^(height - baseHeight)
 */
export function binaryTree({
  nodes,
  baseHeight,
  height,
  hasher,
}: {
  readonly nodes: Uint8Array
  readonly baseHeight: number
  readonly height: number
  readonly hasher: Hasher
}): BinaryTree {
  const count = nodes.length / nodeSizeBytes
  invariant(Number.isInteger(count) && count >= 1, 'a tree has at least one whole node')
  invariant(count <= 2 ** (height - baseHeight), 'a tree has no more nodes than its height allows')
  const levels = [nodes]
  for (let at = baseHeight; at < height; at += 1)
    levels.push(levelAbove({ level: levels[at - baseHeight] ?? nodes, at, hasher }))
  return { baseHeight, height, levels, root: levels[height - baseHeight] ?? nodes }
}

/** The node at `index` of the level at `at`, a zero subtree where the level is cut. */
export function nodeOf({
  tree,
  at,
  index,
  hasher,
}: {
  readonly tree: BinaryTree
  readonly at: number
  readonly index: number
  readonly hasher: Hasher
}): Uint8Array {
  const level = tree.levels[at - tree.baseHeight]
  invariant(level !== undefined, 'the level is in the tree')
  const start = index * nodeSizeBytes
  return start < level.length ? level.subarray(start, start + nodeSizeBytes) : zeroNode({ height: at, hasher })
}

/** The siblings from the node at `index` of the lowest level up to the root. */
export function siblingsOf({
  tree,
  index,
  hasher,
}: {
  readonly tree: BinaryTree
  readonly index: number
  readonly hasher: Hasher
}): Uint8Array[] {
  const siblings: Uint8Array[] = []
  let place = index
  for (let at = tree.baseHeight; at < tree.height; at += 1) {
    siblings.push(nodeOf({ tree, at, index: place % 2 === 0 ? place + 1 : place - 1, hasher }))
    place = Math.floor(place / 2)
  }
  return siblings
}

/** Folds a leaf along its path; bit i of `index` says on which side the sibling i stands. */
export function foldSiblings({
  leaf,
  index,
  siblings,
  hasher,
}: {
  readonly leaf: Uint8Array
  readonly index: number
  readonly siblings: readonly Uint8Array[]
  readonly hasher: Hasher
}): Uint8Array {
  let node = leaf
  let place = index
  for (const sibling of siblings) {
    const above = new Uint8Array(nodeSizeBytes)
    hasher.hashPairs(place % 2 === 0 ? pairOf(node, sibling) : pairOf(sibling, node), above)
    node = above
    place = Math.floor(place / 2)
  }
  return node
}

function levelAbove({
  level,
  at,
  hasher,
}: {
  readonly level: Uint8Array
  readonly at: number
  readonly hasher: Hasher
}): Uint8Array {
  const pairBytes = nodeSizeBytes * 2
  const isOdd = level.length % pairBytes !== 0
  const input = isOdd ? new Uint8Array(level.length + nodeSizeBytes) : level
  if (isOdd) {
    input.set(level)
    input.set(zeroNode({ height: at, hasher }), level.length)
  }
  const above = new Uint8Array(input.length / 2)
  hasher.hashPairs(input, above)
  return above
}

function pairOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(nodeSizeBytes * 2)
  pair.set(left, 0)
  pair.set(right, nodeSizeBytes)
  return pair
}

function nodeAt(nodes: readonly Uint8Array[], index: number): Uint8Array {
  const node = nodes[index]
  invariant(node !== undefined, 'zero nodes are known from the bottom up')
  return node
}
