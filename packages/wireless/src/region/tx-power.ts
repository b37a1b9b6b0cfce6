/**
 * Between the power index of LinkADRReq and dBm.
 *
 * @module
 */

import type { Region } from './region.ts'

const dbPerIndex = 2

/**
 * @param eirpDbmMax what TXParamSetupReq or the device's profile allows; the band's own limit when left out
 * @returns EIRP, or undefined when the band has no such index
 */
export function eirpDbmOf(
  region: Region,
  txPowerIndex: number,
  eirpDbmMax: number = region.deviceEirpDbmMax,
): number | undefined {
  if (!Number.isInteger(txPowerIndex) || txPowerIndex < 0 || txPowerIndex > region.txPowerIndexMax) return undefined
  return Math.min(eirpDbmMax, region.deviceEirpDbmMax) - dbPerIndex * txPowerIndex
}
