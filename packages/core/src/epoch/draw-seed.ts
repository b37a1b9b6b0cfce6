/**
 * Seeds and numbers of public draws: anyone with the sealed block hash gets the same ones. docs/protocol/epochs.md#draws
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { invariant } from '../invariant.ts'
import { bigintOfBytes, bytesOfBigint, bytesOfText, concatBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'

export interface DrawSeed {
  /** the use, so that no two uses share a seed, such as 'groundwork/storage/possession/1' */
  readonly tag: string
  /** from Epochs.sealOf: hash of the block after the close */
  readonly sealedHash: Hex
  /** 32 bytes: what is drawn in, such as a data set's id */
  readonly subject: Hex
}

/** @returns keccak256(abi.encodePacked(tag, sealedHash, subject)) */
export function drawSeed({ tag, sealedHash, subject }: DrawSeed): Hex {
  return toHex(keccak_256(concatBytes(bytesOfText(tag), fromHex(sealedHash, 32), fromHex(subject, 32))))
}

/**
 * @param draw turn: a uint32, which draw it is; below: 1 or more
 * @returns uint256(keccak256(abi.encodePacked(seed, uint32(turn)))) % below; its bias is below 2^-128 for `below` < 2^128
 */
export function drawBelow(seed: Hex, { turn, below }: { readonly turn: number; readonly below: bigint }): bigint {
  invariant(below > 0n, 'a draw is among at least one')
  return bigintOfBytes(keccak_256(concatBytes(fromHex(seed, 32), bytesOfBigint(BigInt(turn), 4)))) % below
}
