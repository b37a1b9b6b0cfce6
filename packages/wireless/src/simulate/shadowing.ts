/**
 * What hills and houses take from a signal: a field of dB around each gateway that changes with the place, slowly.
 *
 * Normal, and correlated as exp(-distance / correlation distance): two devices in one yard lose alike, two in different streets do
 * not. A sum of waves whose numbers are drawn from the spectrum of that correlation, so that it holds exactly at any distance, and
 * nothing is stored but the waves.
 *
 * @module
 */

import type { Place } from './place.ts'
import { randomStream } from './seeded-random.ts'

export interface ShadowingModel {
  readonly sigmaDb: number
  readonly correlationM: number
}

/** Measured values that ns-3's lorawan module uses: 4 dB, 110 m. */
export const townShadowing: ShadowingModel = { sigmaDb: 4, correlationM: 110 }

export const noShadowing: ShadowingModel = { sigmaDb: 0, correlationM: 110 }

/** More waves make single places more normal; the correlation is right with any number. */
const waveCount = 16

/** The field of one gateway: dB that are lost at a place, of mean 0. */
export type ShadowField = (place: Place) => number

/**
 * @param seed differs for each gateway
 *
 * The spectrum of exp(-r / D) on a plane is (1 + k^2 D^2)^(-3/2): its radial distribution is 1 - 1 / sqrt(1 + k^2 D^2).
 */
export function shadowField({ sigmaDb, correlationM }: ShadowingModel, seed: number): ShadowField {
  if (sigmaDb === 0) return () => 0
  const random = randomStream(seed)
  const waves = new Float64Array(3 * waveCount)
  for (let at = 0; at < waves.length; at += 3) {
    const waveNumber = Math.sqrt(random.unit() ** -2 - 1) / correlationM
    const direction = 2 * Math.PI * random.unit()
    waves[at] = waveNumber * Math.cos(direction)
    waves[at + 1] = waveNumber * Math.sin(direction)
    waves[at + 2] = 2 * Math.PI * random.unit()
  }
  const scale = sigmaDb * Math.sqrt(2 / waveCount)
  return ({ eastM, northM }) => {
    let sum = 0
    for (let at = 0; at < waves.length; at += 3)
      sum += Math.cos(waves[at]! * eastM + waves[at + 1]! * northM + waves[at + 2]!)
    return scale * sum
  }
}

/** Between two gateways, the same both ways: each other's fields, so weighed that the variance stays. */
export function mutualShadowDb(
  a: { field: ShadowField; place: Place },
  b: { field: ShadowField; place: Place },
): number {
  return (a.field(b.place) + b.field(a.place)) / Math.SQRT2
}
