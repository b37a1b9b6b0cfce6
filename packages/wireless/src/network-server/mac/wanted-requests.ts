/**
 * What the network wants of a device that it does not have yet, as requests in order of weight.
 *
 * Level-triggered: each time the wish is held against what the device holds, so a lost answer, a restart or a changed setting all
 * end the same way. What a device refused for good, or never answers, is not asked again in its session.
 *
 * @module
 */

import type { DeviceProfile } from '../../model/device.ts'
import type { DeviceSession, MacRequest, RadioState } from '../../model/session.ts'
import { channelMasksFor, channelMasksFromAny, type ChannelMask } from '../../region/channel-mask.ts'
import type { Region } from '../../region/region.ts'
import type { DownlinkCommand } from '../../wire/mac-commands.ts'
import type { AdrState } from '../adr.ts'
import type { NetworkPolicy } from '../join-server.ts'
import { refusalsTotalMax, type MacEvent } from './apply-answers.ts'

/** Times something of one name is sent without an answer, inclusive, before it is left for this session. */
export const requestSendsMax = 8

/** What the network wants a device to hold. */
export interface Wish {
  readonly region: Region
  readonly policy: NetworkPolicy
  readonly profile: DeviceProfile
  /** rate, power and repetitions; undefined: as they are */
  readonly adr?: AdrState | undefined
  readonly asksStatus: boolean
}

export interface Wanted {
  /** to be sent, in order of weight */
  readonly requests: readonly MacRequest[]
  /** what the session keeps: those sent before that are still wanted, and those given up */
  readonly held: readonly MacRequest[]
  readonly events: readonly MacEvent[]
}

const sinceV102: ReadonlySet<string> = new Set(['1.0.2', '1.0.3', '1.0.4', '1.1.0'])

/** @param without names that are not asked this time, whatever is wanted; what was sent of them is kept as it is */
export function wantedRequests(
  session: DeviceSession,
  wish: Wish,
  without: ReadonlySet<MacRequest['name']> = new Set(),
): Wanted {
  const wanted: (readonly DownlinkCommand[])[] = [
    newChannels(session, wish),
    linkAdr(session.radio, wish),
    rxParameters(session.radio, wish),
    rxTiming(session.radio, wish),
    txParameters(session, wish),
    dutyCycle(session.radio, wish),
    movedChannels(session, wish),
    pingSlot(session.radio, wish),
    beaconFrequency(session.radio, wish),
    adrBackoff(session, wish),
    rejoinInterval(session, wish),
    wish.asksStatus ? [{ name: 'DevStatusReq' }] : [],
  ]
  const requests: MacRequest[] = []
  const held = new Map(
    session.requests
      .filter(({ name, isGivenUp }) => isGivenUp === true || without.has(name))
      .map((one) => [one.name, one]),
  )
  const events: MacEvent[] = []
  for (const commands of wanted) {
    const name = commands[0]?.name
    if (name === undefined || without.has(name)) continue
    const before = session.requests.find((one) => one.name === name)
    if (before !== undefined) held.set(name, before)
    const next = nextRequest(before, name, commands)
    if (next === undefined) continue
    if (next.isGivenUp === true) {
      held.set(name, next)
      events.push({ kind: 'unanswered', name })
    } else requests.push(next)
  }
  return {
    requests,
    held: isSameList([...held.values()], session.requests) ? session.requests : [...held.values()],
    events,
  }
}

/** @returns undefined: it was given up before; given up: it is now */
function nextRequest(
  before: MacRequest | undefined,
  name: MacRequest['name'],
  commands: readonly DownlinkCommand[],
): MacRequest | undefined {
  if (before === undefined) return { name, commands, sentCount: 0, refusedCount: 0, refusedTotal: 0 }
  const isSame = JSON.stringify(before.commands) === JSON.stringify(commands)
  const isUnanswered = before.sentCount >= requestSendsMax
  if (before.isGivenUp === true && (isSame || isUnanswered || before.refusedTotal >= refusalsTotalMax)) return undefined
  if (isUnanswered) return { ...before, isGivenUp: true }
  if (isSame) return before
  const { sentCount, refusedTotal } = before
  return { name, commands, sentCount, refusedCount: 0, refusedTotal }
}

const isSameList = (a: readonly MacRequest[], b: readonly MacRequest[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index])

/** At most three at once, so that they fit beside an answer. */
const newChannelsAtOnceMax = 3

function newChannels({ radio: { channels } }: DeviceSession, { region, policy }: Wish): DownlinkCommand[] {
  if (region.cfList !== 'frequencies' || region.plan !== 'dynamic') return []
  const [first] = region.uplinkChannels
  const own = region.uplinkChannels.length
  return policy.extraChannelsHz
    .flatMap((frequencyHz, index): DownlinkCommand[] => {
      const channel = own + index
      if (channels[channel]?.uplinkHz === frequencyHz) return []
      const { dataRateMin = 0, dataRateMax = 5 } = first ?? {}
      return [{ name: 'NewChannelReq', channel, frequencyHz, dataRateMin, dataRateMax }]
    })
    .slice(0, newChannelsAtOnceMax)
}

function linkAdr(radio: RadioState, { region, policy, adr }: Wish): DownlinkCommand[] {
  const known = radio.channels.flatMap((channel, index) => (channel === undefined ? [] : [index]))
  const wanted = policy.enabledChannels?.filter((channel) => known.includes(channel)) ?? known
  const to = region.plan === 'dynamic' ? known : wanted
  const masks = channelMasksFor(region, { from: radio.enabledChannels, to, known })
  const { dataRate, txPowerIndex, nbTrans } = withinTaught(radio, adr ?? radio)
  const isSame =
    dataRate === radio.dataRate &&
    txPowerIndex === radio.txPowerIndex &&
    nbTrans === radio.nbTrans &&
    masks.length === 0
  if (isSame || to.length === 0) return []
  const blocks = channelBlocks(region, { masks, to, known })
  return blocks.map((mask) => ({ name: 'LinkADRReq', ...mask, dataRate, txPower: txPowerIndex, nbTrans }))
}

/** What the device is known to take. */
function withinTaught({ refusedAbove: known }: RadioState, { dataRate, txPowerIndex, nbTrans }: AdrState): AdrState {
  if (known === undefined) return { dataRate, txPowerIndex, nbTrans }
  return {
    dataRate: Math.min(dataRate, known.dataRate ?? dataRate),
    txPowerIndex: Math.max(
      Math.min(txPowerIndex, known.txPowerIndex ?? txPowerIndex),
      known.isFullPowerRefused === true ? 1 : 0,
    ),
    nbTrans,
  }
}

/** A whole plan in so many commands goes even where one would do. */
const wholePlanMax = 2

/**
 * A device that was not heard may have gone back to all channels of its band, and nobody is told. So what is sent says the whole plan
 * where that is short.
 */
function channelBlocks(
  region: Region,
  { masks, to, known }: { masks: readonly ChannelMask[]; to: readonly number[]; known: readonly number[] },
): readonly ChannelMask[] {
  const whole = channelMasksFromAny(region, to, known)
  if (whole.length <= Math.max(masks.length, wholePlanMax)) return whole
  return masks.length > 0 ? masks : channelsAsTheyAre(region, to)
}

/** A mask has to stand there even when only the rate changes. */
function channelsAsTheyAre(region: Region, enabled: readonly number[]): ChannelMask[] {
  const first = region.plan === 'dynamic' ? 0 : Math.floor((enabled[0] ?? 0) / 16)
  const chMask = enabled
    .filter((channel) => Math.floor(channel / 16) === first)
    .reduce((mask, channel) => mask | (1 << (channel % 16)), 0)
  return [{ chMask, chMaskCntl: first }]
}

function rxParameters(radio: RadioState, { region, policy }: Wish): DownlinkCommand[] {
  // Where a device's second window follows from its join channel, it is left there.
  const asItIs =
    region.joinChannels.length > 0 ? { hz: radio.rx2FrequencyHz, dataRate: region.rx2.dataRate } : region.rx2
  const { hz, dataRate } = policy.rx2 ?? asItIs
  const { rx1DataRateOffset } = policy
  const isSame =
    radio.rx2FrequencyHz === hz && radio.rx2DataRate === dataRate && radio.rx1DataRateOffset === rx1DataRateOffset
  return isSame ? [] : [{ name: 'RXParamSetupReq', rx1DataRateOffset, rx2DataRate: dataRate, frequencyHz: hz }]
}

function rxTiming({ rx1DelaySeconds }: RadioState, { policy }: Wish): DownlinkCommand[] {
  const delaySeconds = Math.max(policy.rxDelaySeconds, 1)
  return rx1DelaySeconds === delaySeconds ? [] : [{ name: 'RXTimingSetupReq', delaySeconds }]
}

/** Index of the largest EIRP in the table of TXParamSetupReq that is not above what is allowed; dBm. */
const eirpTable = [8, 10, 12, 13, 14, 16, 18, 20, 21, 24, 26, 27, 29, 30, 33, 36] as const

function txParameters({ macVersion, radio }: DeviceSession, { region, policy, profile }: Wish): DownlinkCommand[] {
  const { uplink: uplinkRule, downlink: downlinkRule, atBoot } = region.dwell
  if ((uplinkRule !== 'settable' && downlinkRule !== 'settable') || !sinceV102.has(macVersion)) return []
  // What the band asks for by default is what the network wants; a country without a limit is a setting of the operator's.
  const uplinkDwell = uplinkRule === 'settable' ? (policy.dwell?.uplink ?? atBoot.uplink) : atBoot.uplink
  const downlinkDwell = downlinkRule === 'settable' ? (policy.dwell?.downlink ?? atBoot.downlink) : atBoot.downlink
  if (radio.uplinkDwell === uplinkDwell && radio.downlinkDwell === downlinkDwell) return []
  const eirpDbm = profile.eirpDbmMax ?? region.deviceEirpDbmMax
  const maxEirp = Math.max(
    0,
    eirpTable.findLastIndex((dbm) => dbm <= eirpDbm),
  )
  return [{ name: 'TXParamSetupReq', uplinkDwell, downlinkDwell, maxEirp }]
}

function dutyCycle({ dutyCycleExponent = 0 }: RadioState, { policy }: Wish): DownlinkCommand[] {
  const maxDutyCycle = policy.dutyCycleExponent ?? 0
  return dutyCycleExponent === maxDutyCycle ? [] : [{ name: 'DutyCycleReq', maxDutyCycle }]
}

/** One at a time: each is answered for itself, and an answer does not say which channel it means. */
function movedChannels({ macVersion, radio }: DeviceSession, { region, policy }: Wish): DownlinkCommand[] {
  if (region.plan !== 'dynamic' || !sinceV102.has(macVersion)) return []
  const moved = policy.downlinkHz?.find(({ channel, hz }) => {
    const known = radio.channels[channel]
    return known !== undefined && (known.downlinkHz ?? known.uplinkHz) !== hz
  })
  return moved === undefined ? [] : [{ name: 'DlChannelReq', channel: moved.channel, frequencyHz: moved.hz }]
}

function pingSlot(radio: RadioState, { region, profile }: Wish): DownlinkCommand[] {
  const { pingSlotFrequencyHz: frequencyHz, pingSlotDataRate: dataRate } = profile.classB
  const isListening = profile.supportsClassB && radio.pingSlotPeriodicity !== undefined
  if (!isListening || frequencyHz === 0) return []
  const heldHz = radio.pingSlotFrequencyHz ?? (region.pingSlot.hz.length === 1 ? region.pingSlot.hz[0] : 0)
  const heldRate = radio.pingSlotDataRate ?? region.pingSlot.dataRate
  return heldHz === frequencyHz && heldRate === dataRate ? [] : [{ name: 'PingSlotChannelReq', frequencyHz, dataRate }]
}

function beaconFrequency(radio: RadioState, { policy, profile }: Wish): DownlinkCommand[] {
  const { beaconHz } = policy
  if (beaconHz === undefined || !profile.supportsClassB || radio.beaconFrequencyHz === beaconHz) return []
  return [{ name: 'BeaconFreqReq', frequencyHz: beaconHz }]
}

/** What a device of 1.1 assumes until it is told otherwise, for most bands. */
const adrBackoffAtBoot = { limitExponent: 6, delayExponent: 5 }

function adrBackoff({ macVersion, radio }: DeviceSession, { policy }: Wish): DownlinkCommand[] {
  if (macVersion !== '1.1.0' || policy.adrBackoff === undefined) return []
  const { limitExponent, delayExponent } = policy.adrBackoff
  const held = radio.adrBackoff ?? adrBackoffAtBoot
  const isSame = held.limitExponent === limitExponent && held.delayExponent === delayExponent
  return isSame ? [] : [{ name: 'ADRParamSetupReq', limitExponent, delayExponent }]
}

function rejoinInterval({ macVersion, radio }: DeviceSession, { policy }: Wish): DownlinkCommand[] {
  if (macVersion !== '1.1.0' || policy.rejoin === undefined) return []
  const { timeExponent, countExponent } = policy.rejoin
  const isSame = radio.rejoin?.timeExponent === timeExponent && radio.rejoin.countExponent === countExponent
  return isSame ? [] : [{ name: 'RejoinParamSetupReq', timeExponent, countExponent }]
}
