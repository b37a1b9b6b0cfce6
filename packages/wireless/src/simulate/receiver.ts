/**
 * Whether a frame alone on the air is decoded: noise, and the chance at a signal-to-noise ratio.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import { snrFloorDb } from '../region/airtime.ts'

/** dB that a receiver's own electronics add. */
export const noiseFigureDb = 6

/** The FSK receivers of these chips want about this much. */
const fskFloorDb = 8

/** Between a chance of 10 % and one of 90 %: the step is soft. */
const stepDb = 1

/** Bandwidth that a receiver opens for a frame. */
export function bandwidthHzOf(modulation: Modulation): number {
  if (modulation.kind === 'lora') return modulation.bandwidthHz
  return modulation.kind === 'fsk' ? 125_000 : modulation.widthHz
}

/** Thermal noise at room temperature in a bandwidth, and the receiver's own. */
export function noiseFloorDbm(bandwidthHz: number, figureDb: number = noiseFigureDb): number {
  return -174 + 10 * Math.log10(bandwidthHz) + figureDb
}

/** @returns undefined for what these receivers do not decode (LR-FHSS needs a gateway of another kind) */
export function floorDbOf(modulation: Modulation): number | undefined {
  if (modulation.kind === 'fsk') return fskFloorDb
  return modulation.kind === 'lora' ? snrFloorDb[modulation.spreadingFactor] : undefined
}

/** One half at the floor, 10 % half a dB below, 90 % half a dB above. */
export function decodeProbability({ snrDb, floorDb }: { readonly snrDb: number; readonly floorDb: number }): number {
  return 1 / (1 + Math.exp(((floorDb - snrDb) * 2 * Math.log(9)) / stepDb))
}

export const milliwattsOf = (dbm: number): number => 10 ** (dbm / 10)

export const dbmOf = (milliwatts: number): number => 10 * Math.log10(milliwatts)
