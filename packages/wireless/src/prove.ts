/**
 * prove(): an owner turns an epoch's receipts into evidence. verify(): anyone judges it.
 *
 * The router signed a tally, the owner signs the batch that holds it: both stand behind every unit, and the owner needs nobody
 * to post. Of all the receipts under the tallies' roots some are drawn after the close, unit by unit, and shown with their
 * paths; the rest stays with the two. What counts is never more than what was redeemed on chain in the epoch, so receipts
 * that two invent together earn nothing that they did not pay. Pure and exact.
 *
 * @see docs/protocol/wireless.md#evidence
 * @module
 */

import { drawBelow, drawSeed } from '@groundwork/core/epoch/draw-seed.ts'
import { cidOf, digestOfCid, type Block } from '@groundwork/core/evidence/block.ts'
import type { Entry } from '@groundwork/core/evidence/entry.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { addressWord, hashWords } from '@groundwork/core/evidence/abi.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { buildSumTree, foldPath, pathOf, type SumTree } from '@groundwork/core/merkle/sum-tree.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { judgeReceipts, type ReceiptFault } from './carry/judge-receipts.ts'
import type { HotspotRecord } from './model/hotspot-record.ts'
import type { Receipt, SignedTally } from './model/receipt.ts'
import {
  carriageDetail,
  decodeCarriage,
  encodeCarriage,
  receiptDrawCount,
  talliesPerEntryMax,
  type CarriageBlock,
  type ShownReceipt,
} from './wire/carriage-block.ts'
import { decodeReceipt, receiptLeaf } from './wire/receipt.ts'
import { tallySignerOf } from './wire/voucher.ts'

/** The entry and line kind of carried units. */
export const carriageKind = 1

const drawTag = 'groundwork/wireless/carriage/1'

/** What one router owes one owner for, as the owner kept it. */
export interface CarriedPair {
  readonly router: Hex
  /** in rising order of their epochs; receipts of each in their order, at least as many as it counts */
  readonly tallies: readonly { readonly signed: SignedTally; readonly receipts: readonly Uint8Array[] }[]
  /** whole credits that were redeemed in this epoch */
  readonly redeemedCredits: bigint
}

/** Why a pair has no entry. */
export type UnprovenReason = 'nothing-carried' | 'nothing-redeemed' | 'receipts-differ'

export interface Proven {
  readonly entries: readonly Entry[]
  /** the blocks that the batch links to */
  readonly details: readonly Block[]
  readonly unproven: readonly { readonly router: Hex; readonly reason: UnprovenReason }[]
}

/** An epoch whose batches may count. */
export interface OpenEpoch {
  readonly epoch: bigint
  /** Epochs.sealOf(wireless, epoch).blockHash */
  readonly sealedHash: Hex
  /** what was redeemed in the epoch's blocks, by pair */
  readonly redemptions: readonly Redemption[]
  /** owners that stood in the registry at the close, with their offers */
  readonly hotspots: readonly HotspotRecord[]
}

export interface Redemption {
  readonly router: Hex
  readonly owner: Hex
  readonly credits: bigint
  /** of the allotment that was open last, up to the close */
  readonly signer: Hex
}

/** Why an entry is not evidence. */
export type CarriageFault =
  | 'carriage-malformed'
  | 'carriage-of-another'
  | 'detail-differs'
  | 'nothing-redeemed'
  | 'quantity-differs'
  | 'tallies-out-of-order'
  | 'tally-signer-differs'
  | 'receipt-malformed'
  | 'receipt-not-drawn'
  | 'receipt-not-in-tally'
  | 'receipt-missing'
  | ReceiptFault

export type Verdict =
  | { readonly ok: true; readonly shown: readonly Receipt[] }
  | { readonly ok: false; readonly fault: CarriageFault }

/** The subject of an entry: the router's address, in a word. */
export function pairSubject(router: Hex): Hex {
  return `0x${router.slice(2).padStart(64, '0')}`
}

/** Evidence of one owner for one closed and sealed epoch. */
export function prove({
  owner,
  epoch,
  sealedHash,
  pairs,
}: {
  readonly owner: Hex
  readonly epoch: bigint
  readonly sealedHash: Hex
  readonly pairs: readonly CarriedPair[]
}): Proven {
  const entries: Entry[] = []
  const details: Block[] = []
  const unproven: { router: Hex; reason: UnprovenReason }[] = []
  for (const pair of pairs) {
    const carriage = carriageOf({ pair, owner, epoch, sealedHash })
    if (typeof carriage === 'string') {
      unproven.push({ router: pair.router, reason: carriage })
      continue
    }
    const block = encodeCarriage(carriage)
    const quantity = quantityOf({ units: unitsIn(carriage.tallies), redeemedCredits: pair.redeemedCredits })
    details.push(block)
    entries.push({
      kind: carriageKind,
      account: owner,
      subject: pairSubject(pair.router),
      quantity,
      detail: detailOf(carriage, block),
    })
  }
  return { entries, details, unproven }
}

/** Judges one entry by its carriage block and the chain's facts. */
export function verify({
  entry,
  carriage,
  open,
  railsDomain,
}: {
  readonly entry: Entry
  readonly carriage: Uint8Array
  readonly open: OpenEpoch
  readonly railsDomain: Domain
}): Verdict {
  const fault = (reason: CarriageFault): Verdict => ({ ok: false, fault: reason })
  const block = decodeCarriage(carriage)
  if (block === undefined) return fault('carriage-malformed')
  const isOurs =
    block.owner === entry.account && pairSubject(block.router) === entry.subject && block.epoch === open.epoch
  if (!isOurs) return fault('carriage-of-another')
  if (detailOf(block, { cid: cidOf(carriage), bytes: carriage }) !== entry.detail) return fault('detail-differs')
  const redemption = chainOf(open).redemptions.get(`${block.router} ${block.owner}`)
  if (redemption === undefined || redemption.credits === 0n) return fault('nothing-redeemed')
  const units = unitsIn(block.tallies)
  if (units === 0n || entry.quantity !== quantityOf({ units, redeemedCredits: redemption.credits }))
    return fault('quantity-differs')
  if (!areInOrder(block)) return fault('tallies-out-of-order')
  if (block.tallies.some((signed) => tallySignerOf(signed, railsDomain) !== redemption.signer))
    return fault('tally-signer-differs')
  const shown = shownReceipts(block, open.sealedHash)
  if (typeof shown === 'string') return fault(shown)
  const { dropped } = judgeReceipts(shown, { hotspot: chainOf(open).hotspots.get(block.owner) })
  const [first] = dropped
  return first === undefined ? { ok: true, shown } : fault(first.reason)
}

/** What counts: the units that were signed for, and no more than was paid for at a credit each. */
function quantityOf({ units, redeemedCredits }: { readonly units: bigint; readonly redeemedCredits: bigint }): bigint {
  return units < redeemedCredits ? units : redeemedCredits
}

function unitsIn(tallies: readonly SignedTally[]): bigint {
  return tallies.reduce((sum, { tally }) => sum + tally.units, 0n)
}

function detailOf({ router, owner, epoch, tallies }: CarriageBlock, { cid }: Block): Hex {
  const carriageSha256 = digestOfCid(cid)
  invariant(carriageSha256 !== undefined, 'a carriage block is named by its sha256')
  return carriageDetail({ router, owner, epoch, units: unitsIn(tallies), carriageSha256 })
}

function areInOrder({ tallies, epoch }: CarriageBlock): boolean {
  const isRising = tallies.every(
    ({ tally }, index) => index === 0 || tally.epoch > (tallies[index - 1]?.tally.epoch ?? 0n),
  )
  return isRising && tallies.every(({ tally }) => tally.epoch <= epoch)
}

interface ChainView {
  readonly redemptions: ReadonlyMap<string, Redemption>
  readonly hotspots: ReadonlyMap<Hex, HotspotRecord>
}

const views = new WeakMap<OpenEpoch, ChainView>()

/** The facts of an epoch by pair and by owner; kept as long as they live, for an audit asks once for each entry. */
function chainOf(open: OpenEpoch): ChainView {
  const known = views.get(open)
  if (known !== undefined) return known
  const view = {
    redemptions: new Map(open.redemptions.map((one) => [`${one.router} ${one.owner}`, one])),
    hotspots: new Map(open.hotspots.map((one) => [one.owner, one])),
  }
  views.set(open, view)
  return view
}

/** Units that are drawn, counted through all tallies, in draw order; the same twice is possible. */
function drawnUnits(
  { router, owner, tallies }: Pick<CarriageBlock, 'router' | 'owner' | 'tallies'>,
  sealedHash: Hex,
): bigint[] {
  const seed = drawSeed({ tag: drawTag, sealedHash, subject: hashWords(addressWord(router), addressWord(owner)) })
  const below = unitsIn(tallies)
  return Array.from({ length: receiptDrawCount }, (_, turn) => drawBelow(seed, { turn, below }))
}

/** In which tally a unit is, and which of its units. */
function placeOf(
  tallies: readonly SignedTally[],
  unit: bigint,
): { readonly tallyIndex: number; readonly offset: bigint } {
  let start = 0n
  for (const [tallyIndex, { tally }] of tallies.entries()) {
    if (unit < start + tally.units) return { tallyIndex, offset: unit - start }
    start += tally.units
  }
  throw new RangeError('a drawn unit is below their sum')
}

function carriageOf({
  pair: { router, tallies: kept, redeemedCredits },
  owner,
  epoch,
  sealedHash,
}: {
  readonly pair: CarriedPair
  readonly owner: Hex
  readonly epoch: bigint
  readonly sealedHash: Hex
}): CarriageBlock | UnprovenReason {
  const last = kept
    .filter(({ signed: { tally } }) => tally.units > 0n && tally.epoch <= epoch)
    .slice(-talliesPerEntryMax)
    .map(({ signed, receipts }) => ({ signed, receipts: receipts.slice(0, signed.tally.packets) }))
  const tallies = last.map(({ signed }) => signed)
  if (unitsIn(tallies) === 0n) return 'nothing-carried'
  if (redeemedCredits === 0n) return 'nothing-redeemed'
  const trees = new Map<number, LeafTree>()
  const shown = new Map<string, ShownReceipt>()
  for (const unit of drawnUnits({ router, owner, tallies }, sealedHash)) {
    const { tallyIndex, offset } = placeOf(tallies, unit)
    const one = last[tallyIndex]
    invariant(one !== undefined, 'a drawn unit is in a tally')
    const tree = trees.get(tallyIndex) ?? leafTree(one.receipts)
    trees.set(tallyIndex, tree)
    if (tree.tree.root.hash !== one.signed.tally.root) return 'receipts-differ'
    const index = tree.leafOf(offset)
    const receipt = one.receipts[index]
    invariant(receipt !== undefined, 'a drawn unit is in a receipt')
    const key = `${tallyIndex} ${index}`
    if (!shown.has(key)) shown.set(key, { tallyIndex, receipt, path: pathOf(tree.tree, index) })
  }
  return { router, owner, epoch, tallies, shown: [...shown.values()] }
}

interface LeafTree {
  readonly tree: SumTree
  leafOf(offset: bigint): number
}

function leafTree(receipts: readonly Uint8Array[]): LeafTree {
  const leaves = receipts.map(receiptLeaf)
  const ends: bigint[] = []
  let end = 0n
  for (const { sum } of leaves) {
    end += sum
    ends.push(end)
  }
  return { tree: buildSumTree(leaves), leafOf: (offset) => ends.findIndex((one) => offset < one) }
}

/** The receipts that are shown, when they are those of the draw, in its order, each once. */
function shownReceipts(block: CarriageBlock, sealedHash: Hex): Receipt[] | CarriageFault {
  const receipts: Receipt[] = []
  const spans: { readonly tallyIndex: number; readonly start: bigint; readonly end: bigint }[] = []
  for (const unit of drawnUnits(block, sealedHash)) {
    const { tallyIndex, offset } = placeOf(block.tallies, unit)
    if (spans.some((span) => span.tallyIndex === tallyIndex && offset >= span.start && offset < span.end)) continue
    const shown = block.shown[spans.length]
    if (shown === undefined) return 'receipt-missing'
    if (shown.tallyIndex !== tallyIndex) return 'receipt-not-drawn'
    const receipt = decodeReceipt(shown.receipt)
    if (receipt === undefined) return 'receipt-malformed'
    const leaf = receiptLeaf(shown.receipt)
    const folded = foldPath(leaf, shown.path)
    const tally = block.tallies[tallyIndex]?.tally
    if (folded === undefined || folded.root.hash !== tally?.root || folded.root.sum !== tally.units)
      return 'receipt-not-in-tally'
    const span = { tallyIndex, start: folded.startOffset, end: folded.startOffset + leaf.sum }
    if (offset < span.start || offset >= span.end) return 'receipt-not-drawn'
    spans.push(span)
    receipts.push(receipt)
  }
  return block.shown.length === spans.length ? receipts : 'receipt-not-drawn'
}
