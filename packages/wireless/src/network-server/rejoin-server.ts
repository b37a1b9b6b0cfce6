/**
 * Rejoin-requests of 1.1: a device that has a session asks for another one. LoRaWAN 1.1 section 6.2.4.
 *
 * Types 0 and 2 are signed with the session and count within it; type 1 is signed as a join is and counts for ever. Each is answered
 * with a session that stands beside the old one until the device is heard on it: all is new after types 0 and 1, after type 2 the
 * radio stays as it is.
 *
 * @module
 */

import { keySchedule } from '../crypto/aes-128.ts'
import { cmacWord } from '../crypto/cmac.ts'
import type { Device, DeviceProfile } from '../model/device.ts'
import type { DeviceSession } from '../model/session.ts'
import type { Devices, Random, Sessions } from '../ports.ts'
import { joinRx2Of } from '../region/receive-windows.ts'
import type { Region } from '../region/region.ts'
import { regionOf } from '../region/region-of.ts'
import { encodeJoinAccept, joinAcceptMic11, joinTypes, sealJoinAccept } from '../wire/join-accept.ts'
import { micBytes, type RejoinRequest } from '../wire/phy-payload.ts'
import { joinServerKeys, sessionKeys11 } from '../wire/session-keys.ts'
import { joinAcceptOf, joinedRadio, type NetworkPolicy } from './join-server.ts'

export type RejoinRefusal =
  | 'unknown-device'
  | 'disabled'
  | 'no-keys'
  | 'no-profile'
  | 'wrong-mic'
  | 'other-join-eui'
  | 'rejoin-not-known'
  | 'rejoin-without-session'
  | 'rejoin-of-other-network'
  | 'rejoin-counter-used'

export type RejoinVerdict =
  | {
      readonly tag: 'rejoined'
      readonly session: DeviceSession
      readonly answer: Uint8Array
      readonly profile: DeviceProfile
    }
  | { readonly tag: 'refused'; readonly reason: RejoinRefusal }

export interface RejoinServerOptions {
  readonly devices: Devices
  readonly sessions: Sessions
  readonly random: Random
  readonly policyOf: (region: Region) => NetworkPolicy
}

export interface RejoinServer {
  rejoin(
    request: RejoinRequest,
    heard: { /** Unix */ readonly atMs: number; readonly uplinkHz: number },
  ): Promise<RejoinVerdict>
}

const refused = (reason: RejoinRefusal): RejoinVerdict => ({ tag: 'refused', reason })
const types = [joinTypes.rejoin0, joinTypes.rejoin1, joinTypes.rejoin2] as const

/** Counters of type 1 are kept beside DevNonces; no device has such an EUI. */
const counterName = (devEui: string): string => `${devEui} rejoin`

interface Asked {
  readonly request: RejoinRequest
  readonly device: Device
  readonly nwkKey: Uint8Array
  readonly session: DeviceSession | undefined
  readonly netId: number
}

export function rejoinServer({ devices, sessions, random, policyOf }: RejoinServerOptions): RejoinServer {
  /** Why it is not this device's, or not to be answered. */
  const fault = ({ request, device, nwkKey, session, netId }: Asked): RejoinRefusal | undefined => {
    const { bytes, mic, devEui } = request
    if (request.rejoinType !== 1 && session === undefined) return 'rejoin-without-session'
    const key =
      request.rejoinType === 1 ? joinServerKeys(nwkKey, devEui).jsIntKey : (session?.keys.sNwkSIntKey ?? nwkKey)
    if (cmacWord(keySchedule(key), bytes, bytes.length - micBytes) !== mic) return 'wrong-mic'
    if (device.isDisabled) return 'disabled'
    if (request.rejoinType === 1) return request.joinEui === device.joinEui ? undefined : 'other-join-eui'
    return request.netId === netId ? undefined : 'rejoin-of-other-network'
  }

  /** @returns whether the counter was above all before it; then it is spent */
  const spend = async ({ rejoinType, devEui, rjCount }: RejoinRequest): Promise<boolean> => {
    if (rejoinType === 1)
      return sessions.spendDevNonce({ devEui: counterName(devEui), devNonce: rjCount, mustRise: true })
    const session = sessions.sessionOf(devEui)
    if (session === undefined || rjCount < (session.rejoinCount ?? 0)) return false
    await sessions.put({ ...session, rejoinCount: rjCount + 1 })
    return true
  }

  return {
    async rejoin(request, { atMs, uplinkHz }) {
      const { devEui, rejoinType, rjCount } = request
      const device = devices.device(devEui)
      if (device === undefined) return refused('unknown-device')
      const profile = devices.profile(device.profileId)
      if (profile === undefined) return refused('no-profile')
      if (profile.macVersion !== '1.1.0' || !profile.supportsJoin) return refused('rejoin-not-known')
      const root = devices.rootKeys(devEui)
      if (root?.nwkKey === undefined) return refused('no-keys')
      const { appKey, nwkKey } = root
      const region = regionOf(profile.region, profile.parameterRevision)
      const policy = policyOf(region)
      const session = sessions.sessionOf(devEui)
      const reason = fault({ request, device, nwkKey, session, netId: policy.netId })
      if (reason !== undefined) return refused(reason)
      if (!(await spend(request))) return refused('rejoin-counter-used')

      const joinNonce = await sessions.nextJoinNonce(devEui)
      const accept = joinAcceptOf({ region, policy, joinNonce, random, sessions, is11: true })
      const { joinEui } = device
      const before = sessions.sessionOf(devEui)
      const isRekeyed = rejoinType === 2 && before !== undefined
      const agreed: DeviceSession = {
        devEui,
        devAddr: accept.devAddr,
        joinEui,
        keys: sessionKeys11({ appKey, nwkKey }, { joinNonce, joinEui, devNonce: rjCount }),
        macVersion: profile.macVersion,
        startedAtMs: atMs,
        fCntUp: 0,
        nFCntDown: 0,
        aFCntDown: 0,
        radio: isRekeyed
          ? before.radio
          : { ...joinedRadio(region, profile, policy), rx2FrequencyHz: joinRx2Of(region, uplinkHz).hz },
        requests: isRekeyed ? before.requests : [],
      }
      await sessions.putPending(agreed)
      const { jsIntKey, jsEncKey } = joinServerKeys(nwkKey, devEui)
      const plain = encodeJoinAccept(accept)
      const mic = joinAcceptMic11(keySchedule(jsIntKey), plain, {
        joinType: types[rejoinType],
        joinEui,
        devNonce: rjCount,
      })
      return { tag: 'rejoined', session: agreed, answer: sealJoinAccept(keySchedule(jsEncKey), plain, mic), profile }
    },
  }
}
