/**
 * Where hardware stands: H3 cells of resolution 7 (about 5 km² each), as the registry stores them.
 *
 * A cell is a uint64 on chain and 15 hex digits in text. Positions are degrees; nothing here is money, so distances may be
 * floats. Not for exact positions: those never leave a device.
 *
 * @module
 * @see https://h3geo.org
 */

import {
  cellToLatLng,
  cellToParent,
  getResolution,
  greatCircleDistance,
  gridDisk,
  isValidCell,
  latLngToCell,
} from 'h3-js'

/** Resolution of every cell in the registry. */
export const cellResolution = 7

/** Widest ring of `neighboursOf`. */
export const ringMax = 16

/** An H3 index of resolution 7. */
export type Cell = bigint

/** Degrees. */
export interface Position {
  readonly latitude: number
  readonly longitude: number
}

/** @returns the cell of a position, or undefined when it is none (not finite, or off the globe) */
export function cellAt({ latitude, longitude }: Position): Cell | undefined {
  const isOnGlobe = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  return isOnGlobe ? BigInt(`0x${latLngToCell(latitude, longitude, cellResolution)}`) : undefined
}

/** @returns the cell as H3 text, such as '871f1d489ffffff' */
export function formatCell(cell: Cell): string {
  return cell.toString(16)
}

/** @returns the cell, or undefined when the text is no H3 index of resolution 7 */
export function parseCell(text: string): Cell | undefined {
  if (!/^[0-9a-fA-F]{1,16}$/.test(text)) return undefined
  return asCell(BigInt(`0x${text}`))
}

/** @returns the same index, or undefined when it is no H3 cell of resolution 7 */
export function asCell(index: bigint): Cell | undefined {
  if (index <= 0n || index >= 2n ** 64n) return undefined
  const text = formatCell(index)
  return isValidCell(text) && getResolution(text) === cellResolution ? index : undefined
}

/** @param cell valid @returns its centre */
export function centreOf(cell: Cell): Position {
  const [latitude, longitude] = cellToLatLng(formatCell(cell))
  return { latitude, longitude }
}

/** @returns great-circle distance between the centres of two valid cells, in km */
export function distanceKm(from: Cell, to: Cell): number {
  return greatCircleDistance(cellToLatLng(formatCell(from)), cellToLatLng(formatCell(to)), 'km')
}

/**
 * @param ring 0 to `ringMax`: how many steps away
 * @returns the valid cell itself and all cells within `ring` steps, in rising order
 */
export function neighboursOf(cell: Cell, ring: number): Cell[] {
  const cells = gridDisk(formatCell(cell), Math.min(ring, ringMax)).map((text) => BigInt(`0x${text}`))
  return cells.toSorted((a, b) => (a < b ? -1 : 1))
}

/** @returns the valid cell's ancestor at a coarser resolution (0 to 7), for grouping by region */
export function regionOf(cell: Cell, resolution: number): bigint {
  return BigInt(`0x${cellToParent(formatCell(cell), resolution)}`)
}
