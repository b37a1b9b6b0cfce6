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
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2 - 1)
  if (sizeBytes !== undefined && bytes.length !== sizeBytes) return undefined
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(2 + index * 2, 4 + index * 2), 16)
  }
  return bytes
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
