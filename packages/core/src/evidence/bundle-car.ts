/**
 * A bundle as one CARv1 file: root block, pages, batches and details, each named by its CID.
 *
 * A small reader and writer for this one use: everything is in memory, blocks are DAG-CBOR by sha2-256 and bounded. It
 * reads any bytes and never throws. Streams of user data are the storage network's. docs/protocol/evidence.md#bundle
 *
 * @module
 * @see https://ipld.io/specs/transport/car/carv1/
 */

import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { blockBytesMax, digestOfCid, isNamed, type Block } from './block.ts'
import { readAll, readLink, readList, readMap } from './field-reader.ts'

/** Largest bundle that is read, in bytes. */
export const bundleBytesMax: number = 2 ** 28

/** Largest CAR header that is read, in bytes. */
export const headerBytesMax = 4096

/** A CIDv1 of ours: version, codec, hash, size, 32 bytes. */
const cidSizeBytes = 36

/** A CAR that was read. Blocks by CID text; `corrupt` lists those whose bytes are not what their CID says. */
export interface BundleCar {
  readonly root: CID
  readonly blocks: ReadonlyMap<string, Uint8Array>
  readonly corrupt: readonly CID[]
}

export type BundleCarFault = 'too-large' | 'header-malformed' | 'section-malformed' | 'block-too-large' | 'cid-foreign'

export type DecodedCar =
  | { readonly tag: 'car'; readonly car: BundleCar }
  | { readonly tag: 'malformed'; readonly reason: BundleCarFault; readonly offset: number }

/** @returns the file: the root first, each block once, in the order given */
export function encodeBundleCar({
  root,
  blocks,
}: {
  readonly root: Block
  readonly blocks: readonly Block[]
}): Uint8Array {
  const header = dagCbor.encode({ roots: [root.cid], version: 1 })
  const parts = [varint(header.length), header]
  const written = new Set<string>()
  for (const { cid, bytes } of [root, ...blocks]) {
    const name = cid.toString()
    if (written.has(name)) continue
    written.add(name)
    parts.push(varint(cid.bytes.length + bytes.length), cid.bytes, bytes)
  }
  return joined(parts)
}

/** Reads a bundle's file; a block with a wrong hash is kept and listed in `corrupt`. */
export function decodeBundleCar(bytes: Uint8Array): DecodedCar {
  const malformed = (reason: BundleCarFault, offset: number): DecodedCar => ({ tag: 'malformed', reason, offset })
  if (bytes.length > bundleBytesMax) return malformed('too-large', 0)
  const headerEnd = sectionAt(bytes, 0)
  const root = headerEnd === undefined ? undefined : readRoot(bytes.subarray(headerEnd.start, headerEnd.end))
  if (headerEnd === undefined || root === undefined) return malformed('header-malformed', 0)

  const blocks = new Map<string, Uint8Array>()
  const corrupt: CID[] = []
  for (let offset = headerEnd.end; offset < bytes.length;) {
    const section = sectionAt(bytes, offset)
    if (section === undefined) return malformed('section-malformed', offset)
    if (section.end - section.start > cidSizeBytes + blockBytesMax) return malformed('block-too-large', offset)
    const cid = cidAt(bytes.subarray(section.start, Math.min(section.end, section.start + cidSizeBytes)))
    if (cid === undefined) return malformed('cid-foreign', offset)
    const block = bytes.subarray(section.start + cidSizeBytes, section.end)
    if (!isNamed(cid, block)) corrupt.push(cid)
    blocks.set(cid.toString(), block)
    offset = section.end
  }
  return { tag: 'car', car: { root, blocks, corrupt } }
}

/** Not `concatBytes(...parts)`: a call takes no hundred thousand arguments. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sizeBytes, part) => sizeBytes + part.length, 0))
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

function readRoot(header: Uint8Array): CID | undefined {
  if (header.length > headerBytesMax) return undefined
  const map = readMap(decoded(header), ['roots', 'version'])
  const roots = readAll(readList(map?.['roots'], 1), readLink)
  return map?.['version'] === 1 ? roots?.[0] : undefined
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch {
    return undefined
  }
}

function cidAt(bytes: Uint8Array): CID | undefined {
  try {
    const cid = CID.decode(bytes)
    return digestOfCid(cid) === undefined ? undefined : cid
  } catch {
    return undefined
  }
}

/** Where a length-prefixed section stands; undefined when its length is malformed, zero or past the end. */
function sectionAt(bytes: Uint8Array, offset: number): { start: number; end: number } | undefined {
  let length = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[offset + index]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte >= 0x80) continue
    const start = offset + index + 1
    return length > 0 && start + length <= bytes.length ? { start, end: start + length } : undefined
  }
  return undefined
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}
