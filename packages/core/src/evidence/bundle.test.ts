/**
 * Goal: a bundle survives its CAR, what is missing or corrupt in it is named, and no bytes make a reader throw.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex, type Hex } from '../units/hex.ts'
import { bytesOfBigint } from '../units/bytes.ts'
import { cidOfDigest, encodeBlock, type Block } from './block.ts'
import { decodeBundle, encodeBundle, pageItems, type Bundle } from './bundle.ts'
import { bundleBytesMax, decodeBundleCar, encodeBundleCar } from './bundle-car.ts'

const hash = (seed: number): Hex => toHex(bytesOfBigint(BigInt(seed), 32))
const account = (seed: number): Hex => toHex(bytesOfBigint(BigInt(seed), 20))

function bundleOf({ leaves, batches, lines }: { leaves: number; batches: number; lines: number }): Bundle {
  return {
    network: 3,
    epoch: 2n ** 60n,
    rules: 1n,
    closeBlock: 60n,
    sealedHash: hash(1),
    highUsd8: 2n ** 61n,
    allowanceAtto: 2n ** 127n,
    previous: { next: 1n, root: hash(2), totals: 2n ** 200n, evidence: hash(3) },
    previousLeaves: Array.from({ length: leaves }, (_, i) => ({
      account: account(i),
      rebateAtto: BigInt(i),
      bootstrapAtto: 2n ** 127n,
    })),
    batches: Array.from({ length: batches }, (_, i) => ({ cid: encodeBlock(i).cid, digest: hash(i) })),
    lines: Array.from({ length: lines }, (_, i) => ({
      account: account(i),
      kind: 1,
      quantity: BigInt(i),
      unitPriceAtto: 2n ** 100n,
      entriesRoot: hash(i),
      entries: [{ batchDigest: hash(i % batches), index: i }],
    })),
  }
}

function sourceOf(blocks: readonly Block[]): Map<string, Uint8Array> {
  return new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
}

test('a bundle of any size comes back from its blocks as it was', () => {
  const sizes = [
    { leaves: 0, batches: 0, lines: 0 },
    { leaves: 1, batches: 1, lines: 1 },
    { leaves: pageItems.leaves, batches: 3, lines: pageItems.lines },
    { leaves: pageItems.leaves + 1, batches: 7, lines: pageItems.lines + 1 },
  ]
  for (const size of sizes) {
    const bundle = bundleOf(size)
    const { evidence, root, pages } = encodeBundle(bundle)
    assert.equal(evidence, toHex(root.cid.multihash.digest))
    const decoded = decodeBundle(evidence, sourceOf([root, ...pages]))
    assert.ok(decoded.tag === 'bundle')
    assert.deepEqual(decoded.corrupt, [])
    assert.deepEqual({ ...decoded.bundle, batches: [] }, { ...bundle, batches: [] })
    assert.deepEqual(
      decoded.bundle.batches.map(({ digest, cid }) => `${digest} ${cid.toString()}`),
      bundle.batches.map(({ digest, cid }) => `${digest} ${cid.toString()}`),
    )
  }
})

test('a missing block is missing, a block with other bytes is read and named as corrupt', () => {
  const { evidence, root, pages } = encodeBundle(bundleOf({ leaves: 2, batches: 2, lines: 2 }))
  for (const absent of [root, ...pages]) {
    const decoded = decodeBundle(evidence, sourceOf([root, ...pages].filter((block) => block !== absent)))
    assert.ok(decoded.tag === 'missing')
    assert.equal(decoded.cid.toString(), absent.cid.toString())
  }
  const [lines] = pages.slice(-1)
  assert.ok(lines)
  const changed = lines.bytes.with(lines.bytes.length - 1, 5)
  const decoded = decodeBundle(evidence, sourceOf([root, ...pages, { cid: lines.cid, bytes: changed }]))
  assert.ok(decoded.tag === 'bundle')
  assert.deepEqual(decoded.corrupt.map(String), [lines.cid.toString()])
  const torn = decodeBundle(evidence, sourceOf([root, ...pages, { cid: lines.cid, bytes: lines.bytes.slice(1) }]))
  assert.deepEqual({ ...torn, cid: '' }, { tag: 'malformed', cid: '', firstLine: 0 })
})

test('a CAR holds root and blocks once each, and names blocks with a wrong hash', () => {
  const { root, pages } = encodeBundle(bundleOf({ leaves: 2, batches: 2, lines: 2 }))
  const car = encodeBundleCar({ root, blocks: [...pages, ...pages, root] })
  const decoded = decodeBundleCar(car)
  assert.ok(decoded.tag === 'car')
  assert.equal(decoded.car.root.toString(), root.cid.toString())
  assert.deepEqual(
    [...decoded.car.blocks.keys()],
    [root, ...pages].map(({ cid }) => cid.toString()),
  )
  assert.deepEqual(decoded.car.corrupt, [])
  const changed = decodeBundleCar(car.with(car.length - 1, (car.at(-1) ?? 0) ^ 1))
  assert.ok(changed.tag === 'car')
  assert.deepEqual(changed.car.corrupt.map(String), [pages.at(-1)?.cid.toString()])
})

test('no bytes make the readers throw, and cut files say where', () => {
  const { root, pages } = encodeBundle(bundleOf({ leaves: 2, batches: 2, lines: 2 }))
  const car = encodeBundleCar({ root, blocks: pages })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeBundleCar(bytes)))
  fc.assert(
    fc.property(fc.nat(car.length - 1), fc.integer({ min: 1, max: 255 }), (offset, flip) => {
      const decoded = decodeBundleCar(car.with(offset, (car[offset] ?? 0) ^ flip))
      if (decoded.tag === 'car') void decodeBundle(toHex(root.cid.multihash.digest), decoded.car.blocks)
    }),
    { numRuns: 300 },
  )
  const cut = decodeBundleCar(car.subarray(0, -1))
  assert.deepEqual(cut.tag === 'malformed' && cut.reason, 'section-malformed')
  assert.deepEqual(decodeBundleCar(new Uint8Array(0)), { tag: 'malformed', reason: 'header-malformed', offset: 0 })
  assert.equal(bundleBytesMax, 2 ** 28)
})

test('a CAR of another implementation is a CAR, and its foreign CIDs are refused by name', () => {
  const bytes = readFileSync(path.join(import.meta.dirname, '../../../../vectors/storage/car/carv1-basic.car'))
  const decoded = decodeBundleCar(bytes)
  assert.equal(decoded.tag, 'malformed')
})

test('a random bundle root is no bundle', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom('version', 'lines', 'leaves', 'batches', 'network'),
        fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer())),
      ),
      (value) => {
        const block = encodeBlock(value)
        const digest = toHex(block.cid.multihash.digest)
        assert.equal(cidOfDigest(digest).toString(), block.cid.toString())
        assert.equal(decodeBundle(digest, sourceOf([block])).tag, 'malformed')
      },
    ),
  )
})
