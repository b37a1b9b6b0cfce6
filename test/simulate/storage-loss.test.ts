/**
 * Goal: a provider that drops bytes is caught as docs/protocol/storage-proofs.md#draws states, also when it knows every draw
 * so far: 1% of the bytes within 3 epochs in 99 of 100 cases, any one piece for certain within `rotationEpochs`, also when the
 * set grows as it likes.
 *
 * Draws only: what a drawn leaf that is missing leads to is shown in prove.test.ts. Seeds are fixed, so is the result.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  drawnLeaves,
  placeOfLeaf,
  randomDrawCount,
  rotationEpochs,
  rotationPieces,
  setLayout,
} from '@groundwork/storage'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'

const trialCount = 120
/** each trial's draws are met by this many different losses */
const lossesPerTrial = 10
const historyEpochs = 4
const caughtWithinEpochs = 3
const lostShare = 0.01

const leafCounts = Array.from({ length: 50 }, (_, index) => 300 + ((index * 37) % 400))
const layout = setLayout(leafCounts.map((leafCount) => ({ leafCount })))
const lostCount = Math.floor(layout.leafCount * lostShare)

const hashOf = (text: string): Hex => `0x${createHash('sha256').update(text).digest('hex')}`

/** A seeded source of numbers below 1. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0
    return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32
  }
}

const drawsOf = (trial: number, epoch: number): number[] =>
  drawnLeaves({
    sealedHash: hashOf(`seal ${trial} ${epoch}`),
    dataSetId: hashOf(`set ${trial}`),
    epoch: BigInt(epoch),
    layout,
    leafCounts,
  })

type Adversary = (known: { readonly drawn: ReadonlySet<number>; readonly random: () => number }) => Set<number>

const adversaries: Readonly<Record<string, Adversary>> = {
  'drops leaves that were never drawn yet': ({ drawn, random }) => {
    const lost = new Set<number>()
    while (lost.size < lostCount) {
      const leaf = Math.floor(random() * layout.leafCount)
      if (!drawn.has(leaf)) lost.add(leaf)
    }
    return lost
  },
  'drops one run of leaves': ({ random }) => {
    const start = Math.floor(random() * (layout.leafCount - lostCount))
    return new Set(Array.from({ length: lostCount }, (_, index) => start + index))
  },
  'drops within the pieces visited last': ({ drawn, random }) => {
    const first = Math.floor(random() * leafCounts.length)
    const visited = [...drawn].map((leaf) => placeOfLeaf(layout, leaf).pieceIndex)
    const pieces = [first, ...new Set(visited.toReversed())]
    const lost = new Set<number>()
    for (const piece of pieces) {
      const start = layout.startLeaves[piece] ?? 0
      for (let leaf = start; leaf < start + (leafCounts[piece] ?? 0) && lost.size < lostCount; leaf += 1) {
        if (!drawn.has(leaf) && random() < 0.9) lost.add(leaf)
      }
    }
    return lost
  },
}

test('the bound itself: 3 epochs of random draws miss 1% with less than 1%', () => {
  assert.ok((1 - lostShare) ** (caughtWithinEpochs * randomDrawCount) < 0.01)
  assert.ok((1 - lostShare) ** (caughtWithinEpochs * (randomDrawCount - 1)) > 0.01)
})

test('1% of the bytes is caught within 3 epochs in 99 of 100 cases, by adversaries who know past draws', () => {
  const caughtBy = new Map(Object.keys(adversaries).map((name) => [name, 0]))
  for (let trial = 0; trial < trialCount; trial += 1) {
    const drawn = new Set(Array.from({ length: historyEpochs }, (_, epoch) => drawsOf(trial, epoch)).flat())
    const coming = Array.from({ length: caughtWithinEpochs }, (_, turn) => drawsOf(trial, historyEpochs + turn)).flat()
    for (const [name, adversary] of Object.entries(adversaries)) {
      for (let loss = 0; loss < lossesPerTrial; loss += 1) {
        const lost = adversary({ drawn, random: seeded(trial * 7919 + loss * 104_729 + name.length) })
        assert.equal(lost.size, lostCount)
        if (coming.some((leaf) => lost.has(leaf))) caughtBy.set(name, (caughtBy.get(name) ?? 0) + 1)
      }
    }
  }
  const lossCount = trialCount * lossesPerTrial
  for (const [name, caught] of caughtBy)
    assert.ok(caught >= 0.99 * lossCount, `who ${name} was caught ${caught} of ${lossCount} times`)
})

test('the loss of any one piece, however small in however large a set, is caught for certain', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90 }),
      fc.nat(),
      fc.nat(10_000),
      fc.nat(1000),
      (pieceCount, lostPiece, firstEpoch, seed) => {
        const counts = Array.from({ length: pieceCount }, (_, index) =>
          index === lostPiece % pieceCount ? 1 : 1_000_000,
        )
        const rows = setLayout(counts.map((leafCount) => ({ leafCount })))
        const isCaught = Array.from({ length: rotationEpochs(pieceCount) }, (_, turn) => firstEpoch + turn).some(
          (epoch) =>
            drawnLeaves({
              sealedHash: hashOf(`${seed} ${epoch}`),
              dataSetId: hashOf('one'),
              epoch: BigInt(epoch),
              layout: rows,
              leafCounts: counts,
            }).some((leaf) => placeOfLeaf(rows, leaf).pieceIndex === lostPiece % pieceCount),
        )
        assert.ok(isCaught)
      },
    ),
    { numRuns: 40 },
  )
})

test('no growth of the set keeps a piece from being visited, nor any choice of when it begins', () => {
  const piecesMax = 8192
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.nat(100_000),
      fc.array(fc.oneof(fc.constantFrom(0, 1, 3, 4, 5, 12, 13, 24), fc.nat(300)), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      (startCount, firstEpoch, growth, lost) => {
        const piece = lost % startCount
        let pieceCount = startCount
        for (let turn = 0; ; turn += 1) {
          if (rotationPieces({ epoch: BigInt(firstEpoch + turn), pieceCount }).includes(piece)) return
          assert.ok(turn + 1 < rotationEpochs(pieceCount), `${turn + 1} epochs at ${pieceCount} pieces`)
          pieceCount = Math.min(piecesMax, pieceCount + (growth[turn % growth.length] ?? 0))
        }
      },
    ),
    { numRuns: 2000 },
  )
})

/** A bad provider who also brings the pieces, and picks each epoch's growth from all that is known by then. */
test('an adversary who chooses how much the set grows, epoch by epoch, to go round a piece, does not', () => {
  const piecesMax = 1024
  const piece = 40
  let pieceCount = 50
  for (let epoch = 7; ; epoch += 1) {
    if (rotationPieces({ epoch: BigInt(epoch), pieceCount }).includes(piece)) return
    assert.ok(epoch - 6 < rotationEpochs(pieceCount))
    const choices = Array.from({ length: 200 }, (_, more) => Math.min(piecesMax, pieceCount + more))
    const escape = choices.find(
      (count) => !rotationPieces({ epoch: BigInt(epoch + 1), pieceCount: count }).includes(piece),
    )
    if (escape === undefined) return
    pieceCount = escape
  }
})
