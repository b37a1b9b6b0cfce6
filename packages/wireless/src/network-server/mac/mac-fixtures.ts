/**
 * For tests: a session as it is right after its join, and what a network wants by default.
 *
 * @module
 */

import type { DeviceProfile, MacVersion } from '../../model/device.ts'
import type { DeviceSession } from '../../model/session.ts'
import { regionOf } from '../../region/region-of.ts'
import type { Region, RegionName } from '../../region/region.ts'
import { joinedRadio, type NetworkPolicy } from '../join-server.ts'
import type { Wish } from './wanted-requests.ts'
import { plainProfile } from '../../provision/plain-profile.ts'

export const basicPolicy: NetworkPolicy = {
  netId: 0,
  addresses: { first: 1, last: 2 },
  rxDelaySeconds: 1,
  rx1DataRateOffset: 0,
  extraChannelsHz: [],
}

export function macWorld({
  region: name = 'EU868',
  macVersion = '1.0.4',
  joined = {},
  policy = {},
  profile: more = {},
}: {
  readonly region?: RegionName
  readonly macVersion?: MacVersion
  /** what held when the device joined */
  readonly joined?: Partial<NetworkPolicy>
  /** what the network wants now */
  readonly policy?: Partial<NetworkPolicy>
  readonly profile?: Partial<DeviceProfile>
} = {}): {
  readonly session: DeviceSession
  readonly wish: Wish
  readonly region: Region
  readonly profile: DeviceProfile
} {
  const region = regionOf(name)
  const profile = plainProfile(region, {
    macVersion,
    abp: {
      rx1DelaySeconds: 2,
      rx1DataRateOffset: 1,
      rx2DataRate: 3,
      rx2FrequencyHz: region.rx2.hz,
      factoryFrequenciesHz: [],
    },
    classC: { timeoutSeconds: 0 },
    ...more,
  })
  const key = new Uint8Array(16)
  const radio = joinedRadio(region, profile, { ...basicPolicy, ...joined })
  const session: DeviceSession = {
    devEui: '70b3d57ed0000001',
    devAddr: 1,
    joinEui: '0000000000000000',
    keys: { fNwkSIntKey: key, sNwkSIntKey: key, nwkSEncKey: key, appSKey: key },
    macVersion,
    startedAtMs: 0,
    fCntUp: 1,
    nFCntDown: 0,
    aFCntDown: 0,
    radio,
    requests: [],
  }
  const wish = { region, profile, policy: { ...basicPolicy, ...joined, ...policy }, asksStatus: false }
  return { session, wish, region, profile }
}
