/**
 * What a device does that is no longer heard: it asks for a sign, then sends louder, then slower, then on all the channels of its
 * band. LoRaWAN 1.0.4 section 4.3.1.1; older devices turn up the power and slow down at once.
 *
 * @module
 */

import type { MacVersion } from '../model/device.ts'
import type { Region } from '../region/region.ts'
import { isUsable, type DeviceRadioState } from './device-radio-state.ts'

export interface BackedOff {
  readonly state: DeviceRadioState
  /** whether the uplink asks for an answer */
  readonly asks: boolean
}

/**
 * Before an uplink.
 *
 * @param silentUplinks how many were sent since the last downlink
 */
export function backOff(
  state: DeviceRadioState,
  silentUplinks: number,
  { region, macVersion }: { readonly region: Region; readonly macVersion: MacVersion },
): BackedOff {
  const { adrAckLimit, adrAckDelay } = state
  const isDue = silentUplinks >= adrAckLimit + adrAckDelay && (silentUplinks - adrAckLimit) % adrAckDelay === 0
  const next = isDue ? slower(state, region, macVersion) : state
  const canDoMore = stepsDown(macVersion) || slowerRate(next, region) !== undefined
  return { state: next, asks: silentUplinks >= adrAckLimit && canDoMore }
}

/** Since 1.0.4 one step at a time, and asking for ever; before, power and rate together, and no asking at the slowest rate. */
const stepsDown = (macVersion: MacVersion): boolean => macVersion === '1.0.4' || macVersion === '1.1.0'

function slower(state: DeviceRadioState, region: Region, macVersion: MacVersion): DeviceRadioState {
  const louder = { ...state, txPowerIndex: 0 }
  if (stepsDown(macVersion) && state.txPowerIndex > 0) return louder
  const dataRate = slowerRate(state, region)
  if (dataRate !== undefined) return { ...louder, dataRate }
  const own = region.uplinkChannels.map((_, index) => index)
  const enabled = [...new Set([...state.enabled, ...own])].toSorted((a, b) => a - b)
  return { ...louder, enabled, nbTrans: 1 }
}

/** The next slower rate that the device may use on a channel that is on. */
function slowerRate(state: DeviceRadioState, region: Region): number | undefined {
  for (let dataRate = state.dataRate - 1; dataRate >= 0; dataRate -= 1)
    if (isUsable(region, state, dataRate)) return dataRate
  return undefined
}
