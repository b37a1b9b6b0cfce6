/**
 * The smallest Helium world in which a beacon is valid and is heard: what tests change one thing of.
 *
 * @module
 */

import type { H3Index } from '@groundwork/core/geography/h3-index.ts'
import { makeHeliumBeacon, type BeaconChannel, type Entropy } from './helium-beacon.ts'
import type { HeliumBeaconReport, HeliumGateway, HeliumWitnessReport } from './helium-report.ts'
import type { HeliumHistory, HeliumWorld } from './judge-proof.ts'

/** Two places of resolution 12, a few kilometres apart. */
const places: readonly [H3Index, H3Index] = ['8c2a1072b59abff', '8c2a1072d2d4dff']

/** A region of two channels. */
export const someRegion: readonly BeaconChannel[] = [868_100_000, 868_300_000].map((frequencyHz) => ({
  frequencyHz,
  bandwidthHz: 125_000,
  maxEirpDdbm: 161,
  spreadings: [{ spreadingFactor: 12, payloadBytesMax: 65 }],
}))

/** When the toy's entropy begins, Unix seconds. */
const entropyAtS = 1_700_000_000

/** @returns a gateway that may do everything; every other one stands at the other place */
export function aGateway(key: string, { isElsewhere = false }: { readonly isElsewhere?: boolean } = {}): HeliumGateway {
  const location = places[isElsewhere ? 1 : 0]
  return { key, location, region: 'EU868', gainDdb: 12, isFullHotspot: true }
}

/** @returns a valid beacon of the gateway, received `afterMs` after the entropy began */
export function aBeacon(gateway: string, { afterMs = 1000 }: { readonly afterMs?: number } = {}): HeliumBeaconReport {
  const remote: Entropy = { data: Uint8Array.of(1, 2, 3), atS: entropyAtS }
  const local: Entropy = { data: new TextEncoder().encode(gateway), atS: 0 }
  const drawn = makeHeliumBeacon({ remote, local, version: 1, channels: someRegion, gainDdb: 12 })
  return {
    gateway,
    receivedMs: entropyAtS * 1000 + afterMs,
    data: drawn?.data ?? new Uint8Array(),
    frequencyHz: drawn?.frequencyHz ?? 0,
    spreadingFactor: drawn?.spreadingFactor ?? 0,
    bandwidthHz: drawn?.bandwidthHz ?? 0,
    txPowerDbm: drawn?.powerDbm ?? 0,
    remote,
    local,
    version: 1,
  }
}

/** @returns a report that heard the beacon a second after its own report */
export function aReport(gateway: string, beacon: HeliumBeaconReport = aBeacon('beaconer')): HeliumWitnessReport {
  const { data, frequencyHz, receivedMs } = beacon
  return { gateway, receivedMs: receivedMs + 1000, data, frequencyHz, signalDdbm: -1200 }
}

/** @returns a world that knows every gateway; those whose key begins with 'w' stand apart from the others */
export function aWorld(histories: Readonly<Record<string, HeliumHistory>> = {}): HeliumWorld {
  return {
    gatewayOf: (key) => aGateway(key, { isElsewhere: key.startsWith('w') }),
    historyOf: (key) => histories[key] ?? {},
    channelsOf: (region) => (region === 'EU868' ? someRegion : []),
    denylist: { keys: new Set(), edges: new Set() },
    scales: new Map(),
  }
}
