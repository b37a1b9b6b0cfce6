/**
 * secp256k1 signatures as the contracts read them: 65 bytes r, s, v with v 27 or 28 and s in the lower half.
 *
 * Signs digests only (EIP-712 digests, see `eip712.ts`), never raw messages. Not for node keys: those are ed25519.
 *
 * @module
 */

import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { invariant } from '../invariant.ts'
import { concatBytes } from '../units/bytes.ts'
import { fromHex, parseHex, toHex, type Hex } from '../units/hex.ts'
import type { Address } from './address.ts'

/** Half of the group's order; contracts refuse a larger s (EIP-2). */
const halfOrder = secp256k1.Point.Fn.ORDER / 2n

/**
 * @param digest 32 bytes
 * @param secretKey 32 bytes
 * @returns r, s, v; deterministic (RFC 6979)
 */
export function sign(digest: Hex, secretKey: Uint8Array): Hex {
  const signed = secp256k1.sign(fromHex(digest, 32), secretKey, { prehash: false, lowS: true, format: 'recovered' })
  const recovery = signed[0]
  invariant(recovery === 0 || recovery === 1, 'a recovery bit is 0 or 1')
  return toHex(concatBytes(signed.subarray(1), Uint8Array.of(27 + recovery)))
}

/**
 * Who signed a digest. Signatures come from strangers.
 *
 * @returns the signer in lower case, or undefined when the signature is malformed, has a high s, or fits no key
 */
export function recover(digest: Hex, signature: Hex): Address | undefined {
  const message = parseHex(digest, 32)
  const bytes = parseHex(signature, 65)
  if (message === undefined || bytes === undefined) return undefined
  const v = bytes[64]
  if (v !== 27 && v !== 28) return undefined
  if (BigInt(toHex(bytes.subarray(32, 64))) > halfOrder) return undefined
  const recovered = concatBytes(Uint8Array.of(v - 27), bytes.subarray(0, 64))
  const publicKey = recoverPublicKey(recovered, message)
  return publicKey === undefined ? undefined : addressOfPublicKey(publicKey)
}

/** @returns the account of a secret key */
export function addressOf(secretKey: Uint8Array): Address {
  return addressOfPublicKey(secp256k1.getPublicKey(secretKey, false))
}

/** @param publicKey compressed (33 bytes) or not (65 bytes), on the curve */
export function addressOfPublicKey(publicKey: Uint8Array): Address {
  const uncompressed = publicKey.length === 65 ? publicKey : secp256k1.Point.fromBytes(publicKey).toBytes(false)
  return toHex(keccak_256(uncompressed.subarray(1)).subarray(12))
}

/** @param seed at least 48 random bytes, from the `Random` port */
export function secretKeyOf(seed: Uint8Array): Uint8Array {
  return secp256k1.utils.randomSecretKey(seed)
}

/** noble throws for a point that is not on the curve; a stranger's signature is an ordinary value. */
function recoverPublicKey(recovered: Uint8Array, message: Uint8Array): Uint8Array | undefined {
  try {
    return secp256k1.Point.fromBytes(secp256k1.recoverPublicKey(recovered, message, { prehash: false })).toBytes(false)
  } catch {
    return undefined
  }
}
