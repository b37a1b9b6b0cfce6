/**
 * H3 cells of any resolution, as text: what foreign rules count in, and what a map draws.
 *
 * Our own registry knows resolution 7 only (`cell.ts`). Nothing here is money, so distances may be floats; where H3 has no
 * answer (two cells too far apart, a pentagon between them, no such ancestor) the answer is undefined, never a throw.
 *
 * @module
 * @see https://h3geo.org
 */

import {
  cellToBoundary,
  cellToLatLng,
  cellToParent,
  getResolution,
  greatCircleDistance,
  gridDisk,
  gridDistance,
  isValidCell,
} from 'h3-js'
import type { Position } from './cell.ts'

/** A valid H3 cell of any resolution, in lower-case hex: '871f1d489ffffff'. */
export type H3Index = string

/** @returns the cell of an index as it stands in 64 bits, or undefined when it is none */
export function h3IndexOf(index: bigint): H3Index | undefined {
  if (index <= 0n || index >= 2n ** 64n) return undefined
  const text = index.toString(16)
  return isValidCell(text) ? text : undefined
}

/** @returns 0 (a continent) to 15 (a square metre) */
export function resolutionOf(index: H3Index): number {
  return getResolution(index)
}

/** @returns the cell of a coarser or equal resolution that holds this one, or undefined when that is a finer one */
export function ancestorOf(index: H3Index, resolution: number): H3Index | undefined {
  const own = getResolution(index)
  if (own < resolution) return undefined
  return own === resolution ? index : cellToParent(index, resolution)
}

/** @returns the cell and its direct neighbours */
export function withNeighbours(index: H3Index): H3Index[] {
  return gridDisk(index, 1)
}

/** @returns steps from cell to cell between two of one resolution, or undefined where the grid gives no number */
export function gridSteps(from: H3Index, to: H3Index): number | undefined {
  try {
    return gridDistance(from, to)
  } catch {
    // The library throws where its local coordinates end: far apart, or with a pentagon between.
    return undefined
  }
}

/** @returns great-circle distance between the two centres, in metres */
export function distanceM(from: H3Index, to: H3Index): number {
  return greatCircleDistance(cellToLatLng(from), cellToLatLng(to), 'm')
}

/** @returns the corners, counter-clockwise, the first not repeated */
export function cornersOf(index: H3Index): Position[] {
  return cellToBoundary(index).map(([latitude, longitude]) => ({ latitude, longitude }))
}
