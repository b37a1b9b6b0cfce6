/**
 * Finding what is wrong with a post: from the honest recomputation and what was posted, the smallest challenge as data.
 *
 * Letters as in docs/protocol/epochs.md#challenges. A fault can be shown only from what the poster published; trees that
 * are not those of its bundle are `hidden`: nobody signs their availability, and the post lapses. Sends nothing.
 *
 * @module
 */

import { invariant } from '../invariant.ts'
import { verifyBatch } from '../evidence/batch.ts'
import { comparePlaces } from '../evidence/entry.ts'
import { accountLinesMax, compareLines, laneOf, linePreimage, lineSum, type Line } from '../evidence/line.ts'
import { packLanes, trySumLanes } from '../merkle/lanes.ts'
import { isPlace, type SumPath } from '../merkle/sum-path.ts'
import { pathOf, type SumTree } from '../merkle/sum-tree.ts'
import { toHex, type Hex } from '../units/hex.ts'
import { treeNumbers, type Challenge } from './challenge.ts'
import type { ClosedEpoch } from './close-epoch.ts'
import { addLines, buildLeafTree, type Leaf } from './leaves.ts'
import {
  absentBatch,
  batchAt,
  countedBatch,
  entryAt,
  leafView,
  lineAt,
  linesView,
  postedUsedTree,
  rebuildTrees,
  rootPreimage,
  shownEntry,
  usedAt,
  usedOf,
  type PostedEpoch,
  type PostedTrees,
} from './posted-trees.ts'

/** What the chain says of batches, beyond the facts. */
export interface ChallengeFacts {
  /** digests that were vouched for and whose epoch is not over: leaving one out is a fault */
  readonly vouched: ReadonlySet<Hex>
  /** digests that a finalised epoch of the last seven counted, and where; found by whoever keeps their bundles */
  readonly countedBefore?: ReadonlyMap<Hex, { readonly epoch: bigint; readonly count: bigint; readonly path: SumPath }>
  /** the network's only rebate kind and its price where a judge knows it (storage: kind 1), else undefined */
  readonly judgedPrice?: { readonly kind: number; readonly unitPriceAtto: bigint }
}

export type FoundFault =
  | { readonly tag: 'fault'; readonly challenge: Challenge }
  /** the posted trees cannot be opened from what was published */
  | { readonly tag: 'hidden'; readonly tree: 'lines' | 'batches' | 'leaves' | 'entries' }
  | { readonly tag: 'none' }

/** Names of exclusion that a judge knows, as values of `EpochFacts.excluded`. */
export const excludedByJudge = { refuted: 'refuted', contradicted: 'contradicted' } as const

/** One check: a challenge, or nothing. */
type Check = (trees: PostedTrees, closed: ClosedEpoch, facts: ChallengeFacts) => Challenge | undefined

/**
 * @param closed what honest recomputation gives, of the same network and epoch
 */
export function findFault(posted: PostedEpoch, closed: ClosedEpoch, facts: ChallengeFacts): FoundFault {
  const { post } = posted
  if (isEmptyWrong(posted))
    return { tag: 'fault', challenge: { judge: 'sum', letter: 'a', functionName: 'challengeEmpty', args: [] } }
  const leaves = posted.leaves ?? leavesOf(closed.previousLeaves, posted.bundle.lines)
  const trees = leaves === undefined ? undefined : rebuildTrees(posted, { leaves, domain: closed.facts.domain })
  if (trees === undefined) return { tag: 'hidden', tree: 'lines' }
  if (trees.linesTree.root.hash !== post.linesRoot) return { tag: 'hidden', tree: 'lines' }
  if (trees.batchesTree.root.hash !== post.batchesRoot) return { tag: 'hidden', tree: 'batches' }

  const sums = wrongSum(trees, posted)
  if (sums !== undefined) return { tag: 'fault', challenge: sums }
  for (const check of checks) {
    const challenge = check(trees, closed, facts)
    if (challenge !== undefined) return { tag: 'fault', challenge }
  }
  if (trees.leavesTree.root.hash !== post.root) return { tag: 'hidden', tree: 'leaves' }
  const leaf = wrongLeaf(trees, closed)
  if (leaf !== undefined) return { tag: 'fault', challenge: leaf }
  const isOpen = trees.lines.every((line) => postedUsedTree(trees, line) !== undefined)
  return isOpen ? { tag: 'none' } : { tag: 'hidden', tree: 'entries' }
}

// ---- (a) trees ----

function isEmptyWrong({ post }: PostedEpoch): boolean {
  const isZero = (hash: Hex): boolean => /^0x0+$/.test(hash)
  return (
    isZero(post.linesRoot) !== (post.lineCount === 0) ||
    (isZero(post.linesRoot) && post.linesTotal !== 0n) ||
    isZero(post.batchesRoot) !== (post.batchCount === 0) ||
    (isZero(post.root) && post.totals !== 0n)
  )
}

/** A root whose sum is not that of its children or fields, or a leaf that a tree of the posted count does not have. */
function wrongSum(trees: PostedTrees, { post, network }: PostedEpoch): Challenge | undefined {
  const { linesTree, batchesTree, leavesTree } = trees
  const [onlyLine] = trees.lines
  const node = (tree: number, preimage: Hex, recordedSum: bigint): Challenge => ({
    judge: 'sum',
    letter: 'a',
    functionName: 'challengeNode',
    args: [tree, preimage, recordedSum, noPath],
  })
  if (linesTree.root.sum !== post.linesTotal && onlyLine !== undefined) {
    const leaf = toHex(linePreimage(onlyLine, { network, epoch: post.epoch }))
    return node(treeNumbers.lines, linesTree.count === 1 ? leaf : rootPreimage(linesTree), post.linesTotal)
  }
  const place = impossiblePlace(linesTree, post.lineCount)
  const line = place === undefined ? undefined : trees.lines[place]
  if (place !== undefined && line !== undefined) return badLine(trees, place)
  if (batchesTree.count > 1 && batchesTree.root.sum !== BigInt(post.batchCount)) {
    return node(treeNumbers.batches, rootPreimage(batchesTree), BigInt(post.batchCount))
  }
  const isSameLeaves = leavesTree.root.hash === post.root && leavesTree.count > 1
  if (isSameLeaves && leavesTree.root.sum !== post.totals)
    return node(treeNumbers.leaves, rootPreimage(leavesTree), post.totals)
  return undefined
}

const noPath = { sides: 0n, hashes: [], sums: [] }

function impossiblePlace(tree: SumTree, count: number): number | undefined {
  for (let index = 0; index < tree.count && tree.count !== count; index += 1) {
    const { sides, hashes } = pathOf(tree, index)
    if (!isPlace({ sides, depth: hashes.length, count })) return index
  }
  return undefined
}

/** A leaf of the lines' tree that breaks a bound of lines by itself. */
function badLine(trees: PostedTrees, index: number): Challenge | undefined {
  const line = trees.lines[index]
  const sum = line === undefined ? undefined : lineSum(line)
  if (line === undefined || sum === undefined) return undefined
  const args = [treeNumbers.lines, toHex(linePreimage(line, trees)), sum, pathOf(trees.linesTree, index)] as const
  return { judge: 'sum', letter: 'a', functionName: 'challengeNode', args }
}

const wrongBounds: Check = (trees) => {
  const isBad = ({ kind, account, entries }: Line): boolean =>
    kind === 0 ||
    BigInt(account) === 0n ||
    entries.length === 0 ||
    (laneOf(kind) === 'bootstrap' && entries.length !== 1)
  const index = trees.lines.findIndex(isBad)
  return index === -1 ? undefined : badLine(trees, index)
}

// ---- (c) order and repetition ----

const wrongLineOrder: Check = (trees) => {
  const index = trees.lines.findIndex((line, i) => i > 0 && compareLines(lineOf(trees, i - 1), line) >= 0)
  if (index < 1) return undefined
  const [left, right] = [lineOf(trees, index - 1), lineOf(trees, index)]
  const isSameOrder = left.account === right.account && left.kind === right.kind
  const firsts = isSameOrder
    ? [usedAt(trees, left, 0), usedAt(trees, right, 0)].filter((used) => used !== undefined)
    : []
  if (isSameOrder && firsts.length !== 2) return undefined
  const args = [lineAt(trees, index - 1), lineAt(trees, index), firsts] as const
  return { judge: 'sum', letter: 'c', functionName: 'challengeLineOrder', args }
}

const wrongBatchOrder: Check = (trees) => {
  const index = trees.batches.findIndex(({ digest }, i) => i > 0 && (trees.batches[i - 1]?.digest ?? '') >= digest)
  if (index < 1) return undefined
  const args = [batchAt(trees, index - 1), batchAt(trees, index)] as const
  return { judge: 'sum', letter: 'c', functionName: 'challengeBatchOrder', args }
}

const wrongLineCount: Check = (trees) => {
  const isSame = (a: Line | undefined, b: Line | undefined): boolean => a?.account === b?.account && a?.kind === b?.kind
  const index = trees.lines.findIndex(
    (line, i) => i >= accountLinesMax && isSame(trees.lines[i - accountLinesMax], line),
  )
  if (index === -1) return undefined
  const lines = Array.from({ length: accountLinesMax + 1 }, (_, i) => lineAt(trees, index - accountLinesMax + i))
  return { judge: 'sum', letter: 'c', functionName: 'challengeLineCount', args: [lines] }
}

const usedTwice: Check = (trees) => {
  const seen = new Map<string, { index: number; place: number }>()
  for (const [index, line] of trees.lines.entries()) {
    for (const [place, { batchDigest, index: entry }] of line.entries.entries()) {
      const key = `${line.kind} ${batchDigest} ${entry}`
      const other = seen.get(key)
      seen.set(key, { index, place })
      if (other === undefined) continue
      const one = usedAt(trees, lineOf(trees, other.index), other.place)
      const two = usedAt(trees, line, place)
      if (one === undefined || two === undefined) continue
      const args = [lineAt(trees, other.index), one, lineAt(trees, index), two] as const
      return { judge: 'sum', letter: 'c', functionName: 'challengeTwice', args }
    }
  }
  return undefined
}

// ---- (b) lines ----

/** A line that does not follow from its entries, all of which are known. */
const wrongLine: Check = (trees) => {
  for (const [index, line] of trees.lines.entries()) {
    if (postedUsedTree(trees, line) === undefined) continue
    const entries = line.entries.flatMap(({ batchDigest, index: place }) => {
      const entry = entryAt(trees.batches, { batchDigest, index: place })
      return entry === undefined ? [] : [{ batchDigest, index: place, entry }]
    })
    const total = entries.reduce((sum, { entry }) => sum + entry.quantity, 0n)
    const isRebate = laneOf(line.kind) === 'rebate'
    const isForeign = entries.some(
      ({ entry }) => entry.account !== line.account || (isRebate && entry.kind !== line.kind),
    )
    const isUnsorted = line.entries.some((place, i) => i > 0 && comparePlaces(line.entries[i - 1] ?? place, place) >= 0)
    if (!isForeign && !isUnsorted && (!isRebate || total === line.quantity)) continue
    return { judge: 'sum', letter: 'b', functionName: 'challengeLine', args: [lineAt(trees, index), entries] }
  }
  return undefined
}

/** Prices that a judge knows: of the rebate kind by itself; of the bootstrap kind by the others, or by quantity and share. */
const wrongPrice: Check = (trees, closed, { judgedPrice }) => {
  if (judgedPrice === undefined) return undefined
  const { kind, unitPriceAtto } = judgedPrice
  const readinessKind = kind + 1
  const wrong = trees.lines.findIndex((line) =>
    line.kind === kind ? line.unitPriceAtto !== unitPriceAtto : line.kind !== readinessKind || line.quantity !== 1n,
  )
  if (wrong !== -1) return { judge: 'sum', letter: 'b', functionName: 'challengePrice', args: [lineAt(trees, wrong)] }
  const ready = trees.lines.flatMap((line, index) =>
    line.kind === readinessKind ? [{ index, price: line.unitPriceAtto }] : [],
  )
  const [first] = ready
  const other = ready.find(({ price }) => price !== first?.price)
  if (first === undefined) return undefined
  if (other !== undefined) {
    const args = [lineAt(trees, first.index), lineAt(trees, other.index)] as const
    return { judge: 'sum', letter: 'b', functionName: 'challengeReadinessPrices', args }
  }
  const shareAtto = closed.facts.allowanceAtto / BigInt(ready.length)
  return first.price === shareAtto
    ? undefined
    : { judge: 'sum', letter: 'b', functionName: 'challengePrice', args: [lineAt(trees, first.index)] }
}

/** A readiness line without a possession line of its account before it, or on another entry than the account's first. */
const wrongReadiness: Check = (trees, _closed, { judgedPrice }) => {
  if (judgedPrice === undefined) return undefined
  const { kind } = judgedPrice
  for (const [index, line] of trees.lines.entries()) {
    if (line.kind !== kind + 1) continue
    const readiness = lineAt(trees, index)
    const firstIndex = trees.lines.findIndex((one) => one.account === line.account && one.kind === kind)
    if (firstIndex === -1) {
      const before = index > 0 ? [lineAt(trees, index - 1)] : []
      return { judge: 'sum', letter: 'b', functionName: 'challengeReadiness', args: [readiness, before, [], [], []] }
    }
    const used = usedAt(trees, lineOf(trees, firstIndex), 0)
    const tree = used === undefined ? undefined : postedUsedTree(trees, { ...line, entries: [used.used] })
    if (used === undefined || tree !== undefined) continue
    const beforeFirst = firstIndex > 0 ? [lineAt(trees, firstIndex - 1)] : []
    const args = [readiness, [], beforeFirst, [lineAt(trees, firstIndex)], [used]] as const
    return { judge: 'sum', letter: 'b', functionName: 'challengeReadiness', args }
  }
  return undefined
}

// ---- (e) to (g) batches ----

const wrongBatch: Check = (trees, closed, { judgedPrice, countedBefore }) => {
  const { facts, network, epoch } = closed
  for (const [index, { digest, batch, entriesTree }] of trees.batches.entries()) {
    const excludedBy = facts.excluded.get(digest)
    if (excludedBy === excludedByJudge.refuted) {
      return { judge: 'receipt', letter: 'e', functionName: 'challengeRefuted', args: [batchAt(trees, index)] }
    }
    if (excludedBy === excludedByJudge.contradicted) {
      return { judge: 'receipt', letter: 'e', functionName: 'challengeCounted', args: [batchAt(trees, index)] }
    }
    const earlier = countedBefore?.get(digest)
    if (earlier !== undefined) {
      const args = [batchAt(trees, index), earlier.epoch, earlier.count, earlier.path] as const
      return { judge: 'receipt', letter: 'e', functionName: 'challengeReused', args }
    }
    const verdict = verifyBatch(batch, { domain: facts.domain, network, epoch })
    const judged = ['wrong-network', 'wrong-epoch', 'bad-signature']
    if (verdict.tag === 'refused' && judged.includes(verdict.reason)) {
      const args = [countedBatch(trees, index), batch.signature] as const
      return { judge: 'receipt', letter: 'e', functionName: 'challengeBatch', args }
    }
    const isStrange = ({ account, kind }: { account: Hex; kind: number }): boolean =>
      BigInt(account) === 0n || (judgedPrice !== undefined && kind !== judgedPrice.kind)
    const strange = batch.entries.findIndex(isStrange)
    const shown =
      entriesTree === undefined || strange === -1 ? undefined : shownEntry({ digest, batch, entriesTree }, strange)
    if (shown !== undefined) {
      return {
        judge: 'receipt',
        letter: 'e',
        functionName: 'challengeEntry',
        args: [countedBatch(trees, index), shown],
      }
    }
  }
  return undefined
}

/** An entry of a counted batch that no line of its account and kind uses. */
const droppedEntry: Check = (trees) => {
  const used = new Set(
    trees.lines.flatMap(({ kind, entries }) => entries.map((place) => `${kind} ${place.batchDigest} ${place.index}`)),
  )
  for (const [index, posted] of trees.batches.entries()) {
    const dropped = posted.batch.entries.findIndex(({ kind }, i) => !used.has(`${kind} ${posted.digest} ${i}`))
    const shown = dropped === -1 ? undefined : shownEntry(posted, dropped)
    if (shown === undefined) continue
    const { account, kind } = shown.entry
    const indexes = trees.lines.flatMap((line, i) => (line.account === account && line.kind === kind ? [i] : []))
    const lines = indexes.map((i) => lineOf(trees, i))
    if (lines.some((line) => postedUsedTree(trees, line) === undefined)) continue
    const after = trees.lines.findIndex(
      (line) => line.account > account || (line.account === account && line.kind > kind),
    )
    const view = linesView(trees, { indexes, next: after === -1 ? trees.lines.length : after })
    const args = [countedBatch(trees, index), shown, view, lines.map((line) => usedOf(trees, line))] as const
    return { judge: 'sum', letter: 'f', functionName: 'challengeDropped', args }
  }
  return undefined
}

const omittedBatch: Check = (trees, closed, { vouched }) => {
  const counted = new Set(trees.batches.map(({ digest }) => digest))
  const omitted = closed.batches.find(({ digest }) => vouched.has(digest) && !counted.has(digest))
  if (omitted === undefined) return undefined
  const args = [omitted.header, absentBatch(trees, omitted.digest)] as const
  return { judge: 'sum', letter: 'g', functionName: 'challengeOmission', args }
}

const checks: readonly Check[] = [
  wrongBounds,
  wrongLineOrder,
  wrongBatchOrder,
  wrongLineCount,
  usedTwice,
  wrongLine,
  wrongPrice,
  wrongReadiness,
  wrongBatch,
  droppedEntry,
  omittedBatch,
]

// ---- (d) leaves ----

/** Two leaves out of order, or an account whose leaf is not its previous one plus its lines. */
function wrongLeaf(trees: PostedTrees, closed: ClosedEpoch): Challenge | undefined {
  const { leaves, leavesTree } = trees
  const index = leaves.findIndex((leaf, i) => i > 0 && (leaves[i - 1]?.account ?? '') >= leaf.account)
  if (index > 0) {
    const [left, right] = [index - 1, index].map((i) => {
      const leaf = leaves[i]
      return leaf === undefined ? undefined : { ...leaf, path: pathOf(leavesTree, i) }
    })
    if (left === undefined || right === undefined) return undefined
    return { judge: 'sum', letter: 'c', functionName: 'challengeLeafOrder', args: [left, right] }
  }
  const expected = new Map(leavesOf(closed.previousLeaves, trees.lines)?.map((leaf) => [leaf.account, leaf]))
  const actual = new Map(leaves.map((leaf) => [leaf.account, leaf]))
  const account = [...expected.keys(), ...actual.keys()].find(
    (one) => sumOf(expected.get(one)) !== sumOf(actual.get(one)),
  )
  if (account === undefined) return undefined
  const before = { leaves: closed.previousLeaves, leavesTree: buildLeafTree(closed.previousLeaves, trees.network) }
  const indexes = trees.lines.flatMap((line, i) => (line.account === account ? [i] : []))
  const after = trees.lines.findIndex((line) => line.account > account)
  const lines = linesView(trees, { indexes, next: after === -1 ? trees.lines.length : after })
  const args = [account, leafView(before, account), leafView(trees, account), lines] as const
  return { judge: 'sum', letter: 'd', functionName: 'challengeLeaf', args }
}

function sumOf(leaf: Leaf | undefined): bigint {
  return leaf === undefined ? 0n : packLanes(leaf.rebateAtto, leaf.bootstrapAtto)
}

/** As `addLines`, for lines of strangers: undefined when an amount is over its lane. */
function leavesOf(previous: readonly Leaf[], lines: readonly Line[]): Leaf[] | undefined {
  if (trySumLanes([...previous.map((leaf) => sumOf(leaf)), ...lines.map((line) => lineSum(line) ?? 0n)]) === undefined)
    return undefined
  return lines.some((line) => lineSum(line) === undefined) ? undefined : addLines(previous, lines)
}

function lineOf(trees: PostedTrees, index: number): Line {
  const line = trees.lines[index]
  invariant(line !== undefined, 'a line stands in its list')
  return line
}
