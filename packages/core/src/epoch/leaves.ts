/**
 * Cumulative leaves: what each account has earned on a network since its first epoch, in two lanes.
 *
 * An account once listed stays listed. Claims pay the difference to what was already got, so a leaf never falls.
 * docs/protocol/epochs.md#leaf
 *
 * @module
 */

import type { Address } from '../identity/address.ts'
import { addLanes, lanesOf, packLanes } from '../merkle/lanes.ts'
import { buildSumTree, pathOf, type SumTree } from '../merkle/sum-tree.ts'
import { leafHash, type SumNode } from '../merkle/sum-node.ts'
import type { SumPath } from '../merkle/sum-path.ts'
import { lineSum, type Line } from '../evidence/line.ts'
import { invariant } from '../invariant.ts'
import { bytesOfBigint } from '../units/bytes.ts'
import { fromHex } from '../units/hex.ts'

/** What one account has earned on one network, cumulative, in atto-WORK. */
export interface Leaf {
  readonly account: Address
  readonly rebateAtto: bigint
  readonly bootstrapAtto: bigint
}

/** keccak256(0x00, "leaf", uint8 network, account, uint128 rebate, uint128 bootstrap), sum = both lanes */
export function accountLeaf({ account, rebateAtto, bootstrapAtto }: Leaf, network: number): SumNode {
  const hash = leafHash(
    'leaf',
    bytesOfBigint(BigInt(network), 1),
    fromHex(account, 20),
    bytesOfBigint(rebateAtto, 16),
    bytesOfBigint(bootstrapAtto, 16),
  )
  return { hash, sum: packLanes(rebateAtto, bootstrapAtto) }
}

/** The tree over leaves that are sorted by account, without doubles. */
export function buildLeafTree(leaves: readonly Leaf[], network: number): SumTree {
  invariant(isSorted(leaves), 'leaves are sorted by account and unique')
  return buildSumTree(leaves.map((leaf) => accountLeaf(leaf, network)))
}

/** Whether leaves are sorted by account, each account once. */
export function isSorted(leaves: readonly Leaf[]): boolean {
  return leaves.every((leaf, index) => index === 0 || (leaves[index - 1]?.account ?? '') < leaf.account)
}

/**
 * The leaves after an epoch: each line's amount added in its lane.
 *
 * @param previous sorted, unique
 * @param lines in any order; amounts within their lanes
 * @returns sorted; every account of `previous` or of a line, also when it earned 0
 * @throws LaneOverflow when an account would pass 2^128 - 1 atto-WORK
 */
export function addLines(previous: readonly Leaf[], lines: readonly Line[]): Leaf[] {
  const sums = new Map(previous.map((leaf) => [leaf.account, packLanes(leaf.rebateAtto, leaf.bootstrapAtto)]))
  for (const line of lines) {
    const sum = lineSum(line)
    invariant(sum !== undefined, 'the amount of a line is within its lane')
    sums.set(line.account, addLanes(sums.get(line.account) ?? 0n, sum))
  }
  return [...sums]
    .map(([account, sum]) => ({ account, rebateAtto: lanesOf(sum).high, bootstrapAtto: lanesOf(sum).low }))
    .toSorted((a, b) => (a.account < b.account ? -1 : 1))
}

/** An account's leaf and its path under the root: what a claim needs. */
export interface LeafProof {
  readonly leaf: Leaf
  readonly index: number
  readonly path: SumPath
}

/**
 * @param epoch leaves sorted, and the tree over them
 * @returns undefined when the account has no leaf
 */
export function proveLeaf(
  { leaves, leafTree }: { readonly leaves: readonly Leaf[]; readonly leafTree: SumTree },
  account: Address,
): LeafProof | undefined {
  const wanted = account.toLowerCase()
  const index = leaves.findIndex((leaf) => leaf.account === wanted)
  const leaf = leaves[index]
  return leaf === undefined ? undefined : { leaf, index, path: pathOf(leafTree, index) }
}
