/**
 * Unsigned LEB128 varints as multiformats use them: minimal, at most nine bytes, and here below 2^53.
 *
 * Bytes come from strangers, so a bad varint is a value, never a throw. Not for signed or 64-bit quantities.
 *
 * @module
 */

/** What reading gave: a value and where the next byte stands, `short` when more bytes are needed, or `bad`. */
export type VarintRead = { readonly value: number; readonly endOffset: number } | 'short' | 'bad'

const lengthMax = 8

/** Reads a varint at `offset`; refuses a non-minimal one and one of 2^53 or more. */
export function readVarint(bytes: Uint8Array, offset: number): VarintRead {
  let value = 0
  let scale = 1
  for (let index = 0; index < lengthMax; index += 1) {
    const byte = bytes[offset + index]
    if (byte === undefined) return 'short'
    value += (byte & 0x7f) * scale
    if (value > Number.MAX_SAFE_INTEGER) return 'bad'
    if (byte < 0x80) return byte === 0 && index > 0 ? 'bad' : { value, endOffset: offset + index + 1 }
    scale *= 128
  }
  return 'bad'
}

/** Writes `value`, a whole number below 2^53, in its minimal form. */
export function writeVarint(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  while (rest >= 128) {
    out.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
  return Uint8Array.from(out)
}
