/**
 * Goal: any leaf of a piece has a path that folds to its root, made from one short read and the cap; a path that was
 * tampered with, or that the Filecoin implementations refuse, does not.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import { toHex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { hashtreeHasher } from '../adapters/hashtree-hasher.ts'
import type { Piece } from '../model.ts'
import { leavesOf } from '../wire/fr32.ts'
import { isPathTo, pathOfLeaf, pathsOfLeaves, rootOfPath, type RawRange } from './leaf-path.ts'
import { hashPiece } from './piece-hasher.ts'

const hasher = hashtreeHasher()
const folder = path.join(import.meta.dirname, '../../../../vectors/storage/commp')
const { cases } = JSON.parse(readFileSync(path.join(folder, 'merkle-proofs.json'), 'utf8')) as {
  cases: { id: string; subtree: string; path: string[]; at: string; root?: string; error?: string }[]
}

const raw = Uint8Array.from({ length: 300_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 13)

function example(sizeBytes: number) {
  const bytes = raw.subarray(0, sizeBytes)
  const { root, height, rawSizeBytes, leafCount, cap } = hashPiece({ raw: bytes, hasher })
  const piece: Piece = { root: toHex(root), height, rawSizeBytes, leafCount }
  const readBytes: number[] = []
  const readRanges = (ranges: readonly RawRange[]): Uint8Array[] =>
    ranges.map(({ startBytes, sizeBytes: size }) => {
      readBytes.push(size)
      return bytes.slice(startBytes, startBytes + size)
    })
  return { root, piece, cap, leaves: leavesOf(bytes), readRanges, readBytes }
}

test('published paths fold to their roots, and published mistakes are refused', () => {
  for (const { id, subtree, path: nodes, at, root } of cases) {
    const siblings = nodes.map((node) => Buffer.from(node, 'hex'))
    const actual = rootOfPath({ leaf: Buffer.from(subtree, 'hex'), leafIndex: Number(at), siblings, hasher })
    assert.equal(actual === undefined ? undefined : Buffer.from(actual).toString('hex'), root, id)
  }
  assert.equal(cases.filter(({ error }) => error !== undefined).length, 2)
})

test('every leaf of any piece has a path to its root, from reads of one block at most', async () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 60_000, max: raw.length }))
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), async (sizeBytes, picks) => {
      const { root, piece, cap, leaves, readRanges, readBytes } = example(sizeBytes)
      const leafIndices = picks.map((pick) => pick % piece.leafCount)
      const paths = await pathsOfLeaves({ piece, cap, leafIndices, readRanges, hasher })
      assert.deepEqual(
        paths?.map(({ leafIndex }) => leafIndex),
        leafIndices,
      )
      for (const one of paths ?? []) {
        assert.deepEqual(one.leaf, leaves.subarray(one.leafIndex * 32, one.leafIndex * 32 + 32))
        assert.ok(isPathTo({ root, height: piece.height, path: one, hasher }))
      }
      assert.ok(readBytes.every((size) => size <= 65_024))
      assert.ok(readBytes.length <= leafIndices.length)
    }),
    { numRuns: 40 },
  )
})

test('a path with any one bit changed, or for another leaf or height, leads nowhere', async () => {
  const { root, piece, cap, readRanges } = example(200_000)
  const found = await pathOfLeaf({ piece, cap, leafIndex: 4321, readRanges, hasher })
  assert.ok(found !== undefined)
  const { height } = piece
  assert.ok(isPathTo({ root, height, path: found, hasher }))
  fc.assert(
    fc.property(fc.nat(height), fc.nat(255), (place, bit) => {
      const nodes = [found.leaf, ...found.siblings].map((node) => node.slice())
      const node = nodes[place]
      if (node !== undefined) node[bit >> 3] = (node[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const [leaf, ...siblings] = nodes
      assert.ok(leaf !== undefined)
      assert.ok(!isPathTo({ root, height, path: { leafIndex: 4321, leaf, siblings }, hasher }))
    }),
  )
  assert.ok(!isPathTo({ root, height, path: { ...found, leafIndex: 4320 }, hasher }))
  assert.ok(!isPathTo({ root, height, path: { ...found, leafIndex: 4321 + 2 ** height }, hasher }))
  assert.ok(!isPathTo({ root, height: height + 1, path: found, hasher }))
  assert.ok(!isPathTo({ root, height, path: { ...found, leaf: found.leaf.subarray(1) }, hasher }))
})

test('a cap that is not the piece’s gives no path, and a leaf of padding is not asked for', async () => {
  const { piece, cap, readRanges } = example(200_000)
  const wrong = cap.slice()
  wrong[40] = (wrong[40] ?? 0) ^ 1
  assert.equal(await pathOfLeaf({ piece, cap: wrong, leafIndex: 0, readRanges, hasher }), undefined)
  assert.equal(await pathOfLeaf({ piece, cap: cap.subarray(32), leafIndex: 0, readRanges, hasher }), undefined)
  const leafIndex = piece.leafCount
  await assert.rejects(pathOfLeaf({ piece, cap, leafIndex, readRanges, hasher }), InvariantBroken)
  assert.ok((await pathOfLeaf({ piece, cap, leafIndex: leafIndex - 1, readRanges, hasher })) !== undefined)
})
