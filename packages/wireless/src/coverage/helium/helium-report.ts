/**
 * The nouns of the Helium rules: gateways as the network registered them, and what they report.
 *
 * Received times are the oracle's own, so they are trusted; everything else in a report is the gateway's word.
 *
 * @module
 */

import type { H3Index } from '@groundwork/core/geography/h3-index.ts'
import type { Entropy } from './helium-beacon.ts'

/** Two gateways that may not witness each other, whatever their order. */
export type DeniedEdge = readonly [string, string]

/** Who is shut out. */
export interface HeliumDenylist {
  readonly keys: ReadonlySet<string>
  /** Names of edges, by `edgeName`. */
  readonly edges: ReadonlySet<string>
}

/** @returns one name for a pair of gateways, in either order */
export function edgeName([a, b]: DeniedEdge): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/** A gateway as it is registered. */
export interface HeliumGateway {
  readonly key: string
  /** Where it says it stands, usually of resolution 12; undefined before it has said. */
  readonly location: H3Index | undefined
  readonly region: string
  /** Of its antenna, in tenths of a dB. */
  readonly gainDdb: number
  /** Whether it may take part: light gateways carry data only. */
  readonly isFullHotspot: boolean
}

/** "I sent." */
export interface HeliumBeaconReport {
  readonly gateway: string
  readonly receivedMs: number
  readonly data: Uint8Array
  readonly frequencyHz: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
  /** Conducted. */
  readonly txPowerDbm: number
  /** The network's entropy; its `atS` is when it began. */
  readonly remote: Entropy
  readonly local: Entropy
  readonly version: number
}

/** "I heard." */
export interface HeliumWitnessReport {
  readonly gateway: string
  readonly receivedMs: number
  readonly data: Uint8Array
  readonly frequencyHz: number
  /** In tenths of a dBm. */
  readonly signalDdbm: number
}

/** When reports may be received. */
export interface EntropyWindow {
  readonly startMs: number
  readonly endMs: number
}
