/**
 * Wrong posts of the toy network, one or more for each kind of fault, and the call that shows each.
 *
 * Each post and its bundle fit each other, as a poster who lies carefully would make them. Tests hold `findFault` to these,
 * and the contracts to what it finds.
 *
 * @module
 */

import { invariant } from '../invariant.ts'
import { buildBatch, encodeBatch, type VerifiedBatch } from '../evidence/batch.ts'
import { batchLeaf } from '../evidence/batch-header.ts'
import { lineLeaf, type Line } from '../evidence/line.ts'
import { addressOf, sign } from '../identity/secp256k1.ts'
import { buildSumTree, pathOf } from '../merkle/sum-tree.ts'
import type { SumNode } from '../merkle/sum-node.ts'
import type { Hex } from '../units/hex.ts'
import { closeBundle } from './close-bundle.ts'
import { closeEpoch, usedTree, type ClosedEpoch } from './close-epoch.ts'
import { excludedByJudge, type ChallengeFacts } from './find-fault.ts'
import { accountLeaf, addLines, buildLeafTree, type Leaf } from './leaves.ts'
import type { EpochPost } from './post.ts'
import type { PostedEpoch } from './posted-trees.ts'
import { toyAudit, toyBatch, toyEntry, toyFacts, toyKey, toyNetwork, toyPriceAtto } from './toy-network.ts'

/** One wrong post. */
export interface WrongPost {
  readonly name: string
  readonly posted: PostedEpoch
  readonly closed: ClosedEpoch
  readonly facts: ChallengeFacts
  /** name of the call that shows it */
  readonly expected: string
}

/** Cumulative leaves before the epoch. */
export const toyPreviousLeaves: readonly Leaf[] = [
  { account: `0x${'01'.repeat(20)}`, rebateAtto: 11n, bootstrapAtto: 12n },
  { account: `0x${'f1'.repeat(20)}`, rebateAtto: 0n, bootstrapAtto: 5n },
]

/** The head that the epoch adds to. */
export const toyHead: SumNode = buildLeafTree(toyPreviousLeaves, toyNetwork).root

/** Three good batches: 2, 20 and 1 entries. */
export const toyBatches: readonly VerifiedBatch[] = [
  toyBatch({ signer: 1, quantities: [5n, 6n] }),
  toyBatch({ signer: 2, quantities: Array.from({ length: 20 }, (_, i) => BigInt(i + 1)) }),
  toyBatch({ signer: 3, quantities: [7n] }),
]

const noBlocks = new Map<string, Uint8Array>()

/** The epoch closed honestly over some batches. */
export function toyClose(batches: readonly VerifiedBatch[]): ClosedEpoch {
  const audits = { [toyNetwork]: toyAudit }
  return closeEpoch({
    network: toyNetwork,
    epoch: 1n,
    audits,
    batches,
    blocks: noBlocks,
    facts: toyFacts,
    previousLeaves: toyPreviousLeaves,
  })
}

/** What honest recomputation gives. */
export const toyClosed: ClosedEpoch = toyClose(toyBatches)

/** What a challenger knows of it. */
export const toyChallengeFacts: ChallengeFacts = {
  vouched: new Set(),
  judgedPrice: { kind: 1, unitPriceAtto: toyPriceAtto },
}

const previous = { next: 1n, root: toyHead.hash, totals: toyHead.sum, evidence: `0x${'ab'.repeat(32)}` as const }
const honest = closeBundle(toyClosed, { previous, blocks: noBlocks })

/** What a poster changes. */
export interface Wrong {
  readonly lines?: readonly Line[]
  readonly batches?: readonly VerifiedBatch[]
  readonly leaves?: readonly Leaf[]
  readonly post?: Partial<EpochPost>
}

/** A post and a bundle that fit each other, around wrong contents. */
export function wrongPost({ lines = toyClosed.lines, batches = toyClosed.batches, leaves, post }: Wrong): PostedEpoch {
  const all = leaves ?? addLines(toyPreviousLeaves, lines)
  const nodes = lines.map((line) => lineLeaf(line, toyClosed))
  const linesRoot = buildSumTree(nodes.filter((node) => node !== undefined)).root
  const batchesRoot = buildSumTree(batches.map(batchLeaf)).root
  const leavesRoot = buildSumTree(all.map((leaf) => accountLeaf(leaf, toyNetwork))).root
  return {
    network: toyNetwork,
    post: {
      ...honest.post,
      root: leavesRoot.hash,
      totals: leavesRoot.sum,
      linesRoot: linesRoot.hash,
      linesTotal: linesRoot.sum,
      lineCount: lines.length,
      batchesRoot: batchesRoot.hash,
      batchCount: batches.length,
      ...post,
    },
    bundle: {
      ...honest.bundle,
      lines,
      batches: batches.map((batch) => ({ cid: encodeBatch(batch).cid, digest: batch.digest })),
    },
    batches,
    ...(leaves === undefined ? {} : { leaves }),
  }
}

const { lines, leaves, batches, post } = toyClosed
const batchOf = new Map(batches.map((batch) => [batch.digest, batch]))
const indexOf = (kind: number, signer: number): number =>
  lines.findIndex((line) => line.kind === kind && line.account === addressOf(toyKey(signer)))

/** The lines with one of them changed. */
export function editLine(index: number, change: (line: Line) => Line): readonly Line[] {
  return lines.map((line, i) => (i === index ? change(line) : line))
}

function withEntries(line: Line, indexes: readonly number[]): Line {
  const batchDigest = toyBatches[1]?.digest
  invariant(batchDigest !== undefined, 'the toy has a second batch')
  const entries = indexes.map((index) => ({ batchDigest, index }))
  const { root } = usedTree(entries, batchOf)
  return { ...line, entries, entriesRoot: root.hash, quantity: line.kind === 1 ? root.sum : line.quantity }
}

const sorted = (some: readonly VerifiedBatch[]): VerifiedBatch[] =>
  some.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i)

function strangeBatch(): VerifiedBatch {
  const key = toyKey(5)
  const account = addressOf(key)
  const entries = [{ ...toyEntry({ account, id: 5000, quantity: 1n }), kind: 3 }]
  return buildBatch(
    { network: toyNetwork, epoch: 1n, signer: account, entries, details: [] },
    { domain: toyFacts.domain, sign: (digest: Hex) => sign(digest, key) },
  )
}

/** 17 lines of one entry each, by one account. */
function scattered(): readonly Line[] {
  const big = indexOf(1, 2)
  const line = lines[big]
  invariant(line !== undefined, 'the toy has a line of its second signer')
  const split = [...range(0, 16).map((index) => withEntries(line, [index])), withEntries(line, range(16, 20))]
  return lines.toSpliced(big, 2, ...split)
}

function excluded(reason: string): ClosedEpoch {
  const [first] = batches
  invariant(first !== undefined, 'the toy has batches')
  return { ...toyClosed, facts: { ...toyFacts, excluded: new Map([[first.digest, reason]]) } }
}

function without(signer: number): readonly Line[] {
  const share = toyFacts.allowanceAtto / 2n
  return lines
    .filter(({ account }) => account !== addressOf(toyKey(signer)))
    .map((line) => (line.kind === 2 ? { ...line, unitPriceAtto: share } : line))
}

interface Case {
  readonly name: string
  readonly wrong: Wrong
  readonly expected: string
  readonly closed?: ClosedEpoch
  readonly facts?: Partial<ChallengeFacts>
}

function cases(): readonly Case[] {
  const paid = indexOf(1, 1)
  const ready = indexOf(2, 1)
  const big = indexOf(1, 2)
  const kept = toyClose(toyBatches.slice(1))
  const [omitted] = toyBatches
  const [first] = batches
  invariant(omitted !== undefined && first !== undefined, 'the toy has batches')
  const countedTree = buildSumTree([batchLeaf(first)])
  const countedBefore = new Map([[first.digest, { epoch: 0n, count: 1n, path: pathOf(countedTree, 0) }]])
  const forged = batches.map((batch, i) => (i === 0 ? { ...batch, signature: sign(batch.digest, toyKey(9)) } : batch))
  const early = toyBatch({ signer: 4, quantities: [1n], epoch: 2n })
  const raisedLeaves = leaves.map((leaf, i) => (i === 1 ? { ...leaf, rebateAtto: leaf.rebateAtto + 1n } : leaf))
  return [
    {
      name: 'the total of the lines is one more',
      wrong: { post: { linesTotal: post.linesTotal + 1n } },
      expected: 'challengeNode',
    },
    { name: 'the number of batches is one more', wrong: { post: { batchCount: 4 } }, expected: 'challengeNode' },
    { name: 'the number of lines is three', wrong: { post: { lineCount: 3 } }, expected: 'challengeNode' },
    {
      name: 'the total of the leaves is one more',
      wrong: { post: { totals: post.totals + 1n } },
      expected: 'challengeNode',
    },
    { name: 'no lines, but one is counted', wrong: { lines: [], post: { lineCount: 1 } }, expected: 'challengeEmpty' },
    {
      name: 'a line of kind 0',
      wrong: { lines: editLine(0, (line) => ({ ...line, kind: 0 })) },
      expected: 'challengeNode',
    },
    {
      name: 'a line raised by one',
      wrong: { lines: editLine(paid, (line) => ({ ...line, quantity: line.quantity + 1n })) },
      expected: 'challengeLine',
    },
    {
      name: 'a line of entries that are another account’s',
      wrong: { lines: editLine(0, (line) => ({ ...line, account: `0x${'00'.repeat(19)}01` })) },
      expected: 'challengeLine',
    },
    {
      name: 'a unit price raised by one',
      wrong: { lines: editLine(paid, (line) => ({ ...line, unitPriceAtto: line.unitPriceAtto + 1n })) },
      expected: 'challengePrice',
    },
    {
      name: 'one readiness line priced higher',
      wrong: { lines: editLine(ready, (line) => ({ ...line, unitPriceAtto: line.unitPriceAtto + 1n })) },
      expected: 'challengeReadinessPrices',
    },
    {
      name: 'all readiness lines priced lower',
      wrong: {
        lines: lines.map((line) => (line.kind === 2 ? { ...line, unitPriceAtto: line.unitPriceAtto - 1n } : line)),
      },
      expected: 'challengePrice',
    },
    {
      name: 'readiness of two',
      wrong: { lines: editLine(ready, (line) => ({ ...line, quantity: 2n })) },
      expected: 'challengePrice',
    },
    {
      name: 'readiness without possession',
      wrong: { lines: lines.toSpliced(paid, 1) },
      expected: 'challengeReadiness',
    },
    {
      name: 'readiness on an entry that is not the first',
      wrong: { lines: editLine(indexOf(2, 2), (line) => withEntries(line, [3])) },
      expected: 'challengeReadiness',
    },
    { name: 'lines in reverse', wrong: { lines: lines.toReversed() }, expected: 'challengeLineOrder' },
    {
      name: 'a line twice',
      wrong: { lines: lines.flatMap((line, i) => (i === paid ? [line, line] : [line])) },
      expected: 'challengeLineOrder',
    },
    {
      name: 'an entry in two lines',
      wrong: { lines: editLine(big + 1, (line) => withEntries(line, range(15, 20))) },
      expected: 'challengeTwice',
    },
    { name: 'seventeen lines of one account and kind', wrong: { lines: scattered() }, expected: 'challengeLineCount' },
    { name: 'batches in reverse', wrong: { batches: batches.toReversed() }, expected: 'challengeBatchOrder' },
    { name: 'leaves in reverse', wrong: { leaves: leaves.toReversed() }, expected: 'challengeLeafOrder' },
    { name: 'a leaf raised by one', wrong: { leaves: raisedLeaves }, expected: 'challengeLeaf' },
    { name: 'a leaf left out', wrong: { leaves: leaves.slice(1) }, expected: 'challengeLeaf' },
    {
      name: 'a leaf for someone without a line',
      wrong: { leaves: [{ account: `0x${'00'.repeat(19)}01`, rebateAtto: 1n, bootstrapAtto: 0n }, ...leaves] },
      expected: 'challengeLeaf',
    },
    { name: 'a batch of a later epoch', wrong: { batches: sorted([...batches, early]) }, expected: 'challengeBatch' },
    { name: 'a batch that its signer did not sign', wrong: { batches: forged }, expected: 'challengeBatch' },
    {
      name: 'a batch with an entry of a foreign kind',
      wrong: { batches: sorted([...batches, strangeBatch()]) },
      expected: 'challengeEntry',
    },
    { name: 'a refuted batch', wrong: {}, closed: excluded(excludedByJudge.refuted), expected: 'challengeRefuted' },
    {
      name: 'a contradicted batch',
      wrong: {},
      closed: excluded(excludedByJudge.contradicted),
      expected: 'challengeCounted',
    },
    { name: 'a batch that counted before', wrong: {}, facts: { countedBefore }, expected: 'challengeReused' },
    { name: 'the lines of an account left out', wrong: { lines: without(3) }, expected: 'challengeDropped' },
    {
      name: 'one of two lines of an account left out',
      wrong: { lines: lines.toSpliced(big + 1, 1) },
      expected: 'challengeDropped',
    },
    {
      name: 'a vouched batch left out',
      wrong: { lines: kept.lines, batches: kept.batches },
      facts: { vouched: new Set([omitted.digest]) },
      expected: 'challengeOmission',
    },
  ]
}

/** Every wrong post. */
export function toyWrongPosts(): readonly WrongPost[] {
  return cases().map(({ name, wrong, expected, closed = toyClosed, facts }) => ({
    name,
    posted: wrongPost(wrong),
    closed,
    facts: { ...toyChallengeFacts, ...facts },
    expected,
  }))
}
