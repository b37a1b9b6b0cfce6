/**
 * What a copy says of its signal, held against physics: a table of named reasons. Drops the impossible, pays for nothing.
 *
 * Where the device stood nobody knows, so bounds are wide: no device sends more than the law of the loosest region allows,
 * none is nearer than a metre, and no radio hears below its demodulator's floor. Between copies of one packet more is
 * known: a device is within free-space reach of every hotspot that heard it, so two that are farther apart than their reaches
 * together cannot both be right.
 *
 * @see docs/protocol/wireless.md#plausible
 * @module
 */

import { freeSpaceLossDb, lightMPerS } from '../coverage/free-space.ts'
import { distanceRange } from '../coverage/hotspot.ts'
import { firstBroken, type Rule } from '../coverage/rule.ts'
import { noiseFloorDbm } from '../coverage/witness-rules.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import type { Modulation } from '../model/modulation.ts'

export type SignalReason = 'too-strong' | 'too-weak' | 'snr-below-floor' | 'snr-above-radio' | 'snr-above-noise'

/** A copy's own words. */
export interface HeardSignal {
  readonly frequencyHz: number
  readonly modulation: Modulation
  readonly rssiDbm: number
  readonly snrDb?: number | undefined
}

/** A copy's own words, and its hotspot's. */
export interface SignalFacts extends HeardSignal {
  readonly antennaGainDbi: number
}

/** Each is inclusive. */
export const signalBounds = {
  /** EIRP of a device: US915 and AU915 allow 30 */
  deviceEirpDbmMax: 30,
  /** a stated gain above this is not believed */
  antennaGainDbiMax: 15,
  /** what reflections and calibration add */
  gainOverFreeSpaceDbMax: 8,
  nearestM: 1,
  snrErrorDbMax: 3,
  /** concentrators do not report more */
  snrDbMax: 20,
  /** no frame of LoRaWAN was ever heard farther on the ground */
  reachMMax: 1_000_000,
} as const

const { antennaGainDbiMax, deviceEirpDbmMax, gainOverFreeSpaceDbMax, nearestM, reachMMax, snrDbMax, snrErrorDbMax } =
  signalBounds

/** The least SNR at which a spreading factor is decoded, in dB; other modulations are held against noise alone. */
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

function bandwidthHz({ modulation }: HeardSignal): number {
  if (modulation.kind === 'lora') return modulation.bandwidthHz
  return modulation.kind === 'fsk' ? modulation.bitRate : 488
}

function floorDb({ modulation }: HeardSignal): number {
  if (modulation.kind === 'lora') return snrFloorDb[modulation.spreadingFactor] ?? Number.NaN
  // LR-FHSS is decoded from many hops, each far below the noise.
  return modulation.kind === 'fsk' ? 0 : -25
}

function gainOf({ antennaGainDbi }: SignalFacts): number {
  return Math.min(antennaGainDbi, antennaGainDbiMax)
}

export const signalRules: readonly Rule<SignalFacts, SignalReason>[] = [
  {
    reason: 'too-strong',
    holds: (facts) =>
      facts.rssiDbm <=
      deviceEirpDbmMax +
        gainOf(facts) -
        freeSpaceLossDb({ distanceM: nearestM, frequencyHz: facts.frequencyHz }) +
        gainOverFreeSpaceDbMax,
  },
  {
    reason: 'too-weak',
    holds: (facts) => facts.rssiDbm >= noiseFloorDbm(bandwidthHz(facts)) + floorDb(facts) - snrErrorDbMax,
  },
  {
    reason: 'snr-below-floor',
    holds: (facts) => facts.snrDb === undefined || facts.snrDb >= floorDb(facts) - snrErrorDbMax,
  },
  { reason: 'snr-above-radio', holds: ({ snrDb }) => snrDb === undefined || snrDb <= snrDbMax },
  {
    reason: 'snr-above-noise',
    // RSSI counts signal and noise together, so a signal never stands farther above the noise than RSSI does.
    holds: (facts) =>
      facts.snrDb === undefined || facts.snrDb <= facts.rssiDbm - noiseFloorDbm(bandwidthHz(facts)) + snrErrorDbMax,
  },
]

/** @returns why no radio can have heard this, or undefined */
export function signalFault(facts: SignalFacts): SignalReason | undefined {
  return firstBroken(signalRules, facts)
}

/** How far away the device can have been at most: in free space, at the highest power, by this RSSI. */
export function reachM(facts: SignalFacts): number {
  const lossDb = deviceEirpDbmMax + gainOf(facts) + gainOverFreeSpaceDbMax - facts.rssiDbm
  const distanceM = (10 ** (lossDb / 20) * lightMPerS) / (4 * Math.PI * facts.frequencyHz)
  return Math.min(distanceM, reachMMax)
}

/** A copy with its hotspot, as far as distance goes. */
export interface PlacedSignal {
  readonly hotspot: HotspotRecord
  readonly signal: HeardSignal
}

/** Whether one device can have been heard by both. */
export function areNearEnough(one: PlacedSignal, other: PlacedSignal): boolean {
  const { nearestM: apartM } = distanceRange(one.hotspot.cell, other.hotspot.cell)
  const [a, b] = [one, other].map(({ hotspot, signal }) =>
    reachM({ ...signal, antennaGainDbi: hotspot.antennaGainDbi }),
  )
  return apartM <= (a ?? 0) + (b ?? 0)
}

/**
 * Which copies of one packet cannot be where they say: those that contradict more than half of the others.
 *
 * With two copies that contradict each other nobody knows which one is right, so both stay.
 *
 * @returns indices into `copies`
 */
export function misplaced(copies: readonly PlacedSignal[]): ReadonlySet<number> {
  const found = new Set<number>()
  if (copies.length < 3) return found
  for (const [index, copy] of copies.entries()) {
    const against = copies.filter((other, at) => at !== index && !areNearEnough(copy, other)).length
    if (against * 2 > copies.length - 1) found.add(index)
  }
  return found
}
