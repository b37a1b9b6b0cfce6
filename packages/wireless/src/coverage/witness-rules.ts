/**
 * When a witness counts under our own policy: a table of reasons, each a bound with two sides where physics has two.
 *
 * Stricter than `helium/witness-rules.ts`, which knows only how strong a signal may be: here it may also be too weak, its
 * SNR must fit the spreading factor and the RSSI, time runs both ways, and what one direction lost the other must lose too.
 * A value that is no number breaks its rule. What passes ranks location trust; location itself is never paid.
 *
 * @module
 */

import { freeSpaceLossDb } from './free-space.ts'
import type { DistanceRange, HeardBeacon, Hotspot, SentBeacon } from './hotspot.ts'
import type { Rule } from './rule.ts'

export type WitnessReason =
  | 'denied'
  | 'heard-itself'
  | 'same-owner'
  | 'committed-late'
  | 'heard-early'
  | 'heard-late'
  | 'other-content'
  | 'other-data-rate'
  | 'off-frequency'
  | 'other-region'
  | 'same-cell'
  | 'too-far'
  | 'too-strong'
  | 'too-weak'
  | 'below-sensitivity'
  | 'snr-below-floor'
  | 'snr-above-radio'
  | 'snr-above-noise'
  | 'snr-below-signal'
  | 'one-way'
  | 'not-reciprocal'

/** All that the rules look at. */
export interface WitnessFacts {
  readonly beaconer: Hotspot
  readonly beacon: SentBeacon
  readonly witness: Hotspot
  readonly heard: HeardBeacon
  readonly distance: DistanceRange
  readonly isDenied: boolean
  /** What the other direction lost between the two antennas when it was last heard, in dB. */
  readonly lossBackDb: number | undefined
  /** When the witness's own beacon was last heard by another owner. */
  readonly ownBeaconHeardMs: number | undefined
}

/** The policy's numbers; each is inclusive. */
export const witnessBounds = {
  /** Clocks of hotspots are kept by NTP. */
  clockErrorMsMax: 500,
  /** Crystals of both sides, and rounding to channels. */
  frequencyErrorHzMax: 50_000,
  distanceMMax: 100_000,
  /** What reflections and errors of calibration can add to free space. */
  gainOverFreeSpaceDbMax: 8,
  /** What ground, walls and hills take away at most: 37.6 dB a decade over 20 km is 40 above free space, a deep cellar 15 more. */
  lossOverFreeSpaceDbMax: 55,
  /** Of thermal noise in the receiver; the best concentrators have about 2, the usual 6. */
  noiseFigureDbMin: 2,
  /** Under the demodulator's floor; what concentrators report is that inexact. */
  snrErrorDbMax: 3,
  /** Concentrators do not report more. */
  snrDbMax: 20,
  /** From here on a concentrator's SNR need not follow the signal any more. */
  snrSaturationDb: 6,
  /** How far foreign noise may lift the floor under a signal. */
  interferenceDbMax: 35,
  /** Between the losses of both directions; they are one path. */
  asymmetryDbMax: 25,
  reciprocityMs: 172_800_000,
} as const

/** The least SNR at which a spreading factor is still decoded, in dB. */
const snrFloorDb: Readonly<Record<number, number>> = {
  5: -2.5,
  6: -5,
  7: -7.5,
  8: -10,
  9: -12.5,
  10: -15,
  11: -17.5,
  12: -20,
}

/** @returns thermal noise in a channel as the best receiver hears it, in dBm */
export function noiseFloorDbm(bandwidthHz: number): number {
  return -174 + 10 * Math.log10(bandwidthHz) + witnessBounds.noiseFigureDbMin
}

/** @returns what was lost between the two antennas, in dB */
export function pathLossDb({ beaconer, beacon, witness, heard }: WitnessFacts): number {
  return beacon.powerDbm + beaconer.antennaGainDbi + witness.antennaGainDbi - heard.rssiDbm
}

/** The floor that a report claims to have decoded at; NaN for a spreading factor that is none, so that no bound holds. */
function floorOf({ heard }: WitnessFacts): number {
  return snrFloorDb[heard.spreadingFactor] ?? Number.NaN
}

/** How far the noise that a report implies stands above a silent channel: RSSI is the noise alone once SNR is below 0. */
function liftOfNoiseDb({ rssiDbm, snrDb, bandwidthHz }: HeardBeacon): number {
  return rssiDbm - Math.max(snrDb, 0) - noiseFloorDbm(bandwidthHz)
}

function freeSpaceDb(distanceM: number, { beacon }: WitnessFacts): number {
  return freeSpaceLossDb({ distanceM, frequencyHz: beacon.frequencyHz })
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

const {
  asymmetryDbMax,
  clockErrorMsMax,
  distanceMMax,
  frequencyErrorHzMax,
  gainOverFreeSpaceDbMax,
  interferenceDbMax,
  lossOverFreeSpaceDbMax,
  reciprocityMs,
  snrDbMax,
  snrErrorDbMax,
  snrSaturationDb,
} = witnessBounds

/** Cheap rules first; the order is part of the policy. */
export const witnessRules: readonly Rule<WitnessFacts, WitnessReason>[] = [
  { reason: 'denied', holds: ({ isDenied }) => !isDenied },
  { reason: 'heard-itself', holds: ({ beaconer, witness }) => beaconer.id !== witness.id },
  { reason: 'same-owner', holds: ({ beaconer, witness }) => beaconer.owner !== witness.owner },
  // Rounds, not clocks: in the round of the reveal the content is everyone's.
  { reason: 'committed-late', holds: ({ beacon, heard }) => heard.committedRound < beacon.revealedRound },
  // Light needs less than a third of a millisecond for the farthest witness: the clocks are all that counts.
  { reason: 'heard-early', holds: ({ beacon, heard }) => heard.heardMs - beacon.endedMs >= -clockErrorMsMax },
  { reason: 'heard-late', holds: ({ beacon, heard }) => heard.heardMs - beacon.endedMs <= clockErrorMsMax },
  { reason: 'other-content', holds: ({ beacon, heard }) => isSame(beacon.data, heard.data) },
  {
    reason: 'other-data-rate',
    holds: ({ beacon, heard }) =>
      beacon.spreadingFactor === heard.spreadingFactor && beacon.bandwidthHz === heard.bandwidthHz,
  },
  {
    reason: 'off-frequency',
    holds: ({ beacon, heard }) => Math.abs(beacon.frequencyHz - heard.frequencyHz) <= frequencyErrorHzMax,
  },
  { reason: 'other-region', holds: ({ beaconer, witness }) => beaconer.region === witness.region },
  { reason: 'same-cell', holds: ({ beaconer, witness }) => beaconer.cell !== witness.cell },
  { reason: 'too-far', holds: ({ distance }) => distance.nearestM <= distanceMMax },
  {
    reason: 'too-strong',
    holds: (facts) => pathLossDb(facts) >= freeSpaceDb(facts.distance.nearestM, facts) - gainOverFreeSpaceDbMax,
  },
  {
    reason: 'too-weak',
    holds: (facts) => pathLossDb(facts) <= freeSpaceDb(facts.distance.farthestM, facts) + lossOverFreeSpaceDbMax,
  },
  {
    reason: 'below-sensitivity',
    holds: (facts) => facts.heard.rssiDbm >= noiseFloorDbm(facts.heard.bandwidthHz) + floorOf(facts) - snrErrorDbMax,
  },
  { reason: 'snr-below-floor', holds: (facts) => facts.heard.snrDb >= floorOf(facts) - snrErrorDbMax },
  { reason: 'snr-above-radio', holds: ({ heard }) => heard.snrDb <= snrDbMax },
  {
    reason: 'snr-above-noise',
    // RSSI counts signal and noise together, so a signal can never stand farther above the noise than RSSI does.
    holds: ({ heard }) => heard.snrDb <= heard.rssiDbm - noiseFloorDbm(heard.bandwidthHz) + snrErrorDbMax,
  },
  {
    reason: 'snr-below-signal',
    holds: ({ heard }) => heard.snrDb >= snrSaturationDb || liftOfNoiseDb(heard) <= interferenceDbMax,
  },
  {
    reason: 'one-way',
    holds: (facts) =>
      facts.lossBackDb === undefined || Math.abs(pathLossDb(facts) - facts.lossBackDb) <= asymmetryDbMax,
  },
  {
    reason: 'not-reciprocal',
    holds: ({ heard, ownBeaconHeardMs }) =>
      ownBeaconHeardMs !== undefined && Math.abs(heard.heardMs - ownBeaconHeardMs) < reciprocityMs,
  },
]
