/**
 * Signing and checking with a node key (ed25519), as a port: daemons use the machine's crypto, browsers and tests this file.
 *
 * A node key authenticates connections and owns nothing; accounts are `secp256k1.ts`.
 *
 * @module
 */

import { ed25519 } from '@noble/curves/ed25519.js'
import { parseHex, toHex, type Hex } from '../units/hex.ts'

/** An ed25519 public key, 32 bytes in lower-case hex: who a daemon is to others. */
export type NodeKey = Hex

export interface NodeSigner {
  readonly nodeKey: NodeKey
  /** @returns 64 bytes over the message itself (no prehash) */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** Whether the signature (64 bytes) is the key's over the message; false for whatever is malformed, never a throw. */
export type VerifyNode = (signed: {
  readonly nodeKey: NodeKey
  readonly message: Uint8Array
  readonly signature: Uint8Array
}) => boolean

/** @param seed the 32 secret bytes of an ed25519 key */
export function softwareNodeSigner(seed: Uint8Array): NodeSigner {
  const kept = seed.slice()
  return {
    nodeKey: toHex(ed25519.getPublicKey(kept)),
    sign: async (message) => ed25519.sign(message, kept),
  }
}

/** The default check, on any platform; strict, as RFC 8032 and the machine's crypto are. */
export const verifyNode: VerifyNode = ({ nodeKey, message, signature }) => {
  const publicKey = parseHex(nodeKey, 32)
  if (publicKey === undefined || signature.length !== 64) return false
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}
