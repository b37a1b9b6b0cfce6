/**
 * work(): files become pieces, in one pass of bounded memory. accept(): the customer checks receipts and signs for the set.
 *
 * Files are cut into UnixFS blocks (IPIP-499 profile unixfs-v1-2025), the blocks become CARs, and each CAR is one piece.
 * The bytes go out as they come; whoever takes them stores them and sets the pace. Pure: no disk, no network.
 *
 * @see docs/protocol/storage-proofs.md#set
 * @module
 */

import { digestOfCid } from '@groundwork/core/evidence/block.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { importer } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'
import {
  capHeight,
  pieceSizeBytesMax as pieceSizeBytesDefault,
  type Piece,
  type PieceSet,
  type SignedReceipt,
} from './model.ts'
import { pieceHasher, type PieceDigest } from './piece/piece-hasher.ts'
import type { AccountSigner, Waiting } from './ports.ts'
import type { Hasher } from './ports/hasher.ts'
import { setTree } from './possession/set-tree.ts'
import { boundedQueue, type BoundedQueue } from './bounded-queue.ts'
import { blockBytesMax, carHeader, carSection, cidBytesMax, unknownRoot } from './wire/car.ts'
import { encodeCap } from './wire/cap-block.ts'
import { pieceSetDigest } from './wire/piece-set.ts'
import { receiptSigner } from './wire/receipt.ts'

/** One file to keep; its path has '/' between names and none at the start. */
export interface FileSource {
  readonly path: string
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** What comes out, in order: bytes of a piece, the piece that ends there, and once at the end the root of it all. */
export type Cut =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'piece'; readonly piece: Piece; readonly cap: Uint8Array; readonly blockCount: number }
  | { readonly kind: 'file'; readonly path: string; readonly cid: CID; readonly sizeBytes: bigint }
  | { readonly kind: 'root'; readonly cid: CID }

export interface WorkOptions {
  readonly hasher: Hasher
  /** a piece ends before it would be larger; at least one block fits */
  readonly pieceSizeBytesMax?: number
  /** put the files under one directory, whose CID is the root; else there is one file, and its CID is the root */
  readonly isDirectory: boolean
  /** asked for every block before it goes out: throws when it may not be kept */
  readonly allow?: ContentGate
  readonly signal: AbortSignal
}

/** The smallest bound on a piece: one block with its frame, and a header. */
export const pieceSizeBytesMin: number = blockBytesMax + cidBytesMax + 256

/** Blocks of one piece that are remembered, so that equal ones are kept once. */
const knownBlocksMax = 2 ** 16

/**
 * Cuts files into pieces.
 *
 * The same files in the same order give the same pieces.
 */
export async function* work(files: AsyncIterable<FileSource>, options: WorkOptions): AsyncGenerator<Cut> {
  const { hasher, pieceSizeBytesMax = pieceSizeBytesDefault, isDirectory, signal } = options
  invariant(pieceSizeBytesMax >= pieceSizeBytesMin, 'a piece has room for one block')
  let open: OpenPiece | undefined
  for await (const found of imported(files, { isDirectory, signal })) {
    signal.throwIfAborted()
    options.allow?.(found.cid)
    if (found.kind !== 'block') {
      yield found
      continue
    }
    if (open !== undefined && open.has(found.cid)) continue
    const section = carSection(found)
    if (open !== undefined && open.sizeBytes + section.length > pieceSizeBytesMax) {
      yield open.end()
      open = undefined
    }
    if (open === undefined) {
      open = openPiece(hasher)
      yield open.append(carHeader([unknownRoot]))
    }
    yield open.append(section)
    open.remember(found.cid)
  }
  if (open !== undefined) yield open.end()
}

/** Why receipts do not carry a set. */
export type AcceptFault =
  | 'no-receipt'
  | 'receipt-of-another-customer'
  | 'receipt-of-another-provider'
  | 'receipt-of-another-size'
  | 'receipt-too-old'
  | 'signature-differs'
  | 'set-root-differs'
  | 'set-size-differs'

/** A receipt counts for a day. */
export const receiptSecondsMax = 86_400n

/**
 * Checks that each piece that is new in a set has its provider's receipt: pure.
 *
 * @param pieces all pieces of the set, in order; the first `keptCount` were accepted before
 * @returns what is wrong, or undefined
 */
export function accept({
  set,
  pieces,
  keptCount,
  receipts,
  domain,
  nowSeconds,
}: {
  readonly set: PieceSet
  readonly pieces: readonly Piece[]
  readonly keptCount: number
  readonly receipts: readonly SignedReceipt[]
  readonly domain: Domain
  readonly nowSeconds: bigint
}): AcceptFault | undefined {
  const { root } = setTree(pieces)
  if (root.hash !== set.root) return 'set-root-differs'
  if (root.sum !== set.leafCount || pieces.length !== set.pieceCount) return 'set-size-differs'
  for (const piece of pieces.slice(keptCount)) {
    const signed = receipts.find(({ receipt }) => receipt.pieceRoot === piece.root)
    if (signed === undefined) return 'no-receipt'
    const fault = receiptFault({ signed, piece, set, domain, nowSeconds })
    if (fault !== undefined) return fault
  }
  return undefined
}

/** What is wrong with one receipt, or undefined: it must be this provider's, for this customer, piece and day. */
export function receiptFault({
  signed,
  piece,
  set,
  domain,
  nowSeconds,
}: {
  readonly signed: SignedReceipt
  readonly piece: Piece
  readonly set: Pick<PieceSet, 'customer' | 'provider'>
  readonly domain: Domain
  readonly nowSeconds: bigint
}): AcceptFault | undefined {
  const { receipt } = signed
  if (receipt.customer !== set.customer) return 'receipt-of-another-customer'
  if (receipt.provider !== set.provider) return 'receipt-of-another-provider'
  const isSamePiece = receipt.pieceRoot === piece.root && receipt.height === piece.height
  if (!isSamePiece || receipt.rawSize !== BigInt(piece.rawSizeBytes)) return 'receipt-of-another-size'
  const ageSeconds = nowSeconds - receipt.atSeconds
  if (ageSeconds > receiptSecondsMax || ageSeconds < -receiptSecondsMax) return 'receipt-too-old'
  return receiptSigner({ signed, domain }) === set.provider ? undefined : 'signature-differs'
}

/** Signs a set, as customer or as provider; check it first. */
export function signSet({
  set,
  domain,
  signer,
}: {
  readonly set: PieceSet
  readonly domain: Domain
  readonly signer: AccountSigner
}): Promise<Hex> {
  return signer.sign(pieceSetDigest({ set, domain }))
}

/** The piece that a digest describes. */
export function pieceOf(digest: PieceDigest): Piece {
  const { height, rawSizeBytes, leafCount, cap } = digest
  const piece = { root: toHex(digest.root), height, rawSizeBytes, leafCount }
  return height <= capHeight ? piece : { ...piece, capDigest: capDigestOf(cap) }
}

function capDigestOf(cap: Uint8Array): Hex {
  const digest = digestOfCid(encodeCap(cap).cid)
  invariant(digest !== undefined, 'a cap block is named by its sha256')
  return digest
}

interface OpenPiece {
  readonly sizeBytes: number
  has(cid: CID): boolean
  remember(cid: CID): void
  append(bytes: Uint8Array): Cut
  end(): Cut
}

function openPiece(hasher: Hasher): OpenPiece {
  const hashing = pieceHasher({ hasher })
  const known = new Set<string>()
  let sizeBytes = 0
  let blockCount = 0
  return {
    get sizeBytes() {
      return sizeBytes
    },
    has: (cid) => known.has(cid.toString()),
    remember(cid) {
      blockCount += 1
      if (known.size < knownBlocksMax) known.add(cid.toString())
    },
    append(bytes) {
      hashing.update(bytes)
      sizeBytes += bytes.length
      return { kind: 'bytes', bytes }
    },
    end() {
      const digest = hashing.digest()
      return { kind: 'piece', piece: pieceOf(digest), cap: digest.cap, blockCount }
    },
  }
}

type Found =
  | { readonly kind: 'block'; readonly cid: CID; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string; readonly cid: CID; readonly sizeBytes: bigint }
  | { readonly kind: 'root'; readonly cid: CID }

/** UnixFS as a stream of blocks: what the importer puts, in the order it puts it, never more than a few ahead. */
async function* imported(
  files: AsyncIterable<FileSource>,
  { isDirectory, signal }: { readonly isDirectory: boolean } & Waiting,
): AsyncGenerator<Found> {
  const queue = boundedQueue<Found>(queuedBlocksMax)
  const importing = importInto({ queue, files, isDirectory, signal })
  // It may fail while the blocks before are still being taken: the failure is told when they have been.
  importing.catch(() => undefined)
  try {
    yield* queue.items()
    await importing
  } finally {
    queue.stop()
    await importing.catch(() => undefined)
  }
}

/** Blocks that wait between the importer and the piece. */
const queuedBlocksMax = 8

async function importInto({
  queue,
  files,
  isDirectory,
  signal,
}: {
  readonly queue: BoundedQueue<Found>
  readonly files: AsyncIterable<FileSource>
  readonly isDirectory: boolean
} & Waiting): Promise<void> {
  const put = async (cid: CID, bytes: Uint8Array): Promise<CID> => {
    await queue.push({ kind: 'block', cid, bytes })
    return cid
  }
  try {
    const source = isDirectory ? files : namelessOf(files)
    const options = {
      profile: 'unixfs-v1-2025',
      wrapWithDirectory: isDirectory,
      fileImportConcurrency: 1,
      blockWriteConcurrency: 1,
    } as const
    let last: CID | undefined
    for await (const entry of importer(source, { put }, options)) {
      signal.throwIfAborted()
      last = entry.cid
      if (entry.unixfs?.isDirectory() === true) continue
      await queue.push({
        kind: 'file',
        path: entry.path ?? '',
        cid: entry.cid,
        sizeBytes: entry.unixfs?.fileSize() ?? entry.size,
      })
    }
    if (last !== undefined) await queue.push({ kind: 'root', cid: last })
  } finally {
    queue.end()
  }
}

async function* namelessOf(files: AsyncIterable<FileSource>): AsyncGenerator<Pick<FileSource, 'content'>> {
  for await (const { content } of files) yield { content }
}
