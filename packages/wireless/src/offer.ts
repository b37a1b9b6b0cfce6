/**
 * offer(): an owner states where its hotspot is and what a unit costs. match(): who serves whom, with named exclusions.
 *
 * Both sides choose: a hotspot which routes it keeps frames for, a router which hotspots it buys from. Pure, deterministic,
 * and for choosing only: what is said of places and antennas never decides pay.
 *
 * @see docs/protocol/wireless.md#offers
 * @module
 */

import { asCell, distanceKm, type Cell } from '@groundwork/core/geography/cell.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { parseHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { wirelessNetwork } from './model.ts'
import type { HotspotRecord } from './model/hotspot-record.ts'
import { unitPriceNanoMax, type Route } from './model/route.ts'
import { byteWriter } from './wire/byte-writer.ts'
import { byteReader } from './wire/byte-reader.ts'

/** The offer as Registry.postOffer takes it; where it stands is the operator's cell. */
export interface RegistryOffer {
  readonly operator: Hex
  readonly network: typeof wirelessNetwork
  /** hotspots under this offer */
  readonly capacity: bigint
  /** least nano-credits for a unit */
  readonly priceNano: bigint
  readonly terms: Hex
  readonly open: boolean
}

/** Antenna gains that an offer may state, in dBi; inclusive. */
export const antennaGainDbiRange = { least: -10, most: 20 } as const

const termsVersion = 1

/**
 * An owner's offer.
 *
 * @param antennaGainDbi with its cable, to a tenth
 * @param unitPriceNano least nano-credits for a unit of 24 bytes
 */
export function offer({
  operator,
  antennaGainDbi,
  unitPriceNano,
  hotspotCount = 1,
  open = true,
}: {
  readonly operator: Hex
  readonly antennaGainDbi: number
  readonly unitPriceNano: bigint
  readonly hotspotCount?: number
  readonly open?: boolean
}): RegistryOffer {
  const { least, most } = antennaGainDbiRange
  invariant(antennaGainDbi >= least && antennaGainDbi <= most, 'an antenna gains -10 to 20 dBi')
  invariant(unitPriceNano >= 0n && unitPriceNano <= unitPriceNanoMax, 'a price is 0 or more, at most 2^56')
  invariant(Number.isSafeInteger(hotspotCount) && hotspotCount >= 1, 'an offer is of one hotspot or more')
  const writer = byteWriter(32)
  writer.u8(termsVersion)
  writer.i16(Math.round(antennaGainDbi * 10))
  writer.raw(new Uint8Array(29))
  const terms = toHex(writer.bytes())
  return { operator, network: wirelessNetwork, capacity: BigInt(hotspotCount), priceNano: unitPriceNano, terms, open }
}

/** What a stranger's offer says of its antenna; undefined when its terms are not of this network. */
export function antennaGainOf(terms: Hex): number | undefined {
  const bytes = parseHex(terms, 32)
  if (bytes === undefined) return undefined
  const reader = byteReader(bytes)
  if (reader.u8() !== termsVersion) return undefined
  const gainDbi = reader.i16() / 10
  if (reader.raw(29).some((byte) => byte !== 0)) return undefined
  return gainDbi >= antennaGainDbiRange.least && gainDbi <= antennaGainDbiRange.most ? gainDbi : undefined
}

/** How a router did so far with this hotspot. */
export interface RouterRecord {
  readonly carriedPackets: number
  readonly boughtPackets: number
  /** draws whose reveal named another winner */
  readonly unfairDraws: number
  /** why it is not carried for now */
  readonly isUnpaid: boolean
}

/** Why a route is not served. */
export type RouteExclusion =
  | 'closed'
  | 'excluded'
  | 'own'
  | 'pays-too-little'
  | 'unpaid'
  | 'never-buys'
  | 'draws-unfairly'

/** Why a hotspot is not bought from. */
export type HotspotExclusion = 'closed' | 'excluded' | 'too-dear' | 'too-far' | 'not-bonded' | 'not-needed'

/** Packets after which a router that bought none is not carried for. */
export const neverBuysPackets = 1024

/**
 * The routes that a hotspot serves, best paying first; it may serve all that do.
 *
 * @param recordOf what the hotspot remembers of a router; undefined: nothing
 */
export function matchRoutes({
  routes,
  owner,
  unitPriceNanoMin,
  recordOf,
  exclude = [],
}: {
  readonly routes: readonly Route[]
  readonly owner: Hex
  readonly unitPriceNanoMin: bigint
  readonly recordOf: (router: Hex) => RouterRecord | undefined
  readonly exclude?: readonly Hex[]
}): Match<Route, RouteExclusion> {
  const why = (route: Route): RouteExclusion | undefined => {
    if (!route.isOpen) return 'closed'
    if (exclude.includes(route.router)) return 'excluded'
    // Selling to oneself pays a fee for nothing.
    if (route.router === owner) return 'own'
    if (route.unitPriceNano < unitPriceNanoMin) return 'pays-too-little'
    const record = recordOf(route.router)
    if (record === undefined) return undefined
    if (record.unfairDraws > 0) return 'draws-unfairly'
    if (record.isUnpaid) return 'unpaid'
    return record.boughtPackets === 0 && record.carriedPackets >= neverBuysPackets ? 'never-buys' : undefined
  }
  return matched(routes, why, (a, b) =>
    a.unitPriceNano === b.unitPriceNano ? compare(a.router, b.router) : compare(b.unitPriceNano, a.unitPriceNano),
  )
}

/** The hotspots that a router buys from: bonded, open, not dearer than its price, near enough where it says so. */
export function match({
  hotspots,
  unitPriceNano,
  stakeAttoMin,
  near,
  exclude = [],
  countMax,
}: {
  readonly hotspots: readonly HotspotRecord[]
  readonly unitPriceNano: bigint
  readonly stakeAttoMin: bigint
  readonly near?: { readonly cell: Cell; readonly distanceKmMax: number }
  readonly exclude?: readonly Hex[]
  readonly countMax: number
}): Match<HotspotRecord, HotspotExclusion> {
  invariant(countMax >= 1, 'a router buys from one hotspot or more')
  const kmTo = ({ cell }: HotspotRecord): number => (near === undefined ? 0 : kmBetween(cell, near.cell))
  const why = (hotspot: HotspotRecord): HotspotExclusion | undefined => {
    if (!hotspot.isOpen) return 'closed'
    if (exclude.includes(hotspot.owner)) return 'excluded'
    if (hotspot.stakeAtto < stakeAttoMin) return 'not-bonded'
    if (hotspot.unitPriceNano > unitPriceNano) return 'too-dear'
    return near !== undefined && kmTo(hotspot) > near.distanceKmMax ? 'too-far' : undefined
  }
  const found = matched(hotspots, why, (a, b) => compare(kmTo(a), kmTo(b)) || compare(a.owner, b.owner))
  const spare = found.chosen.slice(countMax).map((one) => ({ one, why: 'not-needed' as const }))
  return { chosen: found.chosen.slice(0, countMax), excluded: [...found.excluded, ...spare] }
}

export interface Match<One, Why> {
  /** best first */
  readonly chosen: readonly One[]
  readonly excluded: readonly { readonly one: One; readonly why: Why }[]
}

function matched<One, Why>(
  all: readonly One[],
  whyNot: (one: One) => Why | undefined,
  order: (a: One, b: One) => number,
): Match<One, Why> {
  const chosen: One[] = []
  const excluded: { one: One; why: Why }[] = []
  for (const one of all.toSorted(order)) {
    const why = whyNot(one)
    if (why === undefined) chosen.push(one)
    else excluded.push({ one, why })
  }
  return { chosen, excluded }
}

function compare<Value extends string | number | bigint>(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Kilometres between the middles of two cells; infinite when one is no cell. */
function kmBetween(a: bigint, b: bigint): number {
  const [from, to] = [asCell(a), asCell(b)]
  return from === undefined || to === undefined ? Number.POSITIVE_INFINITY : distanceKm(from, to)
}
