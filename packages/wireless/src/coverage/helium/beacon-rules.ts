/**
 * When a Helium beacon counts: the table of its reasons, in the network's order.
 *
 * @module
 */

import type { Rule } from '../rule.ts'
import { makeHeliumBeacon, type BeaconChannel } from './helium-beacon.ts'
import { beaconIntervalMs } from './helium-parameters.ts'
import type { EntropyWindow, HeliumBeaconReport, HeliumDenylist, HeliumGateway } from './helium-report.ts'

export type HeliumBeaconReason =
  | 'NotAsserted'
  | 'Denied'
  | 'EntropyExpired'
  | 'InvalidCapability'
  | 'IrregularInterval'
  | 'InvalidPacket'

/** All that the rules look at. */
export interface HeliumBeaconFacts {
  readonly beaconer: HeliumGateway
  readonly beacon: HeliumBeaconReport
  readonly entropy: EntropyWindow
  readonly denylist: HeliumDenylist
  /** When a report of this gateway was last seen, valid or not. */
  readonly lastBeaconMs: number | undefined
  /** Of the beaconer's region, in its own order. */
  readonly channels: readonly BeaconChannel[]
}

/** @returns whether a report came while the entropy lived, in whole seconds with both ends included */
export function isWithinEntropy(receivedMs: number, { startMs, endMs }: EntropyWindow): boolean {
  const seconds = (ms: number): number => Math.floor(ms / 1000)
  return seconds(receivedMs) >= seconds(startMs) && seconds(receivedMs) <= seconds(endMs)
}

/** @returns whether a beacon falls into a later window than the one before it */
export function isOnSchedule(
  { lastMs, beaconMs }: { readonly lastMs: number | undefined; readonly beaconMs: number },
  intervalMs: number = beaconIntervalMs,
): boolean {
  return lastMs === undefined || Math.floor(beaconMs / intervalMs) > Math.floor(lastMs / intervalMs)
}

/** @returns whether two contents are the same bytes */
export function isSameData(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

function isAsDrawn({ beacon, beaconer, channels }: HeliumBeaconFacts): boolean {
  const drawn = makeHeliumBeacon({
    remote: beacon.remote,
    // A gateway's own entropy has no time, whatever its report says.
    local: { data: beacon.local.data, atS: 0 },
    version: beacon.version,
    channels,
    gainDdb: beaconer.gainDdb,
  })
  return (
    drawn !== undefined &&
    isSameData(drawn.data, beacon.data) &&
    drawn.frequencyHz === beacon.frequencyHz &&
    drawn.spreadingFactor === beacon.spreadingFactor &&
    drawn.bandwidthHz === beacon.bandwidthHz
  )
}

export const heliumBeaconRules: readonly Rule<HeliumBeaconFacts, HeliumBeaconReason>[] = [
  { reason: 'NotAsserted', holds: ({ beaconer }) => beaconer.location !== undefined },
  { reason: 'Denied', holds: ({ beacon, denylist }) => !denylist.keys.has(beacon.gateway) },
  { reason: 'EntropyExpired', holds: ({ beacon, entropy }) => isWithinEntropy(beacon.receivedMs, entropy) },
  { reason: 'InvalidCapability', holds: ({ beaconer }) => beaconer.isFullHotspot },
  {
    reason: 'IrregularInterval',
    holds: ({ beacon, lastBeaconMs }) => isOnSchedule({ lastMs: lastBeaconMs, beaconMs: beacon.receivedMs }),
  },
  { reason: 'InvalidPacket', holds: isAsDrawn },
]
