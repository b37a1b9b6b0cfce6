/**
 * Which leaves of a set are drawn in an epoch: some at random, some in rotation over the pieces.
 *
 * Pure and exact. The hash of a block that nobody could know before the close makes the seed, so a provider cannot choose
 * what to keep; past draws say nothing about coming ones. The rotation visits every piece within a known number of epochs.
 *
 * @see docs/protocol/storage-proofs.md#draws
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { bigintOfBytes, bytesOfBigint, bytesOfText, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { randomDrawCount, rotationDrawCount } from '../model.ts'
import type { SetLayout } from './set-tree.ts'

const drawDomain = bytesOfText('groundwork/storage/possession/1')
const rotationBase = 0x80000000

/** The seed of one set's draws in the epoch whose sealed block hash this is. */
export function possessionSeed({ sealedHash, dataSetId }: { readonly sealedHash: Hex; readonly dataSetId: Hex }): Uint8Array {
  return keccak_256(concatBytes(drawDomain, fromHex(sealedHash, 32), fromHex(dataSetId, 32)))
}

/** The pieces that the rotation visits in `epoch`, one or more, each once. */
export function rotationPieces({ epoch, pieceCount }: { readonly epoch: bigint; readonly pieceCount: number }): number[] {
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
  const seed = possessionSeed({ sealedHash, dataSetId })
  const drawn = new Set<number>()
  for (let turn = 0; turn < randomDrawCount; turn += 1) drawn.add(drawBelow({ seed, turn, below: layout.leafCount }))
  for (const [turn, pieceIndex] of rotationPieces({ epoch, pieceCount: leafCounts.length }).entries()) {
    const leafInPiece = drawBelow({ seed, turn: rotationBase + turn, below: leafCounts[pieceIndex] ?? 0 })
    drawn.add((layout.startLeaves[pieceIndex] ?? 0) + leafInPiece)
  }
  return [...drawn]
}

function drawBelow({ seed, turn, below }: { readonly seed: Uint8Array; readonly turn: number; readonly below: number }): number {
  invariant(below >= 1, 'a draw is among one leaf or more')
  const hash = keccak_256(concatBytes(seed, bytesOfBigint(BigInt(turn), 4)))
  return Number(bigintOfBytes(hash) % BigInt(below))
}
