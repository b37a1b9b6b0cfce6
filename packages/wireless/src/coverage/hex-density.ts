/**
 * How much a gateway's work counts for where it stands, by HIP 17: the more stand in its cell, and in the cells above it,
 * the less.
 *
 * Each resolution of H3 has a target. A cell that holds more than its limit is clipped to it before it counts in the next
 * coarser one; the limit grows with occupied neighbours. A place's scale is the product of clipped/unclipped over all
 * resolutions. Exact integers and fractions; the order of the gateways makes no difference.
 *
 * @module
 * @see https://github.com/helium/HIP/blob/main/0017-hex-density-based-transmit-reward-scaling.md
 */

import { ancestorOf, withNeighbours, type H3Index } from '@groundwork/core/geography/h3-index.ts'
import { multiply, one, ratio, round, type Ratio } from './ratio.ts'

/** One resolution's limits. */
export interface DensityLevel {
  readonly resolution: number
  /** Occupied cells, itself among them, that make up one step of the limit. */
  readonly neighbours: number
  /** Gateways from which a cell is occupied, and its limit with few occupied neighbours. */
  readonly target: number
  /** The limit's own limit. */
  readonly max: number
}

/** What a network scales by. */
export interface DensityParameters {
  /** Gateways are counted in cells of this resolution. */
  readonly finest: number
  /** From fine to coarse, none finer than `finest`. */
  readonly levels: readonly DensityLevel[]
  /** Of a scale, rounded half-even. */
  readonly decimals: number
}

/** What one cell holds, and what of it counts. */
export interface CellCount {
  readonly clipped: number
  readonly unclipped: number
}

type Counts = ReadonlyMap<H3Index, number>

/**
 * @param places one per gateway that counts, of any resolution; those coarser than `finest` are left out
 * @returns the scale of each place, at most 1; 0 only where so many stand that it rounds to that
 */
export function hexScales(places: readonly H3Index[], parameters: DensityParameters): Map<H3Index, Ratio> {
  const counted = countLevels(places, parameters)
  const scales = new Map<H3Index, Ratio>()
  for (const place of places) {
    if (scales.has(place) || ancestorOf(place, parameters.finest) === undefined) continue
    const pairs = parameters.levels.flatMap(({ resolution }) => {
      const count = counted.get(ancestorOf(place, resolution) ?? '')
      return count === undefined ? [] : [count]
    })
    scales.set(place, scaleOf(pairs, parameters.decimals))
  }
  return scales
}

/** @returns the product of clipped/unclipped over a place's cells, at `decimals` decimals */
export function scaleOf(counts: readonly CellCount[], decimals: number): Ratio {
  const product = counts.reduce(
    (scale, { clipped, unclipped }) => multiply(scale, ratio(BigInt(clipped), BigInt(unclipped))),
    one,
  )
  return round(product, { decimals, rounding: 'half-even' })
}

function countLevels(
  places: readonly H3Index[],
  { finest, levels }: DensityParameters,
): ReadonlyMap<H3Index, CellCount> {
  const counted = new Map<H3Index, CellCount>()
  let below: Counts = gather(
    places.map((place) => [place, 1]),
    finest,
  )
  for (const level of levels) {
    const unclipped = gather([...below], level.resolution)
    const clipped = new Map<H3Index, number>()
    for (const [cell, count] of unclipped) {
      const kept = Math.min(count, limitOf(cell, unclipped, level))
      clipped.set(cell, kept)
      counted.set(cell, { clipped: kept, unclipped: count })
    }
    below = clipped
  }
  return counted
}

function gather(counts: readonly (readonly [H3Index, number])[], resolution: number): Map<H3Index, number> {
  const sums = new Map<H3Index, number>()
  for (const [cell, count] of counts) {
    const parent = ancestorOf(cell, resolution)
    if (parent !== undefined) sums.set(parent, (sums.get(parent) ?? 0) + count)
  }
  return sums
}

/** A limit is never below the target, so clipping does not change which cells are occupied. */
function limitOf(cell: H3Index, unclipped: Counts, { neighbours, target, max }: DensityLevel): number {
  const occupied = withNeighbours(cell).filter((other) => (unclipped.get(other) ?? 0) >= target).length
  return Math.min(max, target * Math.max(occupied - neighbours + 1, 1))
}
