/**
 * Numbers and identifiers as LoRaWAN puts them on air: least significant byte first.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'

/** @param sizeBytes 1 to 6 */
export function readUint(bytes: Uint8Array, at: number, sizeBytes: number): number {
  let value = 0
  for (let index = sizeBytes - 1; index >= 0; index -= 1) value = value * 256 + bytes[at + index]!
  return value
}

/** @param sizeBytes 1 to 6 @param value below 256 to that power */
export function writeUint(bytes: Uint8Array, at: number, sizeBytes: number, value: number): void {
  let left = value
  for (let index = 0; index < sizeBytes; index += 1) {
    bytes[at + index] = left & 0xff
    left = Math.floor(left / 256)
  }
}

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** @returns 16 lower-case digits, most significant first */
export function readEui(bytes: Uint8Array, at: number): Eui {
  let text = ''
  for (let index = 7; index >= 0; index -= 1) text += hexOfByte[bytes[at + index]!]!
  return text
}

export function writeEui(bytes: Uint8Array, at: number, eui: Eui): void {
  for (let index = 0; index < 8; index += 1)
    bytes[at + 7 - index] = Number.parseInt(eui.slice(2 * index, 2 * index + 2), 16)
}

/** Whether the text is 16 lower-case hexadecimal digits. */
export function isEui(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text)
}

/** Four bytes as one word, first byte highest, as MICs are compared. */
export function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  for (let index = 0; index < 4; index += 1) bytes[at + index] = (word >>> (24 - 8 * index)) & 0xff
}
