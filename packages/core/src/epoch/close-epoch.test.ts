/**
 * Goal: closing an epoch gives one answer whatever the order of the batches, leaves only grow by their lines, and batches
 * that do not count are named with a reason.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildBatch, type Batch } from '../evidence/batch.ts'
import { encodeBlock } from '../evidence/block.ts'
import { accountLinesMax, lineSum } from '../evidence/line.ts'
import { addressOf, sign } from '../identity/secp256k1.ts'
import { lanesOf, packLanes } from '../merkle/lanes.ts'
import { isUnder } from '../merkle/sum-path.ts'
import type { Hex } from '../units/hex.ts'
import type { Audit } from './audit.ts'
import { closeEpoch, type ClosedEpoch } from './close-epoch.ts'
import { accountLeaf, proveLeaf, type Leaf } from './leaves.ts'
import { toyAudit, toyBatch, toyEntry, toyFacts, toyKey, toyNetwork } from './toy-network.ts'

const noBlocks = new Map<string, Uint8Array>()

function close(
  batches: readonly Batch[],
  options: { previousLeaves?: readonly Leaf[]; facts?: typeof toyFacts; audit?: Audit } = {},
): ClosedEpoch {
  const { previousLeaves = [], facts = toyFacts, audit = toyAudit } = options
  return closeEpoch({
    network: toyNetwork,
    epoch: 1n,
    audits: { [toyNetwork]: audit },
    batches,
    blocks: noBlocks,
    facts,
    previousLeaves,
  })
}

const good = [
  toyBatch({ signer: 1, quantities: [5n, 6n] }),
  toyBatch({ signer: 2, quantities: Array.from({ length: 20 }, (_, i) => BigInt(i)) }),
  toyBatch({ signer: 3, quantities: [0n] }),
]
const chained = toyBatch({ signer: 1, quantities: [9n], previous: good[0] })
const untrue = toyBatch({ signer: 4, quantities: [1n, 2n], isTrue: false })
const late = toyBatch({ signer: 5, quantities: [3n], epoch: 0n })
const early = toyBatch({ signer: 6, quantities: [3n], epoch: 2n })
const all: readonly Batch[] = [...good, chained, untrue, late, early]

test('the result does not depend on the order of the batches, nor on doubles', () => {
  const expected = close(all)
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...all], { minLength: all.length }),
      fc.subarray([...all]),
      (shuffled, doubles) => {
        assert.deepEqual(close([...shuffled, ...doubles]), expected)
      },
    ),
    { numRuns: 8 },
  )
})

test('lines are sorted, hold at most 16 entries, and their roots and sums are those of the post', () => {
  const { lines, post, trees, batches, refusedBatches } = close(all)
  assert.deepEqual(
    lines.map(({ account }) => account),
    lines.map(({ account }) => account).toSorted(),
  )
  const second = lines.filter(({ account }) => account === addressOf(toyKey(2)))
  assert.deepEqual(
    second.map(({ kind, entries }) => [kind, entries.length]),
    [
      [1, 16],
      [1, 4],
      [2, 1],
    ],
  )
  assert.equal(batches.length, 5)
  assert.deepEqual(Object.fromEntries(refusedBatches.map(({ digest, reason }) => [digest, reason])), {
    [untrue.digest]: 'untrue entry',
    [early.digest]: 'wrong-epoch',
  })
  const total = lines.reduce((sum, line) => sum + (lineSum(line) ?? 0n), 0n)
  assert.equal(post.linesTotal, total)
  assert.deepEqual([post.lineCount, post.batchCount, trees.batches.root.sum], [lines.length, 5, 5n])
  assert.ok(lanesOf(total).low <= toyFacts.allowanceAtto && lanesOf(total).low > 0n)
})

test('leaves are the previous ones plus the lines, and every leaf has its path', () => {
  const stranger: Leaf = { account: `0x${'01'.repeat(20)}`, rebateAtto: 11n, bootstrapAtto: 12n }
  const known: Leaf = { account: addressOf(toyKey(3)), rebateAtto: 100n, bootstrapAtto: 200n }
  const previousLeaves = [stranger, known].toSorted((a, b) => (a.account < b.account ? -1 : 1))
  const closed = close(good, { previousLeaves })
  const previousTotal = previousLeaves.reduce((sum, leaf) => sum + packLanes(leaf.rebateAtto, leaf.bootstrapAtto), 0n)
  assert.equal(closed.post.totals, previousTotal + closed.post.linesTotal)
  assert.deepEqual(
    proveLeaf({ leaves: closed.leaves, leafTree: closed.trees.leaves }, stranger.account)?.leaf,
    stranger,
  )
  for (const leaf of closed.leaves) {
    const proof = proveLeaf(
      { leaves: closed.leaves, leafTree: closed.trees.leaves },
      leaf.account.toUpperCase().replace('0X', '0x') as Hex,
    )
    assert.ok(proof)
    assert.equal(isUnder(closed.trees.leaves.root, accountLeaf(leaf, toyNetwork), proof.path), true)
  }
  assert.equal(proveLeaf({ leaves: closed.leaves, leafTree: closed.trees.leaves }, addressOf(toyKey(9))), undefined)
})

test('a batch that the chain excludes does not count, with the reason of the chain', () => {
  const facts = { ...toyFacts, excluded: new Map([[chained.digest, 'refuted']]) }
  const closed = close([...good, chained], { facts })
  assert.deepEqual(closed.refusedBatches, [{ digest: chained.digest, reason: 'refuted' }])
  assert.equal(
    closed.batches.some(({ digest }) => digest === chained.digest),
    false,
  )
})

test('an epoch without batches has empty trees and the leaves of before', () => {
  const leaf: Leaf = { account: `0x${'01'.repeat(20)}`, rebateAtto: 1n, bootstrapAtto: 2n }
  const { post, leaves } = close([], { previousLeaves: [leaf] })
  assert.deepEqual([post.lineCount, post.linesTotal, post.batchCount, /^0x0+$/.test(post.linesRoot)], [0, 0n, 0, true])
  assert.deepEqual(leaves, [leaf])
})

test('nobody can spoil a batch by sending it on with other details', () => {
  const key = toyKey(7)
  const account = addressOf(key)
  const proof = encodeBlock({ proof: 7 })
  const junk = encodeBlock({ junk: 7 })
  const draft = {
    network: toyNetwork,
    epoch: 1n,
    signer: account,
    entries: [toyEntry({ account, id: 7000, quantity: 1n })],
    details: [proof.cid],
  }
  const batch = buildBatch(draft, { domain: toyFacts.domain, sign: (digest) => sign(digest, key) })
  const needsProof: Audit = (input) => {
    const isProven = input.batches.every(({ details }) =>
      details.some((cid) => input.blocks.get(cid.toString()) !== undefined),
    )
    assert.equal(isProven, true)
    return toyAudit(input)
  }
  const blocks = new Map([[proof.cid.toString(), proof.bytes]])
  const variants = [{ ...batch, details: [] }, { ...batch, details: [junk.cid] }, batch]
  for (const batches of [variants, variants.toReversed()]) {
    const closed = closeEpoch({
      network: toyNetwork,
      epoch: 1n,
      audits: { [toyNetwork]: needsProof },
      batches,
      blocks,
      facts: toyFacts,
      previousLeaves: [],
    })
    assert.deepEqual(closed.batches[0]?.details.map(String), [proof.cid.toString()])
  }
})

test('an audit that breaks a rule of lines stops the epoch', () => {
  const broken =
    (change: (lines: ReturnType<Audit>['lines']) => ReturnType<Audit>['lines']): Audit =>
    (input) => {
      const { lines, refusedBatches } = toyAudit(input)
      return { lines: change(lines), refusedBatches }
    }
  const failing: readonly Audit[] = [
    broken((lines) => lines.slice(1)),
    broken((lines) => [...lines, ...lines]),
    broken((lines) => lines.map((line) => ({ ...line, quantity: line.quantity + 1n }))),
    broken((lines) => lines.map((line) => ({ ...line, lane: 'bootstrap' }))),
    broken((lines) =>
      lines.map((line) => (line.kind === 2 ? { ...line, unitPriceAtto: toyFacts.allowanceAtto } : line)),
    ),
    broken((lines) => lines.map((line) => ({ ...line, entries: [] }))),
  ]
  for (const audit of failing) assert.throws(() => close(good, { audit }), { code: 'GW_INVARIANT_BROKEN' })
  assert.throws(
    () =>
      closeEpoch({
        network: 9,
        epoch: 1n,
        audits: {},
        batches: [],
        blocks: noBlocks,
        facts: toyFacts,
        previousLeaves: [],
      }),
    {
      code: 'GW_AUDIT_MISSING',
    },
  )
  assert.equal(accountLinesMax, 16)
})
