/**
 * DAG-CBOR blocks named by CIDv1 and sha2-256: the only form in which evidence is stored and linked.
 *
 * A block that is not its own canonical encoding is refused, so that one content has one name. Foreign bytes never throw.
 *
 * @module
 * @see https://ipld.io/specs/codecs/dag-cbor/spec/
 */

import * as dagCbor from '@ipld/dag-cbor'
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { equalBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'

/** Largest block of evidence, in bytes. */
export const blockBytesMax: number = 2 ** 20

const sha256Code = 0x12

/** Bytes and their name. */
export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** Blocks by CIDv1 text in base32, however they are kept. */
export interface BlockSource {
  get(cid: string): Uint8Array | undefined
}

/** @returns the canonical bytes of a value and their CID */
export function encodeBlock(value: unknown): Block {
  const bytes = dagCbor.encode(value)
  return { cid: cidOf(bytes), bytes }
}

/** @returns the value, or undefined when the bytes are too many, no DAG-CBOR, or not canonical */
export function decodeBlock(bytes: Uint8Array): unknown {
  if (bytes.length > blockBytesMax) return undefined
  try {
    const value: unknown = dagCbor.decode(bytes)
    return equalBytes(dagCbor.encode(value), bytes) ? value : undefined
  } catch {
    return undefined
  }
}

/** @returns the CID of DAG-CBOR bytes */
export function cidOf(bytes: Uint8Array): CID {
  return cidOfDigest(toHex(sha256(bytes)))
}

/** @param digest sha256 of a DAG-CBOR block, as the contracts store it */
export function cidOfDigest(digest: Hex): CID {
  return CID.createV1(dagCbor.code, createDigest(sha256Code, fromHex(digest, 32)))
}

/** @returns the sha256 in a CID of evidence, or undefined when it is no CIDv1 of DAG-CBOR by sha2-256 */
export function digestOfCid(cid: CID): Hex | undefined {
  const { version, code, multihash } = cid
  const isOurs =
    version === 1 && code === dagCbor.code && multihash.code === sha256Code && multihash.digest.length === 32
  return isOurs ? toHex(multihash.digest) : undefined
}

/** Whether these bytes are what the CID names. */
export function isNamed(cid: CID, bytes: Uint8Array): boolean {
  return digestOfCid(cid) === toHex(sha256(bytes))
}
