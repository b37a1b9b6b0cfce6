/**
 * Whether a frame survives the others on its channel: energies, compared with what each pair of spreading factors tolerates.
 *
 * As ns-3's lorawan module has it: the energy of all frames of one spreading factor together is held against the frame's own. What
 * overlaps only with the first symbols of the preamble does no harm, as LoRaSim has it.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import { symbolUs } from '../region/airtime.ts'

const spreadingFactorMin = 7
const spreadingFactorMax = 12
const count = spreadingFactorMax - spreadingFactorMin + 1

/**
 * dB that a frame (row, SF7 to SF12) must be above the sum of those of another spreading factor (column).
 * C. Goursaud and J.-M. Gorce, Dedicated networks for IoT (2015), with 6 dB of capture on the diagonal.
 */
export const toleratedDb: readonly (readonly number[])[] = [
  [6, -16, -18, -19, -19, -20],
  [-24, 6, -20, -22, -22, -22],
  [-27, -27, 6, -23, -25, -25],
  [-30, -30, -30, 6, -26, -28],
  [-33, -33, -33, -33, 6, -29],
  [-36, -36, -36, -36, -36, 6],
]

/** dB that an FSK frame must be above other FSK. LoRa under FSK and FSK under LoRa are taken for noise of no weight. */
const fskCaptureDb = 8

/** Symbols at the end of a preamble that a receiver needs; the ones before may be disturbed. */
const neededPreambleSymbols = 5

/** Half the width around a frequency in which two frames meet, by the wider of the two. LoRaSim's bins. */
function binHz(bandwidthHz: number): number {
  if (bandwidthHz >= 500_000) return 120_000
  return bandwidthHz >= 250_000 ? 60_000 : 30_000
}

/** Whether two frames are on one channel. */
export function isSameChannel(
  a: { readonly hz: number; readonly bandwidthHz: number },
  b: { readonly hz: number; readonly bandwidthHz: number },
): boolean {
  return Math.abs(a.hz - b.hz) <= binHz(Math.max(a.bandwidthHz, b.bandwidthHz))
}

/** From when on a frame must be left alone. */
export function criticalUs(startUs: number, modulation: Modulation, preambleSymbols: number = 8): number {
  if (modulation.kind !== 'lora') return startUs
  const { spreadingFactor, bandwidthHz } = modulation
  return startUs + Math.max(preambleSymbols - neededPreambleSymbols, 0) * symbolUs(spreadingFactor, bandwidthHz)
}

/** The part of a frame that interference is about. */
export interface FrameEnergy {
  readonly rate: number
  readonly milliwatts: number
  readonly startUs: number
  readonly criticalUs: number
  readonly endUs: number
}

/** The row and column of a modulation: 0 to 5 for SF7 to SF12 (below SF7 as SF7), 6 for anything but LoRa. */
export function rateOf(modulation: Modulation): number {
  if (modulation.kind !== 'lora') return count
  return Math.min(Math.max(modulation.spreadingFactor, spreadingFactorMin), spreadingFactorMax) - spreadingFactorMin
}

const tolerated = Float64Array.from({ length: (count + 1) ** 2 }, (_, at) => {
  const [row, column] = [Math.floor(at / (count + 1)), at % (count + 1)]
  if (row < count && column < count) return 10 ** (toleratedDb[row]![column]! / 10)
  return row === column ? 10 ** (fskCaptureDb / 10) : 0
})

const energies = new Float64Array(count + 1)

/**
 * What destroys a frame, of the frames on its channel.
 *
 * @param others may hold the frame itself, which is passed over
 * @returns undefined: it survives
 */
export function destroyedBy(frame: FrameEnergy, others: Iterable<FrameEnergy>): 'same-rate' | 'other-rate' | undefined {
  energies.fill(0)
  for (const other of others) {
    if (other === frame) continue
    const overlapUs = Math.min(frame.endUs, other.endUs) - Math.max(frame.criticalUs, other.startUs)
    if (overlapUs > 0) energies[other.rate] = energies[other.rate]! + overlapUs * other.milliwatts
  }
  const own = (frame.endUs - frame.criticalUs) * frame.milliwatts
  const row = frame.rate * (count + 1)
  if (own < tolerated[row + frame.rate]! * energies[frame.rate]!) return 'same-rate'
  for (let rate = 0; rate <= count; rate += 1)
    if (rate !== frame.rate && own < tolerated[row + rate]! * energies[rate]!) return 'other-rate'
  return undefined
}
