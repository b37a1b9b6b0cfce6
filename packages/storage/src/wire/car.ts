/**
 * CARv1 as bytes go by: header and frames out, and a push reader that checks every block against its CID.
 *
 * Follows the CARv1 specification (ipld.io/specs/transport/car/carv1); vectors in `vectors/storage/car`. The reader holds
 * at most one block in memory. A piece is written before its root is known, so its header names the empty identity CID.
 * Not a store and not a random-access reader.
 *
 * @module
 */

import { concatBytes, equalBytes } from '@groundwork/core/units/bytes.ts'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { readVarint, writeVarint } from './varint.ts'

/** The largest block that we write, read or serve, in bytes. */
export const blockBytesMax: number = 2 ** 21

/** The largest CAR header that we read, in bytes. */
export const carHeaderBytesMax: number = 2 ** 15

/** The longest CID that we read, in bytes. */
export const cidBytesMax: number = 128

/** The root that stands in a CAR whose root is not known when its header is written: an empty identity CID. */
export const unknownRoot: CID = CID.parse('bafkqaaa')

const sha256Code = 0x12
const identityCode = 0x00

/** SHA-256, synchronous: it runs once for every block. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** One block and where its bytes stand in the CAR. */
export interface CarBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
  readonly startBytes: number
}

/** Why bytes are not a CAR that we keep. */
export type CarFault =
  | 'header-too-long'
  | 'header-malformed'
  | 'version-unsupported'
  | 'section-malformed'
  | 'cid-malformed'
  | 'block-too-long'
  | 'hash-unsupported'
  | 'hash-mismatch'
  | 'cut-short'

export interface CarReader {
  /** Takes the next bytes; returns the fault that ends the reading, if there is one. */
  push(bytes: Uint8Array): CarFault | undefined
  /** The bytes are over. */
  end(): CarFault | undefined
  readonly roots: readonly CID[] | undefined
  readonly blockCount: number
}

export interface CarReaderOptions {
  readonly sha256: Sha256
  readonly onBlock: (block: CarBlock) => void
}

/** The header of a CARv1 with these roots. */
export function carHeader(roots: readonly CID[]): Uint8Array {
  return prefixed(dagCbor.encode({ roots: [...roots], version: 1 }))
}

/** One block as a CAR section. */
export function carSection({ cid, bytes }: { readonly cid: CID; readonly bytes: Uint8Array }): Uint8Array {
  const prefix = writeVarint(cid.bytes.length + bytes.length)
  const out = new Uint8Array(prefix.length + cid.bytes.length + bytes.length)
  out.set(prefix, 0)
  out.set(cid.bytes, prefix.length)
  out.set(bytes, prefix.length + cid.bytes.length)
  return out
}

/** Says whether `bytes` are what `cid` names, for the hashes that we know. */
export function checkBlock({
  cid,
  bytes,
  sha256,
}: {
  readonly cid: CID
  readonly bytes: Uint8Array
  readonly sha256: Sha256
}): 'hash-unsupported' | 'hash-mismatch' | undefined {
  const { code, digest } = cid.multihash
  if (code !== sha256Code && code !== identityCode) return 'hash-unsupported'
  const actual = code === sha256Code ? sha256(bytes) : bytes
  return equalBytes(actual, digest) ? undefined : 'hash-mismatch'
}

/**
 * Reads a CARv1 from bytes pushed in, block by block, each checked against its CID.
 *
 * After a fault the reader stays at it: every later push returns the same fault.
 */
export function carReader({ sha256, onBlock }: CarReaderOptions): CarReader {
  // What was not read yet is `buffer` from `readTo` to `filledTo`. Blocks that were given out look into it, so it is never written before `filledTo`.
  let buffer: Uint8Array = new Uint8Array(0)
  let readTo = 0
  let filledTo = 0
  let startBytes = 0
  /** length of the section that is being gathered, once it is known */
  let neededBytes = 0
  let fault: CarFault | undefined
  let roots: readonly CID[] | undefined
  let blockCount = 0

  const step = (): CarFault | 'short' | 'again' => {
    const held = buffer.subarray(readTo, filledTo)
    if (held.length === 0) return 'short'
    const length = readVarint(held, 0)
    if (length === 'short') return 'short'
    if (length === 'bad' || length.value === 0) return roots === undefined ? 'header-malformed' : 'section-malformed'
    const limit = roots === undefined ? carHeaderBytesMax : cidBytesMax + blockBytesMax
    if (length.value > limit) return roots === undefined ? 'header-too-long' : 'block-too-long'
    const endOffset = length.endOffset + length.value
    neededBytes = endOffset
    if (held.length < endOffset) return 'short'
    neededBytes = 0
    const section = held.subarray(length.endOffset, endOffset)
    const sectionStartBytes = startBytes + length.endOffset
    readTo += endOffset
    startBytes += endOffset
    if (roots === undefined) {
      const header = parseHeader(section)
      if (typeof header === 'string') return header
      roots = header.roots
      return 'again'
    }
    const block = parseSection({ section, sectionStartBytes })
    if (typeof block === 'string') return block
    const wrong = checkBlock({ cid: block.cid, bytes: block.bytes, sha256 })
    if (wrong !== undefined) return wrong
    blockCount += 1
    onBlock(block)
    return 'again'
  }

  /** However small the parts are, a section is gathered in one buffer of its size, and copied twice at most. */
  const append = (bytes: Uint8Array): void => {
    if (filledTo + bytes.length > buffer.length) {
      const fresh = new Uint8Array(Math.max(filledTo - readTo, neededBytes) + bytes.length)
      fresh.set(buffer.subarray(readTo, filledTo))
      filledTo -= readTo
      readTo = 0
      buffer = fresh
    }
    buffer.set(bytes, filledTo)
    filledTo += bytes.length
  }

  return {
    push(bytes) {
      if (fault !== undefined) return fault
      append(bytes)
      if (filledTo - readTo < neededBytes) return undefined
      for (;;) {
        const outcome = step()
        if (outcome === 'short') return undefined
        if (outcome !== 'again') {
          fault = outcome
          buffer = new Uint8Array(0)
          return fault
        }
      }
    },
    end() {
      if (fault === undefined && (filledTo > readTo || roots === undefined)) fault = 'cut-short'
      return fault
    },
    get roots() {
      return roots
    },
    get blockCount() {
      return blockCount
    },
  }
}

/** Reads a CID from the text of a stranger. */
export function parseCid(text: string): CID | undefined {
  if (text.length > cidBytesMax * 2) return undefined
  try {
    return CID.parse(text)
  } catch {
    return undefined
  }
}

function parseHeader(section: Uint8Array): { roots: readonly CID[] } | CarFault {
  const header = decodeCbor(section)
  if (typeof header !== 'object' || header === null || !('version' in header)) return 'header-malformed'
  if (header.version !== 1) return 'version-unsupported'
  if (!('roots' in header) || !Array.isArray(header.roots)) return 'header-malformed'
  const roots = header.roots.map((root: unknown) => CID.asCID(root))
  return roots.every((root) => root !== null) ? { roots } : 'header-malformed'
}

function parseSection({
  section,
  sectionStartBytes,
}: {
  readonly section: Uint8Array
  readonly sectionStartBytes: number
}): CarBlock | CarFault {
  const head = decodeCid(section)
  if (head === undefined) return 'cid-malformed'
  const [cid, bytes] = head
  if (bytes.length > blockBytesMax) return 'block-too-long'
  return { cid, bytes, startBytes: sectionStartBytes + section.length - bytes.length }
}

/** One content has one name: a CID whose numbers are longer than they need to be is none. */
function decodeCid(section: Uint8Array): readonly [CID, Uint8Array] | undefined {
  try {
    const [cid, bytes] = CID.decodeFirst(section)
    const sizeBytes = section.length - bytes.length
    return sizeBytes <= cidBytesMax && sizeBytes === minimalSizeBytes(cid) ? [cid, bytes] : undefined
  } catch {
    return undefined
  }
}

function minimalSizeBytes({ version, code, multihash }: CID): number {
  const head = version === 0 ? 0 : 1 + writeVarint(code).length
  return head + writeVarint(multihash.code).length + writeVarint(multihash.size).length + multihash.size
}

function decodeCbor(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch {
    return undefined
  }
}

function prefixed(bytes: Uint8Array): Uint8Array {
  return concatBytes(writeVarint(bytes.length), bytes)
}
