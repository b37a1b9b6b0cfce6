/**
 * What a device holds about its radio, and how a network's commands change it: the device's half of MAC commands.
 *
 * Plain state in, plain state out. What a device may refuse it refuses by the rules of its band; every command is answered in its
 * order, a block of LinkADRReq once for each of its commands.
 *
 * @module
 */

import type { DeviceChannel } from '../model/session.ts'
import { applyChannelMasks } from '../region/channel-mask.ts'
import { subBandAt } from '../region/duty-cycle.ts'
import type { DataRates, Region } from '../region/region.ts'
import { eirpDbmOf } from '../region/tx-power.ts'
import { decodeCfList } from '../wire/cf-list.ts'
import type { DownlinkCommand, UplinkCommand } from '../wire/mac-commands.ts'

export interface DeviceRadioState {
  /** by index; a hole is not defined */
  readonly channels: readonly (DeviceChannel | undefined)[]
  readonly enabled: readonly number[]
  readonly dataRate: number
  readonly txPowerIndex: number
  readonly nbTrans: number
  readonly eirpDbmMax: number
  readonly rx1DelaySeconds: number
  readonly rx1DataRateOffset: number
  readonly rx2: { readonly hz: number; readonly dataRate: number }
  readonly uplinkDwell: boolean
  readonly downlinkDwell: boolean
  /** the part of time that it may send, as DutyCycleReq said */
  readonly dutyShare: number
  /** uplinks without an answer until it asks for one, and from there until it does something about it */
  readonly adrAckLimit: number
  readonly adrAckDelay: number
  readonly pingSlotHz?: number
  readonly pingSlotDataRate?: number
  readonly beaconHz?: number
}

/** What a device is like beyond its band. */
export interface DeviceLimits {
  readonly region: Region
  /** a radio that cannot turn its power down as far as its band allows */
  readonly txPowerIndexMax: number
  /** 0 for a device on mains, 1 to 254 for what is left, 255 for one that cannot say */
  readonly battery: number
  /** SNR of the last downlink over the floor of its rate, in dB */
  readonly marginDb: number
}

/** Uplinks until a device asks whether it is heard, and until it helps itself. RP002-1.0.4 section 2.2. */
export const adrAckLimitUsual = 64
export const adrAckDelayUsual = 32

export function initialRadioState(region: Region, dataRate?: number): DeviceRadioState {
  const channels = region.uplinkChannels.map(({ hz, dataRateMin, dataRateMax }) => ({
    uplinkHz: hz,
    dataRateMin,
    dataRateMax,
  }))
  return {
    channels,
    enabled: channels.map((_, index) => index),
    dataRate: dataRate ?? channels[0]?.dataRateMax ?? 0,
    txPowerIndex: 0,
    nbTrans: 1,
    eirpDbmMax: region.deviceEirpDbmMax,
    rx1DelaySeconds: 1,
    rx1DataRateOffset: 0,
    rx2: region.rx2,
    uplinkDwell: region.dwell.atBoot.uplink,
    downlinkDwell: region.dwell.atBoot.downlink,
    dutyShare: 1,
    adrAckLimit: adrAckLimitUsual,
    adrAckDelay: adrAckDelayUsual,
  }
}

/** Whether a channel carries a data rate; a rate above the row of 125 kHz is one that NewChannelReq has to name. */
export function carries(channel: DeviceChannel | undefined, dataRate: number): boolean {
  return channel !== undefined && dataRate >= channel.dataRateMin && dataRate <= channel.dataRateMax
}

/** Whether a device may send at a rate: one that carries nothing under a limit of dwell time it may not. */
export function isUsable(region: Region, state: DeviceRadioState, dataRate: number): boolean {
  const rate = region.uplinkDataRates[dataRate]
  if (rate === undefined) return false
  const bytes = state.uplinkDwell ? (rate.macPayloadBytesMaxDwell ?? rate.macPayloadBytesMax) : rate.macPayloadBytesMax
  return bytes > 0 && state.enabled.some((index) => carries(state.channels[index], dataRate))
}

export function knownChannels(state: DeviceRadioState): number[] {
  return state.channels.flatMap((channel, index) => (channel === undefined ? [] : [index]))
}

/** The list of channels in a join-accept: five more frequencies, or which of a fixed plan are on. */
export function withCfList(state: DeviceRadioState, bytes: Uint8Array | undefined, region: Region): DeviceRadioState {
  const list = bytes === undefined ? undefined : decodeCfList(bytes)
  if (list === undefined) return state
  if (list.kind === 'masks') {
    const enabled = list.enabledChannels.filter((index) => state.channels[index] !== undefined)
    return region.plan === 'fixed' && enabled.length > 0 ? { ...state, enabled } : state
  }
  if (region.plan !== 'dynamic') return state
  const { dataRateMin = 0, dataRateMax = 5 } = state.channels[0] ?? {}
  const channels = [...state.channels]
  const enabled = [...state.enabled]
  for (const [index, uplinkHz] of list.frequenciesHz.entries()) {
    if (subBandAt(region, uplinkHz) === undefined) continue
    channels[region.uplinkChannels.length + index] = { uplinkHz, dataRateMin, dataRateMax }
    enabled.push(region.uplinkChannels.length + index)
  }
  return { ...state, channels, enabled }
}

export interface Obeyed {
  readonly state: DeviceRadioState
  readonly answers: readonly UplinkCommand[]
}

type Of<Name extends DownlinkCommand['name']> = Extract<DownlinkCommand, { name: Name }>

/** All commands of one downlink, in order. */
export function obeyCommands(
  state: DeviceRadioState,
  commands: readonly DownlinkCommand[],
  limits: DeviceLimits,
): Obeyed {
  const answers: UplinkCommand[] = []
  let [now, block]: [DeviceRadioState, Of<'LinkADRReq'>[]] = [state, []]
  for (const [index, command] of commands.entries()) {
    let obeyed: Obeyed
    if (command.name === 'LinkADRReq') {
      block.push(command)
      if (commands[index + 1]?.name === 'LinkADRReq') continue
      obeyed = obeyAdr(now, block, limits)
      block = []
    } else obeyed = obeyOne(now, command, limits)
    now = obeyed.state
    answers.push(...obeyed.answers)
  }
  return { state: now, answers }
}

const has = (rates: DataRates, dataRate: number): boolean => rates[dataRate] !== undefined

function obeyOne(state: DeviceRadioState, command: DownlinkCommand, limits: DeviceLimits): Obeyed {
  const { region } = limits
  const answer = (answered: UplinkCommand, changes?: Partial<DeviceRadioState>): Obeyed => ({
    state: changes === undefined ? state : { ...state, ...changes },
    answers: [answered],
  })
  switch (command.name) {
    case 'RXParamSetupReq':
      return obeyRxParameters(state, command, region)
    case 'RXTimingSetupReq':
      return answer({ name: 'RXTimingSetupAns' }, { rx1DelaySeconds: Math.max(command.delaySeconds, 1) })
    case 'DevStatusReq': {
      const margin = Math.min(Math.max(Math.round(limits.marginDb), -32), 31)
      return answer({ name: 'DevStatusAns', battery: limits.battery, margin })
    }
    case 'NewChannelReq':
      return obeyNewChannel(state, command, region)
    case 'DlChannelReq':
      return obeyDlChannel(state, command, region)
    case 'TXParamSetupReq':
      return obeyTxParameters(state, command, region)
    case 'DutyCycleReq':
      return answer({ name: 'DutyCycleAns' }, { dutyShare: 2 ** -command.maxDutyCycle })
    case 'ADRParamSetupReq':
      return answer(
        { name: 'ADRParamSetupAns' },
        { adrAckLimit: 2 ** command.limitExponent, adrAckDelay: 2 ** command.delayExponent },
      )
    case 'RejoinParamSetupReq':
      return answer({ name: 'RejoinParamSetupAns', timeOk: true })
    case 'PingSlotChannelReq': {
      const { frequencyHz, dataRate } = command
      const frequencyOk = frequencyHz === 0 || subBandAt(region, frequencyHz) !== undefined
      const dataRateOk = has(region.downlinkDataRates, dataRate)
      const changes = { pingSlotHz: frequencyHz, pingSlotDataRate: dataRate }
      return answer({ name: 'PingSlotChannelAns', frequencyOk, dataRateOk }, frequencyOk && dataRateOk ? changes : {})
    }
    case 'BeaconFreqReq': {
      const frequencyOk = command.frequencyHz === 0 || subBandAt(region, command.frequencyHz) !== undefined
      return answer({ name: 'BeaconFreqAns', frequencyOk }, frequencyOk ? { beaconHz: command.frequencyHz } : {})
    }
    default:
      // Answers of the network to what the device asked: they change nothing about the radio.
      return { state, answers: [] }
  }
}

/** The block is taken as one or not at all. */
function obeyAdr(state: DeviceRadioState, block: readonly Of<'LinkADRReq'>[], limits: DeviceLimits): Obeyed {
  const { region, txPowerIndexMax } = limits
  const enabled = applyChannelMasks(region, { enabled: state.enabled, known: knownChannels(state) }, block)
  const wanted = block.at(-1)!
  const keeps = 15
  const dataRate = wanted.dataRate === keeps ? state.dataRate : wanted.dataRate
  const txPowerIndex = wanted.txPower === keeps ? state.txPowerIndex : wanted.txPower
  const chMaskAck = enabled !== undefined
  const dataRateAck = isUsable(region, { ...state, enabled: enabled ?? state.enabled }, dataRate)
  const powerAck = txPowerIndex <= txPowerIndexMax && eirpDbmOf(region, txPowerIndex) !== undefined
  const isTaken = enabled !== undefined && dataRateAck && powerAck
  return {
    state: isTaken ? { ...state, enabled, dataRate, txPowerIndex, nbTrans: Math.max(wanted.nbTrans, 1) } : state,
    answers: block.map(() => ({ name: 'LinkADRAns', chMaskAck, dataRateAck, powerAck })),
  }
}

function obeyRxParameters(state: DeviceRadioState, command: Of<'RXParamSetupReq'>, region: Region): Obeyed {
  const { rx1DataRateOffset, rx2DataRate, frequencyHz } = command
  const channelAck = subBandAt(region, frequencyHz) !== undefined
  const rx2DataRateAck = has(region.downlinkDataRates, rx2DataRate)
  const offsets = region.rx1DataRates.find((row) => row !== undefined)?.length ?? 0
  const rx1DataRateOffsetAck = rx1DataRateOffset < offsets
  const isTaken = channelAck && rx2DataRateAck && rx1DataRateOffsetAck
  return {
    state: isTaken ? { ...state, rx1DataRateOffset, rx2: { hz: frequencyHz, dataRate: rx2DataRate } } : state,
    answers: [{ name: 'RXParamSetupAns', channelAck, rx2DataRateAck, rx1DataRateOffsetAck }],
  }
}

/** Plans whose channels are all given know no such command; a band's own channels cannot be made into others. */
function obeyNewChannel(state: DeviceRadioState, command: Of<'NewChannelReq'>, region: Region): Obeyed {
  if (region.plan === 'fixed') return { state, answers: [] }
  const { channel, frequencyHz, dataRateMin, dataRateMax } = command
  const isOwn = channel < region.uplinkChannels.length
  const isRemoved = frequencyHz === 0
  const isIndex = !isOwn && channel < region.channelCountMax
  const frequencyOk = isIndex && (isRemoved || subBandAt(region, frequencyHz) !== undefined)
  const isRange = dataRateMin <= dataRateMax
  const dataRateOk = isRange && has(region.uplinkDataRates, dataRateMin) && has(region.uplinkDataRates, dataRateMax)
  const answers: UplinkCommand[] = [{ name: 'NewChannelAns', frequencyOk, dataRateOk }]
  if (!frequencyOk || !dataRateOk) return { state, answers }
  const channels = [...state.channels]
  channels[channel] = isRemoved ? undefined : { uplinkHz: frequencyHz, dataRateMin, dataRateMax }
  const others = state.enabled.filter((index) => index !== channel)
  const enabled = isRemoved ? others : [...others, channel].toSorted((a, b) => a - b)
  return { state: { ...state, channels: Array.from(channels), enabled }, answers }
}

function obeyDlChannel(state: DeviceRadioState, command: Of<'DlChannelReq'>, region: Region): Obeyed {
  if (region.plan === 'fixed') return { state, answers: [] }
  const held = state.channels[command.channel]
  const frequencyOk = subBandAt(region, command.frequencyHz) !== undefined
  const answers: UplinkCommand[] = [{ name: 'DlChannelAns', frequencyOk, uplinkExists: held !== undefined }]
  if (!frequencyOk || held === undefined) return { state, answers }
  const channels = [...state.channels]
  channels[command.channel] = { ...held, downlinkHz: command.frequencyHz }
  return { state: { ...state, channels }, answers }
}

/** dBm by the index in a TXParamSetupReq. RP002-1.0.4 section 2.4. */
const eirpDbmByIndex = [8, 10, 12, 13, 14, 16, 18, 20, 21, 24, 26, 27, 29, 30, 33, 36] as const

/** Bands without a settable dwell time know no such command. */
function obeyTxParameters(state: DeviceRadioState, command: Of<'TXParamSetupReq'>, region: Region): Obeyed {
  if (region.dwell.uplink !== 'settable') return { state, answers: [] }
  const { uplinkDwell, downlinkDwell, maxEirp } = command
  const next = { ...state, uplinkDwell, downlinkDwell, eirpDbmMax: eirpDbmByIndex[maxEirp] ?? state.eirpDbmMax }
  return { state: next, answers: [{ name: 'TXParamSetupAns' }] }
}
