/**
 * The part of Solidity's ABI encoding that our digests need: structs of static fields, one word of 32 bytes each.
 *
 * So that core hashes what contracts hash without a client library. Encodes our own values only; it does not decode.
 *
 * @module
 * @see https://docs.soliditylang.org/en/v0.8.37/abi-spec.html
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesOfBigint, concatBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'

/** uintN */
export function uintWord(value: bigint | number): Uint8Array {
  return bytesOfBigint(BigInt(value), 32)
}

/** bytes32 */
export function bytes32Word(value: Hex): Uint8Array {
  return fromHex(value, 32)
}

/** address */
export function addressWord(value: Hex): Uint8Array {
  return concatBytes(new Uint8Array(12), fromHex(value, 20))
}

/** @returns keccak256(abi.encode(words...)), also of a struct of static fields */
export function hashWords(...words: readonly Uint8Array[]): Hex {
  return toHex(keccak_256(concatBytes(...words)))
}
