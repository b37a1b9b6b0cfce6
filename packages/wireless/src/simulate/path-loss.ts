/**
 * How much of a signal is left after a distance: models as data, in dB.
 *
 * The mean over many places at one distance. What differs from place to place is in shadowing.ts, what differs from frame to frame in
 * fading.ts.
 *
 * @module
 */

import { freeSpaceLossDb } from '../coverage/free-space.ts'

export type PathLossModel =
  | { readonly kind: 'free-space' }
  /** loss at a reference distance, and how fast it grows from there */
  | {
      readonly kind: 'log-distance'
      readonly referenceM: number
      readonly referenceLossDb: number
      readonly exponent: number
      /** antenna height at which the loss was measured; a gateway above it loses 20 log10(height / reference) less */
      readonly referenceHeightM?: number
    }

/** Line of sight. */
export const lineOfSight: PathLossModel = { kind: 'free-space' }

/** The model of ns-3's lorawan module for towns: 7.7 dB at 1 m, 37.6 dB a decade. */
export const town: PathLossModel = { kind: 'log-distance', referenceM: 1, referenceLossDb: 7.7, exponent: 3.76 }

/** The model of LoRaSim, measured in a built-up area: 127.41 dB at 40 m, exponent 2.08. */
export const builtUp: PathLossModel = {
  kind: 'log-distance',
  referenceM: 40,
  referenceLossDb: 127.41,
  exponent: 2.08,
}

/** Nearer than this no model holds. */
const distanceMMin = 1

/** @param gatewayHeightM of the higher antenna; counts where the model has a reference height */
export function pathLossDb(
  model: PathLossModel,
  {
    distanceM,
    hz,
    gatewayHeightM,
  }: { readonly distanceM: number; readonly hz: number; readonly gatewayHeightM?: number },
): number {
  const farM = Math.max(distanceM, distanceMMin)
  if (model.kind === 'free-space') return freeSpaceLossDb({ distanceM: farM, frequencyHz: hz })
  const { referenceM, referenceLossDb, exponent, referenceHeightM } = model
  const lossDb = referenceLossDb + 10 * exponent * Math.log10(farM / referenceM)
  if (referenceHeightM === undefined || gatewayHeightM === undefined) return lossDb
  return lossDb - 20 * Math.log10(Math.max(gatewayHeightM, 1) / referenceHeightM)
}

/** The distance at which a loss is reached: where a signal ends that can lose no more. */
export function reachM(model: PathLossModel, { lossDb, hz }: { readonly lossDb: number; readonly hz: number }): number {
  if (model.kind === 'free-space') return 10 ** ((lossDb - pathLossDb(model, { distanceM: 1, hz })) / 20)
  return model.referenceM * 10 ** ((lossDb - model.referenceLossDb) / (10 * model.exponent))
}
