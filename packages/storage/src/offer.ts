/**
 * offer(): a provider states how much space it gives and for how much. match(): anyone picks among the offers.
 *
 * Pure. The ranking is for choosing only; it never decides pay, so distances may be floating point.
 *
 * @module
 */

import { asCell, distanceKm, regionOf } from '@groundwork/core/geography/cell.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { storageNetwork, type Offer, type ProviderRecord } from './model.ts'

/** The offer as Registry.postOffer takes it. */
export interface RegistryOffer {
  readonly operator: Hex
  readonly network: typeof storageNetwork
  readonly capacity: bigint
  readonly priceNano: bigint
  readonly terms: Hex
  readonly open: boolean
}

const noTerms: Hex = `0x${'00'.repeat(32)}`

/**
 * A provider's offer.
 *
 * @param capacityBytes space offered, 1 or more, below 2^64
 * @param priceNanoPerGibSecond nano-credits per GiB (2^30 bytes of padded data) and second, below 2^96
 */
export function offer({
  operator,
  capacityBytes,
  priceNanoPerGibSecond,
  open = true,
}: {
  readonly operator: Hex
  readonly capacityBytes: bigint
  readonly priceNanoPerGibSecond: bigint
  readonly open?: boolean
}): RegistryOffer {
  invariant(capacityBytes > 0n && capacityBytes < 2n ** 64n, 'an offer is for 1 byte or more, below 2^64')
  invariant(priceNanoPerGibSecond >= 0n && priceNanoPerGibSecond < 2n ** 96n, 'a price is 0 or more, below 2^96')
  return {
    operator,
    network: storageNetwork,
    capacity: capacityBytes,
    priceNano: priceNanoPerGibSecond,
    terms: noTerms,
    open,
  }
}

/** Why an offer was not taken. `not-needed`: it would do, others came first. */
export type Exclusion =
  | 'closed'
  | 'excluded'
  | 'same-operator'
  | 'no-room'
  | 'too-dear'
  | 'too-far'
  | 'bad-record'
  | 'not-needed'

export interface Wanted {
  readonly offers: readonly Offer[]
  /** distinct operators wanted */
  readonly copies: number
  readonly sizeBytes: number
  /** H3 index to be near to */
  readonly near?: bigint
  readonly distanceKmMax?: number
  readonly priceNanoPerGibSecondMax?: bigint
  /** operators that are not taken: they failed, or hold a copy */
  readonly exclude?: readonly Hex[]
}

export interface Match {
  /** best first; fewer than `copies` when not enough fit */
  readonly chosen: readonly Offer[]
  /** would do, best first: replacements for one that dies */
  readonly spares: readonly Offer[]
  readonly excluded: readonly { readonly operator: Hex; readonly why: Exclusion }[]
}

/** An operator with more faults than this many in each hundred sets is not taken, once it has had `faultsForgivenMax`. */
export const faultedPercentMax = 50

/** So few faults make an operator dearer and do not shut it out: one bad day is no habit. */
export const faultsForgivenMax = 3

/**
 * Picks `copies` distinct operators: by price raised by distance and faults, spread over regions where it can.
 *
 * Deterministic: the order of `offers` does not matter, ties go to the lower address.
 */
export function match(wanted: Wanted): Match {
  invariant(Number.isInteger(wanted.copies) && wanted.copies >= 1, 'at least one copy is wanted')
  const seen = new Set<Hex>()
  const excluded: { operator: Hex; why: Exclusion }[] = []
  const fit: Ranked[] = []
  for (const one of wanted.offers.toSorted(byAddressThenPrice)) {
    const why = seen.has(lower(one.operator)) ? 'same-operator' : exclusionOf(one, wanted)
    seen.add(lower(one.operator))
    if (why === undefined) fit.push({ offer: one, cost: costOf(one, wanted) })
    else excluded.push({ operator: one.operator, why })
  }
  const ranked = fit.toSorted((a, b) => (a.cost === b.cost ? 0 : a.cost < b.cost ? -1 : 1)).map(({ offer: one }) => one)
  const chosen = spreadOverRegions(ranked, wanted.copies)
  const spares = ranked.filter((one) => !chosen.includes(one))
  return {
    chosen,
    spares,
    excluded: [...excluded, ...spares.map(({ operator }) => ({ operator, why: 'not-needed' as const }))],
  }
}

interface Ranked {
  readonly offer: Offer
  readonly cost: bigint
}

function exclusionOf(one: Offer, wanted: Wanted): Exclusion | undefined {
  if (!one.open) return 'closed'
  if (wanted.exclude?.some((operator) => lower(operator) === lower(one.operator)) === true) return 'excluded'
  if (one.capacityBytes - one.usedBytes < BigInt(wanted.sizeBytes)) return 'no-room'
  const priceMax = wanted.priceNanoPerGibSecondMax
  if (priceMax !== undefined && one.priceNanoPerGibSecond > priceMax) return 'too-dear'
  const distanceKmMax = wanted.distanceKmMax ?? Number.POSITIVE_INFINITY
  if (wanted.near !== undefined && kmBetween(one.cell, wanted.near) > distanceKmMax) return 'too-far'
  const { keptCount, faultedCount } = one.record
  const isHabit = faultedCount * 100 > (keptCount + faultedCount) * faultedPercentMax
  if (faultedCount > faultsForgivenMax && isHabit) return 'bad-record'
  return undefined
}

/** Price, raised by 1% for each 100 km and by 2% for each fault in a hundred sets. */
function costOf(one: Offer, { near }: Wanted): bigint {
  const distancePercent = near === undefined ? 0 : Math.floor(Math.min(kmBetween(one.cell, near), 20_100) / 100)
  const scaled = (one.priceNanoPerGibSecond + 1n) * BigInt(100 + distancePercent)
  return scaled * BigInt(100 + 2 * faultedPercent(one.record))
}

function faultedPercent({ keptCount, faultedCount }: ProviderRecord): number {
  return faultedCount === 0 ? 0 : Math.ceil((faultedCount * 100) / (keptCount + faultedCount))
}

/** First one of each region, then the best of the rest; ordered as they were ranked. */
function spreadOverRegions(ranked: readonly Offer[], copies: number): Offer[] {
  const regions = new Set<string>()
  const spread = ranked.filter(({ cell }) => {
    const region = regionNameOf(cell)
    const isNew = !regions.has(region)
    regions.add(region)
    return isNew
  })
  const order = [...spread, ...ranked.filter((one) => !spread.includes(one))].slice(0, copies)
  return ranked.filter((one) => order.includes(one))
}

/** Resolution of the cells that count as one region: about 12,000 km². */
const regionResolution = 3

/** The region of a cell; what is no cell is a region of its own. */
function regionNameOf(cell: bigint): string {
  const valid = asCell(cell)
  return (valid === undefined ? cell : regionOf(valid, regionResolution)).toString(16)
}

/** Kilometres between the middles of two cells; infinite when one is no cell. */
function kmBetween(a: bigint, b: bigint): number {
  const [from, to] = [asCell(a), asCell(b)]
  return from === undefined || to === undefined ? Number.POSITIVE_INFINITY : distanceKm(from, to)
}

/** By address; of several offers of one operator the cheapest, open, largest one first. Only equal ones compare as equal. */
function byAddressThenPrice(a: Offer, b: Offer): number {
  return (
    compare(lower(a.operator), lower(b.operator)) ||
    compare(a.priceNanoPerGibSecond, b.priceNanoPerGibSecond) ||
    compare(Number(b.open), Number(a.open)) ||
    compare(b.capacityBytes - b.usedBytes, a.capacityBytes - a.usedBytes) ||
    compare(a.record.faultedCount, b.record.faultedCount) ||
    compare(a.cell, b.cell) ||
    compare(a.endpoint, b.endpoint)
  )
}

function compare<Value extends string | number | bigint>(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function lower(address: Hex): Hex {
  return address.toLowerCase() as Hex
}
