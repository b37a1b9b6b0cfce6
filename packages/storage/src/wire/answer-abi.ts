/**
 * An answer to one named leaf as StorageJudge.sol reads it, and its bytes under Solidity's abi.encode.
 *
 * Pure. Only the one shape `(uint64, Answer)` is written here; calls to the contract are encoded by the chain package.
 *
 * @see docs/protocol/storage-proofs.md#answer
 * @module
 */

import type { SumPath } from '@groundwork/core/merkle/sum-tree.ts'
import { bytesOfBigint, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'

/** Struct Answer of IStorageJudge.sol. */
export interface Answer {
  readonly leaf: Hex
  /** siblings from the leaf to the piece root; as many as the piece is high */
  readonly piecePath: readonly Hex[]
  readonly pieceLeafCount: bigint
  readonly setPath: SumPath
}

/** An answer and the leaf of the set that it answers for. */
export interface NamedAnswer {
  readonly leafIndex: bigint
  readonly answer: Answer
}

const word = (value: bigint | number): Uint8Array => bytesOfBigint(BigInt(value), 32)
const wordBytes = 32

/** abi.encode(uint64 leafIndex, Answer answer). */
export function encodeNamedAnswer({ leafIndex, answer }: NamedAnswer): Uint8Array {
  const piecePath = hashes(answer.piecePath)
  const setHashes = hashes(answer.setPath.hashes)
  const setSums = words(answer.setPath.sums)
  const setPath = concatBytes(
    word(answer.setPath.sides),
    word(3 * wordBytes),
    word(3 * wordBytes + setHashes.length),
    setHashes,
    setSums,
  )
  return concatBytes(
    word(leafIndex),
    word(2 * wordBytes),
    fromHex(answer.leaf, wordBytes),
    word(4 * wordBytes),
    word(answer.pieceLeafCount),
    word(4 * wordBytes + piecePath.length),
    piecePath,
    setPath,
  )
}

function hashes(items: readonly Hex[]): Uint8Array {
  return concatBytes(word(items.length), ...items.map((item) => fromHex(item, wordBytes)))
}

function words(items: readonly bigint[]): Uint8Array {
  return concatBytes(word(items.length), ...items.map(word))
}
