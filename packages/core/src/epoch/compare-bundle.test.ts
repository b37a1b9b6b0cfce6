/**
 * Goal: an honest bundle agrees, any change is found at its place, and missing evidence is never agreement.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildBatch, encodeBatch } from '../evidence/batch.ts'
import { encodeBlock } from '../evidence/block.ts'
import { encodeBundle, type Bundle, type PreviousEpoch } from '../evidence/bundle.ts'
import { decodeBundleCar } from '../evidence/bundle-car.ts'
import type { Line } from '../evidence/line.ts'
import { addressOf, sign } from '../identity/secp256k1.ts'
import { packLanes } from '../merkle/lanes.ts'
import { toHex, type Hex } from '../units/hex.ts'
import type { Audit } from './audit.ts'
import { closeBundle } from './close-bundle.ts'
import { closeEpoch } from './close-epoch.ts'
import { compareBundle, type BundleVerdict, type CompareInput } from './compare-bundle.ts'
import { buildLeafTree, type Leaf } from './leaves.ts'
import { toyAudit, toyBatch, toyEntry, toyFacts, toyKey, toyNetwork } from './toy-network.ts'

const previousLeaves: readonly Leaf[] = [
  { account: `0x${'01'.repeat(20)}`, rebateAtto: 11n, bootstrapAtto: 12n },
  { account: `0x${'02'.repeat(20)}`, rebateAtto: 13n, bootstrapAtto: 0n },
]
const { root } = buildLeafTree(previousLeaves, toyNetwork)
const previous: PreviousEpoch = { next: 1n, root: root.hash, totals: root.sum, evidence: `0x${'ab'.repeat(32)}` }

const proof = encodeBlock({ proof: 'of everything' })
const proven = ((): ReturnType<typeof toyBatch> => {
  const key = toyKey(8)
  const account = addressOf(key)
  const draft = {
    network: toyNetwork,
    epoch: 1n,
    signer: account,
    entries: [toyEntry({ account, id: 8000, quantity: 4n })],
    details: [proof.cid],
  }
  return buildBatch(draft, { domain: toyFacts.domain, sign: (digest) => sign(digest, key) })
})()

/** As the toy's, but a batch with links is refused when a linked block is not there. */
const audit: Audit = (input) => {
  const bare = input.batches.filter(({ details }) =>
    details.some((cid) => input.blocks.get(cid.toString()) === undefined),
  )
  const { lines, refusedBatches } = toyAudit({
    ...input,
    batches: input.batches.filter((batch) => !bare.includes(batch)),
  })
  return { lines, refusedBatches: [...refusedBatches, ...bare.map(({ digest }) => ({ digest, reason: 'no proof' }))] }
}
const audits = { [toyNetwork]: audit }

const batches = [
  toyBatch({ signer: 1, quantities: [5n, 6n] }),
  toyBatch({ signer: 2, quantities: Array.from({ length: 20 }, (_, i) => BigInt(i + 1)) }),
  toyBatch({ signer: 3, quantities: [7n] }),
  proven,
]
const blocks = new Map([[proof.cid.toString(), proof.bytes]])
const closed = closeEpoch({ network: toyNetwork, epoch: 1n, audits, batches, blocks, facts: toyFacts, previousLeaves })
const honest = closeBundle(closed, { previous, blocks })

function blocksOf(car: Uint8Array): Map<string, Uint8Array> {
  const decoded = decodeBundleCar(car)
  assert.ok(decoded.tag === 'car')
  return new Map(decoded.car.blocks)
}

function compare(change: Partial<CompareInput> = {}): BundleVerdict {
  return compareBundle({
    network: toyNetwork,
    post: honest.post,
    blocks: blocksOf(honest.car),
    audits,
    facts: toyFacts,
    previous,
    ...change,
  })
}

/** The bundle with other contents, and a post that names it. */
function forged(change: Partial<Bundle>): BundleVerdict {
  const { evidence, root: rootBlock, pages } = encodeBundle({ ...honest.bundle, ...change })
  const all = blocksOf(honest.car)
  for (const { cid, bytes } of [rootBlock, ...pages]) all.set(cid.toString(), bytes)
  return compare({ blocks: all, post: { ...honest.post, evidence } })
}

function differenceOf(verdict: BundleVerdict): { part: string; index: number; field: string } {
  assert.ok(verdict.tag === 'differs')
  const { part, index, field, expected, actual } = verdict.difference
  assert.notEqual(expected, actual)
  return { part, index, field }
}

test('an honest bundle agrees, from its CAR alone', () => {
  const verdict = compare()
  assert.ok(verdict.tag === 'agrees')
  assert.deepEqual(verdict.closed.post, closed.post)
  assert.deepEqual(honest.missing, [])
})

const otherHash: Hex = toHex(new Uint8Array(32).fill(0xcd))
const mutations: readonly (readonly [field: string, mutate: (line: Line) => Line])[] = [
  ['account', (line) => ({ ...line, account: `0x${'ff'.repeat(20)}` })],
  ['kind', (line) => ({ ...line, kind: line.kind + 2 })],
  ['quantity', (line) => ({ ...line, quantity: line.quantity + 1n })],
  ['unitPriceAtto', (line) => ({ ...line, unitPriceAtto: line.unitPriceAtto + 1n })],
  ['entriesRoot', (line) => ({ ...line, entriesRoot: otherHash })],
  ['entries', (line) => ({ ...line, entries: line.entries.map((place) => ({ ...place, index: place.index + 1 })) })],
]

test('any change of any one line is found at that line and field', () => {
  const { lines } = honest.bundle
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.constantFrom(...mutations), (index, [field, mutate]) => {
      const changed = lines.map((line, i) => (i === index ? mutate(line) : line))
      assert.deepEqual(differenceOf(forged({ lines: changed })), { part: 'lines', index, field })
    }),
    { numRuns: 40 },
  )
})

test('a line left out, added or moved is found where the lists part', () => {
  const { lines } = honest.bundle
  for (const index of lines.keys()) {
    assert.equal(differenceOf(forged({ lines: lines.toSpliced(index, 1) })).index, index)
    const [line] = lines.slice(index, index + 1)
    assert.ok(line)
    assert.equal(differenceOf(forged({ lines: lines.toSpliced(index, 0, line) })).index, index + 1)
  }
  assert.equal(differenceOf(forged({ lines: lines.toReversed() })).index, 0)
})

test('a fact, a previous leaf and a batch that are not those of the chain are found', () => {
  assert.deepEqual(differenceOf(forged({ highUsd8: 1n })), { part: 'facts', index: 0, field: 'highUsd8' })
  assert.deepEqual(differenceOf(forged({ epoch: 2n })), { part: 'facts', index: 0, field: 'epoch' })
  assert.deepEqual(differenceOf(forged({ previous: { ...previous, next: 0n } })), {
    part: 'previous',
    index: 0,
    field: 'next',
  })
  const raised = previousLeaves.map((leaf, i) => (i === 1 ? { ...leaf, rebateAtto: 14n } : leaf))
  assert.deepEqual(differenceOf(forged({ previousLeaves: raised })), { part: 'previous', index: 0, field: 'totals' })
  const renamed = previousLeaves.map((leaf, i) =>
    i === 1 ? { ...leaf, account: `0x${'03'.repeat(20)}` as const } : leaf,
  )
  assert.deepEqual(differenceOf(forged({ previousLeaves: renamed })), { part: 'previous', index: 0, field: 'root' })
  assert.deepEqual(differenceOf(forged({ previousLeaves: previousLeaves.toReversed() })), {
    part: 'previous',
    index: 1,
    field: 'order',
  })
  const huge = previousLeaves.map((leaf) => ({ ...leaf, rebateAtto: 2n ** 128n - 1n }))
  assert.equal(differenceOf(forged({ previousLeaves: huge })).field, 'totals')
})

test('a post that is not what its own bundle gives is found by field', () => {
  const fields = {
    root: otherHash,
    totals: packLanes(1n, 1n),
    linesRoot: otherHash,
    linesTotal: 1n,
    lineCount: 99,
    batchesRoot: otherHash,
    batchCount: 99,
  }
  for (const [field, value] of Object.entries(fields)) {
    assert.deepEqual(differenceOf(compare({ post: { ...honest.post, [field]: value } })), {
      part: 'post',
      index: 0,
      field,
    })
  }
})

test('a known batch that the poster left out makes the lines differ', () => {
  const known = toyBatch({ signer: 9, quantities: [1n] })
  assert.equal(differenceOf(compare({ knownBatches: [known] })).part, 'lines')
  assert.equal(compare({ knownBatches: batches }).tag, 'agrees')
})

test('any missing block makes the evidence unavailable, and any changed byte is found; never agreement', () => {
  const all = blocksOf(honest.car)
  for (const name of all.keys()) {
    const without = new Map(all)
    without.delete(name)
    assert.deepEqual(compare({ blocks: without }), { tag: 'unavailable', missing: [name] })
  }
  fc.assert(
    fc.property(fc.constantFrom(...all.keys()), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, at, flip) => {
      const bytes = all.get(name) ?? new Uint8Array(1)
      const offset = at % bytes.length
      const changed = new Map(all).set(name, bytes.with(offset, (bytes[offset] ?? 0) ^ flip))
      const verdict = compare({ blocks: changed })
      assert.notEqual(verdict.tag, 'agrees')
    }),
    { numRuns: 100 },
  )
})

test('a changed byte of a batch or of its proof names the first line that stands on it', () => {
  const all = blocksOf(honest.car)
  const linesOf = (digest: Hex): number =>
    honest.bundle.lines.findIndex(({ entries }) => entries.some(({ batchDigest }) => batchDigest === digest))
  const flipped = (name: string): Map<string, Uint8Array> => {
    const bytes = all.get(name) ?? new Uint8Array(1)
    return new Map(all).set(name, bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1))
  }
  for (const batch of closed.batches) {
    const found = differenceOf(compare({ blocks: flipped(encodeBatch(batch).cid.toString()) }))
    assert.equal(found.part, 'lines')
    assert.ok(found.index <= linesOf(batch.digest))
  }
  const found = differenceOf(compare({ blocks: flipped(proof.cid.toString()) }))
  assert.equal(found.part, 'lines')
  assert.ok(found.index <= linesOf(proven.digest))
})

test('bytes of strangers never make the comparison throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const verdict = compare({ blocks: { get: () => bytes } })
      assert.notEqual(verdict.tag, 'agrees')
    }),
  )
})
