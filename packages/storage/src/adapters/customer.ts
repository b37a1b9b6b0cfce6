/**
 * The customer's side of storing: cut, match, upload to k providers at once, collect their receipts, agree on the sets, acknowledge.
 *
 * The acknowledgement waits for providers' flushed copies under both signatures and for our own flushed record, never for
 * the chain. Streams and sets follow from that record, and again after any crash, until the chain has them.
 *
 * @see docs/walks.md, "A file, from S3 PUT to proof on chain"
 * @module
 */

import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import { bytesOfBigint, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { match } from '../offer.ts'
import type { Offer, Piece, PieceSet, SignedReceipt } from '../model.ts'
import type { AccountSigner, Chain, Clock, Peers, Waiting } from '../ports.ts'
import type { Hasher } from '../ports/hasher.ts'
import { setTree } from '../possession/set-tree.ts'
import { rateNanoOf } from '../pay.ts'
import { pieceHasher } from '../piece/piece-hasher.ts'
import { ContentUnavailable, ReceiptRefused, SetRefused, TooFewProviders, WrongByte } from '../storage-errors.ts'
import type { Sha256 } from '../wire/car.ts'
import { encodeManifest } from '../wire/manifest.ts'
import { formatPieceName } from '../wire/piece-cid.ts'
import { pieceSetSigner } from '../wire/piece-set.ts'
import { accept, pieceOf, receiptFault, signSet, work, type FileSource } from '../work.ts'
import type { CustomerRecords, ObjectRecord, SetProposed, SetRecord } from './customer-records.ts'
import { openSpool, type Spool } from './spool.ts'

export interface CustomerOptions {
  readonly records: CustomerRecords
  readonly chain: Chain
  readonly peers: Peers
  readonly signer: AccountSigner
  readonly hasher: Hasher
  readonly sha256: Sha256
  readonly clock: Clock
  readonly spoolFolder: string
  /** H3 cell to be near to */
  readonly near?: bigint
  readonly pieceSizeBytesMax?: number
  /** asked for every block before it leaves: throws when it may not be stored */
  readonly allow?: ContentGate
}

export interface PutOptions extends Waiting {
  readonly isDirectory: boolean
  /** distinct operators, at least 1 */
  readonly copies: number
  /** what the files hold, as far as is known: offers without that much room are not taken */
  readonly sizeBytes: number
  readonly onPiece?: (piece: Piece, providers: readonly Hex[]) => void
}

export interface StoredPieces {
  readonly object: ObjectRecord
  readonly pieces: readonly { readonly piece: Piece; readonly providers: readonly Hex[] }[]
}

/** One that takes copies, and what it has receipted of this put. */
interface Holder {
  readonly offer: Offer
  readonly receipts: SignedReceipt[]
}

/** Signatures that are remembered as checked. */
const ownMax = 10_000
/** How many sets one transaction posts. */
const postSetsMax = 16

export interface Customer {
  /** @throws TooFewProviders when fewer operators than copies take it */
  put(files: AsyncIterable<FileSource>, options: PutOptions): Promise<StoredPieces>
  /**
   * Brings the chain up to the record: streams at their rates, sets as signed. What was signed for other contracts, as before
   * the chain was deployed anew elsewhere, is signed anew by both first, piece for piece.
   *
   * @returns providers whose sets it posted
   */
  flush(waiting: Waiting): Promise<readonly Hex[]>
  /**
   * Copies what a lost provider held to operators that do not have it yet, from those that do, as far as copies are missing;
   * called again after a crash it goes on.
   */
  replace(
    lost: Hex,
    options: Waiting & { readonly readPiece: (piece: Piece, from: readonly Hex[]) => AsyncIterable<Uint8Array> },
  ): Promise<readonly Hex[]>
  /** Lost providers of whose pieces there are too few copies still. */
  unfinished(): readonly Hex[]
  holdersOf(piece: Piece): readonly Hex[]
}

export function customer(options: CustomerOptions): Customer {
  const { records, chain, signer, clock } = options
  const domain: Domain = { chainId: chain.chainId, verifyingContract: chain.dataSetsAddress }
  const nowSeconds = (): bigint => BigInt(Math.floor(clock.nowMs() / 1000))
  // One at a time: each version of a set goes on from the last one that was agreed on.
  const agreed = inTurn(async (agreeing: () => Promise<void>) => agreeing())
  const holdersOf = (piece: Piece): readonly Hex[] =>
    records
      .sets()
      .filter(({ isLost, pieces }) => !isLost && pieces.some(({ root }) => root === piece.root))
      .map(({ provider }) => provider)

  const isShort = (piece: Piece): boolean => holdersOf(piece).length < records.copiesWanted(piece)
  const unfinished = (): readonly Hex[] =>
    records
      .sets()
      .filter(({ isLost, pieces }) => isLost && pieces.some(isShort))
      .map(({ provider }) => provider)

  /** Signatures found to be for these contracts: recovering one takes a millisecond. */
  const own = new Set<Hex>()
  const isForeign = ({ signed: { set, providerSignature: signature }, provider }: SetRecord): boolean => {
    if (own.has(signature)) return false
    if (pieceSetSigner({ set, signature, domain }) !== provider) return true
    if (own.size >= ownMax) own.clear()
    own.add(signature)
    return false
  }
  /** @returns what kept the first provider from signing; its set stays as it is, and is tried again */
  const signAnew = async ({ signal }: Waiting): Promise<unknown> => {
    const foreign = records.sets().filter((record) => !record.isLost && isForeign(record))
    if (foreign.length === 0) return undefined
    const offers = await chain.offers({ signal })
    let failure: unknown
    for (const { provider } of foreign) {
      const offer = offers.find(({ operator }) => operator === provider)
      if (offer === undefined) continue
      const terms = { holder: { offer, receipts: [] }, pieces: [], domain, nowSeconds: nowSeconds(), signal }
      try {
        await agreed(async () => records.saveSets([await agree(options, terms)]))
      } catch (error) {
        signal.throwIfAborted()
        failure ??= error
      }
    }
    return failure
  }

  const copyAgain = async ({ piece, lost, readPiece, signal }: CopyAgain): Promise<readonly Hex[]> => {
    const present = holdersOf(piece)
    const exclude = [...present, lost]
    const circle = await openCircle(options, { copies: 1, sizeBytes: piece.rawSizeBytes, exclude, signal })
    await using spool = await wholePiece(options, { piece, present, readPiece, signal })
    await circle.upload({ piece, spool })
    const by: Hex[] = []
    await agreed(async () => {
      const terms = { pieces: [piece], domain, nowSeconds: nowSeconds(), signal }
      const sets = await Promise.all(circle.holders().map(async (holder) => agree(options, { holder, ...terms })))
      records.saveSets(sets)
      by.push(...sets.map(({ provider }) => provider))
    })
    return by
  }

  return {
    async put(files, { isDirectory, copies, sizeBytes, onPiece, signal }) {
      // A lost set is forgotten when its provider begins another: not before its pieces are safe.
      const circle = await openCircle(options, { copies, sizeBytes, exclude: unfinished(), signal })
      const pieces: Piece[] = []
      let fileCount = 0
      let totalBytes = 0n
      let cid = ''
      let spool: Spool | undefined
      // Kept until the end: a provider that takes another's place needs the pieces that went before.
      const spools: Spool[] = []
      try {
        for await (const cut of work(files, { ...options, isDirectory, signal })) {
          if (cut.kind === 'bytes') {
            spool ??= await openSpool(options.spoolFolder)
            await spool.write(cut.bytes)
          } else if (cut.kind === 'piece' && spool !== undefined) {
            await spool.end()
            spools.push(spool)
            await circle.upload({ piece: cut.piece, spool })
            pieces.push(cut.piece)
            onPiece?.(
              cut.piece,
              circle.holders().map(({ offer }) => offer.operator),
            )
            spool = undefined
          } else if (cut.kind === 'file') {
            fileCount += 1
            totalBytes += cut.sizeBytes
          } else if (cut.kind === 'root') cid = cut.cid.toString()
        }
      } finally {
        for (const one of spool === undefined ? spools : [...spools, spool]) await one[Symbol.asyncDispose]()
      }
      const object = { cid, sizeBytes: totalBytes, fileCount, isDirectory, copies, storedAtMs: clock.nowMs() }
      await agreed(async () => {
        const sets = await Promise.all(
          circle
            .holders()
            .map(async (holder) => agree(options, { holder, pieces, domain, nowSeconds: nowSeconds(), signal })),
        )
        records.acknowledge({ object, pieces, sets })
      })
      return { object, pieces: pieces.map((piece) => ({ piece, providers: holdersOf(piece) })) }
    },

    // One at a time: two looks at one chain would both open what is missing.
    flush: inTurn(async ({ signal }: Waiting) => {
      const failure = await signAnew({ signal })
      const { blockNumber } = await chain.head({ signal })
      const standing = await chain.dataSetsAt({ blockNumber, customer: signer.address }, { signal })
      const onChain = new Map(standing.map((set) => [set.provider.toLowerCase(), set.version]))
      // Whose provider has not signed for these contracts yet has no stream and no set here.
      const ours = records.sets().filter((record) => !isForeign(record))
      const behind = ours.filter(
        ({ isLost, provider, signed }) => !isLost && (onChain.get(provider.toLowerCase()) ?? 0n) < signed.set.version,
      )
      for (const { provider, signed, rateNano } of behind) {
        await chain.ensureStream({ provider, salt: signed.set.streamSalt, rateNano }, { signal })
      }
      for (let from = 0; from < behind.length; from += postSetsMax) {
        await chain.postSets({ sets: behind.slice(from, from + postSetsMax).map(({ signed }) => signed) }, { signal })
      }
      for (const { provider, signed, isLost, postedVersion } of ours) {
        const stream = { provider, salt: signed.set.streamSalt }
        if (isLost) await chain.closeStream(stream, { signal })
        else if (postedVersion > 0n) await chain.renewStream(stream, { signal })
      }
      for (const { provider, signed } of behind) records.markPosted({ provider, version: signed.set.version })
      if (failure !== undefined) throw failure
      return behind.map(({ provider }) => provider)
    }),

    async replace(lost, { readPiece, signal }) {
      const set = records.set(lost)
      if (set === undefined) return []
      records.markLost(lost)
      const by = new Set<Hex>()
      let failure: unknown
      for (const piece of set.pieces.filter(isShort)) {
        try {
          for (const provider of await copyAgain({ piece, lost, readPiece, signal })) by.add(provider)
        } catch (error) {
          signal.throwIfAborted()
          // One piece that cannot be copied now does not keep the others; it stays short, and is tried again.
          failure ??= error
        }
      }
      if (failure !== undefined) throw failure
      return [...by]
    },

    unfinished,
    holdersOf,
  }
}

/** A piece from the first holder that has it: one that gives other bytes does not keep the copy of the next from being made. */
async function wholePiece(
  { spoolFolder, hasher }: CustomerOptions,
  { piece, present, readPiece, signal }: Omit<CopyAgain, 'lost'> & { readonly present: readonly Hex[] },
): Promise<Spool> {
  let last: unknown
  for (const holder of present) {
    const spool = await openSpool(spoolFolder)
    try {
      const hashing = pieceHasher({ hasher, rawSizeBytesMax: piece.rawSizeBytes })
      for await (const bytes of readPiece(piece, [holder])) {
        hashing.update(bytes)
        await spool.write(bytes)
      }
      await spool.end()
      const { root, rawSizeBytes } = pieceOf(hashing.digest())
      if (root === piece.root && rawSizeBytes === piece.rawSizeBytes) return spool
      throw new WrongByte({ provider: holder, cid: formatPieceName(piece) })
    } catch (error) {
      await spool[Symbol.asyncDispose]()
      signal.throwIfAborted()
      last = error
    }
  }
  throw new ContentUnavailable({ cid: formatPieceName(piece), tried: present.length }, { cause: last })
}

interface CopyAgain extends Waiting {
  readonly piece: Piece
  readonly lost: Hex
  readonly readPiece: (piece: Piece, from: readonly Hex[]) => AsyncIterable<Uint8Array>
}

/** The same function, whose calls wait for the ones before; an earlier one's failure is its own caller's. */
function inTurn<Argument, Result>(
  work: (argument: Argument) => Promise<Result>,
): (argument: Argument) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return async (argument) => {
    const mine = last.then(async () => work(argument))
    last = mine.catch(() => undefined)
    return mine
  }
}

interface Outgoing {
  readonly piece: Piece
  readonly spool: Spool
}

/** The providers of one put: whoever fails is replaced by the next best, which first gets the pieces that went before. */
interface Circle {
  upload(outgoing: Outgoing): Promise<void>
  holders(): readonly Holder[]
}

async function openCircle(
  { chain, peers, signer, near, clock }: CustomerOptions,
  {
    copies,
    sizeBytes,
    exclude = [],
    signal,
  }: { readonly copies: number; readonly sizeBytes: number; readonly exclude?: readonly Hex[] } & Waiting,
): Promise<Circle> {
  const offers = await chain.offers({ signal })
  const { chosen, spares, excluded } = match({
    offers,
    copies,
    sizeBytes,
    exclude,
    ...(near === undefined ? {} : { near }),
  })
  const tooFew = (found: number): TooFewProviders =>
    new TooFewProviders({
      wanted: copies,
      found,
      excluded: Object.fromEntries(excluded.map(({ operator, why }) => [operator, why])),
    })
  if (chosen.length < copies) throw tooFew(chosen.length)
  const waiting = [...spares]
  let holders: Holder[] = chosen.map((offer) => ({ offer, receipts: [] }))
  const domain: Domain = { chainId: chain.chainId, verifyingContract: chain.dataSetsAddress }

  const sent: Outgoing[] = []

  const uploadTo = async ({ offer, receipts }: Holder, { piece, spool }: Outgoing): Promise<void> => {
    const upload = { piece, customer: signer.address, bytes: () => spool.read() }
    const signed = await peers.peerOf(offer).putPiece(upload, { signal })
    const set = { customer: signer.address, provider: offer.operator }
    const reason = receiptFault({ signed, piece, set, domain, nowSeconds: BigInt(Math.floor(clock.nowMs() / 1000)) })
    if (reason !== undefined) throw new ReceiptRefused({ reason, provider: offer.operator })
    receipts.push(signed)
  }
  /** Whether a holder took all of them; who fails at one is left out of this put. */
  const takes = async (holder: Holder, outgoing: readonly Outgoing[]): Promise<boolean> => {
    try {
      for (const one of outgoing) await uploadTo(holder, one)
      return true
    } catch {
      signal.throwIfAborted()
      return false
    }
  }

  return {
    holders: () => holders,
    async upload(outgoing) {
      const isTaken = await Promise.all(holders.map(async (holder) => takes(holder, [outgoing])))
      const kept = holders.filter((_holder, index) => isTaken[index])
      sent.push(outgoing)
      while (kept.length < copies) {
        const next = waiting.shift()
        if (next === undefined) throw tooFew(kept.length)
        const holder: Holder = { offer: next, receipts: [] }
        if (await takes(holder, sent)) kept.push(holder)
      }
      holders = kept
    },
  }
}

/** Extends the set with one provider by new pieces and has it signed by both. */
async function agree(
  { records, chain, peers, signer, sha256 }: CustomerOptions,
  {
    holder: { offer, receipts },
    pieces,
    domain,
    nowSeconds,
    signal,
  }: {
    readonly holder: Holder
    readonly pieces: readonly Piece[]
    readonly domain: Domain
    readonly nowSeconds: bigint
  } & Waiting,
): Promise<SetRecord> {
  const provider = offer.operator
  const known = records.set(provider)
  const { generation, version, kept } = lastOf({ known, proposed: records.proposed(provider) })
  const all = [...kept, ...pieces.filter(({ root }) => !kept.some((piece) => piece.root === root))]
  const manifest = encodeManifest(all)
  const { root } = setTree(all)
  const rateNano = rateNanoOf({ leafCount: root.sum, priceNanoPerGibSecond: offer.priceNanoPerGibSecond })
  const streamSalt = saltOf({ provider, generation })
  const set: PieceSet = {
    customer: signer.address,
    provider,
    streamSalt,
    root: root.hash,
    leafCount: root.sum,
    pieceCount: all.length,
    version: version + 1n,
    lockAtto: await chain.lockFor({ provider, salt: streamSalt, rateNano }, { signal }),
    manifest: toHex(sha256(manifest.bytes)),
  }
  const fault = accept({ set, pieces: all, keptCount: kept.length, receipts, domain, nowSeconds })
  if (fault !== undefined) throw new SetRefused({ reason: fault, provider })
  const customerSignature = await signSet({ set, domain, signer })
  records.propose({ provider, generation, version: set.version, pieces: all })
  const signed = await peers
    .peerOf(offer)
    .putSet({ set, customerSignature, manifest: manifest.bytes, rateNano }, { signal })
  if (pieceSetSigner({ set, signature: signed.providerSignature, domain }) !== provider) {
    throw new SetRefused({ reason: 'the provider’s signature is not its own', provider })
  }
  const providerSignature = signed.providerSignature
  return {
    provider,
    generation,
    isLost: false,
    signed: { set, customerSignature, providerSignature },
    pieces: all,
    rateNano,
    postedVersion: known?.postedVersion ?? 0n,
  }
}

/**
 * Where the next version of a set goes on: from what both signed, or from what the provider was asked to sign later and may
 * have signed before we, or it, died. Its pieces stay in the set then: a set only grows.
 */
function lastOf({
  known,
  proposed,
}: {
  readonly known: SetRecord | undefined
  readonly proposed: SetProposed | undefined
}): {
  readonly generation: number
  readonly version: bigint
  readonly kept: readonly Piece[]
} {
  const generation = known === undefined ? 0 : known.isLost ? known.generation + 1 : known.generation
  const version = known?.signed.set.version ?? 0n
  const kept = known === undefined || known.isLost ? [] : known.pieces
  if (proposed === undefined || proposed.version <= version) return { generation, version, kept }
  return { generation, version: proposed.version, kept: proposed.generation === generation ? proposed.pieces : kept }
}

/** keccak256("groundwork/storage/stream/1", provider, uint32 generation): one stream for each life of a set. */
export function saltOf({ provider, generation }: { readonly provider: Hex; readonly generation: number }): Hex {
  const text = new TextEncoder().encode('groundwork/storage/stream/1')
  return toHex(keccak_256(concatBytes(text, fromHex(provider, 20), bytesOfBigint(BigInt(generation), 4))))
}
