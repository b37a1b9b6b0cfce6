/**
 * Multiproofs inside one block of leaves: the drawn leaves, and the fewest nodes that fold them to its cap node.
 *
 * Canonical, so that a proof has exactly one form: leaves in ascending order, then level by level from the bottom the
 * siblings that do not follow from what is known, in ascending order. Pure; the hash is the `Hasher` port. Which leaves
 * are drawn is not known here (draws.ts), nor how several blocks make one proof (answers.ts).
 *
 * @see docs/protocol/storage-proofs.md#answer
 * @module
 */

import { equalBytes } from '@groundwork/core/units/bytes.ts'
import { nodeSizeBytes, type Hasher } from '../ports/hasher.ts'
import { nodeOf, siblingsOf, type BinaryTree } from './binary-tree.ts'

/** Takes nodes one by one from the bytes of a proof; undefined when they are used up. */
export interface NodeSource {
  take(): Uint8Array | undefined
}

/** One proven leaf of a block: the leaf, and its siblings up to the block's root. */
export interface BlockAnswer {
  readonly index: number
  readonly leaf: Uint8Array
  readonly siblings: readonly Uint8Array[]
}

/** The nodes that fold the leaves at `indices` (ascending, distinct) to the root of `tree`. */
export function multiproofNodes({
  tree,
  indices,
  hasher,
}: {
  readonly tree: BinaryTree
  readonly indices: readonly number[]
  readonly hasher: Hasher
}): Uint8Array[] {
  const nodes: Uint8Array[] = []
  let known = [...indices]
  for (let at = tree.baseHeight; at < tree.height; at += 1) {
    for (const sibling of missingSiblings(known)) nodes.push(nodeOf({ tree, at, index: sibling, hasher }))
    known = parentsOf(known)
  }
  return nodes
}

/** The leaves at `indices` as answers, from a tree that is whole. */
export function blockAnswers({
  tree,
  indices,
  hasher,
}: {
  readonly tree: BinaryTree
  readonly indices: readonly number[]
  readonly hasher: Hasher
}): BlockAnswer[] {
  return indices.map((index) => ({
    index,
    leaf: nodeOf({ tree, at: tree.baseHeight, index, hasher }),
    siblings: siblingsOf({ tree, index, hasher }),
  }))
}

/**
 * Folds a multiproof to its root, and reads out each leaf's own path on the way.
 *
 * @param indices ascending and distinct
 * @returns undefined when the proof is short of leaves or nodes, or does not fold to `root`
 */
export function checkMultiproof({
  indices,
  height,
  root,
  leaves,
  nodes,
  hasher,
}: {
  readonly indices: readonly number[]
  readonly height: number
  readonly root: Uint8Array
  readonly leaves: NodeSource
  readonly nodes: NodeSource
  readonly hasher: Hasher
}): BlockAnswer[] | undefined {
  const levels: Map<number, Uint8Array>[] = []
  let level = new Map<number, Uint8Array>()
  for (const index of indices) {
    const leaf = leaves.take()
    if (leaf === undefined) return undefined
    level.set(index, leaf)
  }
  let known = [...indices]
  for (let at = 0; at < height; at += 1) {
    for (const sibling of missingSiblings(known)) {
      const node = nodes.take()
      if (node === undefined) return undefined
      level.set(sibling, node)
    }
    levels.push(level)
    known = parentsOf(known)
    level = hashLevel({ level, parents: known, hasher })
  }
  const actual = level.get(0)
  if (actual === undefined || !equalBytes(actual, root)) return undefined
  return indices.map((index) => ({ index, leaf: leafOf(levels, index, root), siblings: pathIn(levels, index) }))
}

function hashLevel({
  level,
  parents,
  hasher,
}: {
  readonly level: ReadonlyMap<number, Uint8Array>
  readonly parents: readonly number[]
  readonly hasher: Hasher
}): Map<number, Uint8Array> {
  const input = new Uint8Array(parents.length * nodeSizeBytes * 2)
  const output = new Uint8Array(parents.length * nodeSizeBytes)
  for (const [place, parent] of parents.entries()) {
    input.set(level.get(parent * 2) ?? emptyNode, place * nodeSizeBytes * 2)
    input.set(level.get(parent * 2 + 1) ?? emptyNode, place * nodeSizeBytes * 2 + nodeSizeBytes)
  }
  hasher.hashPairs(input, output)
  return new Map(
    parents.map((parent, place) => [parent, output.subarray(place * nodeSizeBytes, (place + 1) * nodeSizeBytes)]),
  )
}

const emptyNode = new Uint8Array(nodeSizeBytes)

function leafOf(levels: readonly ReadonlyMap<number, Uint8Array>[], index: number, root: Uint8Array): Uint8Array {
  return levels[0]?.get(index) ?? root
}

function pathIn(levels: readonly ReadonlyMap<number, Uint8Array>[], index: number): Uint8Array[] {
  let place = index
  return levels.map((level) => {
    const sibling = level.get(siblingIndex(place)) ?? emptyNode
    place = Math.floor(place / 2)
    return sibling
  })
}

function siblingIndex(index: number): number {
  return index % 2 === 0 ? index + 1 : index - 1
}

function missingSiblings(known: readonly number[]): number[] {
  const have = new Set(known)
  return known.map(siblingIndex).filter((sibling) => !have.has(sibling))
}

function parentsOf(known: readonly number[]): number[] {
  return [...new Set(known.map((index) => Math.floor(index / 2)))]
}
