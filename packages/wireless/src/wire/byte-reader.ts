/**
 * Reads big-endian fields from a stranger's bytes. Never throws: once something is missing or wrong it stays failed.
 *
 * Whoever reads a message asks `isWhole` at its end, and believes none of it before.
 *
 * @module
 */

export interface ByteReader {
  u8(): number
  u16(): number
  i16(): number
  u32(): number
  /** fails for what is above 2^53 - 1 */
  u53(): number
  u64(): bigint
  u128(): bigint
  f64(): number
  /** a copy; empty when it is not there */
  raw(sizeBytes: number): Uint8Array
  /** @param sizeBytesMax a longer one fails */
  short(sizeBytesMax: number): Uint8Array
  long(sizeBytesMax: number): Uint8Array
  fail(): void
  readonly hasFailed: boolean
  /** whether everything was there and nothing is left */
  readonly isWhole: boolean
}

const two32 = 2 ** 32

export function byteReader(bytes: Uint8Array): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  let hasFailed = false

  /** The offset of the next field, or -1 when it is not there. */
  const take = (sizeBytes: number): number => {
    if (hasFailed || at + sizeBytes > bytes.length) {
      hasFailed = true
      return -1
    }
    at += sizeBytes
    return at - sizeBytes
  }
  const field = (sizeBytes: number, read: (offset: number) => number): number => {
    const offset = take(sizeBytes)
    return offset < 0 ? 0 : read(offset)
  }
  const raw = (sizeBytes: number): Uint8Array => {
    const offset = take(sizeBytes)
    return offset < 0 ? new Uint8Array() : bytes.slice(offset, offset + sizeBytes)
  }
  const bounded = (sizeBytes: number, sizeBytesMax: number): Uint8Array => {
    if (sizeBytes > sizeBytesMax) hasFailed = true
    return raw(sizeBytes)
  }
  const u8 = (): number => field(1, (offset) => view.getUint8(offset))
  const u16 = (): number => field(2, (offset) => view.getUint16(offset))
  const u32 = (): number => field(4, (offset) => view.getUint32(offset))
  const u64 = (): bigint => {
    const offset = take(8)
    return offset < 0 ? 0n : view.getBigUint64(offset)
  }

  return {
    u8,
    u16,
    i16: () => field(2, (offset) => view.getInt16(offset)),
    u32,
    u53() {
      const high = u32()
      const low = u32()
      if (high >= 2 ** 21) hasFailed = true
      return hasFailed ? 0 : high * two32 + low
    },
    u64,
    u128() {
      const high = u64()
      return (high << 64n) | u64()
    },
    f64: () => field(8, (offset) => view.getFloat64(offset)),
    raw,
    short: (sizeBytesMax) => bounded(u8(), sizeBytesMax),
    long: (sizeBytesMax) => bounded(u16(), sizeBytesMax),
    fail() {
      hasFailed = true
    },
    get hasFailed() {
      return hasFailed
    },
    get isWhole() {
      return !hasFailed && at === bytes.length
    },
  }
}
