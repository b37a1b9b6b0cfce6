/**
 * Writes big-endian fields into bytes that grow: the one way in which our own binary messages are made.
 *
 * For values of our own: one that does not fit its field is our mistake. Reading is byte-reader.ts.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'

export interface ByteWriter {
  u8(value: number): void
  u16(value: number): void
  i16(value: number): void
  u32(value: number): void
  /** a whole number of 0 to 2^53 - 1, in 8 bytes */
  u53(value: number): void
  u64(value: bigint): void
  u128(value: bigint): void
  f64(value: number): void
  raw(bytes: Uint8Array): void
  /** length in 1 byte, then the bytes */
  short(bytes: Uint8Array): void
  /** length in 2 bytes, then the bytes */
  long(bytes: Uint8Array): void
  readonly sizeBytes: number
  /** A copy of what was written. */
  bytes(): Uint8Array
}

const two32 = 2 ** 32

export function byteWriter(sizeBytesAtFirst = 256): ByteWriter {
  let buffer = new Uint8Array(sizeBytesAtFirst)
  let view = new DataView(buffer.buffer)
  let end = 0

  const room = (sizeBytes: number): number => {
    if (end + sizeBytes > buffer.length) {
      const larger = new Uint8Array(Math.max(buffer.length * 2, end + sizeBytes))
      larger.set(buffer)
      buffer = larger
      view = new DataView(buffer.buffer)
    }
    end += sizeBytes
    return end - sizeBytes
  }
  const whole = (value: number, least: number, most: number): void =>
    invariant(Number.isInteger(value) && value >= least && value <= most, 'an integer fits its field')

  const writer: ByteWriter = {
    u8(value) {
      whole(value, 0, 0xff)
      const at = room(1)
      view.setUint8(at, value)
    },
    u16(value) {
      whole(value, 0, 0xffff)
      const at = room(2)
      view.setUint16(at, value)
    },
    i16(value) {
      whole(value, -0x8000, 0x7fff)
      const at = room(2)
      view.setInt16(at, value)
    },
    u32(value) {
      whole(value, 0, two32 - 1)
      const at = room(4)
      view.setUint32(at, value)
    },
    u53(value) {
      whole(value, 0, Number.MAX_SAFE_INTEGER)
      const at = room(8)
      view.setUint32(at, Math.floor(value / two32))
      view.setUint32(at + 4, value % two32)
    },
    u64(value) {
      invariant(value >= 0n && value < 2n ** 64n, 'an integer fits its field')
      const at = room(8)
      view.setBigUint64(at, value)
    },
    u128(value) {
      invariant(value >= 0n && value < 2n ** 128n, 'an integer fits its field')
      const at = room(16)
      view.setBigUint64(at, value >> 64n)
      view.setBigUint64(at + 8, BigInt.asUintN(64, value))
    },
    f64(value) {
      const at = room(8)
      view.setFloat64(at, value)
    },
    raw(bytes) {
      // `room` may replace the buffer, so it comes first.
      const at = room(bytes.length)
      buffer.set(bytes, at)
    },
    short(bytes) {
      writer.u8(bytes.length)
      writer.raw(bytes)
    },
    long(bytes) {
      writer.u16(bytes.length)
      writer.raw(bytes)
    },
    get sizeBytes() {
      return end
    },
    bytes: () => buffer.slice(0, end),
  }
  return writer
}
