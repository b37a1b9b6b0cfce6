/**
 * UUIDs of version 4 (RFC 9562), many from one draw: asking the machine for 16 bytes at a time costs more than reading a frame.
 *
 * @module
 */

import type { Random } from './ports.ts'

const idBytes = 16
const drawnIds = 256

const hexOf: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** @returns gives another id each time it is called */
export function uniqueIds(random: Random): () => string {
  let bytes: Uint8Array = new Uint8Array(0)
  let at = 0
  return () => {
    if (at >= bytes.length) {
      bytes = random.bytes(idBytes * drawnIds)
      at = 0
    }
    const hex = (from: number, to: number): string => {
      let text = ''
      for (let index = at + from; index < at + to; index += 1) text += hexOf[bytes[index]!]!
      return text
    }
    // The version, and the variant in the two highest bits.
    bytes[at + 6] = (bytes[at + 6]! & 0x0f) | 0x40
    bytes[at + 8] = (bytes[at + 8]! & 0x3f) | 0x80
    const id = `${hex(0, 4)}-${hex(4, 6)}-${hex(6, 8)}-${hex(8, 10)}-${hex(10, 16)}`
    at += idBytes
    return id
  }
}
