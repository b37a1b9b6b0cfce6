/**
 * The buyer: gathers the copies of a packet for one window, waits for the network server's word, and buys.
 *
 * A state machine over its own memory, in the router. The window is the buyer's own and always whole: that the network server
 * answers the device early must not favour who is fast. Joins are free until they were worth something: the owner drawn
 * for a join is paid once, with the first uplink that the network accepts of the session it began. Everything is bounded, and
 * what finds no room is declined as `busy`.
 *
 * @see docs/protocol/wireless.md#buying
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import { unitsOf } from '../model.ts'
import type { Eui } from '../model/radio.ts'
import type { DeviceBudget, PacketVerdict } from '../model/packet-verdict.ts'
import type { Receipt } from '../model/receipt.ts'
import type { CarryLedger } from '../ports/carry.ts'
import { accept, type OfferedCopy } from '../work.ts'
import type { DeclineReason } from '../wire/carry-messages.ts'

export interface BuyPolicy {
  readonly unitPriceNano: bigint
  readonly copiesWanted: number
  /** from the first copy on; later ones are `late` */
  readonly windowMs: number
  /** how long a verdict is waited for after the window */
  readonly verdictMsMax: number
  /** how long a packet is remembered, so that nobody sells it again */
  readonly rememberMs: number
  readonly packetsMax: number
  readonly copiesPerPacketMax: number
  /** copies of one owner that the network server hears of, inclusive, so that none crowds out the gateways of others; one is bought at most */
  readonly copiesPerOwnerMax: number
  /** frames with a wrong MIC that one owner may send in a minute; then its frames are not looked at until the minute is over */
  readonly micFailuresPerMinuteMax: number
  /** joins that wait for their first uplink */
  readonly joinsMax: number
  readonly joinMsMax: number
  readonly devicesMax: number
  readonly ownersMax: number
}

export const defaultBuyPolicy: Omit<BuyPolicy, 'unitPriceNano' | 'copiesWanted'> = {
  windowMs: 1000,
  verdictMsMax: 2000,
  rememberMs: 600_000,
  packetsMax: 262_144,
  copiesPerPacketMax: 64,
  copiesPerOwnerMax: 8,
  micFailuresPerMinuteMax: 60,
  joinsMax: 65_536,
  joinMsMax: 86_400_000,
  devicesMax: 1_048_576,
  ownersMax: 65_536,
}

/** What is decided of one copy. */
export type BuyDecision<Copy extends OfferedCopy> =
  | { readonly kind: 'bought'; readonly copy: Copy; readonly receipt: Receipt }
  | { readonly kind: 'declined'; readonly copy: Copy; readonly reason: DeclineReason; readonly winner?: Hex }

export interface Buyer<Copy extends OfferedCopy> {
  /**
   * A copy came.
   *
   * @returns why it is not even looked at; undefined: hand it to the network server, a decision follows from `due`
   */
  heard(copy: Copy, nowMs: number): DeclineReason | undefined
  /**
   * Before the network server accepts a frame of a device that has a budget: takes its units from those of the day.
   *
   * @returns false when it has not so many left: the copies are declined, and the frame must not be delivered
   */
  admit(phyPayload: Uint8Array, budget: DeviceBudget, nowMs: number): boolean
  /** The network server's word on a frame; the first one counts. */
  judged(phyPayload: Uint8Array, verdict: PacketVerdict, nowMs: number): void
  /** Decisions whose time has come. */
  due(nowMs: number): BuyDecision<Copy>[]
  /** Units that may still be bought of a device on that day; undefined: no bound is known. */
  unitsLeft(devEui: Eui, nowMs: number): number | undefined
  readonly waiting: number
}

interface Lot<Copy> {
  /** the packet's bytes */
  readonly key: string
  readonly sizeBytes: number
  readonly firstMs: number
  readonly copies: Copy[]
  /** of each copy beyond the first of an owner, whose it is */
  readonly more: Hex[]
  verdict?: PacketVerdict
  /** what was taken from the device's budget for it */
  taken?: DeviceBudget
}

interface Budget {
  day: number
  units: number
  readonly unitsPerDayMax: number
}

const dayMs = 86_400_000
const minuteMs = 60_000

/** Where it is kept what devices spent of their budgets, see CarryLedger. */
export type SpentLedger = Pick<CarryLedger, 'spentUnits' | 'setSpentUnits'>

const nowhere: SpentLedger = { spentUnits: () => 0, setSpentUnits: () => undefined }

/**
 * @param secret the draw's, asked at each draw, for it changes with the epoch
 * @param ledger in memory alone when left out
 */
export function buyer<Copy extends OfferedCopy>({
  policy,
  secret,
  ledger = nowhere,
}: {
  readonly policy: BuyPolicy
  readonly secret: () => Uint8Array
  readonly ledger?: SpentLedger
}): Buyer<Copy> {
  /** in order of their first copy, so of their window's end */
  const lots = new Map<string, Lot<Copy>>()
  /** packets whose lot is closed, in that order, and when */
  const closed = new Map<string, number>()
  /** what a join sold, until its session is worth something; in order of age */
  const joins = new Map<
    Eui,
    { readonly atMs: number; readonly bought: readonly { readonly copy: Copy; readonly receipt: Receipt }[] }
  >()
  const budgets = new Map<Eui, Budget>()
  const failures = new Map<Hex, { minute: number; count: number }>()
  /** decisions that need no window to end */
  const ready: BuyDecision<Copy>[] = []

  const failuresOf = (owner: Hex, nowMs: number): number => {
    const known = failures.get(owner)
    return known?.minute === Math.floor(nowMs / minuteMs) ? known.count : 0
  }
  const countFailures = (lot: Lot<Copy>, nowMs: number): void => {
    const minute = Math.floor(nowMs / minuteMs)
    for (const owner of new Set(lot.copies.map((copy) => copy.owner))) {
      const count = failuresOf(owner, nowMs) + 1
      failures.delete(owner)
      failures.set(owner, { minute, count })
      trim(failures, policy.ownersMax)
    }
  }
  const forgetOld = (nowMs: number): void => {
    for (const [packet, atMs] of closed) {
      if (nowMs - atMs <= policy.rememberMs && closed.size <= policy.packetsMax) break
      closed.delete(packet)
    }
    for (const [devEui, { atMs }] of joins) {
      if (nowMs - atMs <= policy.joinMsMax) break
      joins.delete(devEui)
    }
  }

  /** Spends units of a device's day, or gives some back; false when it has not so many left. */
  const spend = ({ devEui, unitsPerDayMax }: DeviceBudget, units: number, nowMs: number): boolean => {
    const day = Math.floor(nowMs / dayMs)
    const known = budgets.get(devEui)
    const spent = known === undefined ? ledger.spentUnits(devEui, day) : known.day === day ? known.units : 0
    if (units > 0 && spent + units > unitsPerDayMax) return false
    const left = Math.max(spent + units, 0)
    budgets.delete(devEui)
    budgets.set(devEui, { day, units: left, unitsPerDayMax })
    ledger.setSpentUnits(devEui, day, left)
    trim(budgets, policy.devicesMax)
    return true
  }

  const giveBack = ({ taken, sizeBytes }: Lot<Copy>, nowMs: number): void => {
    if (taken !== undefined) spend(taken, -unitsOf(sizeBytes), nowMs)
  }

  const end = ({ key }: Lot<Copy>, nowMs: number): void => {
    lots.delete(key)
    closed.set(key, nowMs)
  }
  const buy = (lot: Lot<Copy>): ReturnType<typeof accept<Copy>> =>
    accept({
      copies: lot.copies,
      unitPriceNano: policy.unitPriceNano,
      copiesWanted: policy.copiesWanted,
      secret: secret(),
    })

  const declineAll = (lot: Lot<Copy>, reason: DeclineReason): BuyDecision<Copy>[] =>
    lot.copies.map((copy) => ({ kind: 'declined', copy, reason }))

  const closeJoin = (lot: Lot<Copy>, devEui: Eui, nowMs: number): BuyDecision<Copy>[] => {
    const { bought, declined } = buy(lot)
    joins.delete(devEui)
    if (bought.length > 0) joins.set(devEui, { atMs: nowMs, bought })
    trim(joins, policy.joinsMax)
    return [
      ...bought.map(({ copy }): BuyDecision<Copy> => ({ kind: 'declined', copy, reason: 'join-free' })),
      ...declined.map((one): BuyDecision<Copy> => ({ kind: 'declined', ...one })),
    ]
  }

  const close = (lot: Lot<Copy>, nowMs: number): BuyDecision<Copy>[] => {
    const { verdict } = lot
    if (verdict === undefined) return declineAll(lot, 'unjudged')
    if (verdict.kind === 'join-accepted') return closeJoin(lot, verdict.devEui, nowMs)
    if (verdict.kind !== 'accepted') return declineAll(lot, verdict.kind)
    const { devEui } = verdict
    const join = joins.get(devEui)
    joins.delete(devEui)
    const paidJoin = (join?.bought ?? []).map((one): BuyDecision<Copy> => ({ kind: 'bought', ...one }))
    const { bought, declined } = buy(lot)
    if (bought.length === 0) giveBack(lot, nowMs)
    return [
      ...paidJoin,
      ...bought.map((one): BuyDecision<Copy> => ({ kind: 'bought', ...one })),
      ...declined.map((one): BuyDecision<Copy> => ({ kind: 'declined', ...one })),
    ]
  }

  return {
    heard(copy, nowMs) {
      if (copy.hotspot === undefined) return 'gateway-unknown'
      if (failuresOf(copy.owner, nowMs) >= policy.micFailuresPerMinuteMax) return 'mic-failures'
      const key = keyOf(copy.uplink.phyPayload)
      if (closed.has(key)) return 'late'
      const lot = lots.get(key)
      if (lot === undefined) {
        if (lots.size >= policy.packetsMax) return 'busy'
        lots.set(key, { key, sizeBytes: copy.uplink.phyPayload.length, firstMs: nowMs, copies: [copy], more: [] })
        return undefined
      }
      if (nowMs - lot.firstMs > policy.windowMs) return 'late'
      if (lot.copies.some(({ owner }) => owner === copy.owner)) {
        const others = lot.more.reduce((count, owner) => (owner === copy.owner ? count + 1 : count), 0)
        if (others + 1 >= policy.copiesPerOwnerMax) return 'busy'
        lot.more.push(copy.owner)
        return 'same-owner'
      }
      if (lot.copies.length >= policy.copiesPerPacketMax) return 'busy'
      lot.copies.push(copy)
      return undefined
    },
    admit(phyPayload, budget, nowMs) {
      const lot = lots.get(keyOf(phyPayload))
      // Nobody offered it, so nobody is to be paid; or its budget is taken already.
      if (lot === undefined || lot.taken !== undefined) return true
      if (spend(budget, unitsOf(lot.sizeBytes), nowMs)) {
        lot.taken = budget
        return true
      }
      end(lot, nowMs)
      ready.push(...declineAll(lot, 'over-budget'))
      return false
    },
    judged(phyPayload, verdict, nowMs) {
      const lot = lots.get(keyOf(phyPayload))
      if (lot === undefined || lot.verdict !== undefined) return
      lot.verdict = verdict
      if (verdict.kind === 'mic-failed') countFailures(lot, nowMs)
      if (verdict.kind === 'accepted' || verdict.kind === 'join-accepted') return
      // Nobody is going to be paid for it, so nobody has to wait for the end of the window.
      giveBack(lot, nowMs)
      end(lot, nowMs)
      ready.push(...declineAll(lot, verdict.kind))
    },
    due(nowMs) {
      const decisions = ready.splice(0)
      for (const lot of lots.values()) {
        const ageMs = nowMs - lot.firstMs
        if (ageMs < policy.windowMs) break
        // One that still waits for its verdict must not hold up those behind it.
        if (lot.verdict === undefined && ageMs < policy.windowMs + policy.verdictMsMax) continue
        end(lot, nowMs)
        decisions.push(...close(lot, nowMs))
      }
      forgetOld(nowMs)
      return decisions
    },
    unitsLeft(devEui, nowMs) {
      const known = budgets.get(devEui)
      if (known === undefined) return undefined
      return known.day === Math.floor(nowMs / dayMs) ? known.unitsPerDayMax - known.units : known.unitsPerDayMax
    },
    get waiting() {
      return lots.size
    },
  }
}

/** A packet's bytes as a string: cheaper to make and to look up than its digest, which is for whoever is told. */
function keyOf(phyPayload: Uint8Array): string {
  return String.fromCharCode(...phyPayload)
}

/** Forgets what was put in first, until a map keeps its bound. */
function trim<Key, Value>(map: Map<Key, Value>, countMax: number): void {
  for (const key of map.keys()) {
    if (map.size <= countMax) return
    map.delete(key)
  }
}
