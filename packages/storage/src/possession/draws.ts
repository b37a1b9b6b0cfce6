/**
 * Which leaves of a set are drawn in an epoch: some at random, some in rotation over the pieces.
 *
 * Pure and exact. The hash of a block that nobody could know before the close makes the seed, so a provider cannot choose
 * what to keep; past draws say nothing about coming ones. The rotation visits every piece within a known number of epochs.
 *
 * @see docs/protocol/storage-proofs.md#draws
 * @module
 */

import { drawBelow, drawSeed } from '@groundwork/core/epoch/draw-seed.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { randomDrawCount, rotationDrawCount } from '../model.ts'
import type { SetLayout } from './set-tree.ts'

const drawTag = 'groundwork/storage/possession/1'
const rotationBase = 0x80000000

/**
 * The pieces that the rotation visits in `epoch`, one or more, in the order of its turns; one may come twice.
 *
 * It goes round a circle of as many places as the next power of two, so that a set that grows does not throw it back: by the
 * number of pieces alone, a set that grew by a dozen pieces an epoch kept some from being visited for a thousand epochs.
 */
export function rotationPieces({
  epoch,
  pieceCount,
}: {
  readonly epoch: bigint
  readonly pieceCount: number
}): number[] {
  invariant(pieceCount >= 1, 'a drawn set has a piece')
  const count = Math.min(rotationDrawCount, pieceCount)
  const circle = BigInt(rotationCircle(pieceCount))
  return Array.from(
    { length: count },
    (_, turn) => Number((epoch * BigInt(rotationDrawCount) + BigInt(turn)) % circle) % pieceCount,
  )
}

/** The most epochs until the rotation has visited every piece that the set had when they began, if it has so many at their end. */
export function rotationEpochs(pieceCount: number): number {
  return Math.ceil(rotationCircle(pieceCount) / rotationDrawCount)
}

/** All pieces when one epoch visits all; else the power of two that has a place for each. */
function rotationCircle(pieceCount: number): number {
  if (pieceCount <= rotationDrawCount) return pieceCount
  let circle = 16
  while (circle < pieceCount) circle *= 2
  return circle
}

/**
 * The drawn leaves, as indices into the whole set, in draw order; a leaf drawn twice stands where it came first.
 *
 * @param layout of the set as it stood on chain at the close; not empty
 */
export function drawnLeaves({
  sealedHash,
  dataSetId,
  epoch,
  layout,
  leafCounts,
}: {
  readonly sealedHash: Hex
  readonly dataSetId: Hex
  readonly epoch: bigint
  readonly layout: SetLayout
  readonly leafCounts: readonly number[]
}): number[] {
  const seed = drawSeed({ tag: drawTag, sealedHash, subject: dataSetId })
  const draw = (turn: number, below: number): number => Number(drawBelow(seed, { turn, below: BigInt(below) }))
  const drawn = new Set<number>()
  for (let turn = 0; turn < randomDrawCount; turn += 1) drawn.add(draw(turn, layout.leafCount))
  for (const [turn, pieceIndex] of rotationPieces({ epoch, pieceCount: leafCounts.length }).entries()) {
    const leafInPiece = draw(rotationBase + turn, leafCounts[pieceIndex] ?? 0)
    drawn.add((layout.startLeaves[pieceIndex] ?? 0) + leafInPiece)
  }
  return [...drawn]
}
