/**
 * Goal: the fr32 kernel gives the leaves of `wire/fr32.ts`, whatever the batch before it left in its memory.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import fc from 'fast-check'
import { leavesOf, quadPaddedBytes, quadRawBytes } from '../wire/fr32.ts'
import { leafMaker, quadsPerBatchMax } from './leaf-maker.ts'

function made(raw: Uint8Array, quadCount: number): Uint8Array {
  const maker = leafMaker()
  maker.leaves.fill(0xee)
  maker.make(raw, quadCount)
  return maker.leaves.slice(0, quadCount * quadPaddedBytes)
}

function padded(raw: Uint8Array, quadCount: number): Uint8Array {
  const leaves = new Uint8Array(quadCount * quadPaddedBytes)
  leaves.set(leavesOf(raw))
  return leaves
}

test('a batch of any size is padded as bytes in memory are, and zero leaves follow', () => {
  const batches = fc.record({ raw: fc.uint8Array({ maxLength: 9 * quadRawBytes }), zeroQuads: fc.nat(5) })
  fc.assert(
    fc.property(batches, ({ raw, zeroQuads }) => {
      const quadCount = Math.max(1, Math.ceil(raw.length / quadRawBytes) + zeroQuads)
      assert.deepEqual(made(raw, quadCount), padded(raw, quadCount))
    }),
  )
})

test('a full batch is padded to its last byte, and one byte more is refused', () => {
  const raw = Uint8Array.from({ length: quadsPerBatchMax * quadRawBytes }, (_, index) => (index * 31) ^ (index >> 8))
  assert.deepEqual(made(raw, quadsPerBatchMax), padded(raw, quadsPerBatchMax))
  assert.throws(() => leafMaker().make(new Uint8Array(raw.length + 1), quadsPerBatchMax), InvariantBroken)
  assert.throws(() => leafMaker().make(raw, quadsPerBatchMax + 1), InvariantBroken)
})
