/**
 * Goal: every block is in exactly one epoch, deadlines follow one another, and draws are those of the contracts.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodePacked, keccak256 } from 'viem'
import { toHex } from '../units/hex.ts'
import { drawBelow, drawSeed } from './draw-seed.ts'
import {
  closeBlockOf,
  epochAt,
  evidenceDeadlineOf,
  lapseBlockOf,
  openBlockOf,
  sealBlockOf,
  windowEndOf,
  type EpochTiming,
} from './timing.ts'

const blocks = fc.bigInt({ min: 1n, max: 10_000n })
const timing: fc.Arbitrary<EpochTiming> = fc.record({
  startBlock: blocks,
  epochBlocks: blocks,
  evidenceBlocks: blocks,
  windowBlocks: blocks,
})

test('every block from the start on is in exactly one epoch', () => {
  fc.assert(
    fc.property(timing, fc.bigInt({ min: 0n, max: 10n ** 9n }), (some, offset) => {
      const block = some.startBlock + offset
      const epoch = epochAt(some, block)
      assert.ok(openBlockOf(some, epoch) <= block && block < closeBlockOf(some, epoch))
      assert.equal(openBlockOf(some, epoch + 1n), closeBlockOf(some, epoch))
    }),
  )
})

test('close, seal, deadline, window and lapse follow one another', () => {
  const some = { startBlock: 100n, epochBlocks: 30n, evidenceBlocks: 5n, windowBlocks: 10n }
  assert.deepEqual([closeBlockOf(some, 0n), sealBlockOf(some, 0n), evidenceDeadlineOf(some, 0n)], [130n, 131n, 136n])
  assert.deepEqual([windowEndOf(some, 140n), lapseBlockOf(some, 140n)], [150n, 160n])
  assert.throws(() => epochAt(some, 99n), { code: 'GW_INVARIANT_BROKEN' })
})

test('draws are keccak of packed values, below their bound', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((some) => toHex(some))
  fc.assert(
    fc.property(
      bytes32,
      bytes32,
      fc.nat(2 ** 31),
      fc.bigInt({ min: 1n, max: 2n ** 64n }),
      (sealedHash, subject, turn, below) => {
        const seed = drawSeed({ tag: 'groundwork/storage/possession/1', sealedHash, subject })
        const theirs = keccak256(
          encodePacked(['string', 'bytes32', 'bytes32'], ['groundwork/storage/possession/1', sealedHash, subject]),
        )
        assert.equal(seed, theirs)
        const draw = BigInt(keccak256(encodePacked(['bytes32', 'uint32'], [seed, turn]))) % below
        assert.equal(drawBelow(seed, { turn, below }), draw)
      },
    ),
    { numRuns: 30 },
  )
})
