/**
 * How a provider proves to a relay that it holds its node key: it signs the relay's challenge with ed25519.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'

/** Largest hello a relay reads, in bytes, inclusive. */
export const helloBytesMax = 512

const context = 'groundwork-relay/1'
/** DER before the 32 raw bytes of an ed25519 public key (RFC 8410, section 4). */
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

const signedText = (challenge: string, nodeKey: string): Buffer => Buffer.from(`${context}\n${challenge}\n${nodeKey}`)

/** @param privateKey the provider's ed25519 node key @returns the text it answers the challenge with */
export function makeHello(privateKey: KeyObject, challenge: string): string {
  const nodeKey = nodeKeyHexOf(privateKey)
  return JSON.stringify({ nodeKey, signature: sign(null, signedText(challenge, nodeKey), privateKey).toString('hex') })
}

/** @returns the node key (64 hex digits), or undefined when the answer does not prove one */
export function checkHello(data: Uint8Array, challenge: string): string | undefined {
  let value: { nodeKey?: unknown; signature?: unknown } | null
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8')) as typeof value
  } catch {
    return undefined
  }
  const { nodeKey, signature } = value ?? {}
  if (typeof nodeKey !== 'string' || !/^[0-9a-f]{64}$/.test(nodeKey)) return undefined
  if (typeof signature !== 'string' || !/^[0-9a-f]{128}$/.test(signature)) return undefined
  const publicKey = createPublicKey({
    key: Buffer.concat([publicKeyPrefix, Buffer.from(nodeKey, 'hex')]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, signedText(challenge, nodeKey), publicKey, Buffer.from(signature, 'hex')) ? nodeKey : undefined
}

/** @returns the public node key of an ed25519 private key, as 64 hex digits */
export function nodeKeyHexOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
}

/** DER before the 32 raw bytes of an ed25519 private key (RFC 8410, section 7). */
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @param seed the 32 secret bytes of an ed25519 key */
export function nodePrivateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privateKeyPrefix, seed]), format: 'der', type: 'pkcs8' })
}
