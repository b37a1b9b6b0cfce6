/**
 * The Merkle-sum tree that everything countable hangs on: pieces, leaves, lines, batches, entries, answers.
 *
 * Level by level, pairs (0,1), (2,3) ...; an odd last node is promoted unchanged. The contracts' `SumTree.sol` folds the
 * same tree. A level is one run of 64-byte nodes, so a million leaves take 128 MB and no objects. Not a store: a tree is
 * built whole and never changed. docs/protocol/evidence.md#sum-tree
 *
 * @module
 */

import { LaneOverflow } from '../errors/merkle-errors.ts'
import { invariant } from '../invariant.ts'
import { toHex, type Hex } from '../units/hex.ts'
import { hashPair } from './hash-pair.ts'
import { emptyNode, nodeSizeBytes, readSum, writeNode, type SumNode } from './sum-node.ts'
import { sidesOf, type SumPath } from './sum-path.ts'

export type { SumNode } from './sum-node.ts'
export { leafHash } from './sum-node.ts'
export type { FoldedPath, SumPath } from './sum-path.ts'
export { foldPath, isUnder, sidesOf } from './sum-path.ts'
export { addLanes, lanesOf, packLanes } from './lanes.ts'

/** A built tree. Level 0 holds the leaves, the last level the root alone; no level when there is no leaf. */
export interface SumTree {
  readonly root: SumNode
  readonly count: number
  /** 64 bytes a node: hash, then sum */
  readonly levels: readonly Uint8Array[]
}

/** Most leaves of a tree that is built in memory. */
export const leavesMax: number = 2 ** 24

/**
 * Builds the tree over leaves in their order.
 *
 * @throws LaneOverflow when the total of a lane is over 2^128 - 1
 */
export function buildSumTree(leaves: readonly SumNode[]): SumTree {
  invariant(leaves.length <= leavesMax, 'a tree in memory has at most leavesMax leaves')
  if (leaves.length === 0) return { root: emptyNode, count: 0, levels: [] }
  let level = leafLevel(leaves)
  const levels = [level]
  while (level.length > nodeSizeBytes) {
    level = parentLevel(level)
    levels.push(level)
  }
  return { root: nodeOf(level, 0), count: leaves.length, levels }
}

/**
 * The node at `index` of a level; level 0 holds the leaves.
 *
 * @param place both from 0, both inside the tree
 */
export function nodeAt(tree: SumTree, { level, index }: { readonly level: number; readonly index: number }): SumNode {
  const bytes = tree.levels[level]
  invariant(
    bytes !== undefined && index >= 0 && (index + 1) * nodeSizeBytes <= bytes.length,
    'a node stands in its tree',
  )
  return nodeOf(bytes, index)
}

/** The path of leaf `index`, from the leaf up. */
export function pathOf(tree: SumTree, index: number): SumPath {
  const { sides } = sidesOf({ index, count: tree.count })
  const hashes: Hex[] = []
  const sums: bigint[] = []
  let at = index
  for (const level of tree.levels.slice(0, -1)) {
    const siblingIndex = at % 2 === 0 ? at + 1 : at - 1
    if ((siblingIndex + 1) * nodeSizeBytes <= level.length) {
      const sibling = nodeOf(level, siblingIndex)
      hashes.push(sibling.hash)
      sums.push(sibling.sum)
    }
    at = Math.floor(at / 2)
  }
  return { sides, hashes, sums }
}

function leafLevel(leaves: readonly SumNode[]): Uint8Array {
  const level = new Uint8Array(leaves.length * nodeSizeBytes)
  for (const [index, leaf] of leaves.entries()) {
    const isWritten = writeNode(leaf, level, index * nodeSizeBytes)
    invariant(isWritten, 'a leaf has a hash of 32 bytes and a sum below 2^256')
  }
  return level
}

function parentLevel(below: Uint8Array): Uint8Array {
  const count = below.length / nodeSizeBytes
  const pairs = Math.floor(count / 2)
  const level = new Uint8Array(Math.ceil(count / 2) * nodeSizeBytes)
  const from = new DataView(below.buffer, below.byteOffset, below.length)
  const to = new DataView(level.buffer)
  for (let pair = 0; pair < pairs; pair += 1) {
    const offset = pair * 2 * nodeSizeBytes
    const target = pair * nodeSizeBytes
    level.set(hashPair(below.subarray(offset, offset + 2 * nodeSizeBytes)), target)
    addSums({ from, leftOffset: offset + 32, rightOffset: offset + nodeSizeBytes + 32, to, toOffset: target + 32 })
  }
  if (count % 2 === 1) level.set(below.subarray((count - 1) * nodeSizeBytes), pairs * nodeSizeBytes)
  return level
}

interface SumsPlace {
  readonly from: DataView
  readonly leftOffset: number
  readonly rightOffset: number
  readonly to: DataView
  readonly toOffset: number
}

/** Adds two sums lane by lane in words of 32 bits, without a bigint per node. */
function addSums({ from, leftOffset, rightOffset, to, toOffset }: SumsPlace): void {
  for (const lane of [0, 16]) {
    let carry = 0
    for (let word = lane + 12; word >= lane; word -= 4) {
      const sum = from.getUint32(leftOffset + word) + from.getUint32(rightOffset + word) + carry
      to.setUint32(toOffset + word, sum % 2 ** 32)
      carry = sum >= 2 ** 32 ? 1 : 0
    }
    if (carry !== 0) throw new LaneOverflow({ left: readSum(from, leftOffset), right: readSum(from, rightOffset) })
  }
}

function nodeOf(level: Uint8Array, index: number): SumNode {
  const offset = index * nodeSizeBytes
  return {
    hash: toHex(level.subarray(offset, offset + 32)),
    sum: readSum(new DataView(level.buffer, level.byteOffset, level.length), offset + 32),
  }
}
