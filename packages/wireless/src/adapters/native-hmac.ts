/**
 * HMAC-SHA256 by the machine, for keys that are used often: the padded key is kept, and each code is two one-shot hashes.
 *
 * Node's own Hmac makes objects for each message, which costs more than hashing a short one.
 *
 * @see RFC 2104
 * @module
 */

import { hash } from 'node:crypto'
import type { Hmac } from '../wire/carry-stream.ts'

const blockBytes = 64
const digestBytes = 32

interface Pads {
  readonly inner: Uint8Array
  readonly outer: Uint8Array
}

const padsOf = new WeakMap<Uint8Array, Pads>()

/** Keys of at most a block, which is what streams have; they must not change afterwards. */
export const nativeHmac: Hmac = (key, message) => {
  const { inner, outer } = padsOf.get(key) ?? makePads(key)
  const asked = Buffer.allocUnsafe(blockBytes + message.length)
  asked.set(inner)
  asked.set(message, blockBytes)
  const wrapped = Buffer.allocUnsafe(blockBytes + digestBytes)
  wrapped.set(outer)
  wrapped.set(hash('sha256', asked, 'buffer'), blockBytes)
  return hash('sha256', wrapped, 'buffer')
}

function makePads(key: Uint8Array): Pads {
  if (key.length > blockBytes) throw new RangeError('a key of at most one block')
  const pads = { inner: new Uint8Array(blockBytes).fill(0x36), outer: new Uint8Array(blockBytes).fill(0x5c) }
  for (const [index, byte] of key.entries()) {
    pads.inner[index]! ^= byte
    pads.outer[index]! ^= byte
  }
  padsOf.set(key, pads)
  return pads
}
