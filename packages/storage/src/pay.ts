/**
 * pay(): what a provider settles and converts. audit(): anyone recomputes what an epoch owes, from evidence and chain facts.
 *
 * Pure and exact. Streams pay by themselves as long as nobody shows a fault; what the audit adds are rebates for proven
 * leaves (kind 1) and the readiness share (kind 2). A batch with one invalid entry does not count at all, and its reason is
 * named.
 *
 * @see docs/protocol/storage-proofs.md#evidence
 * @module
 */

import type { Audit, AuditInput, LineDraft, RefusedBatch } from '@groundwork/core/epoch/audit.ts'
import type { VerifiedBatch } from '@groundwork/core/evidence/batch.ts'
import { cidOfDigest, digestOfCid } from '@groundwork/core/evidence/block.ts'
import { comparePlaces, type Entry, type EntryPlace } from '@groundwork/core/evidence/entry.ts'
import { accountLinesMax, lineEntriesMax } from '@groundwork/core/evidence/line.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { DataSetState, Piece } from './model.ts'
import type { Hasher } from './ports/hasher.ts'
import { verify, type ProofFault } from './prove.ts'
import { decodeCap } from './wire/cap-block.ts'
import { decodeManifest } from './wire/manifest.ts'
import { hashDetail } from './wire/possession-detail.ts'
import { decodeProofBlock } from './wire/proof-block.ts'

/** Entry and line kinds of this network. */
export const possessionKind = 1
export const readinessKind = 2

/** Most sets of one operator that an epoch pays: 16 lines of 16 entries. */
export const setsPerOperatorMax: number = accountLinesMax * lineEntriesMax

const leafBytes = 32n
const gibBytes = 2n ** 30n
const nanoPerCredit = 10n ** 9n
/** atto-WORK times USD*1e8 per credit. docs/protocol/money.md#units */
const creditScale = 10n ** 21n
const feeBasisPoints = 500n
const rebateBasisPoints = 8000n
const basis = 10_000n

/** What a stream pays for `leafCount` leaves, in nano-credits per second, rounded up. */
export function rateNanoOf({
  leafCount,
  priceNanoPerGibSecond,
}: {
  readonly leafCount: bigint
  readonly priceNanoPerGibSecond: bigint
}): bigint {
  return (leafCount * leafBytes * priceNanoPerGibSecond + gibBytes - 1n) / gibBytes
}

/** Whole credits that a rate takes in so many seconds, rounded up. */
export function creditsOf({ rateNano, seconds }: { readonly rateNano: bigint; readonly seconds: bigint }): bigint {
  return (rateNano * seconds + nanoPerCredit - 1n) / nanoPerCredit
}

/** WORK that is worth so many credits at the low price, rounded up: what a set has to lock. */
export function lockAttoOf({ credits, lowUsd8 }: { readonly credits: bigint; readonly lowUsd8: bigint }): bigint {
  invariant(lowUsd8 > 0n, 'a lock is priced once there is a price')
  return (credits * creditScale + lowUsd8 - 1n) / lowUsd8
}

/** Rebate of one leaf kept for one epoch, in atto-WORK: one fraction, one floor, as RebatePrice.sol has it. */
export function rebateAttoPerLeafEpoch({
  referenceNanoPerGibSecond,
  epochSeconds,
  highUsd8,
}: {
  readonly referenceNanoPerGibSecond: bigint
  readonly epochSeconds: bigint
  readonly highUsd8: bigint
}): bigint {
  invariant(highUsd8 > 0n, 'an epoch is sealed with a price')
  const above = referenceNanoPerGibSecond * epochSeconds * leafBytes * creditScale * feeBasisPoints * rebateBasisPoints
  return above / (gibBytes * nanoPerCredit * basis * basis * highUsd8)
}

/** A stream as the provider sees it. */
export interface PayableStream {
  readonly id: Hex
  /** credits that settling would pay now */
  readonly payableCredits: bigint
}

/** What to do about money now. */
export interface Payment {
  /** streams to settle, the most payable first */
  readonly settle: readonly Hex[]
  /** credits of the earned pocket to convert afterwards; 0n: none */
  readonly convertCredits: bigint
}

/**
 * What a provider settles and converts: whatever is worth a transaction.
 *
 * @param creditsMin below this a stream, and the earned pocket, wait
 * @param streamsMax streams of one transaction
 */
export function pay({
  streams,
  earnedCredits,
  creditsMin,
  streamsMax,
}: {
  readonly streams: readonly PayableStream[]
  readonly earnedCredits: bigint
  readonly creditsMin: bigint
  readonly streamsMax: number
}): Payment {
  invariant(streamsMax >= 1, 'a transaction settles at least one stream')
  const due = streams
    .filter(({ payableCredits }) => payableCredits >= creditsMin && payableCredits > 0n)
    .toSorted((a, b) =>
      a.payableCredits === b.payableCredits ? (a.id < b.id ? -1 : 1) : a.payableCredits > b.payableCredits ? -1 : 1,
    )
    .slice(0, streamsMax)
  const settledCredits = due.reduce((sum, { payableCredits }) => sum + payableCredits, 0n)
  const inPocket = earnedCredits + settledCredits
  return { settle: due.map(({ id }) => id), convertCredits: inPocket >= creditsMin ? inPocket : 0n }
}

/** An epoch whose batches may count: the closed one, and those before it that were never finalised. */
export interface OpenEpoch {
  readonly epoch: bigint
  readonly sealedHash: Hex
  /** as they stood at that epoch's close; ended ones left out */
  readonly sets: readonly DataSetState[]
}

/** `facts.state` of the storage network: what its audit reads from the chain beside the common facts. */
export interface StorageFacts {
  readonly epochSeconds: bigint
  readonly referenceNanoPerGibSecond: bigint
  readonly seatAtto: bigint
  /** stake of every operator that may be ready, at the close */
  readonly stakes: readonly { readonly operator: Hex; readonly totalAtto: bigint }[]
  readonly epochs: readonly OpenEpoch[]
}

/** Why a batch does not count. */
export type BatchRefusal =
  | 'epoch-not-open'
  | 'entries-missing'
  | 'kind-unknown'
  | 'signer-differs'
  | 'set-unknown'
  | 'set-faulted'
  | 'set-of-another'
  | 'set-twice'
  | 'quantity-differs'
  | 'manifest-missing'
  | 'manifest-differs'
  | 'proof-missing'
  | 'detail-differs'
  | 'too-many-sets'
  | ProofFault

/** The audit of this network, with the hash that it checks proofs by. */
export function audit({ hasher }: { readonly hasher: Hasher }): Audit {
  return (input) => auditEpoch(input, hasher)
}

function auditEpoch(input: AuditInput, hasher: Hasher): { lines: LineDraft[]; refusedBatches: RefusedBatch[] } {
  const state = storageFactsOf(input.facts.state)
  const claimed = new Set<string>()
  const placesOf = new Map<Hex, UsedEntry[]>()
  const refusedBatches: RefusedBatch[] = []
  for (const batch of input.batches) {
    const refusal = refusalOf({ batch, input, state, claimed, placesOf, hasher })
    if (refusal === undefined) count({ batch, claimed, placesOf })
    else refusedBatches.push({ digest: batch.digest, reason: refusal })
  }
  return {
    lines: [...rebateLines({ placesOf, input, state }), ...readinessLines({ placesOf, input, state })],
    refusedBatches,
  }
}

interface UsedEntry {
  readonly place: EntryPlace
  readonly quantity: bigint
}

interface Counted {
  readonly claimed: Set<string>
  readonly placesOf: Map<Hex, UsedEntry[]>
}

function count({ batch, claimed, placesOf }: Counted & { readonly batch: VerifiedBatch }): void {
  for (const [index, entry] of batch.entries.entries()) {
    claimed.add(claimKey(batch, entry))
    const used = placesOf.get(entry.account) ?? []
    placesOf.set(entry.account, used)
    used.push({ place: { batchDigest: batch.digest, index }, quantity: entry.quantity })
  }
}

function claimKey(batch: VerifiedBatch, { subject }: Entry): string {
  return `${batch.header.epoch} ${subject}`
}

function refusalOf({
  batch,
  input,
  state,
  claimed,
  placesOf,
  hasher,
}: Counted & {
  readonly batch: VerifiedBatch
  readonly input: AuditInput
  readonly state: StorageFacts
  readonly hasher: Hasher
}): BatchRefusal | undefined {
  const open = state.epochs.find(({ epoch }) => epoch === batch.header.epoch)
  if (open === undefined) return 'epoch-not-open'
  if (batch.entries.length === 0) return 'entries-missing'
  if ((placesOf.get(batch.header.signer)?.length ?? 0) + batch.entries.length > setsPerOperatorMax)
    return 'too-many-sets'
  const details = detailsOf(batch, input)
  const seen = new Set<string>()
  for (const entry of batch.entries) {
    const key = claimKey(batch, entry)
    if (claimed.has(key) || seen.has(key)) return 'set-twice'
    seen.add(key)
    const refusal = entryRefusal({ entry, batch, open, details, input, hasher })
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function entryRefusal({
  entry,
  batch,
  open,
  details,
  input,
  hasher,
}: {
  readonly entry: Entry
  readonly batch: VerifiedBatch
  readonly open: OpenEpoch
  readonly details: Details
  readonly input: AuditInput
  readonly hasher: Hasher
}): BatchRefusal | undefined {
  if (entry.kind !== possessionKind) return 'kind-unknown'
  if (entry.account !== batch.header.signer) return 'signer-differs'
  const set = open.sets.find(({ id }) => id === entry.subject)
  if (set === undefined) return 'set-unknown'
  if (set.faulted) return 'set-faulted'
  if (set.provider !== entry.account) return 'set-of-another'
  if (entry.quantity !== set.leafCount) return 'quantity-differs'
  const manifest = blockOf(set.manifest, input)
  if (manifest === undefined) return 'manifest-missing'
  const pieces = decodeManifest(manifest)
  if (pieces === undefined || pieces.length !== set.pieceCount) return 'manifest-differs'
  return proofRefusal({ entry, set, pieces, open, proofs: details.proofs.get(set.id) ?? [], input, hasher })
}

/** Details are an unsigned heap, so several proofs may claim to be of this set: one that fits is enough. */
function proofRefusal({
  entry,
  set,
  pieces,
  open,
  proofs,
  input,
  hasher,
}: {
  readonly entry: Entry
  readonly set: DataSetState
  readonly pieces: readonly Piece[]
  readonly open: OpenEpoch
  readonly proofs: readonly ProofAt[]
  readonly input: AuditInput
  readonly hasher: Hasher
}): BatchRefusal | undefined {
  let refusal: BatchRefusal = 'proof-missing'
  for (const { proof, proofSha256 } of proofs) {
    const verdict = verify({
      set: { id: set.id, pieces },
      setRoot: set.root,
      challenge: { epoch: open.epoch, sealedHash: open.sealedHash },
      proof,
      capOf: ({ capDigest }) => capOf(capDigest, input),
      hasher,
    })
    if (!verdict.ok) {
      refusal = verdict.fault
      continue
    }
    const { root: setRoot, leafCount, pieceCount, version } = set
    const { answersRoot, answers } = verdict
    const detail = hashDetail({
      setRoot,
      leafCount,
      pieceCount,
      version,
      answersRoot,
      answerCount: answers.length,
      proofSha256,
    })
    if (detail === entry.detail) return undefined
    refusal = 'detail-differs'
  }
  return refusal
}

interface ProofAt {
  readonly proof: Uint8Array
  readonly proofSha256: Hex
}

interface Details {
  readonly proofs: ReadonlyMap<Hex, readonly ProofAt[]>
}

/** The proof blocks among a batch's details, by the set that they say they are of, in order of their names. */
function detailsOf(batch: VerifiedBatch, { blocks }: AuditInput): Details {
  const proofs = new Map<Hex, ProofAt[]>()
  const cids = batch.details.toSorted((a, b) => (a.toString() < b.toString() ? -1 : 1))
  for (const cid of cids) {
    const proof = blocks.get(cid.toString())
    const proofSha256 = digestOfCid(cid)
    const block = proof === undefined ? undefined : decodeProofBlock(proof)
    if (proof === undefined || proofSha256 === undefined || block?.epoch !== batch.header.epoch) continue
    proofs.set(block.dataSet, [...(proofs.get(block.dataSet) ?? []), { proof, proofSha256 }])
  }
  return { proofs }
}

function blockOf(digest: Hex, { blocks }: AuditInput): Uint8Array | undefined {
  return blocks.get(cidOfDigest(digest).toString())
}

function capOf(digest: Hex | undefined, input: AuditInput): Uint8Array | undefined {
  const block = digest === undefined ? undefined : blockOf(digest, input)
  return block === undefined ? undefined : decodeCap(block)
}

interface LinesInput {
  readonly placesOf: ReadonlyMap<Hex, readonly UsedEntry[]>
  readonly input: AuditInput
  readonly state: StorageFacts
}

function rebateLines({ placesOf, input, state }: LinesInput): LineDraft[] {
  const unitPriceAtto = rebateAttoPerLeafEpoch({ ...state, highUsd8: input.facts.highUsd8 })
  return [...placesOf].flatMap(([account, used]) => {
    const sorted = sortedByPlace(used)
    return Array.from({ length: Math.ceil(sorted.length / lineEntriesMax) }, (_, turn): LineDraft => {
      const group = sorted.slice(turn * lineEntriesMax, (turn + 1) * lineEntriesMax)
      const quantity = group.reduce((sum, one) => sum + one.quantity, 0n)
      return {
        account,
        kind: possessionKind,
        quantity,
        unitPriceAtto,
        lane: 'rebate',
        entries: group.map(({ place }) => place),
      }
    })
  })
}

/** One equal share of the allowance for each operator that proved a set and has its seat staked. */
function readinessLines({ placesOf, input, state }: LinesInput): LineDraft[] {
  const stakeOf = new Map(state.stakes.map(({ operator, totalAtto }) => [operator, totalAtto]))
  const ready = [...placesOf].filter(([account]) => (stakeOf.get(account) ?? 0n) >= state.seatAtto)
  if (ready.length === 0) return []
  const unitPriceAtto = input.facts.allowanceAtto / BigInt(ready.length)
  return ready.map(([account, used]): LineDraft => {
    const entries = sortedByPlace(used)
      .slice(0, 1)
      .map(({ place }) => place)
    return { account, kind: readinessKind, quantity: 1n, unitPriceAtto, lane: 'bootstrap', entries }
  })
}

function sortedByPlace(used: readonly UsedEntry[]): UsedEntry[] {
  return used.toSorted((a, b) => comparePlaces(a.place, b.place))
}

/** Our own programs make the facts, so another shape is our mistake. */
function storageFactsOf(state: unknown): StorageFacts {
  invariant(
    typeof state === 'object' && state !== null && 'epochs' in state && 'stakes' in state,
    'storage facts are given',
  )
  const facts = state as StorageFacts
  invariant(Array.isArray(facts.epochs) && Array.isArray(facts.stakes), 'storage facts list epochs and stakes')
  invariant(typeof facts.epochSeconds === 'bigint' && typeof facts.seatAtto === 'bigint', 'storage facts hold integers')
  return facts
}
