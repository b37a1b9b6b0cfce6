/**
 * The names of pieces: PieceCID v2 (FRC-0069) and its predecessor, the CommP CID (v1), to text and back.
 *
 * Strict: varints are minimal, lengths exact, text is lower-case base32 or base16, the height is at most 50 and the
 * padding leaves at least one raw byte. Foreign text is never an error here: it gives undefined. Nothing is hashed.
 * Vectors: vectors/storage/commp.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { fromHex } from '@groundwork/core/units/hex.ts'
import { base16 } from 'multiformats/bases/base16'
import { base32 } from 'multiformats/bases/base32'
import { pieceSizes, type Piece } from '../model.ts'
import { nodeSizeBytes } from '../ports/hasher.ts'
import { readVarint, writeVarint } from './varint.ts'

/** What a PieceCID v2 says. */
export interface PieceCid {
  /** root of the piece's tree, 32 bytes */
  readonly root: Uint8Array
  /** height of the tree, 2 to 50: 2^height leaves of 32 bytes */
  readonly height: number
  /** zero bytes after the raw ones, below 127 * 2^(height - 2) and below 2^53 */
  readonly paddingBytes: number
}

/** FRC-0069: no tree is higher. */
export const cidHeightMax = 50

/** 127 raw bytes are four leaves; no whole number of raw bytes has a lower tree. */
export const cidHeightMin = 2

/** Longest text that is looked at; a PieceCID in base16 takes 99 characters at most. */
export const cidTextLengthMax = 128

/** CID version 1, codec raw, multihash fr32-sha256-trunc254-padded-binary-tree (0x1011). */
const prefixV2 = Uint8Array.of(0x01, 0x55, 0x91, 0x20)

/** CID version 1, codec fil-commitment-unsealed (0xf101), multihash sha2-256-trunc254-padded (0x1012), 32 bytes. */
const prefixV1 = Uint8Array.of(0x01, 0x81, 0xe2, 0x03, 0x92, 0x20, 0x20)

const treeRawBytes = (height: number): number => 127 * 2 ** (height - 2)

/** Whether nothing of the tree would be left for raw bytes: PDP's rule, floor(128 * padding / 127) >= 2^(height + 5). */
export function isPaddingExcessive({ height, paddingBytes }: Omit<PieceCid, 'root'>): boolean {
  return paddingBytes >= treeRawBytes(height)
}

/** Leaves that carry data: 2^height - floor(floor(128 * padding / 127) / 32). They are charged and challenged. */
export function leafCountOf({ height, paddingBytes }: Omit<PieceCid, 'root'>): number {
  const paddedBytes = paddingBytes + Math.floor(paddingBytes / 127)
  return 2 ** height - Math.floor(paddedBytes / nodeSizeBytes)
}

/** Bytes before padding; exact below 2^53. */
export function rawSizeBytesOf({ height, paddingBytes }: Omit<PieceCid, 'root'>): number {
  return treeRawBytes(height) - paddingBytes
}

function isWellFormed({ root, height, paddingBytes }: PieceCid): boolean {
  return (
    root.length === nodeSizeBytes &&
    Number.isInteger(height) &&
    height >= cidHeightMin &&
    height <= cidHeightMax &&
    Number.isSafeInteger(paddingBytes) &&
    paddingBytes >= 0 &&
    !isPaddingExcessive({ height, paddingBytes })
  )
}

const concatenate = (...parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * The bytes of a PieceCID v2: prefix, length of the digest, and as digest padding, height and root.
 *
 * @throws InvariantBroken when `cid` is none, such as one of no raw bytes
 */
export function encodePieceCid(cid: PieceCid): Uint8Array {
  invariant(isWellFormed(cid), 'a piece has a root of 32 bytes, a height from 2 to 50 and at least one raw byte')
  const digest = concatenate(writeVarint(cid.paddingBytes), Uint8Array.of(cid.height), cid.root)
  return concatenate(prefixV2, writeVarint(digest.length), digest)
}

/** Reads the bytes of a PieceCID v2, all of them; undefined for anything else. */
export function decodePieceCid(bytes: Uint8Array): PieceCid | undefined {
  if (!startsWith(bytes, prefixV2)) return undefined
  const length = readVarint(bytes, prefixV2.length)
  if (typeof length === 'string' || bytes.length !== length.endOffset + length.value) return undefined
  const padding = readVarint(bytes, length.endOffset)
  if (typeof padding === 'string' || bytes.length !== padding.endOffset + 1 + nodeSizeBytes) return undefined
  const cid = {
    root: bytes.slice(padding.endOffset + 1),
    height: bytes[padding.endOffset] ?? 0,
    paddingBytes: padding.value,
  }
  return isWellFormed(cid) ? cid : undefined
}

/** The usual text of a PieceCID v2, base32: 'bafkzcib…'. */
export function formatPieceCid(cid: PieceCid): string {
  return base32.encode(encodePieceCid(cid))
}

/** The PieceCID v2 of a piece that we know by its height and raw size. */
export function formatPieceName({
  root,
  height,
  rawSizeBytes,
}: Pick<Piece, 'root' | 'height' | 'rawSizeBytes'>): string {
  return formatPieceCid({
    root: fromHex(root, nodeSizeBytes),
    height,
    paddingBytes: treeRawBytes(height) - rawSizeBytes,
  })
}

/** Reads a PieceCID v2, in base32 or base16; undefined for anything else. */
export function parsePieceCid(text: string): PieceCid | undefined {
  const bytes = decodeText(text)
  return bytes === undefined ? undefined : decodePieceCid(bytes)
}

/** The text of a CommP CID (v1), which names the root alone: 'baga6ea4seaq…'. */
export function formatPieceCidV1(root: Uint8Array): string {
  invariant(root.length === nodeSizeBytes, 'a root has 32 bytes')
  return base32.encode(concatenate(prefixV1, root))
}

/** The root that a CommP CID (v1) names; undefined for anything else. */
export function parsePieceCidV1(text: string): Uint8Array | undefined {
  const bytes = decodeText(text)
  if (bytes === undefined || bytes.length !== prefixV1.length + nodeSizeBytes) return undefined
  return startsWith(bytes, prefixV1) ? bytes.slice(prefixV1.length) : undefined
}

/**
 * The sizes that the model works with.
 *
 * @returns undefined for a piece that no set takes: too high for us, or in a higher tree than it needs
 */
export function sizesOfPieceCid(
  cid: PieceCid,
): { readonly rawSizeBytes: number; readonly paddingBytes: number; readonly leafCount: number } | undefined {
  const rawSizeBytes = rawSizeBytesOf(cid)
  const sizes = pieceSizes({ height: cid.height, rawSizeBytes })
  return sizes === undefined ? undefined : { rawSizeBytes, ...sizes }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}

/** Multibase, of which we read base32 (b) and base16 (f); the libraries refuse stray characters and bits. */
function decodeText(text: string): Uint8Array | undefined {
  if (text.length > cidTextLengthMax) return undefined
  const base = text.startsWith('b') ? base32 : text.startsWith('f') ? base16 : undefined
  if (base === undefined) return undefined
  try {
    const bytes = base.decode(text)
    return base.encode(bytes) === text ? bytes : undefined
  } catch {
    return undefined
  }
}
