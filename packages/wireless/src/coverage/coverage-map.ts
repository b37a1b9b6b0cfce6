/**
 * A map of where paid traffic was carried: GeoJSON (RFC 7946), one feature per H3 cell of resolution 7.
 *
 * Coverage that counts is coverage that somebody paid for; a hotspot that only stands somewhere is not on the map. Credits
 * are exact text, for JSON's numbers are not.
 *
 * @module
 */

import { cellAt, formatCell, type Cell } from '@groundwork/core/geography/cell.ts'
import { cornersOf } from '@groundwork/core/geography/h3-index.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'

/** Paid traffic of one hotspot in one cell, over whatever time is asked for. */
export interface CarriedTraffic {
  readonly cell: Cell
  /** Whose hotspot carried it. */
  readonly owner: Hex
  /** Of 24 bytes. */
  readonly units: number
  readonly paidNanoCredits: bigint
  /** Block in which the last of it was paid. */
  readonly lastBlock: number
}

/** Longitude, then latitude, in degrees. */
export type GeoPosition = readonly [number, number]

/** Rings are closed and run counter-clockwise. */
export type CellGeometry =
  | { readonly type: 'Polygon'; readonly coordinates: readonly (readonly GeoPosition[])[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly (readonly GeoPosition[])[])[] }

/** What a map says of one cell. */
export interface CellCoverage {
  readonly cell: string
  readonly units: number
  readonly paidNanoCredits: string
  /** Distinct owners whose hotspots carried traffic here. */
  readonly owners: number
  /** Whether enough distinct owners did. */
  readonly isConfirmed: boolean
  /** how far the most believed of them is believed about where it stands, of 1000; absent where nobody sent beacons */
  readonly trust?: number
  readonly lastBlock: number
}

export interface CoverageFeature {
  readonly type: 'Feature'
  readonly id: string
  /** Null for the two cells that hold a pole: no ring on a flat map goes around it. */
  readonly geometry: CellGeometry | null
  readonly properties: CellCoverage
}

export interface CoverageMap {
  readonly type: 'FeatureCollection'
  /** In the order of cells. */
  readonly features: readonly CoverageFeature[]
  /** Cells that had traffic and are not shown, for there were too many. */
  readonly cellsLeftOut: number
}

/** Most cells of one map; about 400 bytes each. */
export const mapCellsMax = 50_000

/** Owners that confirm a cell. */
export const confirmingOwners = 2

interface Sum {
  units: number
  paidNanoCredits: bigint
  lastBlock: number
  readonly owners: Set<Hex>
}

/**
 * @param traffic in any order, several rows of one hotspot allowed; rows that were not paid are not looked at
 * @param cellsMax 1 to `mapCellsMax`: when there are more cells, those with the most units are shown
 */
export function coverageMap(
  traffic: Iterable<CarriedTraffic>,
  {
    cellsMax = mapCellsMax,
    trustOf = () => undefined,
  }: { readonly cellsMax?: number; readonly trustOf?: (owner: Hex) => number | undefined } = {},
): CoverageMap {
  const sums = [...sumCells(traffic)]
  const busiest = sums.toSorted(([a, x], [b, y]) => y.units - x.units || (a < b ? -1 : 1))
  const shown = busiest.slice(0, Math.min(cellsMax, mapCellsMax)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    type: 'FeatureCollection',
    features: shown.map(([cell, sum]) => featureOf(cell, sum, trustOf)),
    cellsLeftOut: sums.length - shown.length,
  }
}

function sumCells(traffic: Iterable<CarriedTraffic>): ReadonlyMap<Cell, Sum> {
  const sums = new Map<Cell, Sum>()
  for (const row of traffic) {
    if (row.paidNanoCredits <= 0n) continue
    let sum = sums.get(row.cell)
    if (sum === undefined) {
      sum = { units: 0, paidNanoCredits: 0n, lastBlock: 0, owners: new Set() }
      sums.set(row.cell, sum)
    }
    sum.units += row.units
    sum.paidNanoCredits += row.paidNanoCredits
    sum.lastBlock = Math.max(sum.lastBlock, row.lastBlock)
    sum.owners.add(row.owner)
  }
  return sums
}

function featureOf(
  cell: Cell,
  { units, paidNanoCredits, lastBlock, owners }: Sum,
  trustOf: (owner: Hex) => number | undefined,
): CoverageFeature {
  const trusts = [...owners].flatMap((owner) => trustOf(owner) ?? [])
  const id = formatCell(cell)
  const properties = {
    cell: id,
    units,
    paidNanoCredits: paidNanoCredits.toString(),
    owners: owners.size,
    isConfirmed: owners.size >= confirmingOwners,
    ...(trusts.length === 0 ? {} : { trust: Math.max(...trusts) }),
    lastBlock,
  }
  return { type: 'Feature', id, geometry: geometryOf(cell), properties }
}

/** @returns the cell's outline, cut in two where it crosses the antimeridian, as RFC 7946 section 3.1.9 asks */
export function geometryOf(cell: Cell): CellGeometry | null {
  if ([90, -90].some((latitude) => cellAt({ latitude, longitude: 0 }) === cell)) return null
  const corners = cornersOf(formatCell(cell)).map(({ latitude, longitude }): GeoPosition => [longitude, latitude])
  const longitudes = corners.map(([longitude]) => longitude)
  const isCut = Math.max(...longitudes) - Math.min(...longitudes) > 180
  if (!isCut) return { type: 'Polygon', coordinates: [closed(corners)] }

  const unwrapped = corners.map(([longitude, latitude]): GeoPosition => [
    longitude < 0 ? longitude + 360 : longitude,
    latitude,
  ])
  const west = clip(unwrapped, (longitude) => longitude <= 180)
  const east = clip(unwrapped, (longitude) => longitude >= 180).map(([longitude, latitude]): GeoPosition => [
    longitude - 360,
    latitude,
  ])
  const parts = [west, east].filter((ring) => ring.length >= 3)
  return { type: 'MultiPolygon', coordinates: parts.map((ring) => [closed(ring)]) }
}

function closed(ring: readonly GeoPosition[]): GeoPosition[] {
  return [...ring, ...ring.slice(0, 1)]
}

/** What of a ring lies on one side of longitude 180, with the crossings as corners. */
function clip(ring: readonly GeoPosition[], isInside: (longitude: number) => boolean): GeoPosition[] {
  return ring.flatMap((from, index) => {
    const to = ring[(index + 1) % ring.length] ?? from
    const kept = isInside(from[0]) ? [from] : []
    if (isInside(from[0]) === isInside(to[0]) || from[0] === 180 || to[0] === 180) return kept
    const share = (180 - from[0]) / (to[0] - from[0])
    return [...kept, [180, from[1] + share * (to[1] - from[1])] as const]
  })
}
