/**
 * The carriage block: what an evidence entry of this network commits to, as dag-cbor of at most 64 KiB.
 *
 * The tallies that a router signed for an owner, and of their receipts those that were drawn. Pure. It says what was
 * signed, not that it is true: prove.ts does.
 *
 * @see docs/protocol/wireless.md#evidence
 * @module
 */

import { decodeBlock, encodeBlock, type Block } from '@groundwork/core/evidence/block.ts'
import { addressWord, bytes32Word, hashWords, uintWord } from '@groundwork/core/evidence/abi.ts'
import {
  readAll,
  readHex,
  readList,
  readMap,
  readNumber,
  readUint64,
  readWide,
} from '@groundwork/core/evidence/field-reader.ts'
import type { SumPath } from '@groundwork/core/merkle/sum-path.ts'
import { bigintOfBytes, bytesOfBigint, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { SignedTally } from '../model/receipt.ts'
import { receiptBytes } from './receipt.ts'

/** Longest carriage block, in bytes. */
export const carriageBytesMax: number = 64 * 1024

/** Most tallies of one entry: a hotspot that redeems once in so many epochs loses nothing. */
export const talliesPerEntryMax = 64

/** Receipts that are drawn of an entry. */
export const receiptDrawCount = 8

const pathLengthMax = 40
const formatVersion = 1

/** A drawn receipt with its place under a tally's root. */
export interface ShownReceipt {
  /** index into the block's tallies */
  readonly tallyIndex: number
  readonly receipt: Uint8Array
  readonly path: SumPath
}

export interface CarriageBlock {
  readonly router: Hex
  readonly owner: Hex
  /** of the batch's header: the epoch in which the vouchers were redeemed */
  readonly epoch: bigint
  /** in rising order of their epochs */
  readonly tallies: readonly SignedTally[]
  /** in draw order, each once */
  readonly shown: readonly ShownReceipt[]
}

export function encodeCarriage({ router, owner, epoch, tallies, shown }: CarriageBlock): Block {
  return encodeBlock({
    version: formatVersion,
    router: fromHex(router, 20),
    owner: fromHex(owner, 20),
    epoch,
    tallies: tallies.map(({ tally, signature }) => [
      tally.epoch,
      tally.packets,
      bytesOfBigint(tally.units, 16),
      bytesOfBigint(tally.nanoCredits, 16),
      fromHex(tally.root, 32),
      fromHex(signature, 65),
    ]),
    shown: shown.map(({ tallyIndex, receipt, path }) => [
      tallyIndex,
      receipt,
      Number(path.sides),
      concatBytes(...path.hashes.map((hash) => fromHex(hash, 32))),
      concatBytes(...path.sums.map((sum) => bytesOfBigint(sum, 16))),
    ]),
  })
}

/** Reads the bytes of a stranger; undefined when they are not a carriage block in its one form. */
export function decodeCarriage(bytes: Uint8Array): CarriageBlock | undefined {
  if (bytes.length > carriageBytesMax) return undefined
  const map = readMap(decodeBlock(bytes), ['version', 'router', 'owner', 'epoch', 'tallies', 'shown'])
  if (map?.['version'] !== formatVersion) return undefined
  const router = readHex(map['router'], 20)
  const owner = readHex(map['owner'], 20)
  const epoch = readUint64(map['epoch'])
  if (router === undefined || owner === undefined || epoch === undefined) return undefined
  const tallies = readAll(readList(map['tallies'], talliesPerEntryMax), (item) => readTally(item, { router, owner }))
  const shown = readAll(readList(map['shown'], receiptDrawCount), readShown)
  return tallies === undefined || shown === undefined ? undefined : { router, owner, epoch, tallies, shown }
}

/** What an entry's `detail` is: keccak256(abi.encode(router, owner, epoch, units, sha256 of the block)). */
export function carriageDetail({
  router,
  owner,
  epoch,
  units,
  carriageSha256,
}: Pick<CarriageBlock, 'router' | 'owner' | 'epoch'> & { readonly units: bigint; readonly carriageSha256: Hex }): Hex {
  return hashWords(
    addressWord(router),
    addressWord(owner),
    uintWord(epoch),
    uintWord(units),
    bytes32Word(carriageSha256),
  )
}

function readTally(value: unknown, pair: Pick<CarriageBlock, 'router' | 'owner'>): SignedTally | undefined {
  const list = readList(value, 6)
  const epoch = readUint64(list?.[0])
  const packets = readNumber(list?.[1], Number.MAX_SAFE_INTEGER)
  const units = readWide(list?.[2], 16)
  const nanoCredits = readWide(list?.[3], 16)
  const root = readHex(list?.[4], 32)
  const signature = readHex(list?.[5], 65)
  if (epoch === undefined || packets === undefined || units === undefined || nanoCredits === undefined) return undefined
  if (root === undefined || signature === undefined) return undefined
  return { tally: { ...pair, epoch, packets, units, nanoCredits, root }, signature }
}

function readShown(value: unknown): ShownReceipt | undefined {
  const list = readList(value, 5)
  const tallyIndex = readNumber(list?.[0], talliesPerEntryMax - 1)
  const receipt = list?.[1]
  const sides = readNumber(list?.[2], 2 ** pathLengthMax - 1)
  const hashes = readWords(list?.[3], 32)
  const sums = readWords(list?.[4], 16)
  if (!(receipt instanceof Uint8Array) || receipt.length !== receiptBytes) return undefined
  if (tallyIndex === undefined || sides === undefined || hashes === undefined || sums?.length !== hashes.length)
    return undefined
  return {
    tallyIndex,
    receipt,
    path: { sides: BigInt(sides), hashes: hashes.map(toHex), sums: sums.map(bigintOfBytes) },
  }
}

function readWords(value: unknown, sizeBytes: number): Uint8Array[] | undefined {
  if (!(value instanceof Uint8Array) || value.length % sizeBytes !== 0) return undefined
  if (value.length > pathLengthMax * sizeBytes) return undefined
  return Array.from({ length: value.length / sizeBytes }, (_, index) =>
    value.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  )
}
