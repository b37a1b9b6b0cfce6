/**
 * The trees behind a post, rebuilt from its bundle, and the paths and views that a judge is shown.
 *
 * Only what the bundle makes known can be shown. `hidden` names the first tree that is not the one posted.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Batch } from '../evidence/batch.ts'
import { batchLeaf, digestOfHeader } from '../evidence/batch-header.ts'
import type { Bundle } from '../evidence/bundle.ts'
import { entryLeaf, hashEntry, usedLeaf, type Entry, type EntryPlace } from '../evidence/entry.ts'
import { lineLeaf, lineSum, type Line } from '../evidence/line.ts'
import type { Domain } from '../identity/eip712.ts'
import { invariant } from '../invariant.ts'
import { packLanes, trySumLanes } from '../merkle/lanes.ts'
import { buildSumTree, nodeAt, pathOf, type SumTree } from '../merkle/sum-tree.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'
import type {
  BatchAt,
  BatchesView,
  CountedBatch,
  EntryAt,
  LeafAt,
  LeafView,
  LineAt,
  LinesView,
  ShownLine,
  Used,
  UsedAt,
} from './challenge.ts'
import { accountLeaf, type Leaf } from './leaves.ts'
import type { EpochPost } from './post.ts'

/** What a poster published: the post, its bundle and the batches of the bundle, in the bundle's order. */
export interface PostedEpoch {
  readonly network: number
  readonly post: EpochPost
  readonly bundle: Bundle
  readonly batches: readonly Batch[]
  /** the posted cumulative leaves; when left out, those that follow from the bundle's own lines */
  readonly leaves?: readonly Leaf[]
}

/** One batch of the bundle, with its tree where the entries give the root that was signed. */
export interface PostedBatch {
  readonly digest: Hex
  readonly batch: Batch
  readonly entriesTree: SumTree | undefined
}

/** The trees of a post, as far as the bundle shows them. */
export interface PostedTrees {
  readonly network: number
  readonly epoch: bigint
  readonly lines: readonly Line[]
  readonly linesTree: SumTree
  readonly batches: readonly PostedBatch[]
  readonly batchesTree: SumTree
  readonly leaves: readonly Leaf[]
  readonly leavesTree: SumTree
}

/** Rebuilds the trees from what was published; undefined when an amount or a total is over its lane. */
export function rebuildTrees(
  posted: PostedEpoch,
  { leaves, domain }: { readonly leaves: readonly Leaf[]; readonly domain: Domain },
): PostedTrees | undefined {
  const { network, bundle } = posted
  const { epoch, lines } = bundle
  const sums = lines.map(lineSum)
  const nodes = lines.flatMap((line) => lineLeaf(line, { network, epoch }) ?? [])
  const known = sums.filter((sum) => sum !== undefined)
  const isWithin = trySumLanes(leaves.map((leaf) => packLanes(leaf.rebateAtto, leaf.bootstrapAtto))) !== undefined
  if (nodes.length !== lines.length || trySumLanes(known) === undefined || !isWithin) return undefined
  const batches = posted.batches.map((batch) => readBatch(batch, domain))
  return {
    network,
    epoch,
    lines,
    linesTree: buildSumTree(nodes),
    batches,
    batchesTree: buildSumTree(batches.map(({ digest, batch }) => batchLeaf({ digest, signature: batch.signature }))),
    leaves,
    leavesTree: buildSumTree(leaves.map((leaf) => accountLeaf(leaf, network))),
  }
}

/** The tree over what a line uses, when all of it is known; undefined when an entry is not. */
export function postedUsedTree({ batches }: PostedTrees, line: Line): SumTree | undefined {
  const nodes = line.entries.flatMap((place) => {
    const entry = entryAt(batches, place)
    return entry === undefined ? [] : [usedLeaf(place, entry)]
  })
  if (nodes.length !== line.entries.length || trySumLanes(nodes.map(({ sum }) => sum)) === undefined) return undefined
  const tree = buildSumTree(nodes)
  return tree.root.hash === line.entriesRoot ? tree : undefined
}

/** @returns the entry at a place, when its batch is known to hold it */
export function entryAt(batches: readonly PostedBatch[], { batchDigest, index }: EntryPlace): Entry | undefined {
  const found = batches.find(({ digest }) => digest === batchDigest)
  return found?.entriesTree === undefined ? undefined : found.batch.entries[index]
}

export function shownLine(
  line: Line,
  { network, epoch }: { readonly network: number; readonly epoch: bigint },
): ShownLine {
  const { account, kind, quantity, unitPriceAtto, entriesRoot, entries } = line
  return { network, epoch, account, kind, quantity, unitPriceAtto, entriesRoot, entryCount: entries.length }
}

export function lineAt(trees: PostedTrees, index: number): LineAt {
  const line = at(trees.lines, index)
  return { line: shownLine(line, trees), path: pathOf(trees.linesTree, index) }
}

/** The lines whose indexes are `indexes` (contiguous), or their absence before `next`, between their neighbours. */
export function linesView(
  trees: PostedTrees,
  { indexes, next }: { readonly indexes: readonly number[]; readonly next: number },
): LinesView {
  const first = indexes[0] ?? next
  const last = indexes.at(-1) ?? next - 1
  return {
    left: first > 0 ? [lineAt(trees, first - 1)] : [],
    lines: indexes.map((index) => lineAt(trees, index)),
    right: last + 1 < trees.lines.length ? [lineAt(trees, last + 1)] : [],
  }
}

export function usedOf(trees: PostedTrees, line: Line): Used[] {
  return line.entries.flatMap((place) => {
    const entry = entryAt(trees.batches, place)
    return entry === undefined ? [] : [{ ...place, entryHash: hashEntry(entry), quantity: entry.quantity }]
  })
}

/** The use at `index` of a line whose entries are all known. */
export function usedAt(trees: PostedTrees, line: Line, index: number): UsedAt | undefined {
  const tree = postedUsedTree(trees, line)
  const used = usedOf(trees, line)[index]
  return tree === undefined || used === undefined ? undefined : { used, path: pathOf(tree, index) }
}

export function batchAt(trees: PostedTrees, index: number): BatchAt {
  const { digest, batch } = at(trees.batches, index)
  return { digest, signatureHash: hashSignature(batch), path: pathOf(trees.batchesTree, index) }
}

export function countedBatch(trees: PostedTrees, index: number): CountedBatch {
  const { batch } = at(trees.batches, index)
  return { header: batch.header, signatureHash: hashSignature(batch), path: pathOf(trees.batchesTree, index) }
}

/** The neighbours between which a digest would stand. */
export function absentBatch(trees: PostedTrees, digest: Hex): BatchesView {
  const index = trees.batches.findIndex((batch) => batch.digest > digest)
  const right = index === -1 ? trees.batches.length : index
  return {
    left: right > 0 ? [batchAt(trees, right - 1)] : [],
    right: right < trees.batches.length ? [batchAt(trees, right)] : [],
  }
}

export function shownEntry(batch: PostedBatch, index: number): EntryAt | undefined {
  const entry = batch.batch.entries[index]
  if (entry === undefined || batch.entriesTree === undefined) return undefined
  return { entry, index, recorded: entry.quantity, path: pathOf(batch.entriesTree, index) }
}

/** A leaf of the account, or the neighbours between which it would stand. */
export function leafView(
  { leaves, leavesTree }: { readonly leaves: readonly Leaf[]; readonly leavesTree: SumTree },
  account: Hex,
): LeafView {
  const leafAt = (index: number): LeafAt => ({ ...at(leaves, index), path: pathOf(leavesTree, index) })
  const index = leaves.findIndex((leaf) => leaf.account === account)
  if (index !== -1) return { present: true, leaf: leafAt(index), left: [], right: [] }
  const after = leaves.findIndex((leaf) => leaf.account > account)
  const right = after === -1 ? leaves.length : after
  const leaf = { account, rebateAtto: 0n, bootstrapAtto: 0n, path: { sides: 0n, hashes: [], sums: [] } }
  return {
    present: false,
    leaf,
    left: right > 0 ? [leafAt(right - 1)] : [],
    right: right < leaves.length ? [leafAt(right)] : [],
  }
}

/** The 129 bytes that the root of a tree of two or more leaves hashes. */
export function rootPreimage(tree: SumTree): Hex {
  const level = tree.levels.length - 2
  const [left, right] = [nodeAt(tree, { level, index: 0 }), nodeAt(tree, { level, index: 1 })]
  return `0x01${left.hash.slice(2)}${word(left.sum)}${right.hash.slice(2)}${word(right.sum)}`
}

function word(sum: bigint): string {
  return sum.toString(16).padStart(64, '0')
}

function readBatch(batch: Batch, domain: Domain): PostedBatch {
  const sums = batch.entries.map(({ quantity }) => quantity)
  const tree = trySumLanes(sums) === undefined ? undefined : buildSumTree(batch.entries.map(entryLeaf))
  const { entriesRoot, sum, count } = batch.header
  const isSigned = tree?.root.hash === entriesRoot && tree.root.sum === sum && batch.entries.length === count
  return { digest: digestOfHeader(batch.header, domain), batch, entriesTree: isSigned ? tree : undefined }
}

function hashSignature({ signature }: Batch): Hex {
  return toHex(keccak_256(fromHex(signature)))
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  invariant(item !== undefined, 'an item stands in its list')
  return item
}
