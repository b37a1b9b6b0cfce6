/**
 * One node of a sum tree, its 64 bytes (hash, then sum), and the hashes of leaves and parents.
 *
 * docs/protocol/evidence.md#sum-tree
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesOfText } from '../units/bytes.ts'
import { parseHex, toHex, type Hex } from '../units/hex.ts'

/** A hash of 32 bytes and a sum of two lanes (`lanes.ts`). */
export interface SumNode {
  readonly hash: Hex
  readonly sum: bigint
}

/** Bytes of one node as it is hashed into its parent. */
export const nodeSizeBytes = 64

const sumMax = 2n ** 256n - 1n

/** The root of a tree without leaves. */
export const emptyNode: SumNode = { hash: `0x${'00'.repeat(32)}`, sum: 0n }

/** @returns hash and sum in 64 bytes, or undefined when the hash is no 32 bytes or the sum no uint256 */
export function nodeBytes({ hash, sum }: SumNode): Uint8Array | undefined {
  const bytes = parseHex(hash, 32)
  if (bytes === undefined || sum < 0n || sum > sumMax) return undefined
  const joined = new Uint8Array(nodeSizeBytes)
  joined.set(bytes)
  writeSum(new DataView(joined.buffer), 32, sum)
  return joined
}

/** Writes a sum as 32 big-endian bytes. */
export function writeSum(view: DataView, offset: number, sum: bigint): void {
  view.setBigUint64(offset, sum >> 192n)
  view.setBigUint64(offset + 8, BigInt.asUintN(64, sum >> 128n))
  view.setBigUint64(offset + 16, BigInt.asUintN(64, sum >> 64n))
  view.setBigUint64(offset + 24, BigInt.asUintN(64, sum))
}

/** @returns the sum that `writeSum` wrote */
export function readSum(view: DataView, offset: number): bigint {
  return (
    (view.getBigUint64(offset) << 192n) |
    (view.getBigUint64(offset + 8) << 128n) |
    (view.getBigUint64(offset + 16) << 64n) |
    view.getBigUint64(offset + 24)
  )
}

/**
 * @param left 64 bytes
 * @param right 64 bytes
 * @returns keccak256(0x01, left hash, left sum, right hash, right sum)
 */
export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(1 + 2 * nodeSizeBytes)
  preimage[0] = 1
  preimage.set(left, 1)
  preimage.set(right, 1 + nodeSizeBytes)
  return keccak_256(preimage)
}

/**
 * The hash of a leaf: keccak256(abi.encodePacked(uint8(0), bytes(tag), fields...)).
 *
 * @param tag the type of the leaf: 'piece', 'leaf', 'line', 'entry', 'used', 'batch', 'answer'
 * @param fields each as its packed bytes, in the order of the type
 */
export function leafHash(tag: string, ...fields: readonly Uint8Array[]): Hex {
  const hasher = keccak_256.create().update(Uint8Array.of(0)).update(bytesOfText(tag))
  for (const field of fields) hasher.update(field)
  return toHex(hasher.digest())
}
