/**
 * A hotspot's side of one router: what waits for it, what it was sent, what it owes, and what it said.
 *
 * A state machine without a socket: messages go in and out as values. It sends only within its credit, believes a decision
 * only on a frame that it sent, and a price only when it is the route's. Receipts and vouchers are its only claim, so they go
 * to the ledger as they come. Where the router's receipts and its own stop being the same, money goes on and the evidence of
 * that epoch stays at what was signed last.
 *
 * @see docs/protocol/wireless.md#credit
 * @module
 */

import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { unreachable } from '@groundwork/core/invariant.ts'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import { unitsOf } from '../model.ts'
import type { RadioDownlink, RadioUplink } from '../model/radio.ts'
import { receiptsPerEpochMax, type SignedTally } from '../model/receipt.ts'
import type { Route } from '../model/route.ts'
import type { RouterRecord } from '../offer.ts'
import type { CarryLedger } from '../ports/carry.ts'
import { packetOf, receiptOf, sharesOf } from '../work.ts'
import {
  uplinksPerMessageMax,
  type CarriedUplink,
  type CarryDecision,
  type CarryMessage,
  type NoticeReason,
} from '../wire/carry-messages.ts'
import { decodeReceipt, deciOf, encodeReceipt } from '../wire/receipt.ts'
import { tallySignerOf, voucherSignerOf } from '../wire/voucher.ts'
import { carryCredit, freshCredit, type AllotmentView, type CarryCredit, type CreditRefusal } from './credit.ts'
import { drawCommitment, isFairlyDrawn } from './draw.ts'
import { openTally, type OpenTally } from './open-tally.ts'
import { packetQueue, type PacketQueue, type QueueBounds } from './packet-queue.ts'

/** Lost draws that are remembered until the reveal; of more the oldest are not checked. */
export const lostDrawsMax = 8192

/** Joins that may still be paid, of one stream. */
export const openJoinsMax = 1024

/** Why a stream is ended by the hotspot. */
export type LinkFault =
  | 'decision-on-nothing'
  | 'price-differs'
  | 'copies-differ'
  | 'receipt-malformed'
  | 'draws-unfair'
  | 'not-for-hotspots'

export interface HotspotLinkOptions {
  readonly route: Route
  readonly owner: Hex
  readonly ledger: CarryLedger
  /** verifyingContract is Rails */
  readonly railsDomain: Domain
  readonly queueBounds?: QueueBounds
  readonly say: (message: CarryMessage) => void
  readonly downlink: (downlink: RadioDownlink) => void
}

export interface HotspotLink {
  readonly route: Route
  /** A frame for this router. @param nowMs of a clock that never goes back */
  offer(uplink: RadioUplink, nowMs: number): void
  /** The hello is done. */
  opened(welcome: { readonly epoch: bigint; readonly drawCommitment: Hex }): void
  closed(): void
  /** @returns why the stream has to end, or undefined */
  received(message: CarryMessage): LinkFault | undefined
  /** Sends what may be sent now. */
  pump(nowMs: number): void
  seen(allotment: AllotmentView | undefined): void
  /** Checks and keeps the tally that came last: a signature costs more than a hundred packets, and each tally covers those before. */
  keepTally(): void
  /** why nothing is carried now; undefined: it is, or nothing waits */
  readonly refusal: CreditRefusal | undefined
  readonly queue: PacketQueue
  readonly credit: CarryCredit
  readonly record: RouterRecord
  readonly counts: Readonly<Record<string, number>>
}

interface Sent {
  readonly uplink: RadioUplink
  readonly units: number
}

interface LostDraw {
  readonly packet: Hex
  readonly winner: Hex
}

export function hotspotLink(options: HotspotLinkOptions): HotspotLink {
  const { route, owner, ledger, railsDomain, say } = options
  const { router } = route
  const queue = packetQueue(options.queueBounds)
  const kept = ledger.account(router)
  const credit = carryCredit(route, kept ?? freshCredit)
  let voucherSignature = kept?.voucherSignature
  let tally = resumedTally({ router, owner, ledger })
  let isTallyWhole = true
  let isOpen = false
  let sequence = 0
  let refusal: CreditRefusal | undefined
  let commitment: Hex | undefined
  let lostDraws: LostDraw[] = []
  const sent = new Map<number, Sent>()
  const joins = new Map<number, Sent>()
  const counts = new Map<string, number>()
  const bump = (reason: string, by = 1): void => void counts.set(reason, (counts.get(reason) ?? 0) + by)

  const keepAccount = (): void =>
    ledger.setAccount(router, { ...credit.state, ...(voucherSignature === undefined ? {} : { voucherSignature }) })

  const tell = (reason: CreditRefusal | undefined): void => {
    if (reason === refusal) return
    refusal = reason
    if (reason !== undefined) bump(`stopped-${reason}`)
    if (isOpen) say({ kind: 'notice', reason: reason ?? 'resumed' })
  }

  /** Puts a receipt in its place; one that is there already, or beyond what evidence takes, changes nothing. */
  const addReceipt = ({
    epoch,
    index,
    encoded,
  }: {
    readonly epoch: bigint
    readonly index: number
    readonly encoded: Uint8Array
  }): void => {
    if (epoch > tally.epoch) {
      tally = openTally({ router, owner, epoch })
      isTallyWhole = true
    }
    if (epoch < tally.epoch || index >= receiptsPerEpochMax) return
    if (!isTallyWhole) return
    if (index !== tally.packets) {
      isTallyWhole = false
      bump('receipts-differ')
      say({ kind: 'notice', reason: 'receipts-differ' })
      return
    }
    tally.add(encoded)
    ledger.addReceipt({ peer: router, epoch, index, receipt: encoded })
  }

  const bought = (decision: CarryDecision & { kind: 'bought' }): LinkFault | undefined => {
    const join = joins.get(decision.sequence)
    const one = sent.get(decision.sequence) ?? join
    if (one === undefined) return 'decision-on-nothing'
    const { copies, priceNano, epoch, index } = decision
    if (copies > route.copies) return 'copies-differ'
    const shares = sharesOf({ priceNano: BigInt(one.units) * route.unitPriceNano, count: copies })
    if (!shares.includes(priceNano)) return 'price-differs'
    joins.delete(decision.sequence)
    sent.delete(decision.sequence)
    if (join === undefined) credit.decided({ units: one.units, priceNano })
    else credit.recovered(priceNano)
    const receipt = receiptOf({ uplink: one.uplink, packet: packetOf(one.uplink.phyPayload), copies, priceNano })
    addReceipt({ epoch, index, encoded: encodeReceipt(receipt) })
    bump('bought')
    return undefined
  }

  const declined = (decision: CarryDecision & { kind: 'declined' }): LinkFault | undefined => {
    const one = sent.get(decision.sequence)
    if (one === undefined) return 'decision-on-nothing'
    sent.delete(decision.sequence)
    credit.decided({ units: one.units })
    bump(`declined-${decision.reason}`)
    if (decision.reason === 'join-free') {
      joins.set(decision.sequence, one)
      if (joins.size > openJoinsMax) joins.delete(joins.keys().next().value ?? 0)
    }
    if (decision.winner !== undefined) {
      lostDraws.push({ packet: packetOf(one.uplink.phyPayload), winner: decision.winner })
      if (lostDraws.length > lostDrawsMax) {
        lostDraws.shift()
        bump('draws-unchecked')
      }
    }
    return undefined
  }

  const decisionsCame = (decisions: readonly CarryDecision[]): LinkFault | undefined => {
    for (const decision of decisions) {
      const fault = decision.kind === 'bought' ? bought(decision) : declined(decision)
      if (fault !== undefined) return fault
    }
    keepAccount()
    return undefined
  }

  /** Receipts for packets of earlier streams, or of another hotspot of the same owner. */
  const receiptsCame = ({
    epoch,
    firstIndex,
    receipts,
  }: CarryMessage & { kind: 'receipts' }): LinkFault | undefined => {
    for (const [at, encoded] of receipts.entries()) {
      const receipt = decodeReceipt(encoded)
      if (receipt === undefined) return 'receipt-malformed'
      const isKnown = epoch < tally.epoch || (epoch === tally.epoch && firstIndex + at < tally.packets)
      if (isKnown) continue
      credit.recovered(receipt.priceNano)
      addReceipt({ epoch, index: firstIndex + at, encoded })
      bump('recovered')
    }
    keepAccount()
    return undefined
  }

  const voucherCame = (message: CarryMessage & { kind: 'voucher' }): void => {
    const { total, epoch, packets, units, nanoCredits, root } = message
    const voucher = { payer: router, payee: owner, total }
    const signer = voucherSignerOf({ voucher, signature: message.voucherSignature }, railsDomain)
    if (credit.vouched({ total, signer })) {
      voucherSignature = message.voucherSignature
      keepAccount()
      bump('vouchers')
    } else if (signer !== route.voucherSigner) bump('voucher-bad')
    tallyCame({
      tally: { router, owner, epoch, packets, units, nanoCredits, root },
      signature: message.tallySignature,
    })
  }

  /** The last tally that fits, whose signature is still to be checked: each stands for all before it of its epoch. */
  let unchecked: SignedTally | undefined
  const keepTally = (): void => {
    const signed = unchecked
    unchecked = undefined
    if (signed === undefined) return undefined
    if (tallySignerOf(signed, railsDomain) !== route.voucherSigner) return bump('tally-bad')
    ledger.setTally(signed, router)
    return undefined
  }

  /** Only a tally of exactly the receipts that are here is evidence; one of an epoch that is over may come again. */
  const tallyCame = (signed: SignedTally): void => {
    if (unchecked !== undefined && unchecked.tally.epoch !== signed.tally.epoch) keepTally()
    const mine =
      signed.tally.epoch === tally.epoch ? tally : tallyOf({ router, owner, ledger, epoch: signed.tally.epoch })
    if (!isTallyWhole && signed.tally.epoch === tally.epoch) return undefined
    const { packets, root } = mine.tally()
    if (packets === signed.tally.packets && root === signed.tally.root) {
      unchecked = signed
      return undefined
    }
    bump('receipts-differ')
    if (signed.tally.epoch === tally.epoch) isTallyWhole = false
    say({ kind: 'notice', reason: 'receipts-differ' })
    return undefined
  }

  /** After one unfair draw nothing that the router says of draws is worth anything. */
  const revealed = ({ secret, nextCommitment }: CarryMessage & { kind: 'reveal' }): LinkFault | undefined => {
    keepTally()
    const drawn = fromHex(secret, 32)
    const isCommitted = commitment === drawCommitment(drawn)
    const lost = lostDraws
    lostDraws = []
    commitment = nextCommitment
    const isFair = ({ packet, winner }: LostDraw): boolean =>
      isCommitted && isFairlyDrawn({ packet, secret: drawn, winner, loser: owner })
    const unfair = lost.filter((one) => !isFair(one)).length
    bump('draws-fair', lost.length - unfair)
    if (isCommitted && unfair === 0) return undefined
    bump('draws-unfair', Math.max(1, unfair))
    return 'draws-unfair'
  }

  return {
    route,
    queue,
    credit,
    offer(uplink, nowMs) {
      queue.push(asCarried(uplink), nowMs)
    },
    opened(welcome) {
      isOpen = true
      sequence = 0
      if (commitment !== welcome.drawCommitment) {
        if (lostDraws.length > 0) bump('draws-unchecked', lostDraws.length)
        lostDraws = []
        commitment = welcome.drawCommitment
      }
      const { total } = credit.state
      const held = { kind: 'ready' as const, epoch: tally.epoch, receiptCount: tally.packets, total }
      say(voucherSignature === undefined ? held : { ...held, voucherSignature })
      const reason = refusal
      refusal = undefined
      tell(reason)
    },
    closed() {
      keepTally()
      isOpen = false
      credit.broke()
      sent.clear()
      joins.clear()
    },
    received(message) {
      switch (message.kind) {
        case 'decisions': {
          return decisionsCame(message.decisions)
        }
        case 'receipts': {
          return receiptsCame(message)
        }
        case 'voucher': {
          voucherCame(message)
          return undefined
        }
        case 'downlinks': {
          for (const downlink of message.downlinks) options.downlink(downlink)
          return undefined
        }
        case 'reveal': {
          return revealed(message)
        }
        case 'notice': {
          bump(`notice-${message.reason satisfies NoticeReason}`)
          return undefined
        }
        case 'ready':
        case 'uplinks':
        case 'outcomes':
        case 'status': {
          return 'not-for-hotspots'
        }
        default: {
          return unreachable(message)
        }
      }
    },
    pump(nowMs) {
      for (;;) {
        if (!isOpen) return
        const uplinks: CarriedUplink[] = []
        for (
          let next = queue.peek(nowMs);
          next !== undefined && uplinks.length < uplinksPerMessageMax;
          next = queue.peek(nowMs)
        ) {
          const units = unitsOf(next.phyPayload.length)
          const reason = credit.refusal(units)
          tell(reason)
          if (reason !== undefined) break
          const queued = queue.take(nowMs)
          if (queued === undefined) break
          const carried = { sequence, ...queued }
          sequence = (sequence + 1) % 2 ** 32
          credit.carried(units)
          sent.set(carried.sequence, { uplink: carried.uplink, units })
          uplinks.push(carried)
        }
        if (uplinks.length === 0) return
        bump('carried', uplinks.length)
        say({ kind: 'uplinks', uplinks })
        keepAccount()
      }
    },
    seen(allotment) {
      credit.seen(allotment)
    },
    keepTally,
    get refusal() {
      return refusal
    },
    get record() {
      return {
        carriedPackets: counts.get('carried') ?? 0,
        boughtPackets: counts.get('bought') ?? 0,
        unfairDraws: counts.get('draws-unfair') ?? 0,
        isUnpaid: refusal !== undefined,
      }
    },
    get counts() {
      return {
        ...Object.fromEntries(counts),
        'dropped-full': queue.dropped.full,
        'dropped-old': queue.dropped.old,
      }
    },
  }
}

/** As it travels: signal in tenths and whole milliseconds, so that both sides make the same receipt. */
function asCarried(uplink: RadioUplink): RadioUplink {
  const { rssiDbm, snrDb, heardAtMs } = uplink
  const carried = { ...uplink, rssiDbm: deciOf(rssiDbm) / 10, heardAtMs: Math.floor(heardAtMs) }
  return snrDb === undefined ? carried : { ...carried, snrDb: deciOf(snrDb) / 10 }
}

interface TallyPlace {
  readonly router: Hex
  readonly owner: Hex
  readonly ledger: CarryLedger
}

/** The tally that was open last. */
function resumedTally(place: TallyPlace): OpenTally {
  return tallyOf({ ...place, epoch: place.ledger.epochsOf(place.router).at(-1) ?? 0n })
}

function tallyOf({ router, owner, ledger, epoch }: TallyPlace & { readonly epoch: bigint }): OpenTally {
  const tally = openTally({ router, owner, epoch })
  for (let fromIndex = 0; ;) {
    const receipts = ledger.receipts({ peer: router, epoch, fromIndex, countMax: receiptsReadCount })
    for (const receipt of receipts) tally.add(receipt)
    fromIndex += receipts.length
    if (receipts.length < receiptsReadCount) return tally
  }
}

const receiptsReadCount = 4096
