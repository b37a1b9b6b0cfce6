/**
 * The id of a stream or an escrow: keccak256(abi.encode(chainid, rails, payer, payee, salt)).
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'

import { bytesOfBigint, concatBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'

export interface RailIdInput {
  readonly chainId: bigint
  readonly rails: Hex
  readonly payer: Hex
  readonly payee: Hex
  /** 32 bytes, chosen by the payer */
  readonly salt: Hex
}

/** @throws HexMalformed when an address has not 20 bytes or the salt not 32 */
export function railId({ chainId, rails, payer, payee, salt }: RailIdInput): Hex {
  const word = (address: Hex): Uint8Array => concatBytes(new Uint8Array(12), fromHex(address, 20))
  return toHex(
    keccak_256(concatBytes(bytesOfBigint(chainId, 32), word(rails), word(payer), word(payee), fromHex(salt, 32))),
  )
}
