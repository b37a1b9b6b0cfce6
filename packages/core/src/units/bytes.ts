/**
 * The few byte operations that everything needs: join, compare, and big-endian integers.
 *
 * @module
 */

import { invariant } from '../invariant.ts'

/** @returns the parts, one after the other, in a new array */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sizeBytes, part) => sizeBytes + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** Not constant-time: for public bytes only. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

/** @returns negative, zero or positive, as for sorting by bytes and then by size */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const sizeBytesMin = Math.min(left.length, right.length)
  for (let index = 0; index < sizeBytesMin; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/**
 * @param value 0 or more, below 256^sizeBytes
 * @returns big-endian, exactly `sizeBytes` long
 */
export function bytesOfBigint(value: bigint, sizeBytes: number): Uint8Array {
  invariant(value >= 0n && value < 1n << BigInt(sizeBytes * 8), 'an integer fits its bytes')
  const bytes = new Uint8Array(sizeBytes)
  let rest = value
  for (let index = sizeBytes - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** @returns the big-endian integer; 0n for no bytes */
export function bigintOfBytes(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

const encoder = new TextEncoder()

/** @returns the UTF-8 bytes of a text */
export function bytesOfText(text: string): Uint8Array {
  return encoder.encode(text)
}
