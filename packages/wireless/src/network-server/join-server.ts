/**
 * The join server: from a join-request to a session and its answer. LoRaWAN 1.0.4 section 6.2, 1.1 section 6.2.
 *
 * DevNonces are the device's: random and never twice in 1.0.0 to 1.0.3, rising in 1.0.4 and 1.1. One join heard by several gateways
 * is one join; who gathers copies does so before it comes here. The new session stands beside the old one until the device is
 * heard on it, so an answer that never arrives loses nothing.
 *
 * Anyone can send a join-request in a device's name, so nothing is said of one, and nothing is spent, before its MIC is right.
 *
 * @module
 */

import { keySchedule } from '../crypto/aes-128.ts'
import { cmacWord } from '../crypto/cmac.ts'
import type { Device, DeviceProfile, RootKeys } from '../model/device.ts'
import type { Eui } from '../model/radio.ts'
import type { AdrBackoff, DeviceSession, RadioState, RejoinInterval, SessionKeys } from '../model/session.ts'
import type { Devices, Random, Sessions } from '../ports.ts'
import type { Region } from '../region/region.ts'
import { joinRx2Of } from '../region/receive-windows.ts'
import { regionOf } from '../region/region-of.ts'
import { encodeCfList } from '../wire/cf-list.ts'
import {
  encodeJoinAccept,
  joinAcceptMic10,
  joinAcceptMic11,
  joinTypes,
  sealJoinAccept,
  type JoinAccept,
} from '../wire/join-accept.ts'
import type { JoinRequest } from '../wire/phy-payload.ts'
import { joinServerKeys, sessionKeys10, sessionKeys11 } from '../wire/session-keys.ts'
import { nonceRepair } from './nonce-repair.ts'
import { radioPool } from './radio-pool.ts'

export type JoinRefusal =
  | 'unknown-device'
  | 'disabled'
  | 'other-join-eui'
  | 'no-keys'
  | 'no-join-allowed'
  | 'wrong-mic'
  | 'dev-nonce-used'
  | 'no-profile'

export type JoinVerdict =
  | {
      readonly tag: 'joined'
      readonly session: DeviceSession
      readonly answer: Uint8Array
      readonly device: Device
      readonly profile: DeviceProfile
      /** its nonce was used before: it was let in as a device that lost its count */
      readonly isRepaired: boolean
    }
  | { readonly tag: 'refused'; readonly reason: JoinRefusal }

/** A stretch of addresses that the network gives to its devices, both inclusive. */
export interface AddrRange {
  readonly first: number
  readonly last: number
}

/** What the network tells each device that joins. */
export interface NetworkPolicy {
  readonly netId: number
  readonly addresses: AddrRange
  /** whether devices that lost count of their DevNonces are let in after a while, see nonce-repair.ts; they are when left out */
  readonly repairsNonces?: boolean | undefined
  readonly rxDelaySeconds: number
  readonly rx1DataRateOffset: number
  /** channels beside the band's own, where it takes a list of frequencies; Hz */
  readonly extraChannelsHz: readonly number[]
  /** the channels that gateways listen on, where the band is switched by masks */
  readonly enabledChannels?: readonly number[] | undefined
  /** another second window than the band's own */
  readonly rx2?: { readonly hz: number; readonly dataRate: number } | undefined
  /** whether one frame may take 400 ms at most, where the band leaves that to the network; as the band does when left out */
  readonly dwell?: { readonly uplink: boolean; readonly downlink: boolean } | undefined
  /** a device may send 1/2^k of all time; 0 when left out: no more than the band's own limit */
  readonly dutyCycleExponent?: number | undefined
  /** where answers to a channel come, when it is not the channel itself; dynamic plans */
  readonly downlinkHz?: readonly { readonly channel: number; readonly hz: number }[] | undefined
  /** another channel for beacons than the band's own */
  readonly beaconHz?: number | undefined
  /** 1.1: when a device that hears nothing lowers its data rate, and how often it rejoins of itself */
  readonly adrBackoff?: AdrBackoff | undefined
  readonly rejoin?: RejoinInterval | undefined
}

export interface JoinServerOptions {
  readonly devices: Devices
  readonly sessions: Sessions
  readonly random: Random
  readonly policyOf: (region: Region) => NetworkPolicy
}

export interface JoinServer {
  /** @param heard when, `atMs` of Unix, and on which channel */
  join(
    request: JoinRequest,
    heard: { readonly atMs: number; readonly elapsedMs: number; readonly uplinkHz: number },
  ): Promise<JoinVerdict>
  /** The device was heard on a session. */
  spoke(devEui: Eui): void
}

const refused = (reason: JoinRefusal): JoinVerdict => ({ tag: 'refused', reason })
const risingNonces: ReadonlySet<string> = new Set(['1.0.4', '1.1.0'])
/** A device is silent without anything being wrong for so many of its usual intervals. */
const silentIntervals = 2

export function joinServer({ devices, sessions, random, policyOf }: JoinServerOptions): JoinServer {
  const repair = nonceRepair()
  const pool = radioPool()

  /** @returns 'fresh', or 'repaired' when it was used and the device is let in all the same */
  const spend = async (
    { devEui, devNonce }: JoinRequest,
    { macVersion, uplinkIntervalSeconds }: DeviceProfile,
    { elapsedMs, mayRepair }: { readonly elapsedMs: number; readonly mayRepair: boolean },
  ): Promise<'fresh' | 'repaired' | 'used'> => {
    if (await sessions.spendDevNonce({ devEui, devNonce, mustRise: risingNonces.has(macVersion) })) {
      repair.spoke(devEui)
      return 'fresh'
    }
    const silenceMs = silentIntervals * uplinkIntervalSeconds * 1000
    return mayRepair && repair.refused(devEui, { elapsedMs, silenceMs }) ? 'repaired' : 'used'
  }

  return {
    async join(request, { atMs, elapsedMs, uplinkHz }) {
      const { devEui, joinEui, bytes } = request
      const device = devices.device(devEui)
      if (device === undefined) return refused('unknown-device')
      const profile = devices.profile(device.profileId)
      if (profile === undefined) return refused('no-profile')
      const root = devices.rootKeys(devEui)
      const is11 = profile.macVersion === '1.1.0'
      if (root === undefined || (is11 && root.nwkKey === undefined)) return refused('no-keys')
      const nwkKey = is11 && root.nwkKey !== undefined ? root.nwkKey : root.appKey
      if (cmacWord(keySchedule(nwkKey), bytes, bytes.length - 4) !== request.mic) return refused('wrong-mic')
      if (device.isDisabled) return refused('disabled')
      if (device.joinEui !== joinEui) return refused('other-join-eui')
      if (!profile.supportsJoin) return refused('no-join-allowed')

      const region = regionOf(profile.region, profile.parameterRevision)
      const policy = policyOf(region)
      const nonce = await spend(request, profile, { elapsedMs, mayRepair: policy.repairsNonces !== false })
      if (nonce === 'used') return refused('dev-nonce-used')
      const joinNonce = await sessions.nextJoinNonce(devEui)
      const accept = joinAcceptOf({ region, policy, joinNonce, random, sessions, is11 })
      const keys = keysOf({ root, nwkKey, is11, accept, request })
      // In bands with channels for joining, the second window stays where the join's was.
      const rx2FrequencyHz = joinRx2Of(region, uplinkHz).hz
      const radio = pool.same({ ...joinedRadio(region, profile, policy), rx2FrequencyHz })
      const isRepaired = nonce === 'repaired'
      const agreed = sessionOf({ device, profile, radio, accept, keys, atMs })
      const session = isRepaired ? { ...agreed, isRepaired } : agreed
      await sessions.putPending(session)
      const answer = answerOf({ accept, nwkKey, is11, request })
      return { tag: 'joined', session, answer, device, profile, isRepaired }
    },
    spoke: repair.spoke,
  }
}

/** Addresses that are drawn, of which the emptiest is taken: so that even few addresses are shared evenly. */
const addrDraws = 4

function drawAddr({ first, last }: AddrRange, random: Random, { sessionsFor }: Sessions): number {
  const drawn = Array.from({ length: addrDraws }, () => {
    const draw = random.bytes(6).reduce((value, byte) => value * 256 + byte, 0)
    return first + (draw % (last - first + 1))
  })
  return drawn.reduce((emptiest, addr) => (sessionsFor(addr).length < sessionsFor(emptiest).length ? addr : emptiest))
}

/** What a device that joins is told, with an address that is drawn. */
export function joinAcceptOf({
  region,
  policy,
  joinNonce,
  random,
  sessions,
  is11,
}: {
  readonly region: Region
  readonly policy: NetworkPolicy
  readonly joinNonce: number
  readonly random: Random
  readonly sessions: Sessions
  readonly is11: boolean
}): JoinAccept {
  const { netId, rxDelaySeconds, rx1DataRateOffset, rx2 = region.rx2 } = policy
  const cfList = cfListOf(region, policy)
  return {
    joinNonce,
    netId,
    devAddr: drawAddr(policy.addresses, random, sessions),
    optNeg: is11,
    rx1DataRateOffset,
    rx2DataRate: rx2.dataRate,
    rxDelaySeconds,
    cfList,
  }
}

function cfListOf(region: Region, { extraChannelsHz, enabledChannels }: NetworkPolicy): Uint8Array | undefined {
  if (region.cfList === 'frequencies' && extraChannelsHz.length > 0)
    return encodeCfList({ kind: 'frequencies', frequenciesHz: extraChannelsHz })
  if (region.cfList === 'masks' && enabledChannels !== undefined)
    return encodeCfList({ kind: 'masks', enabledChannels })
  return undefined
}

interface Agreed {
  readonly root: RootKeys
  readonly nwkKey: Uint8Array
  readonly is11: boolean
  readonly accept: JoinAccept
  readonly request: JoinRequest
}

function keysOf({ root, nwkKey, is11, accept, request: { joinEui, devNonce } }: Agreed): SessionKeys {
  const { joinNonce, netId } = accept
  return is11
    ? sessionKeys11({ appKey: root.appKey, nwkKey }, { joinNonce, joinEui, devNonce })
    : sessionKeys10(nwkKey, { joinNonce, netId, devNonce })
}

function answerOf({ accept, nwkKey, is11, request }: Omit<Agreed, 'root'>): Uint8Array {
  const plain = encodeJoinAccept(accept)
  const schedule = keySchedule(nwkKey)
  const { joinEui, devEui, devNonce } = request
  const mic = is11
    ? joinAcceptMic11(keySchedule(joinServerKeys(nwkKey, devEui).jsIntKey), plain, {
        joinType: joinTypes.join,
        joinEui,
        devNonce,
      })
    : joinAcceptMic10(schedule, plain)
  return sealJoinAccept(schedule, plain, mic)
}

function sessionOf({
  device,
  profile,
  radio,
  accept,
  keys,
  atMs,
}: {
  readonly device: Device
  readonly profile: DeviceProfile
  readonly radio: RadioState
  readonly accept: JoinAccept
  readonly keys: SessionKeys
  readonly atMs: number
}): DeviceSession {
  return {
    devEui: device.devEui,
    devAddr: accept.devAddr,
    joinEui: device.joinEui,
    keys,
    macVersion: profile.macVersion,
    startedAtMs: atMs,
    fCntUp: 0,
    nFCntDown: 0,
    aFCntDown: 0,
    radio,
    requests: [],
  }
}

/** What a device holds right after its join. */
export function joinedRadio(region: Region, profile: DeviceProfile, policy: NetworkPolicy): RadioState {
  const { rx2 = region.rx2 } = policy
  const own = region.uplinkChannels.map(({ hz, dataRateMin, dataRateMax }) => ({
    uplinkHz: hz,
    dataRateMin,
    dataRateMax,
  }))
  const isListed = region.cfList === 'frequencies'
  const [first] = region.uplinkChannels
  const extra = isListed
    ? policy.extraChannelsHz.map((uplinkHz) => ({
        uplinkHz,
        dataRateMin: first?.dataRateMin ?? 0,
        dataRateMax: first?.dataRateMax ?? 5,
      }))
    : []
  const channels = [...own, ...extra]
  const isMasked = region.cfList === 'masks' && policy.enabledChannels !== undefined
  return {
    // A device of 1.1 says itself when it listens always; an older one is known by its profile.
    deviceClass: profile.supportsClassC && profile.macVersion !== '1.1.0' ? 'C' : 'A',
    rx1DelaySeconds: Math.max(policy.rxDelaySeconds, 1),
    rx1DataRateOffset: policy.rx1DataRateOffset,
    rx2DataRate: rx2.dataRate,
    // A join-accept names no frequency: until a RXParamSetupReq the device listens where the band says.
    rx2FrequencyHz: region.rx2.hz,
    dataRate: first?.dataRateMin ?? 0,
    txPowerIndex: 0,
    nbTrans: 1,
    ...(profile.eirpDbmMax === undefined ? {} : { eirpDbmMax: profile.eirpDbmMax }),
    uplinkDwell: region.dwell.atBoot.uplink,
    downlinkDwell: region.dwell.atBoot.downlink,
    channels,
    enabledChannels: isMasked ? (policy.enabledChannels ?? []) : channels.map((_, index) => index),
    isBeaconLocked: false,
  }
}
