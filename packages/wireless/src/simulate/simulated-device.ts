/**
 * A LoRaWAN device as its firmware behaves: it joins, counts, signs, encrypts, listens in its windows and does what the network asks.
 *
 * Pure: time and radio are the caller's. It keeps to the specification, so that what works with it is likely to work with a real
 * one; its faults are switched on by name.
 *
 * @module
 */

import { keySchedule } from '../crypto/aes-128.ts'
import { cmacWord } from '../crypto/cmac.ts'
import type { MacVersion } from '../model/device.ts'
import type { Modulation } from '../model/modulation.ts'
import type { Eui } from '../model/radio.ts'
import type { SessionKeys } from '../model/session.ts'
import { applyChannelMasks } from '../region/channel-mask.ts'
import { joinRx1DelaySeconds, rx1Of } from '../region/receive-windows.ts'
import type { Region } from '../region/region.ts'
import { decodeCfList } from '../wire/cf-list.ts'
import {
  cryptOptions,
  cryptPayload,
  downlinkMic11,
  mic10,
  optionsOf,
  setMic,
  uplinkMic11,
} from '../wire/frame-crypto.ts'
import { decodeJoinAccept, joinAcceptMic10, joinAcceptMic11, joinTypes, openJoinAccept } from '../wire/join-accept.ts'
import {
  commandBytes,
  readDownlinkCommands,
  writeCommands,
  type DownlinkCommand,
  type UplinkCommand,
} from '../wire/mac-commands.ts'
import {
  buildDataFrame,
  buildJoinRequest,
  buildRejoinRequest,
  fCtrlBits,
  micBytes,
  parsePhyPayload,
  type DataFrame,
} from '../wire/phy-payload.ts'
import { joinServerKeys, sessionKeys10, sessionKeys11 } from '../wire/session-keys.ts'
import { fullFrameCounter } from '../network-server/frame-counter.ts'

export interface SimulatedDeviceOptions {
  readonly devEui: Eui
  readonly joinEui: Eui
  readonly appKey: Uint8Array
  /** 1.1 */
  readonly nwkKey?: Uint8Array
  readonly macVersion: MacVersion
  readonly region: Region
  /** the first DevNonce; they rise from there */
  readonly devNonce?: number
  readonly dataRate?: number
  readonly isAdr?: boolean
  /** a radio that cannot turn its power down as far as its band allows: LinkADRReq beyond is refused */
  readonly txPowerIndexMax?: number
  /** a firmware that never answers these */
  readonly ignores?: ReadonlySet<DownlinkCommand['name']>
}

/** A frame on its way out. */
export interface SentFrame {
  readonly phyPayload: Uint8Array
  readonly frequencyHz: number
  readonly modulation: Modulation
  readonly channel: number
  /** seconds after its end at which the device listens */
  readonly rx1Seconds: number
}

/** What a downlink was to the device. */
export type ReceivedDownlink =
  | { readonly kind: 'joined'; readonly devAddr: number }
  | {
      readonly kind: 'data'
      readonly fPort?: number
      readonly payload: Uint8Array
      readonly isAck: boolean
      readonly isConfirmed: boolean
      readonly commands: readonly DownlinkCommand[]
    }
  | { readonly kind: 'ignored'; readonly reason: 'not-ours' | 'wrong-mic' | 'replayed' | 'not-waiting' }

interface Session {
  readonly devAddr: number
  readonly keys: SessionKeys
  fCntUp: number
  nFCntDown: number
  aFCntDown: number
}

export interface SimulatedDevice {
  readonly devEui: Eui
  readonly isJoined: boolean
  readonly devAddr: number | undefined
  readonly dataRate: number
  readonly txPowerIndex: number
  readonly nbTrans: number
  readonly enabledChannels: readonly number[]
  readonly fCntUp: number
  join(): SentFrame
  /** 1.1: asks for another session; types 0 and 2 name the network */
  rejoin(rejoinType: 0 | 1 | 2, netId?: number): SentFrame
  send(message: {
    readonly fPort: number
    readonly payload: Uint8Array
    readonly isConfirmed?: boolean
    readonly commands?: readonly UplinkCommand[]
  }): SentFrame
  /** The last frame again, as after no acknowledgement. */
  repeat(): SentFrame | undefined
  receive(phyPayload: Uint8Array): ReceivedDownlink
  /** Where its second window is. */
  rx2(): { readonly hz: number; readonly dataRate: number }
}

export function simulatedDevice(options: SimulatedDeviceOptions): SimulatedDevice {
  const { devEui, joinEui, appKey, macVersion, region, isAdr = true, ignores } = options
  const txPowerIndexMax = options.txPowerIndexMax ?? region.txPowerIndexMax
  const is11 = macVersion === '1.1.0'
  const nwkKey = is11 ? (options.nwkKey ?? appKey) : appKey
  const rootSchedule = keySchedule(nwkKey)
  let devNonce = options.devNonce ?? 1
  /** what it waits for an answer to */
  let waiting: { readonly nonce: number; readonly joinType: 0 | 1 | 2 | 255 } | undefined
  let [rjCount0, rjCount1] = [0, 0]
  let session: Session | undefined
  let last: SentFrame | undefined
  let answers: UplinkCommand[] = []
  /** answers that were said and are said again until something is heard */
  let repeating: readonly UplinkCommand[] = []
  let owesAck = false
  let awaitsConf: number | undefined
  let turn = 0
  const channels = region.uplinkChannels.map(({ hz, dataRateMin, dataRateMax }) => ({ hz, dataRateMin, dataRateMax }))
  const state = {
    dataRate: options.dataRate ?? channels[0]?.dataRateMax ?? 5,
    txPowerIndex: 0,
    nbTrans: 1,
    enabled: channels.map((_, index) => index),
    rx1DelaySeconds: 1,
    rx1DataRateOffset: 0,
    rx2: { hz: region.rx2.hz, dataRate: region.rx2.dataRate },
    downlinkDwell: region.dwell.atBoot.downlink,
  }

  /** The next enabled channel that allows the data rate. */
  const nextChannel = (): number => {
    const able = state.enabled.filter((index) => {
      const channel = channels[index]
      return channel !== undefined && state.dataRate >= channel.dataRateMin && state.dataRate <= channel.dataRateMax
    })
    turn += 1
    return able[turn % able.length] ?? state.enabled[0] ?? 0
  }

  const onAir = (phyPayload: Uint8Array, rx1Seconds: number, channel: number): SentFrame => {
    const { hz = 0, dataRateMin = 0 } = channels[channel] ?? {}
    const rate = region.uplinkDataRates[state.dataRate] ?? region.uplinkDataRates[dataRateMin]
    const modulation: Modulation = rate?.modulation ?? { kind: 'lora', spreadingFactor: 12, bandwidthHz: 125_000 }
    last = { phyPayload, frequencyHz: hz, modulation, channel, rx1Seconds }
    return last
  }

  const joined = (
    plain: Uint8Array,
    { nonce, joinType }: { readonly nonce: number; readonly joinType: number },
  ): ReceivedDownlink => {
    const decoded = decodeJoinAccept(plain)
    if (decoded === undefined) return { kind: 'ignored', reason: 'wrong-mic' }
    const { accept, mic } = decoded
    const own =
      is11 && accept.optNeg
        ? joinAcceptMic11(keySchedule(joinServerKeys(nwkKey, devEui).jsIntKey), plain, {
            joinType,
            joinEui,
            devNonce: nonce,
          })
        : joinAcceptMic10(rootSchedule, plain)
    if (own !== mic) return { kind: 'ignored', reason: 'wrong-mic' }
    const { joinNonce, netId, devAddr } = accept
    const keys = is11
      ? sessionKeys11({ appKey, nwkKey }, { joinNonce, joinEui, devNonce: nonce })
      : sessionKeys10(nwkKey, { joinNonce, netId, devNonce: nonce })
    session = { devAddr, keys, fCntUp: 0, nFCntDown: 0, aFCntDown: 0 }
    waiting = undefined
    rjCount0 = 0
    answers = is11 ? [{ name: 'RekeyInd', minor: 1 }] : []
    repeating = []
    // Keys, address and counters alone.
    if (joinType === joinTypes.rejoin2) return { kind: 'joined', devAddr }
    state.rx1DelaySeconds = Math.max(accept.rxDelaySeconds, 1)
    state.rx1DataRateOffset = accept.rx1DataRateOffset
    state.rx2.dataRate = accept.rx2DataRate
    takeChannels(accept.cfList)
    return { kind: 'joined', devAddr }
  }

  const takeChannels = (cfList: Uint8Array | undefined): void => {
    const list = cfList === undefined ? undefined : decodeCfList(cfList)
    if (list?.kind === 'frequencies')
      for (const hz of list.frequenciesHz)
        if (hz !== 0) {
          channels.push({ hz, dataRateMin: channels[0]?.dataRateMin ?? 0, dataRateMax: channels[0]?.dataRateMax ?? 5 })
          state.enabled = [...state.enabled, channels.length - 1]
        }
    if (list?.kind === 'masks') state.enabled = list.enabledChannels.filter((index) => index < channels.length)
  }

  const obey = (commands: readonly DownlinkCommand[]): void => {
    const block = commands.flatMap((command) => (command.name === 'LinkADRReq' ? [command] : []))
    if (block.length > 0) obeyAdr(block)
    for (const command of commands) {
      switch (command.name) {
        case 'RXParamSetupReq':
          state.rx1DataRateOffset = command.rx1DataRateOffset
          state.rx2 = { hz: command.frequencyHz, dataRate: command.rx2DataRate }
          answers.push({ name: 'RXParamSetupAns', channelAck: true, rx2DataRateAck: true, rx1DataRateOffsetAck: true })
          break
        case 'RXTimingSetupReq':
          state.rx1DelaySeconds = Math.max(command.delaySeconds, 1)
          answers.push({ name: 'RXTimingSetupAns' })
          break
        case 'DevStatusReq':
          answers.push({ name: 'DevStatusAns', battery: 200, margin: 12 })
          break
        case 'NewChannelReq': {
          const { channel, frequencyHz: hz, dataRateMin, dataRateMax } = command
          channels[channel] = { hz, dataRateMin, dataRateMax }
          if (!state.enabled.includes(channel)) state.enabled = [...state.enabled, channel]
          answers.push({ name: 'NewChannelAns', frequencyOk: true, dataRateOk: true })
          break
        }
        case 'TXParamSetupReq':
          state.downlinkDwell = command.downlinkDwell
          answers.push({ name: 'TXParamSetupAns' })
          break
        case 'DutyCycleReq':
          answers.push({ name: 'DutyCycleAns' })
          break
        case 'DlChannelReq':
          answers.push({
            name: 'DlChannelAns',
            frequencyOk: true,
            uplinkExists: (channels[command.channel]?.hz ?? 0) > 0,
          })
          break
        case 'ADRParamSetupReq':
          answers.push({ name: 'ADRParamSetupAns' })
          break
        case 'RejoinParamSetupReq':
          answers.push({ name: 'RejoinParamSetupAns', timeOk: true })
          break
        case 'PingSlotChannelReq':
          answers.push({ name: 'PingSlotChannelAns', frequencyOk: true, dataRateOk: true })
          break
        case 'BeaconFreqReq':
          answers.push({ name: 'BeaconFreqAns', frequencyOk: true })
          break
        default:
      }
    }
  }

  /** The block is taken as one or not at all; every command of it is answered. */
  const obeyAdr = (block: readonly Extract<DownlinkCommand, { name: 'LinkADRReq' }>[]): void => {
    const known = channels.flatMap((channel, index) => (channel.hz > 0 ? [index] : []))
    const enabled = applyChannelMasks(region, { enabled: state.enabled, known }, block)
    const wanted = block.at(-1)
    const dataRate = wanted === undefined || wanted.dataRate === 15 ? state.dataRate : wanted.dataRate
    const dataRateAck = (enabled ?? []).some((index) => {
      const channel = channels[index]
      return channel !== undefined && dataRate >= channel.dataRateMin && dataRate <= channel.dataRateMax
    })
    const powerAck = wanted !== undefined && (wanted.txPower === 15 || wanted.txPower <= txPowerIndexMax)
    const isTaken = enabled !== undefined && dataRateAck && powerAck
    if (isTaken && wanted !== undefined) {
      state.enabled = enabled
      state.dataRate = dataRate
      if (wanted.txPower !== 15) state.txPowerIndex = wanted.txPower
      state.nbTrans = Math.max(wanted.nbTrans, 1)
    }
    for (const _ of block) answers.push({ name: 'LinkADRAns', chMaskAck: enabled !== undefined, dataRateAck, powerAck })
  }

  const readData = (frame: DataFrame, own: Session): ReceivedDownlink => {
    const isApplication = is11 && frame.fPort > 0
    const expected = isApplication ? own.aFCntDown : own.nFCntDown
    const fCnt = fullFrameCounter(expected, frame.fCnt16)
    if (fCnt < expected) return { kind: 'ignored', reason: 'replayed' }
    const { isUp, devAddr, bytes, payloadFrom, payloadTo, fPort, fCtrl } = frame
    const place = { isUp, devAddr, fCnt }
    const mic = is11
      ? downlinkMic11(keySchedule(own.keys.sNwkSIntKey), place, bytes, payloadTo, own.fCntUp - 1)
      : mic10(keySchedule(own.keys.fNwkSIntKey), place, bytes, payloadTo)
    if (mic !== frame.mic) return { kind: 'ignored', reason: 'wrong-mic' }
    if (isApplication) own.aFCntDown = fCnt + 1
    else own.nFCntDown = fCnt + 1
    const key = fPort === 0 ? own.keys.nwkSEncKey : own.keys.appSKey
    const plain = cryptPayload(keySchedule(key), place, bytes, payloadFrom, payloadTo)
    const fOpts = optionsOf(frame, fCnt, is11 ? keySchedule(own.keys.nwkSEncKey) : undefined)
    const { commands } = readDownlinkCommands(fPort === 0 ? plain : fOpts)
    obey(commands.filter(({ name }) => ignores?.has(name) !== true))
    if (frame.isConfirmed) {
      owesAck = true
      awaitsConf = fCnt
    }
    return {
      kind: 'data',
      ...(fPort > 0 ? { fPort } : {}),
      payload: fPort > 0 ? plain : new Uint8Array(0),
      isAck: (fCtrl & fCtrlBits.ack) !== 0,
      isConfirmed: frame.isConfirmed,
      commands,
    }
  }

  return {
    devEui,
    get isJoined() {
      return session !== undefined
    },
    get devAddr() {
      return session?.devAddr
    },
    get dataRate() {
      return state.dataRate
    },
    get txPowerIndex() {
      return state.txPowerIndex
    },
    get nbTrans() {
      return state.nbTrans
    },
    get enabledChannels() {
      return state.enabled
    },
    get fCntUp() {
      return session?.fCntUp ?? 0
    },
    rx2: () => state.rx2,
    join() {
      const nonce = devNonce
      waiting = { nonce, joinType: joinTypes.join }
      devNonce = (devNonce + 1) & 0xffff
      const bytes = buildJoinRequest({ joinEui, devEui, devNonce: nonce })
      setMic(bytes, cmacWord(rootSchedule, bytes, bytes.length - micBytes))
      return onAir(bytes, joinRx1DelaySeconds, nextChannel())
    },
    rejoin(rejoinType, netId = 0) {
      const sNwkSIntKey = session?.keys.sNwkSIntKey
      if (!is11 || sNwkSIntKey === undefined) throw new RangeError('a device of 1.1 rejoins once it has joined')
      const nonce = rejoinType === 1 ? rjCount1 : rjCount0
      if (rejoinType === 1) rjCount1 += 1
      else rjCount0 += 1
      waiting = { nonce, joinType: rejoinType }
      const bytes = buildRejoinRequest(
        rejoinType === 1
          ? { rejoinType, joinEui, devEui, rjCount: nonce }
          : { rejoinType, netId, devEui, rjCount: nonce },
      )
      const key = rejoinType === 1 ? joinServerKeys(nwkKey, devEui).jsIntKey : sNwkSIntKey
      setMic(bytes, cmacWord(keySchedule(key), bytes, bytes.length - micBytes))
      return onAir(bytes, joinRx1DelaySeconds, nextChannel())
    },
    send({ fPort, payload, isConfirmed = false, commands = [] }) {
      if (session === undefined) throw new RangeError('a device sends data once it has joined')
      const own = session
      const fCnt = own.fCntUp
      own.fCntUp += 1
      const place = { isUp: true, devAddr: own.devAddr, fCnt }
      const said = [...repeating, ...answers, ...commands]
      repeating = said.filter(({ name }) => stickyAnswers.has(name))
      answers = []
      const fitting = withinOptions(said)
      const plain = writeCommands(fitting, { isUp: true })
      const nwkSEncKey = keySchedule(own.keys.nwkSEncKey)
      const fOpts =
        is11 && plain.length > 0 ? cryptOptions(nwkSEncKey, { ...place, isApplicationCounter: false }, plain) : plain
      const key = fPort === 0 ? own.keys.nwkSEncKey : own.keys.appSKey
      const fCtrl = (isAdr ? fCtrlBits.adr : 0) | (owesAck ? fCtrlBits.ack : 0)
      const bytes = buildDataFrame({
        isUp: true,
        isConfirmed,
        devAddr: own.devAddr,
        fCtrl,
        fCnt,
        fOpts,
        fPort,
        payload: cryptPayload(keySchedule(key), place, payload),
      })
      const channel = nextChannel()
      const to = bytes.length - micBytes
      const schedules = {
        sNwkSIntKey: keySchedule(own.keys.sNwkSIntKey),
        fNwkSIntKey: keySchedule(own.keys.fNwkSIntKey),
      }
      const frame = { bytes, devAddr: own.devAddr, fCtrl: bytes[5] ?? 0, payloadTo: to }
      setMic(
        bytes,
        is11
          ? uplinkMic11(schedules, frame, fCnt, {
              confFCnt: awaitsConf ?? 0,
              txDataRate: state.dataRate,
              txChannel: channel,
            })
          : mic10(schedules.fNwkSIntKey, place, bytes, to),
      )
      owesAck = false
      awaitsConf = undefined
      return onAir(bytes, state.rx1DelaySeconds, channel)
    },
    repeat: () => last,
    receive(phyPayload) {
      const frame = parsePhyPayload(phyPayload)
      if (frame.kind === 'join-accept') {
        if (waiting === undefined) return { kind: 'ignored', reason: 'not-waiting' }
        const isRejoin = waiting.joinType !== joinTypes.join
        const key = isRejoin ? keySchedule(joinServerKeys(nwkKey, devEui).jsEncKey) : rootSchedule
        return joined(openJoinAccept(key, phyPayload), waiting)
      }
      if (frame.kind !== 'data' || frame.isUp || session === undefined || frame.devAddr !== session.devAddr)
        return { kind: 'ignored', reason: 'not-ours' }
      repeating = []
      return readData(frame, session)
    },
  }
}

/** Said again until a downlink comes. LoRaWAN 1.0.4 sections 5.4, 5.7 and 5.8. */
const stickyAnswers: ReadonlySet<UplinkCommand['name']> = new Set([
  'RXParamSetupAns',
  'RXTimingSetupAns',
  'DlChannelAns',
])

/** What fits FOpts, in order. */
function withinOptions(commands: readonly UplinkCommand[]): UplinkCommand[] {
  let left = 15
  return commands.filter((command) => {
    left -= commandBytes(command, { isUp: true })
    return left >= 0
  })
}

/** Where a device listens first after a frame of its own. */
export function rx1OfSent(
  region: Region,
  sent: SentFrame,
  dataRate: number,
): { readonly hz: number; readonly dataRate: number } | undefined {
  return rx1Of(region, {
    uplinkHz: sent.frequencyHz,
    uplinkDataRate: dataRate,
    rx1DataRateOffset: 0,
    downlinkDwell: false,
  })
}
