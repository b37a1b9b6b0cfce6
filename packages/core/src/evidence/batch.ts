/**
 * An evidence batch: entries under one signed header, as one DAG-CBOR block, with links to the blocks that detail them.
 *
 * Building is for the signer; decoding and verifying are for anyone, take any bytes and never throw. Whether the entries
 * are true is not judged here: that is the network's audit. docs/protocol/evidence.md#batch
 *
 * @module
 */

import type { CID } from 'multiformats/cid'
import { invariant } from '../invariant.ts'
import type { Domain } from '../identity/eip712.ts'
import { deviceSignatureBytes } from '../identity/p256.ts'
import { laneMax } from '../merkle/lanes.ts'
import { buildSumTree, type SumTree } from '../merkle/sum-tree.ts'
import { bytesOfBigint } from '../units/bytes.ts'
import { fromHex, type Hex } from '../units/hex.ts'
import { digestOfHeader, noDigest, type BatchHeader } from './batch-header.ts'
import { decodeBlock, encodeBlock, type Block } from './block.ts'
import { entryLeaf, type Entry } from './entry.ts'
import { readAll, readHex, readLink, readList, readMap, readNumber, readUint64, readWide } from './field-reader.ts'
import { accountSignatureBytes, signatureBytesOf, signerOf } from './signer-of.ts'

/** Version of the encoded batch. */
export const batchVersion = 1

/** Most entries of one batch. */
export const batchEntriesMax = 4096

/** Most detail links of one batch. */
export const batchDetailsMax = 4096

/** A batch as it was signed; nothing in it is believed yet. */
export interface Batch {
  readonly header: BatchHeader
  /** 65 bytes of an account or 128 of a device, by header.signer over the header's digest */
  readonly signature: Hex
  readonly entries: readonly Entry[]
  /**
   * Blocks that the network's audit reads. A set, not signed: its order says nothing, anyone may have added to it, and the
   * audit finds what it needs by content. They may be gone when the batch is old.
   */
  readonly details: readonly CID[]
}

/** A batch whose header fits its entries and whose signature is its signer's. */
export interface VerifiedBatch extends Batch {
  readonly digest: Hex
  readonly entriesTree: SumTree
}

/** A batch may count in the epoch it names, or in one of this many after it, when it was left out. */
export const batchEpochsLateMax = 7n

/** Why a batch does not count, whatever its entries say. */
export type BatchFault = 'wrong-network' | 'wrong-epoch' | 'wrong-count' | 'wrong-root' | 'wrong-sum' | 'bad-signature'

export type BatchVerdict =
  | { readonly tag: 'verified'; readonly batch: VerifiedBatch }
  | { readonly tag: 'refused'; readonly digest: Hex; readonly reason: BatchFault }

/** What the signer decides of a header; the rest follows from the entries and the batch before. */
export interface BatchDraft {
  readonly network: number
  readonly epoch: bigint
  readonly signer: Hex
  readonly entries: readonly Entry[]
  readonly details: readonly CID[]
  /** the signer's last batch on this network, if there was one */
  readonly previous?: { readonly header: BatchHeader; readonly digest: Hex } | undefined
}

/** @returns the header to be signed for these entries */
export function draftHeader({ network, epoch, signer, entries, details, previous }: BatchDraft): BatchHeader {
  invariant(entries.length <= batchEntriesMax && details.length <= batchDetailsMax, 'a batch keeps its bounds')
  const { root } = buildSumTree(entries.map(entryLeaf))
  invariant(root.sum <= laneMax, 'quantities of a batch add up below 2^128')
  return {
    network,
    epoch,
    signer,
    counter: previous === undefined ? 0n : previous.header.counter + 1n,
    previousDigest: previous?.digest ?? noDigest,
    entriesRoot: root.hash,
    count: entries.length,
    sum: root.sum,
  }
}

/**
 * Builds and signs a batch.
 *
 * @param sign signs the header's digest with the key of `draft.signer`, as `signer-of.ts` reads it
 */
export function buildBatch(
  draft: BatchDraft,
  { domain, sign }: { readonly domain: Domain; readonly sign: (digest: Hex) => Hex },
): VerifiedBatch {
  const header = draftHeader(draft)
  const digest = digestOfHeader(header, domain)
  const { entries, details } = draft
  return {
    header,
    signature: sign(digest),
    entries,
    details,
    digest,
    entriesTree: buildSumTree(entries.map(entryLeaf)),
  }
}

/**
 * Whether header, entries and signature belong together, and the header is of this network and of this epoch or one of
 * the seven before it.
 *
 * @param expected domain: verifyingContract is Epochs; epoch: the one that is closed
 */
export function verifyBatch(
  batch: Batch,
  { domain, network, epoch }: { readonly domain: Domain; readonly network: number; readonly epoch: bigint },
): BatchVerdict {
  const { header, signature, entries } = batch
  const digest = digestOfHeader(header, domain)
  const refused = (reason: BatchFault): BatchVerdict => ({ tag: 'refused', digest, reason })
  if (header.network !== network) return refused('wrong-network')
  if (header.epoch > epoch || epoch - header.epoch > batchEpochsLateMax) return refused('wrong-epoch')
  if (entries.length !== header.count) return refused('wrong-count')
  if (entries.reduce((total, { quantity }) => total + quantity, 0n) !== header.sum) return refused('wrong-sum')
  const entriesTree = buildSumTree(entries.map(entryLeaf))
  if (entriesTree.root.hash !== header.entriesRoot) return refused('wrong-root')
  if (signerOf(digest, signature) !== header.signer) return refused('bad-signature')
  return { tag: 'verified', batch: { ...batch, digest, entriesTree } }
}

/** @returns the block of a batch; what is stored, sent and linked */
export function encodeBatch({ header, signature, entries, details }: Batch): Block {
  const { network, epoch, signer, counter, previousDigest, entriesRoot, count, sum } = header
  return encodeBlock({
    version: batchVersion,
    header: {
      network,
      epoch,
      signer: fromHex(signer, 20),
      counter,
      previousDigest: fromHex(previousDigest, 32),
      entriesRoot: fromHex(entriesRoot, 32),
      count,
      sum: bytesOfBigint(sum, 16),
    },
    signature: fromHex(signature, signatureBytesOf(signature)),
    entries: entries.map(({ kind, account, subject, quantity, detail }) => [
      kind,
      fromHex(account, 20),
      fromHex(subject, 32),
      bytesOfBigint(quantity, 16),
      fromHex(detail, 32),
    ]),
    details: [...details],
  })
}

/** @returns the batch, or undefined when the bytes are no canonical batch block within the bounds */
export function decodeBatch(bytes: Uint8Array): Batch | undefined {
  const map = readMap(decodeBlock(bytes), ['version', 'header', 'signature', 'entries', 'details'])
  if (map?.['version'] !== batchVersion) return undefined
  const header = readHeader(map['header'])
  const signature = readHex(map['signature'], accountSignatureBytes) ?? readHex(map['signature'], deviceSignatureBytes)
  const entries = readAll(readList(map['entries'], batchEntriesMax), readEntry)
  const details = readAll(readList(map['details'], batchDetailsMax), readLink)
  if (header === undefined || signature === undefined || entries === undefined || details === undefined)
    return undefined
  return { header, signature, entries, details }
}

const headerKeys = ['network', 'epoch', 'signer', 'counter', 'previousDigest', 'entriesRoot', 'count', 'sum']

function readHeader(value: unknown): BatchHeader | undefined {
  const map = readMap(value, headerKeys)
  if (map === undefined) return undefined
  const network = readNumber(map['network'], 255)
  const epoch = readUint64(map['epoch'])
  const signer = readHex(map['signer'], 20)
  const counter = readUint64(map['counter'])
  const previousDigest = readHex(map['previousDigest'], 32)
  const entriesRoot = readHex(map['entriesRoot'], 32)
  const count = readNumber(map['count'], batchEntriesMax)
  const sum = readWide(map['sum'], 16)
  if (network === undefined || epoch === undefined || signer === undefined || counter === undefined) return undefined
  if (previousDigest === undefined || entriesRoot === undefined || count === undefined || sum === undefined)
    return undefined
  return { network, epoch, signer, counter, previousDigest, entriesRoot, count, sum }
}

function readEntry(value: unknown): Entry | undefined {
  const list = readList(value, 5)
  const kind = readNumber(list?.[0], 255)
  const account = readHex(list?.[1], 20)
  const subject = readHex(list?.[2], 32)
  const quantity = readWide(list?.[3], 16)
  const detail = readHex(list?.[4], 32)
  if (kind === undefined || account === undefined || subject === undefined) return undefined
  return quantity === undefined || detail === undefined ? undefined : { kind, account, subject, quantity, detail }
}
