/**
 * One node of a sum tree, its 64 bytes (hash, then sum), and the hashes of leaves.
 *
 * docs/protocol/evidence.md#sum-tree
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesOfText } from '../units/bytes.ts'
import { toHex, type Hex } from '../units/hex.ts'

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
export function nodeBytes(node: SumNode): Uint8Array | undefined {
  const bytes = new Uint8Array(nodeSizeBytes)
  return writeNode(node, bytes, 0) ? bytes : undefined
}

/** Writes the 64 bytes of a node; false when the hash is no 32 bytes or the sum no uint256. */
export function writeNode({ hash, sum }: SumNode, target: Uint8Array, offset: number): boolean {
  if (hash.length !== 66 || sum < 0n || sum > sumMax) return false
  let known = hash.startsWith('0x') ? 0 : -1
  for (let index = 0; index < 32; index += 1) {
    const byte = (nibbleOf(hash, 2 + index * 2) << 4) | nibbleOf(hash, 3 + index * 2)
    known |= byte
    target[offset + index] = byte
  }
  writeSum(new DataView(target.buffer, target.byteOffset, target.length), offset + 32, sum)
  return known >= 0
}

/** The value of one hex digit, or -1. A million leaves are read by this, so it makes no strings. */
function nibbleOf(text: string, index: number): number {
  const code = text.charCodeAt(index)
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  return code >= 65 && code <= 70 ? code - 55 : -1
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
