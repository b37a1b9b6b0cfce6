/**
 * What the storage network needs from the world, as interfaces: a place for pieces, other nodes, the chain, a signer.
 *
 * Types only. Adapters stand in adapters/, the in-memory ones beside the tests that use them.
 *
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import type { CID } from 'multiformats/cid'
import type { DataSetState, Offer, Piece, PieceSet, SignedPieceSet, SignedReceipt } from './model.ts'
import type { Answer } from './wire/answer-abi.ts'

export type { Hasher } from './ports/hasher.ts'

/** Whatever waits takes a signal and rejects with its reason. */
export interface Waiting {
  readonly signal: AbortSignal
}

/** Names a piece: the root alone does not say how much of it is padding. */
export type PieceName = Pick<Piece, 'root' | 'height' | 'rawSizeBytes'>

export interface ByteRange {
  readonly startBytes: number
  readonly sizeBytes: number
}

/** What a proof reads. Batched: one call for all the ranges of a piece. */
export interface PieceReader {
  /** @throws NotFound */
  readRanges(
    wanted: { readonly piece: PieceName; readonly ranges: readonly ByteRange[] },
    waiting: Waiting,
  ): Promise<readonly Uint8Array[]>
  /** The nodes of the piece's cap. @throws NotFound */
  cap(piece: Piece, waiting: Waiting): Promise<Uint8Array>
}

/** One block of content inside a kept piece. */
export interface BlockPlace {
  readonly piece: PieceName
  readonly range: ByteRange
}

/** Where a provider keeps pieces. Pieces are CARs; what is acknowledged is flushed to disk. */
export interface PieceStore extends PieceReader {
  /**
   * Takes a piece as its bytes come, and keeps it only when they are the piece announced and a CAR whose blocks all match.
   *
   * Resolves after the flush. A piece that is kept already is not read again.
   *
   * @throws PieceMismatch, CarMalformed, BodyTooLarge, NoRoom: then nothing is kept
   */
  put(
    incoming: { readonly name: PieceName; readonly bytes: AsyncIterable<Uint8Array> },
    waiting: Waiting,
  ): Promise<Piece>
  /** The piece of that name, if it is kept. */
  find(name: PieceName): Piece | undefined
  /** @throws NotFound */
  read(wanted: { readonly piece: PieceName; readonly range: ByteRange }, waiting: Waiting): AsyncIterable<Uint8Array>
  /** Where the block of a CID stands, if it is kept. */
  findBlock(cid: CID): BlockPlace | undefined
  /** Drops a piece; no longer found from then on. */
  remove(name: PieceName, waiting: Waiting): Promise<void>
  readonly usedBytes: number
  readonly pieceCount: number
}

/** Signs with the account's secp256k1 key; keys stay behind it. */
export interface AccountSigner {
  readonly address: Hex
  /** @param digest 32 bytes of EIP-712 */
  sign(digest: Hex): Promise<Hex>
}

export interface Clock {
  /** Unix milliseconds */
  nowMs(): number
  /** milliseconds of a clock that never goes back */
  elapsedMs(): number
}

/** What one provider is asked over the network. Every call throws PeerFailed, or the provider's own refusal. */
export interface Peer {
  readonly offer: Pick<Offer, 'operator' | 'nodeKey' | 'endpoint'>
  /** One small round trip, answered under the node key; resolves to how long it took, in milliseconds. */
  probe(waiting: Waiting): Promise<number>
  putPiece(
    upload: { readonly piece: Piece; readonly customer: Hex; readonly bytes: () => AsyncIterable<Uint8Array> },
    waiting: Waiting,
  ): Promise<SignedReceipt>
  putSet(proposal: SetProposal, waiting: Waiting): Promise<SignedPieceSet>
  getPiece(
    wanted: { readonly piece: PieceName; readonly range?: ByteRange },
    waiting: Waiting,
  ): AsyncIterable<Uint8Array>
  /** The bytes that the provider says are this block; not verified here. */
  getBlock(cid: CID, waiting: Waiting): Promise<Uint8Array>
}

/** A set as the customer proposes it to its provider. */
export interface SetProposal {
  readonly set: PieceSet
  readonly customerSignature: Hex
  readonly manifest: Uint8Array
  /** what the stream behind it will pay, nano-credits per second */
  readonly rateNano: bigint
}

export interface Peers {
  peerOf(offer: Pick<Offer, 'operator' | 'nodeKey' | 'endpoint'>): Peer
}

/** A demand that waits for an answer. */
export interface OpenDemand {
  readonly id: Hex
  readonly dataSet: Hex
  readonly root: Hex
  readonly leafCount: bigint
  readonly leafIndex: bigint
  readonly deadlineBlock: bigint
}

/** The chain as this network uses it. Writes are level-triggered: done again they change nothing. */
export interface Chain {
  readonly chainId: bigint
  readonly dataSetsAddress: Hex
  readonly epochsAddress: Hex
  head(waiting: Waiting): Promise<{ readonly blockNumber: bigint; readonly atSeconds: bigint }>
  offers(waiting: Waiting): Promise<readonly Offer[]>
  /** Data sets that stand at a block and are not ended; of one provider or customer, or all. */
  dataSetsAt(
    wanted: { readonly blockNumber: bigint; readonly provider?: Hex; readonly customer?: Hex },
    waiting: Waiting,
  ): Promise<readonly DataSetState[]>
  closeBlock(epoch: bigint): bigint
  /** The last block in which a batch of the epoch can be registered. */
  evidenceDeadline(epoch: bigint): bigint
  sealedHash(epoch: bigint, waiting: Waiting): Promise<Hex | undefined>
  /** Opens the customer's stream to the provider, or raises or lowers it to this rate; pays `termSeconds` ahead. */
  ensureStream(terms: StreamTerms, waiting: Waiting): Promise<void>
  /** Pays an open stream for another term once it runs out soon; does nothing otherwise. */
  renewStream(stream: { readonly provider: Hex; readonly salt: Hex }, waiting: Waiting): Promise<void>
  /** Gives notice of a stream that pays for nothing any more, or takes back what is left of it once that is possible. @returns whether it is closed */
  closeStream(stream: { readonly provider: Hex; readonly salt: Hex }, waiting: Waiting): Promise<boolean>
  /** The bond, in atto-WORK, that has to stand behind a set while its stream runs on these terms; with room for a falling price. */
  lockFor(terms: StreamTerms, waiting: Waiting): Promise<bigint>
  /** Posts the sets that the chain does not have yet, in one transaction. */
  postSets(posting: { readonly sets: readonly SignedPieceSet[] }, waiting: Waiting): Promise<void>
  registerBatch(batch: { readonly block: Uint8Array }, waiting: Waiting): Promise<void>
  openDemands(wanted: { readonly provider: Hex }, waiting: Waiting): Promise<readonly OpenDemand[]>
  answerDemand(answered: { readonly demandId: Hex; readonly answer: Answer }, waiting: Waiting): Promise<void>
}

export interface StreamTerms {
  readonly provider: Hex
  readonly salt: Hex
  readonly rateNano: bigint
}
