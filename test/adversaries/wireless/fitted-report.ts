/**
 * A report of a beacon that no radio heard so, made to pass the published rules: whoever reads the bounds can compute it.
 *
 * @module
 */

import {
  freeSpaceLossDb,
  noiseFloorDbm,
  witnessBounds,
  type HeardBeacon,
  type Hotspot,
  type SentBeacon,
  type WitnessSeat,
} from '@groundwork/wireless'

/** What a town takes beyond free space, where nothing better is known. */
const townLossDb = 25
const snrMaxDb = 10
const floorDb: Readonly<Record<number, number>> = { 7: -7.5, 8: -10, 9: -12.5, 10: -15, 11: -17.5, 12: -20 }

export interface FittedOptions {
  readonly beaconer: Hotspot
  readonly known: SentBeacon
  readonly seat: WitnessSeat
  /** above 0 and below 1 */
  readonly unit: () => number
}

/** A report that a hotspot at the registered place could make: loss between both bounds, and near what the way back lost. */
export function fittedReport({ beaconer, known, seat, unit }: FittedOptions): HeardBeacon {
  const { hotspot, distance, lossBackDb } = seat
  const { data, frequencyHz, spreadingFactor, bandwidthHz, powerDbm, endedMs } = known
  const freeDb = (distanceM: number): number => freeSpaceLossDb({ distanceM, frequencyHz })
  const least = freeDb(distance.nearestM) - witnessBounds.gainOverFreeSpaceDbMax + 1
  const most = freeDb(distance.farthestM) + witnessBounds.lossOverFreeSpaceDbMax - 1
  const wanted = (lossBackDb ?? freeDb((distance.nearestM + distance.farthestM) / 2) + townLossDb) + 4 * (unit() - 0.5)
  const gains = beaconer.antennaGainDbi + hotspot.antennaGainDbi
  // Nothing is heard below the floor: then it says that the way was better.
  const noiseDbm = noiseFloorDbm(bandwidthHz)
  const weakest = noiseDbm + (floorDb[spreadingFactor] ?? 0) + 4
  const rssiDbm = Math.max(powerDbm + gains - Math.min(Math.max(wanted, least), most), weakest)
  const snrDb = Math.max(Math.min(rssiDbm - noiseDbm, snrMaxDb), floorDb[spreadingFactor] ?? 0)
  const heardMs = endedMs + 60 * (unit() - 0.5)
  return {
    hotspot: hotspot.id,
    data,
    frequencyHz,
    spreadingFactor,
    bandwidthHz,
    rssiDbm,
    snrDb,
    heardMs,
    committedRound: known.revealedRound - 1,
  }
}
