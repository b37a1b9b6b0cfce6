/**
 * What a device answered to what the network asked: the radio changes only by what was said yes to.
 *
 * A block of LinkADRReq is taken or refused as one. What is refused is asked again a few times, for conditions change, and then left:
 * the refusal is remembered, so that a device is not asked the same thing for ever.
 *
 * @module
 */

import type { DeviceSession, MacRequest, RadioState } from '../../model/session.ts'
import type { Region } from '../../region/region.ts'
import { applyChannelMasks } from '../../region/channel-mask.ts'
import type { DownlinkCommand, UplinkCommand } from '../../wire/mac-commands.ts'

/** Refusals after which the same thing is not asked again in this session. */
export const requestRefusalsMax = 3

export type MacEvent =
  | { readonly kind: 'status'; readonly battery: number; readonly margin: number }
  | { readonly kind: 'refused'; readonly name: string; readonly why: string }
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
    const request = requests.find((one) => one.name === name && one.sentCount > 0 && one.commands.length > 0)
    if (request === undefined) {
      // Answers of RX parameters and timing repeat until the device hears us: the second one is no news.
      events.push({ kind: 'unexpected', name: answers[0]?.name ?? name })
      continue
    }
    const { radio: changed, refusal, event } = applied({ radio, region, request, answers })
    if (event !== undefined) events.push(event)
    if (changed !== undefined) {
      radio = changed
      requests = requests.filter((one) => one !== request)
    } else {
      const refusedCount = request.refusedCount + 1
      const isOver = refusedCount >= requestRefusalsMax
      events.push({ kind: 'refused', name, why: refusal ?? 'refused' })
      requests = requests.map((one) =>
        one === request ? { ...request, refusedCount, sentCount: 0, commands: isOver ? [] : request.commands } : one,
      )
    }
  }
  return {
    session: radio === session.radio && requests === session.requests ? session : { ...session, radio, requests },
    events,
  }
}

interface Answered {
  readonly radio: RadioState
  readonly region: Region
  readonly request: MacRequest
  readonly answers: readonly UplinkCommand[]
}

/** `radio` undefined: the device said no. */
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
      return { radio, event: { kind: 'status', battery: answer.battery, margin: answer.margin } }
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
      return answer.frequencyOk ? { radio } : { refusal: 'frequency' }
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
    return {
      refusal: noes({
        channels: all.every(({ chMaskAck }) => chMaskAck),
        dataRate: all.every(({ dataRateAck }) => dataRateAck),
        power: all.every(({ powerAck }) => powerAck),
      }),
    }
  }
  const { dataRate, txPower, nbTrans } = last
  return {
    radio: {
      ...radio,
      enabledChannels,
      // 15 means: as it is.
      dataRate: dataRate === 15 ? radio.dataRate : dataRate,
      txPowerIndex: txPower === 15 ? radio.txPowerIndex : txPower,
      nbTrans: Math.max(nbTrans, 1),
    },
  }
}

function newChannels(
  radio: RadioState,
  commands: readonly DownlinkCommand[],
  answers: readonly UplinkCommand[],
): ReturnType<typeof applied> {
  const channels = [...radio.channels]
  const enabled = new Set(radio.enabledChannels)
  for (const [index, command] of commands.entries()) {
    const answer = answers[index]
    if (command.name !== 'NewChannelReq' || answer?.name !== 'NewChannelAns') continue
    if (!answer.frequencyOk || !answer.dataRateOk)
      return { refusal: noes({ frequency: answer.frequencyOk, dataRate: answer.dataRateOk }) }
    const { channel, frequencyHz, dataRateMin, dataRateMax } = command
    while (channels.length <= channel) channels.push(undefined)
    channels[channel] = frequencyHz === 0 ? undefined : { uplinkHz: frequencyHz, dataRateMin, dataRateMax }
    if (frequencyHz === 0) enabled.delete(channel)
    else enabled.add(channel)
  }
  return { radio: { ...radio, channels, enabledChannels: [...enabled].toSorted((a, b) => a - b) } }
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
