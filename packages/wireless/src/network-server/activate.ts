/**
 * The session of a device that does not join: its keys and address are what its maker wrote into it (ABP).
 *
 * @module
 */

import type { Device, DeviceProfile } from '../model/device.ts'
import type { DeviceSession, RadioState, SessionKeys } from '../model/session.ts'
import { regionOf } from '../region/region-of.ts'
import { joinedRadio, type NetworkPolicy } from './join-server.ts'

export interface Activation {
  readonly devAddr: number
  readonly keys: SessionKeys
  /** next expected and next used; 0 for a device that was never heard */
  readonly fCntUp: number
  readonly nFCntDown: number
  readonly aFCntDown: number
}

export function activate(
  device: Device,
  profile: DeviceProfile,
  activation: Activation,
  { policy, atMs }: { readonly policy: NetworkPolicy; readonly atMs: number },
): DeviceSession {
  return {
    devEui: device.devEui,
    devAddr: activation.devAddr,
    joinEui: device.joinEui,
    keys: activation.keys,
    macVersion: profile.macVersion,
    startedAtMs: atMs,
    fCntUp: activation.fCntUp,
    nFCntDown: activation.nFCntDown,
    aFCntDown: activation.aFCntDown,
    radio: activatedRadio(profile, policy),
    requests: [],
  }
}

/** What such a device holds when it begins, and again after each ResetInd. */
export function activatedRadio(profile: DeviceProfile, policy: NetworkPolicy): RadioState {
  const region = regionOf(profile.region, profile.parameterRevision)
  const { abp } = profile
  const radio = joinedRadio(region, profile, { ...policy, extraChannelsHz: [], enabledChannels: undefined })
  const factory = abp.factoryFrequenciesHz.map((uplinkHz) => ({ uplinkHz, dataRateMin: 0, dataRateMax: 5 }))
  const channels = region.plan === 'dynamic' && factory.length > 0 ? factory : radio.channels
  return {
    ...radio,
    rx1DelaySeconds: Math.max(abp.rx1DelaySeconds, 1),
    rx1DataRateOffset: abp.rx1DataRateOffset,
    rx2DataRate: abp.rx2DataRate,
    rx2FrequencyHz: abp.rx2FrequencyHz,
    channels,
    enabledChannels: channels.map((_, index) => index),
  }
}
