/**
 * Bytes <-> '0x' hex text, in lower case.
 *
 * @module
 */

import { HexMalformed } from '../errors/unit-errors.ts'

/** '0x' and hex digits. The type does not promise an even number of them; `parseHex` checks. */
export type Hex = `0x${string}`

const digitPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** @returns lower-case '0x' hex of the bytes */
export function toHex(bytes: Uint8Array): Hex {
  let text: Hex = '0x'
  for (const byte of bytes) text += digitPairs[byte] ?? ''
  return text
}

/**
 * @param text from anyone
 * @param sizeBytes exact size that is expected, any when left out
 * @returns the bytes, or undefined when the text is not '0x' and an even number of hex digits of that size
 */
export function parseHex(text: string, sizeBytes?: number): Uint8Array | undefined {
  const size = text.length / 2 - 1
  if (size < 0 || !Number.isInteger(size) || (sizeBytes !== undefined && size !== sizeBytes)) return undefined
  if (text.charCodeAt(0) !== 48 || text.charCodeAt(1) !== 120) return undefined
  const bytes = new Uint8Array(size)
  let known = 0
  for (let index = 0; index < size; index += 1) {
    const high = digitOf(text.charCodeAt(2 + index * 2))
    const low = digitOf(text.charCodeAt(3 + index * 2))
    known |= high | low
    bytes[index] = (high << 4) | low
  }
  return known < 0 ? undefined : bytes
}

/** The value of one digit's character code, or -1. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  return code >= 65 && code <= 70 ? code - 55 : -1
}

/**
 * As `parseHex`, for text that our own side made.
 *
 * @throws HexMalformed
 */
export function fromHex(text: string, sizeBytes?: number): Uint8Array {
  const bytes = parseHex(text, sizeBytes)
  if (bytes === undefined) throw new HexMalformed({ text, sizeBytes })
  return bytes
}
