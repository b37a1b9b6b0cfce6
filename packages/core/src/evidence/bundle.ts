/**
 * The bundle of one epoch of one network: everything that its lines and leaves follow from, as DAG-CBOR blocks.
 *
 * The root block states what the audit stood on and links to pages of previous leaves, batches and lines; the batches link
 * to their details. `EpochPost.evidence` is the sha256 of the root block. Decoding takes any bytes, one page in memory at
 * a time, and never throws; whether a bundle is right is `epoch/compare-bundle.ts`. docs/protocol/evidence.md#bundle
 *
 * @module
 */

import type { CID } from 'multiformats/cid'
import type { Leaf } from '../epoch/leaves.ts'
import { invariant } from '../invariant.ts'
import { bytesOfBigint } from '../units/bytes.ts'
import { fromHex, type Hex } from '../units/hex.ts'
import { cidOfDigest, decodeBlock, digestOfCid, encodeBlock, isNamed, type Block, type BlockSource } from './block.ts'
import type { EntryPlace } from './entry.ts'
import { readAll, readHex, readLink, readList, readMap, readNumber, readUint64, readWide } from './field-reader.ts'
import { lineEntriesMax, type Line } from './line.ts'

/** Version of the encoded bundle. */
export const bundleVersion = 1

/** Items of one page: so that every page is below `blockBytesMax`. */
export const pageItems = { leaves: 8192, batches: 8192, lines: 1024 } as const

/** Most pages of one list. */
export const pagesMax = 4096

/** A batch that counts. */
export interface BundledBatch {
  readonly cid: CID
  /** EIP-712 digest of its header */
  readonly digest: Hex
}

/** The finalised epoch that this one adds to. */
export interface PreviousEpoch {
  /** Head.epoch: the finalised epoch plus one; 0 when there is none */
  readonly next: bigint
  readonly root: Hex
  readonly totals: bigint
  /** Head.evidence: its bundle; 32 zero bytes when there is none */
  readonly evidence: Hex
}

export interface Bundle {
  readonly network: number
  readonly epoch: bigint
  /** version of the audit */
  readonly rules: bigint
  readonly closeBlock: bigint
  readonly sealedHash: Hex
  readonly highUsd8: bigint
  readonly allowanceAtto: bigint
  readonly previous: PreviousEpoch
  /** cumulative leaves before this epoch, sorted by account */
  readonly previousLeaves: readonly Leaf[]
  /** sorted by digest */
  readonly batches: readonly BundledBatch[]
  /** sorted */
  readonly lines: readonly Line[]
}

/** An encoded bundle, without batches and details, which are blocks of their own. */
export interface EncodedBundle {
  /** sha256 of the root block */
  readonly evidence: Hex
  readonly root: Block
  /** pages in the order of the root's links */
  readonly pages: readonly Block[]
}

/** What decoding found. `corrupt` lists blocks whose bytes are not what their name says, but which still could be read. */
export type DecodedBundle =
  | { readonly tag: 'bundle'; readonly bundle: Bundle; readonly corrupt: readonly CID[] }
  | { readonly tag: 'missing'; readonly cid: CID }
  | { readonly tag: 'malformed'; readonly cid: CID; readonly firstLine: number }

/** @returns the blocks of a bundle whose lists are sorted */
export function encodeBundle(bundle: Bundle): EncodedBundle {
  const indexOf = new Map(bundle.batches.map(({ digest }, index) => [digest, index]))
  const leaves = paged(bundle.previousLeaves.map(writeLeaf), pageItems.leaves)
  const batches = paged(bundle.batches.map(writeBatch), pageItems.batches)
  const lines = paged(
    bundle.lines.map((line) => writeLine(line, indexOf)),
    pageItems.lines,
  )
  const root = encodeBlock({
    version: bundleVersion,
    network: bundle.network,
    epoch: bundle.epoch,
    rules: bundle.rules,
    closeBlock: bundle.closeBlock,
    sealedHash: fromHex(bundle.sealedHash, 32),
    highUsd8: bundle.highUsd8,
    allowanceAtto: bytesOfBigint(bundle.allowanceAtto, 32),
    previous: {
      next: bundle.previous.next,
      root: fromHex(bundle.previous.root, 32),
      totals: bytesOfBigint(bundle.previous.totals, 32),
      evidence: fromHex(bundle.previous.evidence, 32),
    },
    leaves: leaves.map(({ cid }) => cid),
    batches: batches.map(({ cid }) => cid),
    lines: lines.map(({ cid }) => cid),
  })
  return { evidence: evidenceOf(root.cid), root, pages: [...leaves, ...batches, ...lines] }
}

/**
 * Reads a bundle from blocks that anyone may have made.
 *
 * A block whose bytes are not what its name says is read as it stands and listed in `corrupt`, so that an auditor can say
 * which line it touches; whoever wants only sound bundles asks that `corrupt` is empty.
 */
export function decodeBundle(evidence: Hex, source: BlockSource): DecodedBundle {
  const rootCid = cidOfDigest(evidence)
  const rootBytes = source.get(rootCid.toString())
  if (rootBytes === undefined) return { tag: 'missing', cid: rootCid }
  const corrupt = isNamed(rootCid, rootBytes) ? [] : [rootCid]
  const root = readRoot(decodeBlock(rootBytes))
  if (root === undefined) return { tag: 'malformed', cid: rootCid, firstLine: 0 }

  const leaves = readPages(root.leaves, { source, countMax: pageItems.leaves, read: readLeaf })
  if (leaves.tag !== 'items') return leaves
  const batches = readPages(root.batches, { source, countMax: pageItems.batches, read: readBatch })
  if (batches.tag !== 'items') return batches
  const read = (value: unknown): Line | undefined => readLine(value, batches.items)
  const lines = readPages(root.lines, { source, countMax: pageItems.lines, read })
  if (lines.tag !== 'items') return lines

  const { header } = root
  const bundle = { ...header, previousLeaves: leaves.items, batches: batches.items, lines: lines.items }
  return { tag: 'bundle', bundle, corrupt: [...corrupt, ...leaves.corrupt, ...batches.corrupt, ...lines.corrupt] }
}

type BundleHeader = Omit<Bundle, 'previousLeaves' | 'batches' | 'lines'>

interface Root {
  readonly header: BundleHeader
  readonly leaves: readonly CID[]
  readonly batches: readonly CID[]
  readonly lines: readonly CID[]
}

const rootKeys = [
  'version',
  'network',
  'epoch',
  'rules',
  'closeBlock',
  'sealedHash',
  'highUsd8',
  'allowanceAtto',
  'previous',
  'leaves',
  'batches',
  'lines',
]

function readRoot(value: unknown): Root | undefined {
  const map = readMap(value, rootKeys)
  if (map?.['version'] !== bundleVersion) return undefined
  const header = readHeader(map)
  const leaves = readAll(readList(map['leaves'], pagesMax), readLink)
  const batches = readAll(readList(map['batches'], pagesMax), readLink)
  const lines = readAll(readList(map['lines'], pagesMax), readLink)
  if (header === undefined || leaves === undefined || batches === undefined || lines === undefined) return undefined
  return { header, leaves, batches, lines }
}

function readHeader(map: Readonly<Record<string, unknown>>): BundleHeader | undefined {
  const network = readNumber(map['network'], 255)
  const epoch = readUint64(map['epoch'])
  const rules = readUint64(map['rules'])
  const closeBlock = readUint64(map['closeBlock'])
  const sealedHash = readHex(map['sealedHash'], 32)
  const highUsd8 = readUint64(map['highUsd8'])
  const allowanceAtto = readWide(map['allowanceAtto'], 32)
  const previous = readPrevious(map['previous'])
  if (network === undefined || epoch === undefined || rules === undefined || closeBlock === undefined) return undefined
  if (sealedHash === undefined || highUsd8 === undefined || allowanceAtto === undefined) return undefined
  if (previous === undefined) return undefined
  return { network, epoch, rules, closeBlock, sealedHash, highUsd8, allowanceAtto, previous }
}

function readPrevious(value: unknown): PreviousEpoch | undefined {
  const map = readMap(value, ['next', 'root', 'totals', 'evidence'])
  const next = readUint64(map?.['next'])
  const root = readHex(map?.['root'], 32)
  const totals = readWide(map?.['totals'], 32)
  const evidence = readHex(map?.['evidence'], 32)
  if (next === undefined || root === undefined || totals === undefined || evidence === undefined) return undefined
  return { next, root, totals, evidence }
}

function evidenceOf(cid: CID): Hex {
  const digest = digestOfCid(cid)
  invariant(digest !== undefined, 'our blocks are named by sha2-256')
  return digest
}

function paged(items: readonly unknown[], countMax: number): Block[] {
  const pages: Block[] = []
  for (let start = 0; start < items.length; start += countMax) {
    pages.push(encodeBlock(items.slice(start, start + countMax)))
  }
  return pages
}

type Pages<T> =
  | { readonly tag: 'items'; readonly items: readonly T[]; readonly corrupt: readonly CID[] }
  | { readonly tag: 'missing'; readonly cid: CID }
  | { readonly tag: 'malformed'; readonly cid: CID; readonly firstLine: number }

interface PageReader<T> {
  readonly source: BlockSource
  readonly countMax: number
  readonly read: (value: unknown) => T | undefined
}

/** Every page but the last is full, so that one list has one encoding. */
function readPages<T>(cids: readonly CID[], { source, countMax, read }: PageReader<T>): Pages<T> {
  const items: T[] = []
  const corrupt: CID[] = []
  for (const [index, cid] of cids.entries()) {
    const bytes = source.get(cid.toString())
    if (bytes === undefined) return { tag: 'missing', cid }
    if (!isNamed(cid, bytes)) corrupt.push(cid)
    const page = readAll(readList(decodeBlock(bytes), countMax), read)
    const isFull = page !== undefined && (page.length === countMax || (index === cids.length - 1 && page.length > 0))
    if (!isFull) return { tag: 'malformed', cid, firstLine: items.length }
    for (const item of page) items.push(item)
  }
  return { tag: 'items', items, corrupt }
}

function writeLeaf({ account, rebateAtto, bootstrapAtto }: Leaf): readonly unknown[] {
  return [fromHex(account, 20), bytesOfBigint(rebateAtto, 16), bytesOfBigint(bootstrapAtto, 16)]
}

function readLeaf(value: unknown): Leaf | undefined {
  const list = readList(value, 3)
  const account = readHex(list?.[0], 20)
  const rebateAtto = readWide(list?.[1], 16)
  const bootstrapAtto = readWide(list?.[2], 16)
  if (account === undefined || rebateAtto === undefined || bootstrapAtto === undefined) return undefined
  return { account, rebateAtto, bootstrapAtto }
}

function writeBatch({ cid, digest }: BundledBatch): readonly unknown[] {
  return [cid, fromHex(digest, 32)]
}

function readBatch(value: unknown): BundledBatch | undefined {
  const list = readList(value, 2)
  const cid = readLink(list?.[0])
  const digest = readHex(list?.[1], 32)
  return cid === undefined || digest === undefined ? undefined : { cid, digest }
}

/** An entry's batch is written as its index in the list of batches. */
function writeLine(line: Line, indexOf: ReadonlyMap<Hex, number>): readonly unknown[] {
  return [
    fromHex(line.account, 20),
    line.kind,
    bytesOfBigint(line.quantity, 16),
    bytesOfBigint(line.unitPriceAtto, 16),
    fromHex(line.entriesRoot, 32),
    line.entries.map(({ batchDigest, index }) => [batchIndex(batchDigest, indexOf), index]),
  ]
}

function batchIndex(digest: Hex, indexOf: ReadonlyMap<Hex, number>): number {
  const index = indexOf.get(digest)
  invariant(index !== undefined, 'a line uses entries of batches in the bundle')
  return index
}

function readLine(value: unknown, batches: readonly BundledBatch[]): Line | undefined {
  const list = readList(value, 6)
  const account = readHex(list?.[0], 20)
  const kind = readNumber(list?.[1], 255)
  const quantity = readWide(list?.[2], 16)
  const unitPriceAtto = readWide(list?.[3], 16)
  const entriesRoot = readHex(list?.[4], 32)
  const entries = readAll(readList(list?.[5], lineEntriesMax), (place) => readPlace(place, batches))
  if (account === undefined || kind === undefined || quantity === undefined) return undefined
  if (unitPriceAtto === undefined || entriesRoot === undefined || entries === undefined) return undefined
  return { account, kind, quantity, unitPriceAtto, entriesRoot, entries }
}

function readPlace(value: unknown, batches: readonly BundledBatch[]): EntryPlace | undefined {
  const list = readList(value, 2)
  const batch = batches[readNumber(list?.[0], batches.length) ?? -1]
  const index = readNumber(list?.[1], 2 ** 32 - 1)
  return batch === undefined || index === undefined ? undefined : { batchDigest: batch.digest, index }
}
