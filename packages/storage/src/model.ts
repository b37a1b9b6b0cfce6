/**
 * The nouns of the storage network: piece, set, receipt, offer, and the numbers that bound them.
 *
 * Plain data and the invariants on it. Not their bytes (wire/), not what is done with them (the verbs).
 *
 * @see docs/protocol/storage-proofs.md
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'

/** The number of this network in every contract and header. */
export const storageNetwork = 1

/** Leaves drawn at random for each set and epoch: 3 x 153 draws miss 1% of the bytes with less than 1%. #draws */
export const randomDrawCount = 153

/** Pieces visited in rotation each epoch, one leaf each. #draws */
export const rotationDrawCount = 12

/** A cap is the layer of this height: one node stands for 2^11 leaves, 64 KiB of padded data. #caps */
export const capHeight = 11

/** The most bytes that a proof of one set and epoch may take. #evidence */
export const proofBytesMax: number = 64 * 1024

/** The most pieces in one set: its manifest is one block of evidence, which has at most 1 MiB. #set */
export const piecesPerSetMax = 8192

/** The largest piece by default, in raw bytes: 1 GiB of padded data. */
export const pieceSizeBytesMax: number = 127 * 2 ** 23

/** The highest tree of a piece that a set may hold: 2^35 leaves, 1 TiB of padded data. */
export const pieceHeightMax = 35

/** The lowest tree of a piece: 127 raw bytes are four leaves (FRC-0069). */
export const pieceHeightMin = 2

/** A piece: bytes under Filecoin's piece commitment (FRC-0069). */
export interface Piece {
  /** root of its tree, 32 bytes */
  readonly root: Hex
  /** height of its tree; 2^height leaves with the padding */
  readonly height: number
  /** bytes before padding */
  readonly rawSizeBytes: number
  /** 32-byte leaves that carry data: what is drawn, charged and paid */
  readonly leafCount: number
  /** sha256 of its cap block, undefined when the whole tree is no higher than a cap. #caps */
  readonly capDigest?: Hex
}

/** What customer and provider both sign: EIP-712 type PieceSet of DataSets.sol, fields in this order. #set */
export interface PieceSet {
  readonly customer: Hex
  readonly provider: Hex
  readonly streamSalt: Hex
  readonly root: Hex
  readonly leafCount: bigint
  readonly pieceCount: number
  readonly version: bigint
  /** the provider's bond behind this set, in atto-WORK */
  readonly lockAtto: bigint
  /** sha256 of the manifest block */
  readonly manifest: Hex
}

export interface SignedPieceSet {
  readonly set: PieceSet
  readonly customerSignature: Hex
  readonly providerSignature: Hex
}

/** A provider's word, under its account's signature, that it has the piece on disk and flushed. */
export interface Receipt {
  readonly pieceRoot: Hex
  readonly height: number
  readonly rawSize: bigint
  readonly customer: Hex
  readonly provider: Hex
  /** Unix seconds by the provider's clock */
  readonly atSeconds: bigint
}

export interface SignedReceipt {
  readonly receipt: Receipt
  readonly signature: Hex
}

/** How a provider did so far, counted from the chain. */
export interface ProviderRecord {
  /** sets that stand, or ended without a fault */
  readonly keptCount: number
  /** sets that ended by a fault: a demanded leaf was not answered */
  readonly faultedCount: number
}

/** A provider's standing offer, as the registry has it. */
export interface Offer {
  readonly operator: Hex
  readonly nodeKey: Hex
  /** base URL of its piece server, direct or through a relay */
  readonly endpoint: string
  /** H3 index, resolution 7 */
  readonly cell: bigint
  readonly capacityBytes: bigint
  /** padded bytes of the sets that stand with it on chain; what it took and was not posted yet is not among them */
  readonly usedBytes: bigint
  readonly priceNanoPerGibSecond: bigint
  readonly open: boolean
  readonly record: ProviderRecord
}

/** A data set as the chain has it at one block. */
export interface DataSetState {
  readonly id: Hex
  readonly customer: Hex
  readonly provider: Hex
  readonly root: Hex
  readonly leafCount: bigint
  readonly pieceCount: number
  readonly version: bigint
  readonly manifest: Hex
  readonly faulted: boolean
}

/**
 * The sizes of a piece from its height and raw size.
 *
 * @returns undefined when no piece has them: too high, too low, or so much padding that a lower tree would do
 * @see FRC-0069, and PDP's rule for excessive padding
 */
export function pieceSizes({
  height,
  rawSizeBytes,
}: {
  readonly height: number
  readonly rawSizeBytes: number
}): { readonly paddingBytes: number; readonly leafCount: number } | undefined {
  if (!Number.isInteger(height) || height < pieceHeightMin || height > pieceHeightMax) return undefined
  if (!Number.isSafeInteger(rawSizeBytes) || rawSizeBytes < 1) return undefined
  const paddingBytes = 127 * 2 ** (height - 2) - rawSizeBytes
  if (paddingBytes < 0) return undefined
  const paddedPaddingBytes = Number((128n * BigInt(paddingBytes)) / 127n)
  if (paddedPaddingBytes >= 2 ** (height + 5)) return undefined
  if (height > pieceHeightMin && rawSizeBytes <= 127 * 2 ** (height - 3)) return undefined
  return { paddingBytes, leafCount: 2 ** height - Math.floor(paddedPaddingBytes / 32) }
}

/** The smallest height whose tree holds `rawSizeBytes`, one byte or more. */
export function heightOf(rawSizeBytes: number): number {
  invariant(rawSizeBytes >= 1, 'a piece has at least one byte')
  let height = pieceHeightMin
  while (127 * 2 ** (height - 2) < rawSizeBytes) height += 1
  return height
}

/** Nodes in the cap of a piece: one for each 2^11 leaves with data, or one for a lower tree. #caps */
export function capNodeCount({ height, leafCount }: { readonly height: number; readonly leafCount: number }): number {
  return height <= capHeight ? 1 : Math.ceil(leafCount / 2 ** capHeight)
}
