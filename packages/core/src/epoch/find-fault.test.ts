/**
 * Goal: each kind of wrong post is shown by the challenge of its kind, whose paths stand under the posted roots; an honest
 * post has none, and what the poster hides is called hidden.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch, encodeBatch, type VerifiedBatch } from '../evidence/batch.ts'
import type { Bundle } from '../evidence/bundle.ts'
import { lineLeaf, type Line } from '../evidence/line.ts'
import { addressOf, sign } from '../identity/secp256k1.ts'
import { isUnder } from '../merkle/sum-path.ts'
import { buildSumTree } from '../merkle/sum-tree.ts'
import { toHex, type Hex } from '../units/hex.ts'
import { closeBundle } from './close-bundle.ts'
import { buildTrees, closeEpoch, usedTree } from './close-epoch.ts'
import type { LineAt } from './challenge.ts'
import { excludedByJudge, findFault, type ChallengeFacts, type FoundFault } from './find-fault.ts'
import { addLines, buildLeafTree, type Leaf } from './leaves.ts'
import type { EpochPost } from './post.ts'
import type { PostedEpoch } from './posted-trees.ts'
import { toyAudit, toyBatch, toyEntry, toyFacts, toyKey, toyNetwork, toyPriceAtto } from './toy-network.ts'

const previousLeaves: readonly Leaf[] = [{ account: `0x${'01'.repeat(20)}`, rebateAtto: 11n, bootstrapAtto: 12n }]
const head = buildLeafTree(previousLeaves, toyNetwork).root
const previous = { next: 1n, root: head.hash, totals: head.sum, evidence: `0x${'ab'.repeat(32)}` as const }
const batches = [
  toyBatch({ signer: 1, quantities: [5n, 6n] }),
  toyBatch({ signer: 2, quantities: Array.from({ length: 20 }, (_, i) => BigInt(i + 1)) }),
  toyBatch({ signer: 3, quantities: [7n] }),
]
const closing = {
  network: toyNetwork,
  epoch: 1n,
  audits: { [toyNetwork]: toyAudit },
  blocks: new Map<string, Uint8Array>(),
  facts: toyFacts,
}
const closed = closeEpoch({ ...closing, batches, previousLeaves })
const honest = closeBundle(closed, { previous, blocks: closing.blocks })
const facts: ChallengeFacts = { vouched: new Set(), judgedPrice: { kind: 1, unitPriceAtto: toyPriceAtto } }

interface Wrong {
  readonly lines?: readonly Line[]
  readonly batches?: readonly VerifiedBatch[]
  readonly post?: Partial<EpochPost>
  readonly leaves?: readonly Leaf[]
}

/** A post and a bundle that fit each other, around wrong contents. */
function posted({ lines = closed.lines, batches: counted = closed.batches, post, leaves }: Wrong): PostedEpoch {
  const all = leaves ?? addLines(previousLeaves, lines)
  const nodes = lines.map((line) => lineLeaf(line, closed) ?? { hash: toHex(new Uint8Array(32)), sum: 0n })
  const trees = buildTrees({ ...closed, batches: counted, lines: [], leaves: [] })
  const linesRoot = buildSumTree(nodes).root
  const leavesRoot = buildLeafTree(all, toyNetwork).root
  const bundle: Bundle = {
    ...honest.bundle,
    lines,
    batches: counted.map((batch) => ({ cid: encodeBatch(batch).cid, digest: batch.digest })),
  }
  return {
    network: toyNetwork,
    post: {
      ...honest.post,
      root: leavesRoot.hash,
      totals: leavesRoot.sum,
      linesRoot: linesRoot.hash,
      linesTotal: linesRoot.sum,
      lineCount: lines.length,
      batchesRoot: trees.batches.root.hash,
      batchCount: counted.length,
      ...post,
    },
    bundle,
    batches: counted,
    ...(leaves === undefined ? {} : { leaves }),
  }
}

function nameOf(found: FoundFault): string {
  return found.tag === 'fault'
    ? found.challenge.functionName
    : `${found.tag}${found.tag === 'hidden' ? ` ${found.tree}` : ''}`
}

/** The challenge found, after every line shown in it was checked to stand under the posted root. */
function challengeOf(wrong: Wrong, more: Partial<ChallengeFacts> = {}, honestly = closed): string {
  const epoch = posted(wrong)
  const found = findFault(epoch, honestly, { ...facts, ...more })
  if (found.tag === 'fault') assertShown(found.challenge.args, epoch.post)
  return nameOf(found)
}

function assertShown(shown: unknown, post: EpochPost): void {
  if (typeof shown !== 'object' || shown === null) return
  if ('line' in shown && 'path' in shown) {
    const { line, path } = shown as LineAt
    const node = lineLeaf(
      {
        ...line,
        entries: Array.from({ length: line.entryCount }, () => ({ batchDigest: line.entriesRoot, index: 0 })),
      },
      line,
    )
    assert.ok(node && isUnder({ hash: post.linesRoot, sum: post.linesTotal }, node, path))
  }
  for (const inner of Object.values(shown)) assertShown(inner, post)
}

const edit = (index: number, change: (line: Line) => Line): readonly Line[] =>
  closed.lines.map((line, i) => (i === index ? change(line) : line))
const isPaid = ({ kind }: Line): boolean => kind === 1
const paidIndex = closed.lines.findIndex(isPaid)
const readyIndex = closed.lines.findIndex(({ kind }) => kind === 2)
const batchOf = new Map(closed.batches.map((batch) => [batch.digest, batch]))

test('an honest post has no fault', () => {
  assert.equal(
    nameOf(
      findFault(
        { network: toyNetwork, post: honest.post, bundle: honest.bundle, batches: closed.batches },
        closed,
        facts,
      ),
    ),
    'none',
  )
  assert.equal(challengeOf({}), 'none')
})

test('(a) sums and counts that are not those of the tree', () => {
  assert.equal(challengeOf({ post: { linesTotal: closed.post.linesTotal + 1n } }), 'challengeNode')
  assert.equal(challengeOf({ post: { batchCount: 4 } }), 'challengeNode')
  assert.equal(challengeOf({ post: { lineCount: 3 } }), 'challengeNode')
  assert.equal(challengeOf({ post: { totals: closed.post.totals + 1n } }), 'challengeNode')
  assert.equal(challengeOf({ lines: [], post: { lineCount: 1 } }), 'challengeEmpty')
  assert.equal(
    challengeOf({ lines: edit(paidIndex, (line) => ({ ...line, kind: 0 })).toSorted((a, b) => a.kind - b.kind) }),
    'challengeNode',
  )
})

test('(b) a line raised, priced or credited otherwise than its entries say', () => {
  assert.equal(
    challengeOf({ lines: edit(paidIndex, (line) => ({ ...line, quantity: line.quantity + 1n })) }),
    'challengeLine',
  )
  assert.equal(
    challengeOf({ lines: edit(paidIndex, (line) => ({ ...line, unitPriceAtto: line.unitPriceAtto + 1n })) }),
    'challengePrice',
  )
  assert.equal(
    challengeOf({ lines: edit(readyIndex, (line) => ({ ...line, unitPriceAtto: line.unitPriceAtto + 1n })) }),
    'challengeReadinessPrices',
  )
  const raised = closed.lines.map((line) =>
    line.kind === 2 ? { ...line, unitPriceAtto: line.unitPriceAtto - 1n } : line,
  )
  assert.equal(challengeOf({ lines: raised }), 'challengePrice')
  const [first, ...rest] = closed.lines
  assert.ok(first)
  assert.equal(challengeOf({ lines: [{ ...first, account: `0x${'00'.repeat(19)}01` }, ...rest] }), 'challengeLine')
})

test('(b) readiness without possession, or on another entry than the first', () => {
  const owner = closed.lines[readyIndex]?.account
  const lines = closed.lines.filter(({ account, kind }) => account !== owner || kind === 2)
  assert.equal(challengeOf({ lines }), 'challengeReadiness')
  const second = closed.lines.findIndex(({ kind, account }) => kind === 2 && account === addressOf(toyKey(2)))
  const other = edit(second, (line) => {
    const entries = [{ batchDigest: batches[1]?.digest ?? '0x', index: 3 }]
    return { ...line, entries, entriesRoot: usedTree(entries, batchOf).root.hash }
  })
  assert.equal(challengeOf({ lines: other }), 'challengeReadiness')
})

test('(c) lines, batches and leaves doubled or out of order', () => {
  assert.equal(challengeOf({ lines: closed.lines.toReversed() }), 'challengeLineOrder')
  assert.equal(
    challengeOf({ lines: closed.lines.flatMap((line, i) => (i === paidIndex ? [line, line] : [line])) }),
    'challengeLineOrder',
  )
  assert.equal(challengeOf({ batches: closed.batches.toReversed() }), 'challengeBatchOrder')
  const leaves = [...closed.leaves.slice(0, 1), ...closed.leaves.slice(1)].toReversed()
  const sorted = posted({})
  const found = findFault({ ...sorted, leaves, post: { ...sorted.post, ...rootOf(leaves) } }, closed, facts)
  assert.equal(nameOf(found), 'challengeLeafOrder')
})

test('(c) an entry used twice by two lines of one kind', () => {
  const many = closed.lines.flatMap((line, i) => (line.entries.length === 16 ? [i] : []))
  const [sixteen] = many
  assert.ok(sixteen !== undefined)
  const line = closed.lines[sixteen]
  const next = closed.lines[sixteen + 1]
  assert.ok(line && next)
  const entries = [...line.entries.slice(1, 2), ...next.entries.slice(1)].toSorted((a, b) => a.index - b.index)
  const tree = usedTree(entries, batchOf)
  const lines = edit(sixteen + 1, (one) => ({ ...one, entries, entriesRoot: tree.root.hash, quantity: tree.root.sum }))
  assert.match(
    challengeOf({
      lines: lines.toSorted((a, b) => (a.account < b.account ? -1 : a.account > b.account ? 1 : a.kind - b.kind)),
    }),
    /challengeTwice|challengeLineOrder/,
  )
})

test('(d) a leaf that is not the previous one plus its lines', () => {
  const leaves = closed.leaves.map((leaf, i) => (i === 0 ? { ...leaf, rebateAtto: leaf.rebateAtto + 1n } : leaf))
  assert.equal(challengeOf({ leaves }), 'challengeLeaf')
  assert.equal(challengeOf({ leaves: closed.leaves.slice(1) }), 'challengeLeaf')
})

test('(e) a batch that may not count', () => {
  const early = toyBatch({ signer: 4, quantities: [1n], epoch: 2n })
  const counted = [...closed.batches, early].toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
  assert.equal(challengeOf({ batches: counted }), 'challengeBatch')
  const forged = closed.batches.map((batch, i) =>
    i === 0 ? { ...batch, signature: sign(batch.digest, toyKey(9)) } : batch,
  )
  assert.equal(challengeOf({ batches: forged }), 'challengeBatch')
  const digest = closed.batches[0]?.digest ?? '0x'
  const excluded = (reason: string): typeof closed => ({
    ...closed,
    facts: { ...toyFacts, excluded: new Map([[digest, reason]]) },
  })
  assert.equal(challengeOf({}, {}, excluded(excludedByJudge.refuted)), 'challengeRefuted')
  assert.equal(challengeOf({}, {}, excluded(excludedByJudge.contradicted)), 'challengeCounted')
  const place = { epoch: 0n, count: 1n, path: { sides: 0n, hashes: [], sums: [] } }
  assert.equal(challengeOf({}, { countedBefore: new Map([[digest, place]]) }), 'challengeReused')
})

test('(e) a batch with an entry that no rule admits', () => {
  const key = toyKey(5)
  const account = addressOf(key)
  const entries = [{ ...toyEntry({ account, id: 5000, quantity: 1n }), kind: 3 }]
  const strange = buildBatch(
    { network: toyNetwork, epoch: 1n, signer: account, entries, details: [] },
    { domain: toyFacts.domain, sign: (digest: Hex) => sign(digest, key) },
  )
  const counted = [...closed.batches, strange].toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
  assert.equal(challengeOf({ batches: counted }), 'challengeEntry')
})

test('(f) an entry of a counted batch that no line pays', () => {
  const three = addressOf(toyKey(3))
  assert.equal(
    challengeOf({ lines: closed.lines.filter(({ account }) => account !== three) }, { vouched: new Set() }),
    'challengePrice',
  )
  const share = toyFacts.allowanceAtto / 2n
  const lines = closed.lines
    .filter(({ account }) => account !== three)
    .map((line) => (line.kind === 2 ? { ...line, unitPriceAtto: share } : line))
  assert.equal(challengeOf({ lines }), 'challengeDropped')
})

test('(g) a vouched batch left out', () => {
  const [omitted] = batches
  assert.ok(omitted)
  const kept = closeEpoch({ ...closing, batches: batches.slice(1), previousLeaves })
  const wrong = { lines: kept.lines, batches: kept.batches }
  assert.equal(challengeOf(wrong, { vouched: new Set([omitted.digest]) }), 'challengeOmission')
  assert.equal(challengeOf(wrong), 'none')
})

test('what the poster does not show is hidden', () => {
  const other: Hex = `0x${'cd'.repeat(32)}`
  assert.equal(challengeOf({ post: { linesRoot: other } }), 'hidden lines')
  assert.equal(challengeOf({ post: { batchesRoot: other } }), 'hidden batches')
  assert.equal(challengeOf({ post: { root: other } }), 'hidden leaves')
  const ready = edit(paidIndex, (line) => ({ ...line, entriesRoot: other }))
  assert.equal(nameOf(findFault(posted({ lines: ready }), closed, { vouched: new Set() })), 'hidden entries')
  const over = posted({})
  const huge = over.bundle.lines.map((line) => ({ ...line, quantity: 2n ** 127n, unitPriceAtto: 2n ** 127n }))
  assert.equal(nameOf(findFault({ ...over, bundle: { ...over.bundle, lines: huge } }, closed, facts)), 'hidden lines')
})

function rootOf(leaves: readonly Leaf[]): { root: Hex; totals: bigint } {
  const nodes = leaves.map((leaf) => buildLeafTree([leaf], toyNetwork).root)
  const { root } = buildSumTree(nodes)
  return { root: root.hash, totals: root.sum }
}
