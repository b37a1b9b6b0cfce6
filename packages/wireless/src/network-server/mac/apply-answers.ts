/**
 * What a device answered to what the network asked: the radio changes only by what was said yes to.
 *
 * A block of LinkADRReq is taken or refused as one, and its refusal teaches what the device cannot do. Other things are asked again a
 * few times, for conditions change, and then left: the refusal is remembered, so that a device is not asked the same for ever.
 *
 * @module
 */

import type { DeviceSession, MacRequest, RadioState } from '../../model/session.ts'
import type { Region } from '../../region/region.ts'
import { applyChannelMasks } from '../../region/channel-mask.ts'
import type { DownlinkCommand, UplinkCommand } from '../../wire/mac-commands.ts'

/** Refusals after which the very same is not asked again in this session. */
export const requestRefusalsMax = 3
/** Refusals of a name, inclusive, whatever it asked for; then nothing of that name is asked any more. */
export const refusalsTotalMax = 24

export type MacEvent =
  | { readonly kind: 'status'; readonly battery: number; readonly margin: number }
  /** `isOver`: the very same is not asked again */
  | { readonly kind: 'refused'; readonly name: string; readonly why: string; readonly isOver: boolean }
  /** it was sent as often as it may be, and is left */
  | { readonly kind: 'unanswered'; readonly name: string }
  /** an answer to nothing that was asked: of before a restart, or a confused device */
  | { readonly kind: 'unexpected'; readonly name: string }

export interface Applied {
  readonly session: DeviceSession
  readonly events: readonly MacEvent[]
}

/** Which request an answer is to. */
const requestOf: Readonly<Record<string, MacRequest['name']>> = {
  LinkADRAns: 'LinkADRReq',
  DutyCycleAns: 'DutyCycleReq',
  RXParamSetupAns: 'RXParamSetupReq',
  DevStatusAns: 'DevStatusReq',
  NewChannelAns: 'NewChannelReq',
  RXTimingSetupAns: 'RXTimingSetupReq',
  TXParamSetupAns: 'TXParamSetupReq',
  DlChannelAns: 'DlChannelReq',
  ADRParamSetupAns: 'ADRParamSetupReq',
  RejoinParamSetupAns: 'RejoinParamSetupReq',
  PingSlotChannelAns: 'PingSlotChannelReq',
  BeaconFreqAns: 'BeaconFreqReq',
}

export function applyAnswers(session: DeviceSession, region: Region, commands: readonly UplinkCommand[]): Applied {
  let { radio, requests } = session
  const events: MacEvent[] = []
  const seen = new Map<string, UplinkCommand[]>()
  for (const command of commands) {
    const name = requestOf[command.name]
    if (name !== undefined) seen.set(name, [...(seen.get(name) ?? []), command])
  }
  for (const [name, answers] of seen) {
    const request = requests.find((one) => one.name === name && one.sentCount > 0)
    if (request === undefined) {
      const status = answers.find((answer) => answer.name === 'DevStatusAns')
      // Some answers repeat until the device hears us: the second one is no news. A device's status always is.
      events.push(status === undefined ? { kind: 'unexpected', name: answers[0]?.name ?? name } : statusOf(status))
      continue
    }
    const { radio: changed, refusal, event } = applied({ radio, region, request, answers })
    if (event !== undefined) events.push(event)
    if (refusal === undefined) {
      radio = changed ?? radio
      requests = requests.filter((one) => one !== request)
    } else {
      radio = changed ?? radio
      const refused = refusedOnceMore(request)
      events.push({ kind: 'refused', name, why: refusal, isOver: refused.isGivenUp === true })
      requests = requests.map((one) => (one === request ? refused : one))
    }
  }
  return {
    session: radio === session.radio && requests === session.requests ? session : { ...session, radio, requests },
    events,
  }
}

function refusedOnceMore({ isGivenUp: _isGivenUp, ...request }: MacRequest): MacRequest {
  const [refusedCount, refusedTotal] = [request.refusedCount + 1, request.refusedTotal + 1]
  const isOver = refusedCount >= requestRefusalsMax || refusedTotal >= refusalsTotalMax
  return { ...request, refusedCount, refusedTotal, sentCount: 0, ...(isOver ? { isGivenUp: true } : {}) }
}

const statusOf = ({ battery, margin }: Extract<UplinkCommand, { name: 'DevStatusAns' }>): MacEvent => ({
  kind: 'status',
  battery,
  margin,
})

interface Answered {
  readonly radio: RadioState
  readonly region: Region
  readonly request: MacRequest
  readonly answers: readonly UplinkCommand[]
}

/** `refusal`: the device said no, and `radio` is what that taught. */
function applied({ radio, region, request, answers }: Answered): {
  readonly radio?: RadioState
  readonly refusal?: string
  readonly event?: MacEvent
} {
  const [answer] = answers
  const command = request.commands[0]
  if (answer === undefined || command === undefined) return { radio }
  switch (answer.name) {
    case 'LinkADRAns':
      return linkAdr({ radio, region, request, answers })
    case 'DevStatusAns':
      return { radio, event: statusOf(answer) }
    case 'RXParamSetupAns': {
      const { channelAck, rx2DataRateAck, rx1DataRateOffsetAck } = answer
      const isTaken = channelAck && rx2DataRateAck && rx1DataRateOffsetAck
      if (!isTaken || command.name !== 'RXParamSetupReq')
        return { refusal: noes({ channel: channelAck, rx2DataRate: rx2DataRateAck, rx1Offset: rx1DataRateOffsetAck }) }
      const { rx1DataRateOffset, rx2DataRate, frequencyHz } = command
      return { radio: { ...radio, rx1DataRateOffset, rx2DataRate, rx2FrequencyHz: frequencyHz } }
    }
    case 'RXTimingSetupAns':
      return command.name === 'RXTimingSetupReq'
        ? { radio: { ...radio, rx1DelaySeconds: Math.max(command.delaySeconds, 1) } }
        : { radio }
    case 'TXParamSetupAns':
      return command.name === 'TXParamSetupReq'
        ? { radio: { ...radio, uplinkDwell: command.uplinkDwell, downlinkDwell: command.downlinkDwell } }
        : { radio }
    case 'NewChannelAns':
      return newChannels(radio, request.commands, answers)
    case 'DlChannelAns':
      return movedChannel(radio, command, answer)
    case 'PingSlotChannelAns': {
      if (!answer.frequencyOk || !answer.dataRateOk || command.name !== 'PingSlotChannelReq')
        return { refusal: noes({ frequency: answer.frequencyOk, dataRate: answer.dataRateOk }) }
      return { radio: { ...radio, pingSlotFrequencyHz: command.frequencyHz, pingSlotDataRate: command.dataRate } }
    }
    case 'BeaconFreqAns':
      if (!answer.frequencyOk || command.name !== 'BeaconFreqReq') return { refusal: 'frequency' }
      return { radio: { ...radio, beaconFrequencyHz: command.frequencyHz } }
    case 'DutyCycleAns':
      return command.name === 'DutyCycleReq'
        ? { radio: { ...radio, dutyCycleExponent: command.maxDutyCycle } }
        : { radio }
    case 'ADRParamSetupAns': {
      if (command.name !== 'ADRParamSetupReq') return { radio }
      const { limitExponent, delayExponent } = command
      return { radio: { ...radio, adrBackoff: { limitExponent, delayExponent } } }
    }
    case 'RejoinParamSetupAns': {
      // TimeOK says only that the device cannot count time; the number of frames it takes in any case (1.1 section 5.11).
      if (command.name !== 'RejoinParamSetupReq') return { radio }
      const { timeExponent, countExponent } = command
      return { radio: { ...radio, rejoin: { timeExponent, countExponent } } }
    }
    default:
      return { radio }
  }
}

const noes = (said: Readonly<Record<string, boolean>>): string =>
  Object.entries(said)
    .filter(([, isTaken]) => !isTaken)
    .map(([name]) => name)
    .join(', ')

/** 1.0.2 and later answer each command of a block with the same byte; all must say yes. */
function linkAdr({ radio, region, request, answers }: Answered): ReturnType<typeof applied> {
  const all = answers.flatMap((answer) => (answer.name === 'LinkADRAns' ? [answer] : []))
  const isTaken = all.every(({ chMaskAck, dataRateAck, powerAck }) => chMaskAck && dataRateAck && powerAck)
  const block = request.commands.flatMap((command) => (command.name === 'LinkADRReq' ? [command] : []))
  const last = block.at(-1)
  const known = radio.channels.flatMap((channel, index) => (channel === undefined ? [] : [index]))
  const enabledChannels = applyChannelMasks(region, { enabled: radio.enabledChannels, known }, block)
  if (!isTaken || last === undefined || enabledChannels === undefined) {
    const said = {
      channels: all.every(({ chMaskAck }) => chMaskAck) && enabledChannels !== undefined,
      dataRate: all.every(({ dataRateAck }) => dataRateAck),
      power: all.every(({ powerAck }) => powerAck),
    }
    return { refusal: noes(said), radio: last === undefined ? radio : taught(radio, last, said) }
  }
  const { dataRate, txPower, nbTrans } = last
  return {
    radio: {
      ...radio,
      enabledChannels,
      dataRate: dataRate === unchanged ? radio.dataRate : dataRate,
      txPowerIndex: txPower === unchanged ? radio.txPowerIndex : txPower,
      nbTrans: Math.max(nbTrans, 1),
    },
  }
}

/** A rate or power that was refused is not asked for again: most devices do not have all steps of their band. */
function taught(
  radio: RadioState,
  { dataRate, txPower }: Extract<DownlinkCommand, { name: 'LinkADRReq' }>,
  said: { readonly dataRate: boolean; readonly power: boolean },
): RadioState {
  const isRate = !said.dataRate && dataRate !== unchanged && dataRate > radio.dataRate
  const isPower = !said.power && txPower !== unchanged
  if (!isRate && !isPower) return radio
  return {
    ...radio,
    refusedAbove: {
      ...radio.refusedAbove,
      ...(isRate ? { dataRate: dataRate - 1 } : {}),
      ...(isPower ? (txPower === 0 ? { isFullPowerRefused: true } : { txPowerIndex: txPower - 1 }) : {}),
    },
  }
}

/** Of a data rate or power in LinkADRReq: as it is. */
const unchanged = 15

function newChannels(
  radio: RadioState,
  commands: readonly DownlinkCommand[],
  answers: readonly UplinkCommand[],
): ReturnType<typeof applied> {
  const channels = [...radio.channels]
  const enabled = new Set(radio.enabledChannels)
  const refusals: string[] = []
  // Each is taken or refused for itself.
  for (const [index, command] of commands.entries()) {
    const answer = answers[index]
    if (command.name !== 'NewChannelReq' || answer?.name !== 'NewChannelAns') continue
    if (!answer.frequencyOk || !answer.dataRateOk) {
      const why = noes({ frequency: answer.frequencyOk, dataRate: answer.dataRateOk })
      refusals.push(`channel ${command.channel}: ${why}`)
      continue
    }
    const { channel, frequencyHz, dataRateMin, dataRateMax } = command
    while (channels.length <= channel) channels.push(undefined)
    channels[channel] = frequencyHz === 0 ? undefined : { uplinkHz: frequencyHz, dataRateMin, dataRateMax }
    if (frequencyHz === 0) enabled.delete(channel)
    else enabled.add(channel)
  }
  const changed = { ...radio, channels, enabledChannels: [...enabled].toSorted((a, b) => a - b) }
  return refusals.length === 0 ? { radio: changed } : { radio: changed, refusal: refusals.join('; ') }
}

function movedChannel(
  radio: RadioState,
  command: DownlinkCommand,
  answer: Extract<UplinkCommand, { name: 'DlChannelAns' }>,
): ReturnType<typeof applied> {
  if (!answer.frequencyOk || !answer.uplinkExists || command.name !== 'DlChannelReq')
    return { refusal: noes({ frequency: answer.frequencyOk, uplink: answer.uplinkExists }) }
  const { channel, frequencyHz } = command
  const channels = radio.channels.map((one, index) =>
    index === channel && one !== undefined ? { ...one, downlinkHz: frequencyHz } : one,
  )
  return { radio: { ...radio, channels } }
}
