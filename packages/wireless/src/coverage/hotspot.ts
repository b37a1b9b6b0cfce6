/**
 * The nouns of our own proof of coverage: a hotspot as the registry knows it, a beacon once it is revealed, and a report of it.
 *
 * Places, owners and gains come from the registry, the rounds of commitments from the chain. What a hotspot says
 * of its radio is its own word: it is held against physics, and never paid for.
 *
 * @module
 */

import { distanceKm, type Cell } from '@groundwork/core/geography/cell.ts'

/** A provider's radio, as it is registered. */
export interface Hotspot {
  readonly id: string
  /** The account behind it; a cluster of accounts that are known to be one is one owner. */
  readonly owner: string
  readonly cell: Cell
  readonly antennaGainDbi: number
  readonly region: string
}

/** What a beacon was on air; `drawBeacon` says what it had to be. */
export interface SentBeacon {
  readonly hotspot: string
  readonly data: Uint8Array
  readonly frequencyHz: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
  /** Conducted, without the antenna. */
  readonly powerDbm: number
  /** When its last symbol ended, by the sender's clock, Unix. */
  readonly endedMs: number
  /** The round in which its secret became known to all; rounds count up, and what is of one round is known to nobody before the next. */
  readonly revealedRound: number
}

/** What a witness committed to before the reveal, opened. */
export interface HeardBeacon {
  readonly hotspot: string
  readonly data: Uint8Array
  readonly frequencyHz: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
  readonly rssiDbm: number
  readonly snrDb: number
  /** When its last symbol ended, by the witness's clock, Unix. */
  readonly heardMs: number
  /** The round in which the commitment stood where nobody can change it. */
  readonly committedRound: number
}

/** How far apart two hotspots may be, given that only their cells are known. */
export interface DistanceRange {
  readonly nearestM: number
  readonly farthestM: number
}

/** No point of a cell of resolution 7 lies farther from its centre, anywhere on the globe. */
export const cellRadiusM = 1800

/** Antennas that share a cell can still not be nearer than this and be two coverages. */
const nearestM = 50

/** @returns the shortest and the longest distance between a point of one cell and a point of the other */
export function distanceRange(from: Cell, to: Cell): DistanceRange {
  const betweenCentresM = distanceKm(from, to) * 1000
  return {
    nearestM: Math.max(betweenCentresM - 2 * cellRadiusM, nearestM),
    farthestM: betweenCentresM + 2 * cellRadiusM,
  }
}
