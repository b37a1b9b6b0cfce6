/**
 * Keys at rest: wrapped under another key as RFC 3394 has it, so that a copied database opens nothing.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { KeyWrapFailed } from './network-errors.ts'

/** The default initial value of RFC 3394, section 2.2.3.1. */
const initialValue = Buffer.alloc(8, 0xa6)

export interface KeyWrap {
  /** @param key a multiple of 8 bytes, 16 or more @returns 8 bytes more */
  wrap(key: Uint8Array): Uint8Array
  /** @throws KeyWrapFailed when it was wrapped under another key, or changed */
  unwrap(wrapped: Uint8Array): Uint8Array
}

/** @param kek 16 or 32 bytes: the key that encrypts keys */
export function keyWrap(kek: Uint8Array): KeyWrap {
  const cipher = `id-aes${kek.length * 8}-wrap`
  // Made once: from bytes it would be made anew for each of a million keys.
  const wrappingKey = createSecretKey(kek)
  return {
    wrap: (key) => {
      const wrapping = createCipheriv(cipher, wrappingKey, initialValue)
      return Uint8Array.from(Buffer.concat([wrapping.update(key), wrapping.final()]))
    },
    unwrap: (wrapped) => {
      try {
        const unwrapping = createDecipheriv(cipher, wrappingKey, initialValue)
        return Uint8Array.from(Buffer.concat([unwrapping.update(wrapped), unwrapping.final()]))
      } catch (cause) {
        throw new KeyWrapFailed({ what: `${wrapped.length} bytes that were wrapped` }, { cause })
      }
    },
  }
}
