/**
 * Goal: our encoding of an answer is the one of Solidity's ABI, byte for byte.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { encodeAbiParameters } from 'viem/utils'
import { encodeNamedAnswer } from './answer-abi.ts'
import { hashDetail } from './possession-detail.ts'
import { keccak256 } from 'viem/utils'

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
const components = [
  { name: 'leaf', type: 'bytes32' },
  { name: 'piecePath', type: 'bytes32[]' },
  { name: 'pieceLeafCount', type: 'uint64' },
  {
    name: 'setPath',
    type: 'tuple',
    components: [
      { name: 'sides', type: 'uint256' },
      { name: 'hashes', type: 'bytes32[]' },
      { name: 'sums', type: 'uint256[]' },
    ],
  },
] as const

test('an answer is encoded as Solidity encodes it', () => {
  const answers = fc.record({
    leaf: bytes32,
    piecePath: fc.array(bytes32, { maxLength: 8 }),
    pieceLeafCount: uint64,
    setPath: fc.record({
      sides: uint256,
      hashes: fc.array(bytes32, { maxLength: 5 }),
      sums: fc.array(uint256, { maxLength: 5 }),
    }),
  })
  fc.assert(
    fc.property(uint64, answers, (leafIndex, answer) => {
      const expected = encodeAbiParameters([{ type: 'uint64' }, { type: 'tuple', components }], [leafIndex, answer])
      assert.equal(toHex(encodeNamedAnswer({ leafIndex, answer })), expected)
    }),
  )
})

test('a possession detail is hashed as Solidity hashes it', () => {
  fc.assert(
    fc.property(
      bytes32,
      uint64,
      fc.nat(),
      uint64,
      bytes32,
      fc.nat(),
      bytes32,
      (setRoot, leafCount, pieceCount, version, answersRoot, answerCount, proofSha256) => {
        const types = ['bytes32', 'uint64', 'uint32', 'uint64', 'bytes32', 'uint32', 'bytes32'].map((type) => ({
          type,
        }))
        const expected: Hex = keccak256(
          encodeAbiParameters(types, [setRoot, leafCount, pieceCount, version, answersRoot, answerCount, proofSha256]),
        )
        assert.equal(
          hashDetail({ setRoot, leafCount, pieceCount, version, answersRoot, answerCount, proofSha256 }),
          expected,
        )
      },
    ),
  )
})
