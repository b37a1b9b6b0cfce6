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
import type { DeviceClass, MacVersion } from '../model/device.ts'
import type { Modulation } from '../model/modulation.ts'
import type { Eui } from '../model/radio.ts'
import type { SessionKeys } from '../model/session.ts'
import { joinRx1DelaySeconds, joinRx2Of, rx1Of, rx2AfterRx1Seconds, type Window } from '../region/receive-windows.ts'
import type { Region } from '../region/region.ts'
import { eirpDbmOf } from '../region/tx-power.ts'
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
import { backOff } from './adr-backoff.ts'
import { devNonces, type NoncePolicy } from './dev-nonces.ts'
import { carries, initialRadioState, obeyCommands, withCfList, type DeviceRadioState } from './device-radio-state.ts'

export interface SimulatedDeviceOptions {
  readonly devEui: Eui
  readonly joinEui: Eui
  readonly appKey: Uint8Array
  /** 1.1 */
  readonly nwkKey?: Uint8Array
  readonly macVersion: MacVersion
  readonly region: Region
  /** 'A' when left out; B listens as A does here */
  readonly deviceClass?: DeviceClass
  /** the first DevNonce */
  readonly devNonce?: number
  /** how it counts its joins; 'rises' when left out */
  readonly nonces?: NoncePolicy
  /** of what it does by chance */
  readonly seed?: number
  /** 1 to 254; 200 when left out */
  readonly battery?: number
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
  readonly dataRate: number
  readonly eirpDbm: number
  readonly isJoin: boolean
  /** seconds after its end at which the device listens */
  readonly rx1Seconds: number
}

/** When and where a device listens, from the end of a frame of its own. */
export interface ReceiveWindow extends Window {
  readonly afterSeconds: number
  readonly modulation: Modulation
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
  readonly deviceClass: DeviceClass
  readonly isJoined: boolean
  readonly devAddr: number | undefined
  readonly dataRate: number
  readonly txPowerIndex: number
  readonly nbTrans: number
  readonly enabledChannels: readonly number[]
  readonly fCntUp: number
  /** all that it holds about its radio */
  readonly radio: DeviceRadioState
  join(): SentFrame
  /** 1.1: asks for another session; types 0 and 2 name the network */
  rejoin(rejoinType: 0 | 1 | 2, netId?: number): SentFrame
  send(message: {
    readonly fPort: number
    readonly payload: Uint8Array
    readonly isConfirmed?: boolean
    readonly commands?: readonly UplinkCommand[]
  }): SentFrame
  /** The last frame again, as after no acknowledgement or because of NbTrans: on another channel, where its code allows that. */
  repeat(): SentFrame | undefined
  /** @param marginDb how far above its floor it was heard */
  receive(phyPayload: Uint8Array, heard?: { readonly marginDb: number }): ReceivedDownlink
  /** RX1 and RX2 of a frame of its own; RX1 is missing where the band has none. */
  windows(sent: SentFrame): readonly ReceiveWindow[]
  /** Where its second window is, and where class C listens all the time. */
  rx2(): Window
  /** The battery is changed: session and settings are gone, and of its nonces what its policy forgets. */
  powerCycle(): void
  /** A fault: it counts its frames from 0 again within a session. */
  resetCounter(): void
}

export function simulatedDevice(options: SimulatedDeviceOptions): SimulatedDevice {
  const { devEui, joinEui, appKey, macVersion, region, isAdr = true, ignores } = options
  const { deviceClass = 'A', battery = 200 } = options
  const txPowerIndexMax = options.txPowerIndexMax ?? region.txPowerIndexMax
  const is11 = macVersion === '1.1.0'
  const knowsJoinNonces = is11 || macVersion === '1.0.4'
  const nwkKey = is11 ? (options.nwkKey ?? appKey) : appKey
  const rootSchedule = keySchedule(nwkKey)
  const nonces = devNonces(options.nonces ?? 'rises', { first: options.devNonce ?? 1, seed: options.seed ?? 0 })
  /** what it waits for an answer to */
  let waiting: { readonly nonce: number; readonly joinType: 0 | 1 | 2 | 255 } | undefined
  let [rjCount0, rjCount1] = [0, 0]
  let lastJoinNonce = -1
  let session: Session | undefined
  let last: SentFrame | undefined
  let answers: readonly UplinkCommand[] = []
  /** answers that were said and are said again until something is heard */
  let repeating: readonly UplinkCommand[] = []
  let owesAck = false
  let awaitsConf: number | undefined
  let marginDb = 12
  let silentUplinks = 0
  // Devices that start together do not all begin on one channel.
  let turn = options.seed ?? 0
  let state = initialRadioState(region, options.dataRate)

  /** The next enabled channel that allows the data rate. */
  const nextChannel = (): number => {
    const able = state.enabled.filter((index) => carries(state.channels[index], state.dataRate))
    turn += 1
    return able[turn % Math.max(able.length, 1)] ?? state.enabled[0] ?? 0
  }

  const onAir = (phyPayload: Uint8Array, { isJoin, channel }: { isJoin: boolean; channel: number }): SentFrame => {
    const { uplinkHz: frequencyHz = 0, dataRateMin = 0 } = state.channels[channel] ?? {}
    const dataRate = region.uplinkDataRates[state.dataRate] === undefined ? dataRateMin : state.dataRate
    const modulation = modulationOf(region.uplinkDataRates[dataRate]?.modulation)
    const eirpDbm = eirpDbmOf(region, state.txPowerIndex, state.eirpDbmMax) ?? state.eirpDbmMax
    const rx1Seconds = isJoin ? joinRx1DelaySeconds : state.rx1DelaySeconds
    last = { phyPayload, frequencyHz, modulation, channel, dataRate, eirpDbm, isJoin, rx1Seconds }
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
    // 1.0.4 section 6.2.3: an answer that was recorded does not make a session anew.
    if (knowsJoinNonces && accept.joinNonce <= lastJoinNonce) return { kind: 'ignored', reason: 'replayed' }
    lastJoinNonce = accept.joinNonce
    const { joinNonce, netId, devAddr } = accept
    const keys = is11
      ? sessionKeys11({ appKey, nwkKey }, { joinNonce, joinEui, devNonce: nonce })
      : sessionKeys10(nwkKey, { joinNonce, netId, devNonce: nonce })
    session = { devAddr, keys, fCntUp: 0, nFCntDown: 0, aFCntDown: 0 }
    waiting = undefined
    rjCount0 = 0
    silentUplinks = 0
    answers = is11 ? [{ name: 'RekeyInd', minor: 1 }] : []
    repeating = []
    // Keys, address and counters alone.
    if (joinType === joinTypes.rejoin2) return { kind: 'joined', devAddr }
    const fresh = initialRadioState(region, state.dataRate)
    state = withCfList(
      {
        ...fresh,
        rx1DelaySeconds: Math.max(accept.rxDelaySeconds, 1),
        rx1DataRateOffset: accept.rx1DataRateOffset,
        rx2: { hz: joinRx2Of(region, last?.frequencyHz ?? 0).hz, dataRate: accept.rx2DataRate },
      },
      accept.cfList,
      region,
    )
    return { kind: 'joined', devAddr }
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
    // Only what is certainly the network's ends what waits for it.
    repeating = []
    silentUplinks = 0
    const obeyed = obeyCommands(
      state,
      commands.filter(({ name }) => ignores?.has(name) !== true),
      { region, txPowerIndexMax, battery, marginDb },
    )
    state = obeyed.state
    answers = [...answers, ...obeyed.answers]
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
    get radio() {
      return state
    },
    deviceClass,
    rx2: () => state.rx2,
    windows(sent) {
      const { frequencyHz: uplinkHz, dataRate: uplinkDataRate, channel, isJoin, rx1Seconds } = sent
      const rx1 = rx1Of(region, {
        uplinkHz,
        uplinkDataRate,
        rx1DataRateOffset: isJoin ? 0 : state.rx1DataRateOffset,
        downlinkDwell: state.downlinkDwell,
        downlinkHz: state.channels[channel]?.downlinkHz,
      })
      const rx2 = isJoin ? joinRx2Of(region, uplinkHz) : state.rx2
      return [
        ...(rx1 === undefined ? [] : [{ ...rx1, afterSeconds: rx1Seconds }]),
        { ...rx2, afterSeconds: rx1Seconds + rx2AfterRx1Seconds },
      ].map((window) => ({
        ...window,
        modulation: modulationOf(region.downlinkDataRates[window.dataRate]?.modulation),
      }))
    },
    powerCycle() {
      nonces.powerCycle()
      session = undefined
      waiting = undefined
      rjCount0 = 0
      last = undefined
      answers = []
      repeating = []
      owesAck = false
      awaitsConf = undefined
      silentUplinks = 0
      state = initialRadioState(region, options.dataRate)
    },
    resetCounter() {
      if (session !== undefined) session.fCntUp = 0
    },
    join() {
      const nonce = nonces.next()
      waiting = { nonce, joinType: joinTypes.join }
      const bytes = buildJoinRequest({ joinEui, devEui, devNonce: nonce })
      setMic(bytes, cmacWord(rootSchedule, bytes, bytes.length - micBytes))
      return onAir(bytes, { isJoin: true, channel: nextChannel() })
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
      return onAir(bytes, { isJoin: true, channel: nextChannel() })
    },
    send({ fPort, payload, isConfirmed = false, commands = [] }) {
      if (session === undefined) throw new RangeError('a device sends data once it has joined')
      const own = session
      const fCnt = own.fCntUp
      own.fCntUp += 1
      const { state: next, asks } = isAdr
        ? backOff(state, silentUplinks, { region, macVersion })
        : { state, asks: false }
      state = next
      silentUplinks += 1
      const place = { isUp: true, devAddr: own.devAddr, fCnt }
      const said = [...repeating, ...answers, ...commands]
      const fitting = withinOptions(said)
      repeating = said.filter(({ name }) => stickyAnswers.has(name))
      // What had no room is said next time.
      answers = answers.filter((one) => !fitting.includes(one) && !repeating.includes(one))
      const plain = writeCommands(fitting, { isUp: true })
      const nwkSEncKey = keySchedule(own.keys.nwkSEncKey)
      const fOpts =
        is11 && plain.length > 0 ? cryptOptions(nwkSEncKey, { ...place, isApplicationCounter: false }, plain) : plain
      const key = fPort === 0 ? own.keys.nwkSEncKey : own.keys.appSKey
      const fCtrl = (isAdr ? fCtrlBits.adr : 0) | (asks ? fCtrlBits.adrAckReq : 0) | (owesAck ? fCtrlBits.ack : 0)
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
      return onAir(bytes, { isJoin: false, channel })
    },
    // The code of 1.1 covers the channel, so there a repetition stays on its own.
    repeat() {
      if (last === undefined || is11) return last
      return onAir(last.phyPayload, { isJoin: last.isJoin, channel: nextChannel() })
    },
    receive(phyPayload, heard) {
      const frame = parsePhyPayload(phyPayload)
      if (frame.kind === 'join-accept') {
        if (waiting === undefined) return { kind: 'ignored', reason: 'not-waiting' }
        const isRejoin = waiting.joinType !== joinTypes.join
        const key = isRejoin ? keySchedule(joinServerKeys(nwkKey, devEui).jsEncKey) : rootSchedule
        return joined(openJoinAccept(key, phyPayload), waiting)
      }
      if (frame.kind !== 'data' || frame.isUp || session === undefined || frame.devAddr !== session.devAddr)
        return { kind: 'ignored', reason: 'not-ours' }
      marginDb = heard?.marginDb ?? marginDb
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

/** A rate that a band has no name for is listened to at its slowest. */
function modulationOf(modulation: Modulation | undefined): Modulation {
  return modulation ?? { kind: 'lora', spreadingFactor: 12, bandwidthHz: 125_000 }
}
