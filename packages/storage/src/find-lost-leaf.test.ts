/**
 * Goal: of a set that was not proven the leaf that is demanded is one that its provider lost, also when it lost one piece of
 * many and answers for all others.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { hashtreeHasher } from './adapters/hashtree-hasher.ts'
import { findLostLeaf, type FindLostLeafOptions } from './find-lost-leaf.ts'
import type { Piece } from './model.ts'
import { hashPiece } from './piece/piece-hasher.ts'
import { rotationEpochs, rotationPieces } from './possession/draws.ts'
import { placeOfLeaf, setLayout } from './possession/set-tree.ts'
import { pieceOf } from './work.ts'

const hasher = hashtreeHasher()
const { signal } = new AbortController()
const hashOf = (text: string): Hex => toHex(createHash('sha256').update(text).digest())

interface Kept {
  readonly piece: Piece
  readonly raw: Uint8Array
  readonly cap: Uint8Array
}

/** Many small pieces, and one with a cap of its own. */
const kept: readonly Kept[] = Array.from({ length: 40 }, (_, index) => {
  const raw = new Uint8Array(index === 7 ? 200_000 : 100 + index).fill(index + 1)
  const digest = hashPiece({ raw, hasher })
  return { piece: pieceOf(digest), raw, cap: digest.cap }
})
const pieces = kept.map(({ piece }) => piece)
const layout = setLayout(pieces)

function optionsAt(epoch: bigint, over: Partial<FindLostLeafOptions> = {}): FindLostLeafOptions {
  const of = (piece: Piece): Kept => {
    const found = kept.find((one) => one.piece.root === piece.root)
    assert.ok(found !== undefined)
    return found
  }
  return {
    set: { id: hashOf('set'), pieces },
    challenge: { epoch, sealedHash: hashOf(`seal ${epoch}`) },
    readRange: async (piece, { startBytes, sizeBytes }) => of(piece).raw.slice(startBytes, startBytes + sizeBytes),
    capOf: async (piece) => of(piece).cap,
    hasher,
    signal,
    ...over,
  }
}

test('of a set that is served whole no leaf is lost', async () => {
  for (const epoch of [0n, 1n, 2n, 3n]) assert.equal(await findLostLeaf(optionsAt(epoch)), undefined)
})

test('whichever one piece is gone, spoiled or cut short, a leaf of it is found in the epoch that visits it', async () => {
  const spoilers: readonly ((raw: Uint8Array) => Uint8Array)[] = [
    (raw) => raw.map((byte) => byte ^ 1),
    (raw) => raw.subarray(1),
    (raw) => Buffer.concat([raw, raw]),
    () => {
      throw new Error('gone')
    },
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.nat(pieces.length - 1),
      fc.bigInt(0n, 1000n),
      fc.constantFrom(...spoilers),
      async (lost, first, spoil) => {
        const turns = Array.from({ length: rotationEpochs(pieces.length) }, (_, turn) => first + BigInt(turn))
        const epoch = turns.find((one) => rotationPieces({ epoch: one, pieceCount: pieces.length }).includes(lost))
        assert.ok(epoch !== undefined)
        const { readRange } = optionsAt(epoch)
        const leafIndex = await findLostLeaf(
          optionsAt(epoch, {
            readRange: async (piece, range) => {
              const raw = await readRange(piece, range)
              return piece.root === pieces[lost]?.root ? spoil(raw) : raw
            },
          }),
        )
        assert.ok(leafIndex !== undefined)
        assert.equal(placeOfLeaf(layout, leafIndex).pieceIndex, lost)
      },
    ),
    { numRuns: 30 },
  )
})

test('a cap that nobody has, or that is another’s, makes its piece the lost one; an aborted look is no verdict', async () => {
  for (const cap of [undefined, new Uint8Array(kept[7]?.cap.length ?? 0)]) {
    const leafIndex = await findLostLeaf(optionsAt(0n, { capOf: async () => cap }))
    assert.equal(placeOfLeaf(layout, leafIndex ?? 0).pieceIndex, 7)
  }
  const controller = new AbortController()
  controller.abort(new Error('enough'))
  await assert.rejects(findLostLeaf(optionsAt(0n, { signal: controller.signal })), /enough/)
})
