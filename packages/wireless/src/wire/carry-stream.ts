/**
 * The carry stream's envelope: after the hello, each message has a version, a kind, a counter, a body and a MAC.
 *
 * A direction has its own key and counts its messages from 0 without a gap, so that nothing is replayed, reflected, dropped
 * or put in another order unnoticed. One MAC covers a message with many uplinks: that is what makes a packet cheap. It
 * encrypts nothing: frames are LoRaWAN's own ciphertext, and TLS is the transport's. Pure; the hello is carry-hello.ts, bodies
 * are carry-messages.ts.
 *
 * @see docs/protocol/wireless.md#stream
 * @module
 */

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { byteReader } from './byte-reader.ts'
import { byteWriter } from './byte-writer.ts'

export const carryVersion = 1

/** Longest message, in bytes, with its envelope. */
export const carryMessageBytesMax: number = 64 * 1024

export const macBytes = 16

/** Version, kind, counter. */
const headBytes = 10

/** HMAC-SHA256, whole; the machine's own where there is one. */
export type Hmac = (key: Uint8Array, message: Uint8Array) => Uint8Array

export const nobleHmac: Hmac = (key, message) => hmac(sha256, key, message)

export interface Sealer {
  /** The next message of this direction. */
  seal(kind: number, body: Uint8Array): Uint8Array
}

export type Opened =
  | { readonly tag: 'opened'; readonly kind: number; readonly body: Uint8Array }
  | {
      readonly tag: 'refused'
      readonly reason: 'too-long' | 'too-short' | 'wrong-version' | 'bad-mac' | 'out-of-order'
    }

export interface Opener {
  /** After a refusal the stream is over: who opens says so and closes it. */
  open(message: Uint8Array): Opened
}

/** Bodies are at most `carryMessageBytesMax` less the envelope; a longer one is our own mistake and is cut by nobody. */
export const carryBodyBytesMax: number = carryMessageBytesMax - headBytes - macBytes

export function carrySealer({
  key,
  hmac: mac = nobleHmac,
}: {
  readonly key: Uint8Array
  readonly hmac?: Hmac
}): Sealer {
  let counter = 0
  return {
    seal(kind, body) {
      const writer = byteWriter(headBytes + body.length + macBytes)
      writer.u8(carryVersion)
      writer.u8(kind)
      writer.u53(counter)
      writer.raw(body)
      writer.raw(mac(key, writer.bytes()).subarray(0, macBytes))
      counter += 1
      return writer.bytes()
    },
  }
}

export function carryOpener({
  key,
  hmac: mac = nobleHmac,
}: {
  readonly key: Uint8Array
  readonly hmac?: Hmac
}): Opener {
  let counter = 0
  return {
    open(message) {
      if (message.length > carryMessageBytesMax) return { tag: 'refused', reason: 'too-long' }
      if (message.length < headBytes + macBytes) return { tag: 'refused', reason: 'too-short' }
      const signed = message.subarray(0, message.length - macBytes)
      if (signed[0] !== carryVersion) return { tag: 'refused', reason: 'wrong-version' }
      if (!isSameMac(mac(key, signed), message.subarray(signed.length))) return { tag: 'refused', reason: 'bad-mac' }
      const reader = byteReader(signed)
      reader.u8()
      const kind = reader.u8()
      if (reader.u53() !== counter || reader.hasFailed) return { tag: 'refused', reason: 'out-of-order' }
      counter += 1
      return { tag: 'opened', kind, body: signed.subarray(headBytes) }
    },
  }
}

/** In constant time: a MAC is a secret until it came. */
function isSameMac(expected: Uint8Array, actual: Uint8Array): boolean {
  let difference = actual.length ^ macBytes
  for (let index = 0; index < macBytes; index += 1) difference |= (expected[index] ?? 0) ^ (actual[index] ?? 0)
  return difference === 0
}
