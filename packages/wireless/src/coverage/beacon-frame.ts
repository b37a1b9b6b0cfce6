/**
 * A beacon on air: a proprietary frame with the drawn content, sent as devices send, and what a band lets it be.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { airtimeUs } from '../region/airtime.ts'
import { subBandAt } from '../region/duty-cycle.ts'
import type { Region } from '../region/region.ts'
import { drawnDataBytes, type BeaconChoices } from './draw-beacon.ts'

/** MHDR of a proprietary frame, LoRaWAN R1. */
const proprietary = 0xe0

export const beaconFrameBytes: number = 1 + drawnDataBytes

const bandwidthHz = 125_000
const spreadingFactors: readonly number[] = [7, 8, 9, 10]
/** Below what the band and the antenna allow, in dB. */
const powerStepsDb: readonly number[] = [0, 2, 4, 6]

export function beaconFrame(data: Uint8Array): Uint8Array {
  return Uint8Array.of(proprietary, ...data)
}

/** @returns the content of a frame that may be a beacon, undefined for any other */
export function beaconDataOf(phyPayload: Uint8Array): Uint8Array | undefined {
  return phyPayload.length === beaconFrameBytes && phyPayload[0] === proprietary ? phyPayload.slice(1) : undefined
}

/** @returns milliseconds on air, not rounded */
export function beaconAirtimeMs({ spreadingFactor }: { readonly spreadingFactor: number }): number {
  const modulation = { kind: 'lora', spreadingFactor, bandwidthHz } as const
  return airtimeUs({ phyPayloadBytes: beaconFrameBytes, modulation, hasCrc: true }) / 1000
}

/** Whether a band lets a beacon be sent at a frequency. */
export function isBeaconChannel(region: Region, hz: number): boolean {
  return subBandAt(region, hz) !== undefined
}

/**
 * @param frequenciesHz channels that the hotspot named before the draw, each within the band
 * @param antennaGainDbi of its offer: what it may put into the antenna follows
 */
export function beaconChoices(
  region: Region,
  {
    frequenciesHz,
    antennaGainDbi,
    windowMs,
  }: { readonly frequenciesHz: readonly number[]; readonly antennaGainDbi: number; readonly windowMs: number },
): BeaconChoices {
  const dwellMs = region.dwell.uplink === 'never' ? Number.POSITIVE_INFINITY : region.dwell.msMax
  const eirpDbm = Math.min(...frequenciesHz.map((hz) => subBandAt(region, hz)?.gatewayEirpDbmMax ?? 0))
  const powerDbmMax = Math.floor(eirpDbm - antennaGainDbi)
  return {
    frequenciesHz,
    spreadingFactors: spreadingFactors.filter((spreadingFactor) => beaconAirtimeMs({ spreadingFactor }) <= dwellMs),
    powersDbm: powerStepsDb.map((stepDb) => powerDbmMax - stepDb),
    bandwidthHz,
    windowMs,
  }
}
