/**
 * Paid coverage as a picture: the hexagons that carried traffic, darker where more was carried, with a scale.
 *
 * Pure: the map's GeoJSON in, SVG out. No tiles, for nothing is downloaded; north is up, and the middle's scale holds everywhere.
 *
 * @module
 */

import type { CoverageFeature, CoverageMap, GeoPosition } from '@groundwork/wireless'

/** Hexagons of one picture, the busiest; about 200 bytes each. */
export const pictureCellsMax = 1000

const widthPx = 720
const heightPxMax = 420
const marginPx = 24
/** The least that a picture spans, in kilometres, so that one hexagon does not fill it. */
const spanKmMin = 8
const kmPerDegree = 111.195

interface Shape {
  readonly feature: CoverageFeature
  readonly rings: readonly (readonly GeoPosition[])[]
}

function ringsOf({ geometry }: CoverageFeature): readonly (readonly GeoPosition[])[] {
  if (geometry === null) return []
  return geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat()
}

/** @returns an SVG element, or undefined when nothing was carried yet */
export function coveragePicture({ features }: CoverageMap): string | undefined {
  const shapes = features
    .toSorted((a, b) => b.properties.units - a.properties.units)
    .slice(0, pictureCellsMax)
    .map((feature): Shape => ({ feature, rings: ringsOf(feature) }))
    .filter(({ rings }) => rings.length > 0)
  if (shapes.length === 0) return undefined
  const view = viewOf(shapes.flatMap(({ rings }) => rings.flat()))
  const unitsMax = Math.max(...shapes.map(({ feature }) => feature.properties.units), 1)
  const cells = shapes.map(({ feature, rings }) => {
    const { cell, units, owners, isConfirmed, lastBlock } = feature.properties
    const path = rings.map((ring) => `M${ring.map((position) => view.at(position)).join('L')}Z`).join('')
    const shade = (0.25 + 0.65 * (Math.log1p(units) / Math.log1p(unitsMax))).toFixed(2)
    const told = `${cell}: ${units} units of ${owners} owner${owners === 1 ? '' : 's'}, last in block ${lastBlock}`
    return `<path class="${isConfirmed ? 'sure' : 'lone'}" d="${path}" fill-opacity="${shade}"><title>${told}</title></path>`
  })
  const { km, px } = scaleOf(view.kmPerPx)
  const foot = view.heightPx - 8
  const scale = `<path class="scale" d="M${marginPx} ${foot - 5}V${foot}H${marginPx + px}V${foot - 5}"/><text x="${marginPx + px + 6}" y="${foot}">${km} km</text>`
  return `<svg class="map" viewBox="0 0 ${widthPx} ${view.heightPx}" role="img" aria-label="${shapes.length} hexagons carried paid traffic">${cells.join('')}${scale}</svg>`
}

interface View {
  readonly heightPx: number
  readonly kmPerPx: number
  /** 'x y' in pixels */
  at(position: GeoPosition): string
}

/** The frame around all positions. */
function viewOf(positions: readonly GeoPosition[]): View {
  const [west, east] = rangeOf(positions.map(([longitude]) => longitude))
  const [south, north] = rangeOf(positions.map(([, latitude]) => latitude))
  const middle = { longitude: (west + east) / 2, latitude: (south + north) / 2 }
  const kmEast = kmPerDegree * Math.max(Math.cos((middle.latitude * Math.PI) / 180), 0.01)
  const spanKm = {
    x: Math.max((east - west) * kmEast, spanKmMin),
    y: Math.max((north - south) * kmPerDegree, spanKmMin / 2),
  }
  const kmPerPx = Math.max(spanKm.x / (widthPx - 2 * marginPx), spanKm.y / (heightPxMax - 2 * marginPx))
  const heightPx = Math.ceil(spanKm.y / kmPerPx) + 2 * marginPx
  return {
    heightPx,
    kmPerPx,
    at: ([longitude, latitude]) => {
      const x = widthPx / 2 + ((longitude - middle.longitude) * kmEast) / kmPerPx
      const y = heightPx / 2 - ((latitude - middle.latitude) * kmPerDegree) / kmPerPx
      return `${x.toFixed(1)} ${y.toFixed(1)}`
    },
  }
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  )
}

/** The longest of 1, 2, 5, 10, … km that takes a quarter of the width at most. */
function scaleOf(kmPerPx: number): { readonly km: number; readonly px: number } {
  const kmMax = (widthPx / 4) * kmPerPx
  const power = 10 ** Math.floor(Math.log10(kmMax))
  const km = [5, 2, 1].map((factor) => factor * power).find((one) => one <= kmMax) ?? power
  return { km, px: Math.round(km / kmPerPx) }
}
