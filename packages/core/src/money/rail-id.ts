/**
 * The ids of streams and escrows, as the contract Rails makes them. Each is used once, for good.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'

import { bytesOfBigint, bytesOfText, concatBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'

export interface RailIdInput {
  readonly chainId: bigint
  readonly rails: Hex
  readonly payer: Hex
  readonly payee: Hex
  /** 32 bytes, chosen by the payer */
  readonly salt: Hex
}

const word = (value: bigint): Uint8Array => bytesOfBigint(value, 32)
const addressWord = (address: Hex): Uint8Array => concatBytes(new Uint8Array(12), fromHex(address, 20))

function head({ chainId, rails, payer, payee, salt }: RailIdInput): Uint8Array {
  const parties = [rails, payer, payee].map(addressWord)
  return concatBytes(word(chainId), ...parties, fromHex(salt, 32))
}

/**
 * keccak256(abi.encode(chainid, rails, payer, payee, salt)).
 *
 * @throws HexMalformed when an address has not 20 bytes or the salt not 32
 */
export function streamId(input: RailIdInput): Hex {
  return toHex(keccak_256(head(input)))
}

const escrowTag = bytesOfText('escrow')

/** keccak256(abi.encode("escrow", chainid, rails, payer, payee, salt)); the text is encoded after the six words. */
export function escrowId(input: RailIdInput): Hex {
  const tail = concatBytes(word(BigInt(escrowTag.length)), escrowTag, new Uint8Array(32 - escrowTag.length))
  return toHex(keccak_256(concatBytes(word(6n * 32n), head(input), tail)))
}
