/**
 * Between a modulation and its number in a band, and what one frame of it may hold.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import type { DataRate, DataRates, Region } from './region.ts'

export function isSameModulation(a: Modulation, b: Modulation): boolean {
  if (a.kind === 'lora')
    return b.kind === 'lora' && a.spreadingFactor === b.spreadingFactor && a.bandwidthHz === b.bandwidthHz
  if (a.kind === 'fsk') return b.kind === 'fsk' && a.bitRate === b.bitRate
  return b.kind === 'lr-fhss' && a.codingRate === b.codingRate && a.widthHz === b.widthHz
}

function indexIn(rates: DataRates, modulation: Modulation): number | undefined {
  const index = rates.findIndex((rate) => rate !== undefined && isSameModulation(rate.modulation, modulation))
  return index === -1 ? undefined : index
}

/** @returns the number of an uplink's data rate, or undefined when the band has none like it */
export function uplinkDataRateOf(region: Region, modulation: Modulation): number | undefined {
  return indexIn(region.uplinkDataRates, modulation)
}

/** @returns the number of a downlink's data rate, or undefined when the band has none like it */
export function downlinkDataRateOf(region: Region, modulation: Modulation): number | undefined {
  return indexIn(region.downlinkDataRates, modulation)
}

/** Bytes of FRMPayload and FOpts together that fit a frame with a port; negative where not even the header does. */
export function payloadBytesMax(rate: DataRate, { dwell }: { readonly dwell: boolean }): number {
  const { macPayloadBytesMax, macPayloadBytesMaxDwell = macPayloadBytesMax } = rate
  return (dwell ? macPayloadBytesMaxDwell : macPayloadBytesMax) - frameHeaderBytes
}

/** FHDR without options, and FPort. */
const frameHeaderBytes = 8
