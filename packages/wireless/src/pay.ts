/**
 * pay(): what an owner redeems and converts. raise(): which vouchers a router signs anew. audit(): what an epoch owes.
 *
 * Pure and exact. Vouchers pay by themselves; what the audit adds are rebates for carried units (kind 1) and a share of the
 * bootstrap for coverage that carried paid traffic (kind 2). A unit counts when the router signed for it and a voucher was
 * redeemed for it on chain in the epoch: so what is claimed is never more than what was paid. A batch with one invalid entry
 * does not count at all, and its reason is named.
 *
 * @see docs/protocol/wireless.md#audit
 * @module
 */

import type { AuditInput, LineDraft, RefusedBatch } from '@groundwork/core/epoch/audit.ts'
import type { VerifiedBatch } from '@groundwork/core/evidence/batch.ts'
import { digestOfCid } from '@groundwork/core/evidence/block.ts'
import { comparePlaces, type Entry, type EntryPlace } from '@groundwork/core/evidence/entry.ts'
import { accountLinesMax, lineEntriesMax } from '@groundwork/core/evidence/line.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { nanoPerCredit } from '@groundwork/core/units/credits.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { isNoteBatch } from './coverage/note-entry.ts'
import { carriageKind, pairSubject, verify, type CarriageFault, type OpenEpoch } from './prove.ts'
import { decodeCarriage } from './wire/carriage-block.ts'

/** The line kind of coverage that carried paid traffic; it stands on a carriage entry. */
export const coverageKind = 2

/** Most routers that one owner is paid for in an epoch: 16 lines of 16 entries. */
export const routersPerOwnerMax: number = accountLinesMax * lineEntriesMax

/** Units that somebody else has to have paid for before an owner's coverage counts. */
export const coverageUnitsMin = 24n

/** atto-WORK times USD*1e8 per credit. docs/protocol/money.md#units */
const creditScale = 10n ** 21n
const feeBasisPoints = 500n
const rebateBasisPoints = 8000n
const basis = 10_000n

/**
 * What a voucher says of so many nano-credits: whole credits, rounded up.
 *
 * What is missing to a whole credit is paid ahead, and used up by the next receipts: the total is cumulative, so the hotspot
 * is never short, and the router is never ahead by a credit or more.
 */
export function voucherTotal(earnedNano: bigint): bigint {
  invariant(earnedNano >= 0n, 'what was earned is never negative')
  return (earnedNano + nanoPerCredit - 1n) / nanoPerCredit
}

/** A router's debt to one owner. */
export interface OwedAccount {
  readonly owner: Hex
  readonly earnedNano: bigint
  /** of the last voucher */
  readonly total: bigint
  /** receipts since the last voucher */
  readonly packetsOpen: number
  /** how long the oldest of them waits */
  readonly openMs: number
  /** since the last voucher of this program's run; infinite before there is one */
  readonly sinceRaisedMs: number
  /** packets that the owner's hotspots leave open, see carry/credit.ts */
  readonly openPacketsMax: number
}

/**
 * When a voucher is raised: at half of what a hotspot leaves open, so that it never has to stop; else once the oldest packet has
 * waited `msMax` and the last voucher is `everyMs` old. A signature costs more than all else that a packet does, and its check more
 * again, so a busy pair signs by the clock, and one that begins is paid soon.
 */
export interface RaisePolicy {
  /** in place of half of what is left open, where it is less */
  readonly packetsMax?: number
  readonly msMax: number
  readonly everyMs: number
}

export const defaultRaisePolicy: RaisePolicy = { msMax: 2000, everyMs: 10_000 }

/** Which vouchers a router signs anew, and for what total. */
export function raise(
  accounts: readonly OwedAccount[],
  { packetsMax = Number.POSITIVE_INFINITY, msMax, everyMs }: RaisePolicy = defaultRaisePolicy,
): { readonly owner: Hex; readonly total: bigint }[] {
  return accounts
    .filter(({ packetsOpen, openMs, sinceRaisedMs, openPacketsMax }) => {
      const isMuch = packetsOpen >= Math.min(packetsMax, openPacketsMax / 2)
      return packetsOpen > 0 && (isMuch || (openMs >= msMax && sinceRaisedMs >= everyMs))
    })
    .map(({ owner, earnedNano, total }) => {
      const next = voucherTotal(earnedNano)
      return { owner, total: next > total ? next : total }
    })
}

/** A voucher as its owner holds it. */
export interface HeldVoucher {
  readonly router: Hex
  readonly total: bigint
  /** of the allotment, as the chain has it */
  readonly redeemed: bigint
  readonly credits: bigint
  readonly isNoticed: boolean
}

/** What to do about money now. */
export interface Payment {
  /** routers whose voucher to redeem, the most first */
  readonly redeem: readonly Hex[]
  /** credits of the earned pocket to convert afterwards; 0n: none */
  readonly convertCredits: bigint
}

/**
 * What an owner redeems and converts: whatever is worth a transaction, and whatever stands in an allotment under notice.
 *
 * @param creditsMin below this a voucher, and the earned pocket, wait
 * @param isClosing the epoch is about to close: what is not redeemed in it is not in its rebate
 */
export function pay({
  vouchers,
  earnedCredits,
  creditsMin,
  vouchersMax,
  isClosing = false,
}: {
  readonly vouchers: readonly HeldVoucher[]
  readonly earnedCredits: bigint
  readonly creditsMin: bigint
  readonly vouchersMax: number
  readonly isClosing?: boolean
}): Payment {
  invariant(vouchersMax >= 1, 'a transaction redeems at least one voucher')
  const due = vouchers
    .map((voucher) => ({ ...voucher, payable: payableOf(voucher) }))
    .filter(({ payable, isNoticed }) => payable > 0n && (isNoticed || isClosing || payable >= creditsMin))
    .toSorted((a, b) => (a.payable === b.payable ? (a.router < b.router ? -1 : 1) : a.payable > b.payable ? -1 : 1))
    .slice(0, vouchersMax)
  const inPocket = due.reduce((sum, { payable }) => sum + payable, earnedCredits)
  return { redeem: due.map(({ router }) => router), convertCredits: inPocket >= creditsMin ? inPocket : 0n }
}

/** min(total, redeemed + credits) - redeemed. docs/protocol/money.md#allotment */
function payableOf({ total, redeemed, credits }: HeldVoucher): bigint {
  const upTo = total < redeemed + credits ? total : redeemed + credits
  return upTo > redeemed ? upTo - redeemed : 0n
}

/** Rebate of one unit, in atto-WORK: the reference price in credits, times fee and rebate shares, at the sealed high; one floor. */
export function rebateAttoPerUnit({
  referenceNanoPerUnit,
  highUsd8,
}: {
  readonly referenceNanoPerUnit: bigint
  readonly highUsd8: bigint
}): bigint {
  invariant(highUsd8 > 0n, 'an epoch is sealed with a price')
  const above = referenceNanoPerUnit * creditScale * feeBasisPoints * rebateBasisPoints
  return above / (nanoPerCredit * basis * basis * highUsd8)
}

/** `facts.state` of the wireless network: what its audit reads from the chain beside the common facts. */
export interface WirelessFacts {
  /** nano-credits: `PriceFeed.basket().packetNano` */
  readonly referenceNanoPerUnit: bigint
  readonly seatAtto: bigint
  /** verifyingContract is Rails: vouchers and tallies are signed under it */
  readonly railsDomain: Domain
  /** stake of every operator that may be ready, at the close */
  readonly stakes: readonly { readonly operator: Hex; readonly totalAtto: bigint }[]
  readonly epochs: readonly OpenEpoch[]
}

/** Why a batch does not count. */
export type BatchRefusal =
  | 'epoch-not-open'
  | 'entries-missing'
  | 'kind-unknown'
  | 'coverage-note'
  | 'signer-differs'
  | 'pair-twice'
  | 'too-many-routers'
  | 'carriage-missing'
  | CarriageFault

/** The audit of this network. */
export function audit(input: AuditInput): { lines: LineDraft[]; refusedBatches: RefusedBatch[] } {
  const state = wirelessFactsOf(input.facts.state)
  const claimed = new Set<string>()
  const usedBy = new Map<Hex, UsedEntry[]>()
  const refusedBatches: RefusedBatch[] = []
  for (const batch of input.batches) {
    const refusal = refusalOf({ batch, input, state, claimed, usedBy })
    if (refusal === undefined) count({ batch, claimed, usedBy })
    else refusedBatches.push({ digest: batch.digest, reason: refusal })
  }
  return {
    lines: [...rebateLines({ usedBy, input, state }), ...coverageLines({ usedBy, input, state })],
    refusedBatches,
  }
}

interface UsedEntry {
  readonly place: EntryPlace
  readonly subject: Hex
  readonly quantity: bigint
}

interface Counted {
  readonly claimed: Set<string>
  readonly usedBy: Map<Hex, UsedEntry[]>
}

interface Judging extends Counted {
  readonly batch: VerifiedBatch
  readonly input: AuditInput
  readonly state: WirelessFacts
}

function count({ batch, claimed, usedBy }: Counted & { readonly batch: VerifiedBatch }): void {
  for (const [index, entry] of batch.entries.entries()) {
    claimed.add(claimKey(batch, entry))
    const used = usedBy.get(entry.account) ?? []
    usedBy.set(entry.account, used)
    used.push({ place: { batchDigest: batch.digest, index }, subject: entry.subject, quantity: entry.quantity })
  }
}

/** One entry for each router, owner and epoch. */
function claimKey(batch: VerifiedBatch, { account, subject }: Entry): string {
  return `${batch.header.epoch} ${account} ${subject}`
}

function refusalOf({ batch, input, state, claimed, usedBy }: Judging): BatchRefusal | undefined {
  const open = state.epochs.find(({ epoch }) => epoch === batch.header.epoch)
  if (open === undefined) return 'epoch-not-open'
  if (batch.entries.length === 0) return 'entries-missing'
  if ((usedBy.get(batch.header.signer)?.length ?? 0) + batch.entries.length > routersPerOwnerMax)
    return 'too-many-routers'
  const carriages = carriagesOf(batch, input)
  const seen = new Set<string>()
  for (const entry of batch.entries) {
    // A note ranks; it is read by whoever audits beacons, and pays nothing.
    if (isNoteBatch(batch)) return 'coverage-note'
    if (entry.kind !== carriageKind) return 'kind-unknown'
    if (entry.account !== batch.header.signer) return 'signer-differs'
    const key = claimKey(batch, entry)
    if (claimed.has(key) || seen.has(key)) return 'pair-twice'
    seen.add(key)
    const refusal = entryRefusal({ entry, open, carriages: carriages.get(entry.subject) ?? [], state })
    if (refusal !== undefined) return refusal
  }
  return undefined
}

/** Details are an unsigned heap, so several blocks may claim to be of this router: one that fits is enough. */
function entryRefusal({
  entry,
  open,
  carriages,
  state,
}: {
  readonly entry: Entry
  readonly open: OpenEpoch
  readonly carriages: readonly Uint8Array[]
  readonly state: WirelessFacts
}): BatchRefusal | undefined {
  let refusal: BatchRefusal = 'carriage-missing'
  for (const carriage of carriages) {
    const verdict = verify({ entry, carriage, open, railsDomain: state.railsDomain })
    if (verdict.ok) return undefined
    refusal = verdict.fault
  }
  return refusal
}

/** The carriage blocks among a batch's details, by the subject of the entry that they say they are of, in order of their names. */
function carriagesOf(batch: VerifiedBatch, { blocks }: AuditInput): ReadonlyMap<Hex, readonly Uint8Array[]> {
  const found = new Map<Hex, Uint8Array[]>()
  for (const cid of batch.details.toSorted((a, b) => (a.toString() < b.toString() ? -1 : 1))) {
    const bytes = digestOfCid(cid) === undefined ? undefined : blocks.get(cid.toString())
    const block = bytes === undefined ? undefined : decodeCarriage(bytes)
    if (bytes === undefined || block === undefined || block.epoch !== batch.header.epoch) continue
    const subject = pairSubject(block.router)
    found.set(subject, [...(found.get(subject) ?? []), bytes])
  }
  return found
}

interface LinesInput {
  readonly usedBy: ReadonlyMap<Hex, readonly UsedEntry[]>
  readonly input: AuditInput
  readonly state: WirelessFacts
}

function rebateLines({ usedBy, input, state }: LinesInput): LineDraft[] {
  const unitPriceAtto = rebateAttoPerUnit({ ...state, highUsd8: input.facts.highUsd8 })
  return [...usedBy].flatMap(([account, used]) => {
    const sorted = sortedByPlace(used)
    return Array.from({ length: Math.ceil(sorted.length / lineEntriesMax) }, (_, turn): LineDraft => {
      const group = sorted.slice(turn * lineEntriesMax, (turn + 1) * lineEntriesMax)
      const quantity = group.reduce((sum, one) => sum + one.quantity, 0n)
      return {
        account,
        kind: carriageKind,
        quantity,
        unitPriceAtto,
        lane: 'rebate',
        entries: group.map(({ place }) => place),
      }
    })
  })
}

/** One equal share of the allowance for each seated owner that carried for others; where it says it stands is never paid. */
function coverageLines({ usedBy, input, state }: LinesInput): LineDraft[] {
  const stakeOf = new Map(state.stakes.map(({ operator, totalAtto }) => [operator, totalAtto]))
  const ready = [...usedBy].flatMap(([account, used]) => {
    if ((stakeOf.get(account) ?? 0n) < state.seatAtto) return []
    const forOthers = sortedByPlace(used).filter(({ subject }) => subject !== pairSubject(account))
    const units = forOthers.reduce((sum, { quantity }) => sum + quantity, 0n)
    const [first] = forOthers
    return first === undefined || units < coverageUnitsMin ? [] : [{ account, place: first.place }]
  })
  if (ready.length === 0) return []
  const unitPriceAtto = input.facts.allowanceAtto / BigInt(ready.length)
  return ready.map(({ account, place }): LineDraft => ({
    account,
    kind: coverageKind,
    quantity: 1n,
    unitPriceAtto,
    lane: 'bootstrap',
    entries: [place],
  }))
}

function sortedByPlace(used: readonly UsedEntry[]): UsedEntry[] {
  return used.toSorted((a, b) => comparePlaces(a.place, b.place))
}

/** Our own programs make the facts, so another shape is our mistake. */
function wirelessFactsOf(state: unknown): WirelessFacts {
  invariant(
    typeof state === 'object' && state !== null && 'epochs' in state && 'stakes' in state,
    'wireless facts are given',
  )
  const facts = state as WirelessFacts
  invariant(Array.isArray(facts.epochs) && Array.isArray(facts.stakes), 'wireless facts list epochs and stakes')
  invariant(
    typeof facts.referenceNanoPerUnit === 'bigint' && typeof facts.seatAtto === 'bigint',
    'wireless facts hold integers',
  )
  return facts
}
