/**
 * The numbers of the Helium IoT network as its open verifier held them last, February 2026: HIP 15, 17 with 104, 83, 106.
 *
 * A policy to compare with and to reproduce, not the one that pays here.
 *
 * @module
 * @see https://github.com/helium/oracles commit 824f7724, iot_verifier and iot_packet_verifier
 */

import type { DensityParameters } from '../hex-density.ts'
import { ratio, type Ratio } from '../ratio.ts'
import type { RewardUnitParameters } from '../reward-units.ts'

/** One beacon a gateway in each window of this length, counted from the Unix epoch. */
export const beaconIntervalMs: number = 6 * 3_600_000

/** Reports are received while the network's entropy lives. */
export const entropyLifespanMs = 180_000

/** How late a witness may be after the beacon's report, when that came first. */
export const lagAfterBeaconMsMax = 4000

/** How late a witness may be after the first witness, when that came first. */
export const lagAfterWitnessMsMax = 1500

/** Between what was sent and what was heard. */
export const frequencyDifferenceHzMax = 100_000

/** Steps on the grid of `cellDistanceResolution` that beaconer and witness stand apart at least. */
export const cellDistanceMin = 8
export const cellDistanceResolution = 11

/** In whole kilometres of whole metres, so 100,999 m still passes. */
export const distanceKmMax = 100

/** Witnesses of one beacon that are rewarded (HIP 83: the first to report). */
export const witnessesMax = 14

/** HIP 106: how long ago the other half of the work may be. */
export const reciprocityMs: number = 48 * 3_600_000

/** A gateway counts for density this long after a valid beacon that somebody reported. */
export const interactiveMs: number = 60 * 3_600_000

/** The scale of a place that density has not counted. */
export const unknownPlaceScale: Ratio = ratio(1n, 5n)

export const heliumRewardUnits: RewardUnitParameters = {
  redundancy: 4,
  decay: ratio(4n, 5n),
  beaconerMax: ratio(2n),
  decimals: 4,
}

export const heliumDensity: DensityParameters = {
  finest: 11,
  levels: [
    { resolution: 10, neighbours: 2, target: 1, max: 1 },
    { resolution: 9, neighbours: 2, target: 1, max: 1 },
    { resolution: 8, neighbours: 2, target: 1, max: 1 },
    { resolution: 7, neighbours: 4, target: 5, max: 10 },
    { resolution: 6, neighbours: 4, target: 25, max: 50 },
    { resolution: 5, neighbours: 4, target: 100, max: 200 },
    { resolution: 4, neighbours: 2, target: 500, max: 1000 },
  ],
  decimals: 4,
}

/** Parts of a whole, by what they pay for. */
export interface HeliumParts {
  readonly beacons: Ratio
  readonly witnesses: Ratio
  readonly data: Ratio
  readonly operations: Ratio
  readonly oracles: Ratio
}

/** Of an epoch's emissions. The rest, 6 %, is not the verifier's to give. */
export const emissionParts: HeliumParts = {
  beacons: ratio(6n, 100n),
  witnesses: ratio(24n, 100n),
  data: ratio(50n, 100n),
  operations: ratio(7n, 100n),
  oracles: ratio(7n, 100n),
}

/** Who gets what data transfer leaves over. */
export const dataRemainderParts: Pick<HeliumParts, 'beacons' | 'witnesses'> = {
  beacons: ratio(1n, 5n),
  witnesses: ratio(4n, 5n),
}

/** Dollars of one data credit. */
export const dataCreditUsd: Ratio = ratio(1n, 100_000n)

/** Decimals of a rate per share, and of credits in bones. */
export const rateDecimals = 15

/** Bytes that one data credit carries. */
export const bytesPerDataCredit = 24
