/**
 * Reads fields of decoded DAG-CBOR maps that strangers made: each by its type and bound, or undefined.
 *
 * @module
 */

import { CID } from 'multiformats/cid'
import { bigintOfBytes } from '../units/bytes.ts'
import { toHex, type Hex } from '../units/hex.ts'
import { digestOfCid } from './block.ts'

/** A decoded map. */
export type Fields = Readonly<Record<string, unknown>>

/** @returns the map, when it is one with exactly these keys (those ending in '?' may be absent) */
export function readMap(value: unknown, keys: readonly string[]): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return undefined
  const present = Object.keys(value)
  const known = new Set(keys.map((key) => key.replace('?', '')))
  const isWhole = keys.every((key) => key.endsWith('?') || key in value) && present.every((key) => known.has(key))
  return isWhole ? (value as Fields) : undefined
}

/** @returns the list, when it is one of at most `countMax` items */
export function readList(value: unknown, countMax: number): readonly unknown[] | undefined {
  return Array.isArray(value) && value.length <= countMax ? value : undefined
}

/** @returns a whole number of 0 to `maximum`, which is at most 2^53 - 1 */
export function readNumber(value: unknown, maximum: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= maximum ? value : undefined
}

/** @returns a uint64, which DAG-CBOR holds as a number or a bigint */
export function readUint64(value: unknown): bigint | undefined {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value))) return undefined
  const integer = BigInt(value)
  return integer >= 0n && integer < 2n ** 64n ? integer : undefined
}

/** @returns an unsigned integer from exactly `sizeBytes` big-endian bytes */
export function readWide(value: unknown, sizeBytes: number): bigint | undefined {
  return value instanceof Uint8Array && value.length === sizeBytes ? bigintOfBytes(value) : undefined
}

/** @returns hex of exactly `sizeBytes` bytes */
export function readHex(value: unknown, sizeBytes: number): Hex | undefined {
  return value instanceof Uint8Array && value.length === sizeBytes ? toHex(value) : undefined
}

/** @returns a link to a block of evidence */
export function readLink(value: unknown): CID | undefined {
  const cid = CID.asCID(value)
  return cid === null || digestOfCid(cid) === undefined ? undefined : cid
}

/** @returns every item read, or undefined when one is not what it should be */
export function readAll<T>(
  items: readonly unknown[] | undefined,
  read: (item: unknown) => T | undefined,
): T[] | undefined {
  const all: T[] = []
  for (const item of items ?? []) {
    const one = read(item)
    if (one === undefined) return undefined
    all.push(one)
  }
  return items === undefined ? undefined : all
}
