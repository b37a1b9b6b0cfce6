/**
 * work(): what a frame that was carried says, and of whom it is. accept(): the router signs for what it buys of one packet: whose copies, at what price, with what receipts.
 *
 * Pure. A packet has one price in total, its units times the route's price; by default one copy is bought. Who sells is
 * drawn among distinct bonded owners (carry/draw.ts); signal only filters. When something was heard and whether the frame is
 * worth anything is carry/buy.ts's and the network server's.
 *
 * @see docs/protocol/wireless.md#draw
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { sha256 } from '@noble/hashes/sha2.js'
import { drawOwners } from './carry/draw.ts'
import { misplaced, signalFault, type SignalReason } from './carry/plausible.ts'
import { unitsOf } from './model.ts'
import type { HotspotRecord } from './model/hotspot-record.ts'
import type { RadioUplink } from './model/radio.ts'
import type { Receipt } from './model/receipt.ts'
import { readUplink, type ReadUplinkOptions, type UplinkVerdict } from './network-server/read-uplink.ts'
import { deciOf } from './wire/receipt.ts'

/**
 * Reads a carried frame: finds its session, checks MIC and counter, decrypts.
 *
 * @returns the device's message with the session as it then is, or why the frame is nobody's
 */
export function work(frame: ReadUplinkOptions): UplinkVerdict {
  return readUplink(frame)
}

/** One owner's copy of a packet, with what the chain says of the owner. */
export interface OfferedCopy {
  readonly owner: Hex
  /** undefined: not registered, or not bonded */
  readonly hotspot: HotspotRecord | undefined
  readonly uplink: RadioUplink
}

/** Why a copy is not bought. */
export type CopyRefusal = 'gateway-unknown' | 'same-owner' | 'too-far' | SignalReason | 'not-drawn'

export interface Acceptance<Copy extends OfferedCopy> {
  /** in the order of the draw; none when no copy may be bought */
  readonly bought: readonly { readonly copy: Copy; readonly receipt: Receipt }[]
  /** `winner`: whose ticket was the lowest, told to who lost */
  readonly declined: readonly { readonly copy: Copy; readonly reason: CopyRefusal; readonly winner?: Hex }[]
  /** what the packet costs; 0n when nothing was bought, else the same whatever the number of copies */
  readonly priceNano: bigint
}

/**
 * Buys copies of one packet.
 *
 * @param copies all of one PHYPayload, in the order in which they came
 * @param secret the router's, that it committed to
 */
export function accept<Copy extends OfferedCopy>({
  copies,
  unitPriceNano,
  copiesWanted,
  secret,
}: {
  readonly copies: readonly Copy[]
  readonly unitPriceNano: bigint
  readonly copiesWanted: number
  readonly secret: Uint8Array
}): Acceptance<Copy> {
  invariant(copiesWanted >= 1 && unitPriceNano >= 0n, 'a route buys a copy, at a price')
  const first = copies[0]
  if (first === undefined) return { bought: [], declined: [], priceNano: 0n }
  const declined: { copy: Copy; reason: CopyRefusal; winner?: Hex }[] = []
  const byOwner = new Map<Hex, Copy>()
  for (const copy of plausible(copies, declined)) {
    if (byOwner.has(copy.owner)) declined.push({ copy, reason: 'same-owner' })
    else byOwner.set(copy.owner, copy)
  }
  const packet = packetOf(first.uplink.phyPayload)
  const order = drawOwners({ packet, secret, owners: [...byOwner.keys()] })
  const sellers = order.slice(0, copiesWanted)
  const [winner] = sellers
  for (const owner of order.slice(copiesWanted)) {
    const copy = byOwner.get(owner)
    if (copy !== undefined && winner !== undefined) declined.push({ copy, reason: 'not-drawn', winner })
  }
  const sizeBytes = first.uplink.phyPayload.length
  const priceNano = sellers.length === 0 ? 0n : BigInt(unitsOf(sizeBytes)) * unitPriceNano
  const shares = sharesOf({ priceNano, count: sellers.length })
  const bought = sellers.map((owner, place) => {
    const copy = byOwner.get(owner)
    const share = shares[place]
    invariant(copy !== undefined && share !== undefined, 'who is drawn sent a copy')
    return { copy, receipt: receiptOf({ uplink: copy.uplink, packet, copies: sellers.length, priceNano: share }) }
  })
  return { bought, declined, priceNano }
}

/** A price in so many shares that add up to it: the nano-credits that do not divide go to those drawn first, one each. */
export function sharesOf({ priceNano, count }: { readonly priceNano: bigint; readonly count: number }): bigint[] {
  const whole = count === 0 ? 0n : priceNano / BigInt(count)
  const rest = priceNano - whole * BigInt(count)
  return Array.from({ length: count }, (_, place) => (BigInt(place) < rest ? whole + 1n : whole))
}

/** What names a packet: sha256 of its PHYPayload. */
export function packetOf(phyPayload: Uint8Array): Hex {
  return toHex(sha256(phyPayload))
}

/** The receipt of one bought copy; both sides make it, from what travelled between them. */
export function receiptOf({
  uplink,
  packet,
  copies,
  priceNano,
}: {
  readonly uplink: RadioUplink
  readonly packet: Hex
  readonly copies: number
  readonly priceNano: bigint
}): Receipt {
  const { gatewayEui, phyPayload, heardAtMs, frequencyHz, modulation, rssiDbm, snrDb } = uplink
  const receipt = {
    packet,
    sizeBytes: phyPayload.length,
    gatewayEui,
    heardAtMs: Math.floor(heardAtMs),
    frequencyHz,
    modulation,
    rssiDeciDbm: deciOf(rssiDbm),
    copies,
    priceNano,
  }
  return snrDb === undefined ? receipt : { ...receipt, snrDeciDb: deciOf(snrDb) }
}

/** Those that may be drawn: of bonded owners, with a signal that can be, at places that do not contradict most others. */
function plausible<Copy extends OfferedCopy>(
  copies: readonly Copy[],
  declined: { copy: Copy; reason: CopyRefusal }[],
): Copy[] {
  const placed: { readonly copy: Copy; readonly hotspot: HotspotRecord }[] = []
  for (const copy of copies) {
    const { hotspot, uplink } = copy
    const reason: CopyRefusal | undefined =
      hotspot === undefined ? 'gateway-unknown' : signalFault({ ...uplink, antennaGainDbi: hotspot.antennaGainDbi })
    if (reason !== undefined) declined.push({ copy, reason })
    else if (hotspot !== undefined) placed.push({ copy, hotspot })
  }
  const wrong = misplaced(placed.map(({ copy: { uplink }, hotspot }) => ({ hotspot, signal: uplink })))
  for (const index of wrong) {
    const one = placed[index]
    if (one !== undefined) declined.push({ copy: one.copy, reason: 'too-far' })
  }
  return placed.flatMap(({ copy }, index) => (wrong.has(index) ? [] : [copy]))
}
