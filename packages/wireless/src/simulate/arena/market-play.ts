/**
 * What owners who play false can do in the market: what any hotspot can. They hear what their radio hears, say what they like to the
 * router, and hear what it answers. Nothing here lets them look into it.
 *
 * @module
 */

import type { Eui, RadioUplink } from '../../model/radio.ts'
import type { DeclineReason } from '../../wire/carry-messages.ts'
import type { Degrees, Place } from '../place.ts'

/** What a hotspot says of itself in the registry. */
export interface Registered {
  readonly place: Degrees
  readonly antennaGainDbi: number
}

export interface OfferOptions {
  /** which of its owners offers it; the first when left out */
  readonly owner?: number
  /** whether anything about it is untrue; only the report looks at it */
  readonly isFalse: boolean
}

/** One radio of an owner that plays false. */
export interface MarketSeat {
  readonly gatewayEui: Eui
  /** bonded owners that stand behind it */
  readonly owners: number
  readonly registered: Registered
  /** the seats of all that play with it, itself among them */
  readonly fellows: readonly MarketSeat[]
  offer(uplink: RadioUplink, options: OfferOptions): void
  after(delayMs: number, run: () => void): void
  /** above 0 and below 1, from the seed */
  unit(): number
  /** what its copies were declined for, so far */
  declined(): ReadonlyMap<DeclineReason, number>
}

export interface MarketPlay {
  /** bonded owners behind each radio; 1 when left out */
  readonly ownersEach?: number
  /** Where a radio of theirs really stands, instead of where chance put it. @param sideM of the town's square */
  readonly place?: (liar: { readonly index: number; readonly chance: Place; readonly sideM: number }) => Place
  /** What it registers, instead of the truth. */
  readonly register?: (truth: Registered, index: number) => Registered
  /** A frame was received: offer it, or what else pays. */
  heard(seat: MarketSeat, uplink: RadioUplink): void
}

/** Bonded owners of one radio, inclusive. */
export const ownersEachMax = 64

/** How many of a town play false: one at least, where any do. */
export function falseCountOf(count: number, share: number): number {
  return share <= 0 ? 0 : Math.min(count, Math.max(1, Math.round(count * share)))
}
