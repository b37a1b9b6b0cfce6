/**
 * fr32: the padding that makes raw bytes into leaves of 254 bits (FRC-0069, "fr32 padding").
 *
 * Each 127 raw bytes, a quad, become four leaves of 32 bytes: the same stream of bits, least significant first, with two
 * zero bits after every 254. Only the layout; hashing is in `piece/`. Vectors: vectors/storage/commp.
 *
 * @module
 */

/** Raw bytes of one quad. */
export const quadRawBytes = 127

/** Bytes of one quad after padding: four leaves. */
export const quadPaddedBytes = 128

/** The six bits that are left of a leaf's last byte, in its last 32-bit word. */
const lastWordMask = 0x3fffffff

/** One quad, by 32-bit words: leaf n starts at bit 254n, so its words are those from byte 32n - 1 on, shifted by 8 - 2n. */
function expandQuad(from: DataView, start: number, to: DataView, end: number): void {
  for (let at = 0; at < 28; at += 4) to.setUint32(end + at, from.getUint32(start + at, true), true)
  let word = from.getUint32(start + 28, true)
  to.setUint32(end + 28, word & lastWordMask, true)

  word = from.getUint32(start + 31, true)
  for (let at = 0; at < 28; at += 4) {
    const next = from.getUint32(start + 35 + at, true)
    to.setUint32(end + 32 + at, (word >>> 6) | (next << 26), true)
    word = next
  }
  to.setUint32(end + 60, ((word >>> 6) | (from.getUint8(start + 63) << 26)) & lastWordMask, true)

  word = from.getUint32(start + 63, true)
  for (let at = 0; at < 28; at += 4) {
    const next = from.getUint32(start + 67 + at, true)
    to.setUint32(end + 64 + at, (word >>> 4) | (next << 28), true)
    word = next
  }
  to.setUint32(end + 92, ((word >>> 4) | (from.getUint8(start + 95) << 28)) & lastWordMask, true)

  word = from.getUint32(start + 95, true)
  for (let at = 0; at < 28; at += 4) {
    const next = from.getUint32(start + 99 + at, true)
    to.setUint32(end + 96 + at, (word >>> 2) | (next << 30), true)
    word = next
  }
  to.setUint32(end + 124, word >>> 2, true)
}

/**
 * The leaves of `raw`, its last quad filled up with zeros: 128 bytes for each quad, in a buffer of their own.
 *
 * For a block or so; a stream goes through `hasher/leaf-maker.ts`.
 */
export function leavesOf(raw: Uint8Array): Uint8Array {
  const quadCount = Math.ceil(raw.length / quadRawBytes)
  const leaves = new Uint8Array(quadCount * quadPaddedBytes)
  const whole = raw.length % quadRawBytes === 0 ? raw : new Uint8Array(quadCount * quadRawBytes)
  if (whole !== raw) whole.set(raw)
  const from = new DataView(whole.buffer, whole.byteOffset, whole.length)
  const to = new DataView(leaves.buffer)
  for (let quad = 0; quad < quadCount; quad++) expandQuad(from, quad * quadRawBytes, to, quad * quadPaddedBytes)
  return leaves
}
