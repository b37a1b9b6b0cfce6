/**
 * When a Helium witness counts: the table of its reasons, in the network's order.
 *
 * Known holes are part of it, for it is reproduced: no lower bound on the signal, no look at the SNR. Not reproduced is
 * that the original narrows a difference of frequencies to 32 bits, so that one of 2.2 GHz passes there.
 *
 * @module
 */

import { ancestorOf, distanceM, gridSteps, type H3Index } from '@groundwork/core/geography/h3-index.ts'
import { freeSpaceLossDb } from '../free-space.ts'
import type { Rule } from '../rule.ts'
import { isSameData, isWithinEntropy } from './beacon-rules.ts'
import {
  cellDistanceMin,
  cellDistanceResolution,
  distanceKmMax,
  frequencyDifferenceHzMax,
  lagAfterBeaconMsMax,
  lagAfterWitnessMsMax,
} from './helium-parameters.ts'
import {
  edgeName,
  type EntropyWindow,
  type HeliumBeaconReport,
  type HeliumDenylist,
  type HeliumGateway,
  type HeliumWitnessReport,
} from './helium-report.ts'

export type HeliumWitnessReason =
  | 'NotAsserted'
  | 'Denied'
  | 'DeniedEdge'
  | 'SelfWitness'
  | 'EntropyExpired'
  | 'TooLate'
  | 'InvalidPacket'
  | 'InvalidCapability'
  | 'InvalidFrequency'
  | 'InvalidRegion'
  | 'BelowMinDistance'
  | 'MaxDistanceExceeded'
  | 'BadRssi'

/** All that the rules look at. */
export interface HeliumWitnessFacts {
  readonly beaconer: HeliumGateway
  readonly beacon: HeliumBeaconReport
  readonly witness: HeliumGateway
  readonly report: HeliumWitnessReport
  readonly entropy: EntropyWindow
  readonly denylist: HeliumDenylist
  /** When the first witness of this beacon was received. */
  readonly firstWitnessMs: number
}

/** @returns whether a witness came soon enough after whatever came first */
export function isInTime({
  beaconMs,
  firstWitnessMs,
  witnessMs,
}: {
  readonly beaconMs: number
  readonly firstWitnessMs: number
  readonly witnessMs: number
}): boolean {
  return beaconMs <= firstWitnessMs
    ? witnessMs - beaconMs <= lagAfterBeaconMsMax
    : witnessMs - firstWitnessMs <= lagAfterWitnessMsMax
}

/** @returns whole metres between the centres of two places */
export function heliumDistanceM(from: H3Index, to: H3Index): number {
  return Math.round(distanceM(from, to))
}

/** @returns steps between the cells of two places, or undefined where the grid gives no number */
export function heliumCellDistance(from: H3Index, to: H3Index): number | undefined {
  const [start, end] = [ancestorOf(from, cellDistanceResolution), ancestorOf(to, cellDistanceResolution)]
  return start === undefined || end === undefined ? undefined : gridSteps(start, end)
}

/** @returns the strongest signal that free space allows, in dBm; the network cuts gains to whole dB */
export function strongestRssiDbm({
  txPowerDbm,
  beaconerGainDdb,
  witnessGainDdb,
  distanceM: metres,
  frequencyHz,
}: {
  readonly txPowerDbm: number
  readonly beaconerGainDdb: number
  readonly witnessGainDdb: number
  readonly distanceM: number
  readonly frequencyHz: number
}): number {
  const lossDb = freeSpaceLossDb({ distanceM: metres, frequencyHz })
  return txPowerDbm + Math.trunc(beaconerGainDdb / 10) - lossDb + Math.trunc(witnessGainDdb / 10)
}

/** A rule about two places; it cannot hold when one is unknown. */
function ofPlaces(
  holds: (from: H3Index, to: H3Index, facts: HeliumWitnessFacts) => boolean,
): (facts: HeliumWitnessFacts) => boolean {
  return (facts) => {
    const [from, to] = [facts.beaconer.location, facts.witness.location]
    return from !== undefined && to !== undefined && holds(from, to, facts)
  }
}

function isPossibleSignal(from: H3Index, to: H3Index, facts: HeliumWitnessFacts): boolean {
  const strongest = strongestRssiDbm({
    txPowerDbm: facts.beacon.txPowerDbm,
    beaconerGainDdb: facts.beaconer.gainDdb,
    witnessGainDdb: facts.witness.gainDdb,
    distanceM: heliumDistanceM(from, to),
    frequencyHz: facts.report.frequencyHz,
  })
  return facts.report.signalDdbm / 10 <= strongest
}

export const heliumWitnessRules: readonly Rule<HeliumWitnessFacts, HeliumWitnessReason>[] = [
  { reason: 'NotAsserted', holds: ({ witness }) => witness.location !== undefined },
  { reason: 'Denied', holds: ({ report, denylist }) => !denylist.keys.has(report.gateway) },
  {
    reason: 'DeniedEdge',
    holds: ({ beacon, report, denylist }) => !denylist.edges.has(edgeName([beacon.gateway, report.gateway])),
  },
  { reason: 'SelfWitness', holds: ({ beacon, report }) => beacon.gateway !== report.gateway },
  { reason: 'EntropyExpired', holds: ({ report, entropy }) => isWithinEntropy(report.receivedMs, entropy) },
  {
    reason: 'TooLate',
    holds: ({ beacon, report, firstWitnessMs }) =>
      isInTime({ beaconMs: beacon.receivedMs, firstWitnessMs, witnessMs: report.receivedMs }),
  },
  { reason: 'InvalidPacket', holds: ({ beacon, report }) => isSameData(beacon.data, report.data) },
  { reason: 'InvalidCapability', holds: ({ witness }) => witness.isFullHotspot },
  {
    reason: 'InvalidFrequency',
    holds: ({ beacon, report }) => Math.abs(beacon.frequencyHz - report.frequencyHz) <= frequencyDifferenceHzMax,
  },
  { reason: 'InvalidRegion', holds: ({ beaconer, witness }) => beaconer.region === witness.region },
  {
    reason: 'BelowMinDistance',
    holds: ofPlaces((from, to) => (heliumCellDistance(from, to) ?? 0) >= cellDistanceMin),
  },
  {
    reason: 'MaxDistanceExceeded',
    holds: ofPlaces((from, to) => Math.floor(heliumDistanceM(from, to) / 1000) <= distanceKmMax),
  },
  { reason: 'BadRssi', holds: ofPlaces(isPossibleSignal) },
]
