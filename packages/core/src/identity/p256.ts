/**
 * P-256 signatures of devices as the contracts read them: 128 bytes r, s, x, y with s in the lower half.
 *
 * The signer is the address that its public key hashes to, the end of the device's id in `Registry`. Signs digests only.
 *
 * @module
 */

import { p256 } from '@noble/curves/nist.js'
import { concatBytes } from '../units/bytes.ts'
import { fromHex, parseHex, toHex, type Hex } from '../units/hex.ts'
import type { Address } from './address.ts'
import { addressOfPublicKey } from './secp256k1.ts'

/** Length of a signature with the public key behind it. */
export const deviceSignatureBytes = 128

/** @returns r, s, x, y; deterministic (RFC 6979). A secure element's own signature may need its s turned over. */
export function signAsDevice(digest: Hex, secretKey: Uint8Array): Hex {
  const signed = p256.sign(fromHex(digest, 32), secretKey, { prehash: false, lowS: true, format: 'compact' })
  return toHex(concatBytes(signed, p256.getPublicKey(secretKey, false).subarray(1)))
}

/**
 * Which device signed a digest. Signatures come from strangers.
 *
 * @returns the signer in lower case, or undefined when the signature is malformed, has a high s, or is not its key's
 */
export function deviceOf(digest: Hex, signature: Hex): Address | undefined {
  const message = parseHex(digest, 32)
  const bytes = parseHex(signature, deviceSignatureBytes)
  if (message === undefined || bytes === undefined) return undefined
  const publicKey = concatBytes(Uint8Array.of(4), bytes.subarray(64))
  return isSigned(bytes.subarray(0, 64), message, publicKey) ? addressOfPublicKey(publicKey) : undefined
}

/** noble throws for a key that is not on the curve; a stranger's signature is an ordinary value. */
function isSigned(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return p256.verify(signature, message, publicKey, { prehash: false, lowS: true, format: 'compact' })
  } catch {
    return false
  }
}
