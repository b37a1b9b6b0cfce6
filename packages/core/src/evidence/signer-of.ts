/**
 * Who signed the header of a batch: an account by secp256k1 (65 bytes), or a device by P-256 (128 bytes).
 *
 * The same two forms that `Evidence.recover` takes on chain, and no others.
 *
 * @module
 */

import type { Address } from '../identity/address.ts'
import { deviceOf, deviceSignatureBytes } from '../identity/p256.ts'
import { recover } from '../identity/secp256k1.ts'
import type { Hex } from '../units/hex.ts'

/** Length of an account's signature. */
export const accountSignatureBytes = 65

/** @returns the length that the signature has to have: a device's when it is that long, else an account's */
export function signatureBytesOf(signature: Hex): number {
  return signature.length === 2 + 2 * deviceSignatureBytes ? deviceSignatureBytes : accountSignatureBytes
}

/** @returns the signer in lower case, or undefined for what is no signature */
export function signerOf(digest: Hex, signature: Hex): Address | undefined {
  const isDevices = signatureBytesOf(signature) === deviceSignatureBytes
  return isDevices ? deviceOf(digest, signature) : recover(digest, signature)
}
