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

/** The pieces that the rotation visits in `epoch`, one or more, each once. */
export function rotationPieces({
  epoch,
  pieceCount,
}: {
  readonly epoch: bigint
  readonly pieceCount: number
}): number[] {
  invariant(pieceCount >= 1, 'a drawn set has a piece')
  const count = Math.min(rotationDrawCount, pieceCount)
  return Array.from({ length: count }, (_, turn) =>
    Number((epoch * BigInt(rotationDrawCount) + BigInt(turn)) % BigInt(pieceCount)),
  )
}

/** The most epochs until the rotation has visited every piece. */
export function rotationEpochs(pieceCount: number): number {
  return Math.ceil(pieceCount / rotationDrawCount)
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
