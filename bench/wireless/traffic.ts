/**
 * The devices and frames of the wireless benches, the same in every process: all follow from a device's number.
 *
 * @module
 */

import { keySchedule } from '../../packages/wireless/src/crypto/aes-128.ts'
import type { Device, DeviceProfile } from '../../packages/wireless/src/model/device.ts'
import type { DeviceSession, SessionKeys } from '../../packages/wireless/src/model/session.ts'
import { activate } from '../../packages/wireless/src/network-server/activate.ts'
import { joinedRadio, type NetworkPolicy } from '../../packages/wireless/src/network-server/join-server.ts'
import { regionOf } from '../../packages/wireless/src/region/region-of.ts'
import { encodeBase64 } from '../../packages/wireless/src/wire/base64.ts'
import { cryptPayload, mic10, setMic } from '../../packages/wireless/src/wire/frame-crypto.ts'
import { buildDataFrame, micBytes } from '../../packages/wireless/src/wire/phy-payload.ts'
import { plainProfile } from '../../packages/wireless/src/provision/plain-profile.ts'

export const addressFirst = 0x2601_0000
/** Applications, each with a client of its own. */
export const applicationCount = 10
const fPort = 2
const region = regionOf('EU868')

export const applicationOf = (device: number): string => `app-${device % applicationCount}`
export const devEuiOf = (device: number): string => `70b3d57e${device.toString(16).padStart(8, '0')}`

function keyOf(device: number, use: number): Uint8Array {
  const key = new Uint8Array(16).fill(use)
  new DataView(key.buffer).setUint32(0, device)
  return key
}

function keysOf(device: number): SessionKeys {
  const network = keyOf(device, 1)
  return { fNwkSIntKey: network, sNwkSIntKey: network, nwkSEncKey: network, appSKey: keyOf(device, 2) }
}

export const profile: DeviceProfile = plainProfile(region, {
  id: 'meter',
  name: 'meter',
  adr: 'off',
  uplinkIntervalSeconds: 3600,
})

export const policy: NetworkPolicy = {
  netId: 0x13,
  addresses: { first: addressFirst, last: addressFirst + 0x00ff_ffff },
  rxDelaySeconds: 5,
  rx1DataRateOffset: 0,
  extraChannelsHz: [],
  enabledChannels: undefined,
}

export const deviceOf = (device: number): Device => ({
  devEui: devEuiOf(device),
  joinEui: '70b3d57ed0000000',
  name: `meter ${device}`,
  description: '',
  applicationId: applicationOf(device),
  profileId: profile.id,
  isDisabled: false,
  skipsFrameCounter: false,
  tags: {},
  variables: {},
})

/** As it stands some time after a join: the device has taken what the network wants of it, and is told nothing more. */
export const sessionOf = (device: number, atMs: number): DeviceSession => ({
  ...activate(
    deviceOf(device),
    profile,
    { devAddr: addressFirst + device, keys: keysOf(device), fCntUp: 0, nFCntDown: 1, aFCntDown: 0 },
    { policy, atMs },
  ),
  radio: joinedRadio(region, profile, policy),
})

/** An uplink of 11 bytes, its number in the first eight; it asks for nothing. */
export function frameOf(uplink: number, device: number, fCnt: number): Uint8Array {
  const plain = new Uint8Array(11)
  new DataView(plain.buffer).setFloat64(0, uplink)
  const { nwkSEncKey, appSKey } = keysOf(device)
  const place = { isUp: true, devAddr: addressFirst + device, fCnt }
  const payload = cryptPayload(keySchedule(appSKey), place, plain)
  const bytes = buildDataFrame({
    ...place,
    isConfirmed: false,
    fCtrl: 0,
    fOpts: new Uint8Array(),
    fPort,
    payload,
  })
  setMic(bytes, mic10(keySchedule(nwkSEncKey), place, bytes, bytes.length - micBytes))
  return bytes
}

const channelsHz = [868_100_000, 868_300_000, 868_500_000]

/** One packet of a PUSH_DATA as a forwarder writes it. */
export function rxpkOf(frame: Uint8Array, { uplink, copy, tmstUs }: { uplink: number; copy: number; tmstUs: number }) {
  const freq = (channelsHz[uplink % 3]! / 1e6).toFixed(6)
  return `{"tmst":${tmstUs >>> 0},"chan":${uplink % 3},"rfch":0,"freq":${freq},"stat":1,"modu":"LORA","datr":"SF7BW125","codr":"4/5","rssi":${-90 - copy},"lsnr":${7 - copy}.0,"size":${frame.length},"data":"${encodeBase64(frame)}"}`
}
