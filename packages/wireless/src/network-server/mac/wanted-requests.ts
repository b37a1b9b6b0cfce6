/**
 * What the network wants of a device that it does not have yet, as requests in order of weight.
 *
 * Level-triggered: each time the wish is held against what the device holds, so a lost answer, a restart or a changed setting all
 * end the same way. What a device refused for good is not asked again in its session.
 *
 * @module
 */

import type { DeviceProfile } from '../../model/device.ts'
import type { DeviceSession, MacRequest, RadioState } from '../../model/session.ts'
import { channelMasksFor } from '../../region/channel-mask.ts'
import type { Region } from '../../region/region.ts'
import type { DownlinkCommand } from '../../wire/mac-commands.ts'
import type { AdrState } from '../adr.ts'
import type { NetworkPolicy } from '../join-server.ts'

/** What the network wants a device to hold. */
export interface Wish {
  readonly region: Region
  readonly policy: NetworkPolicy
  readonly profile: DeviceProfile
  /** rate, power and repetitions; undefined: as they are */
  readonly adr?: AdrState | undefined
  readonly asksStatus: boolean
}

/** Channels of 1.1 and 1.0.4 can be moved downwards; older devices know no such command. */
const knowsTxParams: ReadonlySet<string> = new Set(['1.0.2', '1.0.3', '1.0.4', '1.1.0'])

export function wantedRequests(session: DeviceSession, wish: Wish): MacRequest[] {
  const { radio } = session
  const wanted: (readonly DownlinkCommand[])[] = [
    newChannels(radio, wish),
    linkAdr(radio, wish),
    rxParameters(radio, wish),
    rxTiming(radio, wish),
    txParameters(session, wish),
    pingSlot(radio, wish),
    wish.asksStatus ? [{ name: 'DevStatusReq' }] : [],
  ]
  return wanted.flatMap((commands) => {
    const [first] = commands
    if (first === undefined) return []
    const before = session.requests.find(({ name }) => name === first.name)
    if (before !== undefined && before.commands.length === 0) return []
    const isSame = before !== undefined && JSON.stringify(before.commands) === JSON.stringify(commands)
    return [isSame ? before : { name: first.name, commands, sentCount: 0, refusedCount: before?.refusedCount ?? 0 }]
  })
}

/** At most three at once, so that they fit beside an answer. */
const newChannelsAtOnceMax = 3

function newChannels({ channels }: RadioState, { region, policy }: Wish): DownlinkCommand[] {
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
  const { dataRate, txPowerIndex, nbTrans } = adr ?? radio
  const isSame =
    dataRate === radio.dataRate &&
    txPowerIndex === radio.txPowerIndex &&
    nbTrans === radio.nbTrans &&
    masks.length === 0
  if (isSame || to.length === 0) return []
  const blocks = masks.length > 0 ? masks : channelsAsTheyAre(region, to)
  return blocks.map((mask) => ({ name: 'LinkADRReq', ...mask, dataRate, txPower: txPowerIndex, nbTrans }))
}

/** A mask has to stand there even when only the rate changes. */
function channelsAsTheyAre(region: Region, enabled: readonly number[]): { chMask: number; chMaskCntl: number }[] {
  const first = region.plan === 'dynamic' ? 0 : Math.floor((enabled[0] ?? 0) / 16)
  const chMask = enabled
    .filter((channel) => Math.floor(channel / 16) === first)
    .reduce((mask, channel) => mask | (1 << (channel % 16)), 0)
  return [{ chMask, chMaskCntl: first }]
}

function rxParameters(radio: RadioState, { region, policy }: Wish): DownlinkCommand[] {
  const { hz, dataRate } = policy.rx2 ?? region.rx2
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

function txParameters({ macVersion, radio }: DeviceSession, { region, profile }: Wish): DownlinkCommand[] {
  const isSettable = region.dwell.uplink === 'settable' || region.dwell.downlink === 'settable'
  if (!isSettable || !knowsTxParams.has(macVersion)) return []
  // What the band asks for by default is what the network wants; a country without a limit is a setting of the operator's.
  const uplinkDwell = region.dwell.atBoot.uplink
  const downlinkDwell = region.dwell.atBoot.downlink
  if (radio.uplinkDwell === uplinkDwell && radio.downlinkDwell === downlinkDwell) return []
  const eirpDbm = profile.eirpDbmMax ?? region.deviceEirpDbmMax
  const maxEirp = Math.max(
    0,
    eirpTable.findLastIndex((dbm) => dbm <= eirpDbm),
  )
  return [{ name: 'TXParamSetupReq', uplinkDwell, downlinkDwell, maxEirp }]
}

function pingSlot(radio: RadioState, { region, profile }: Wish): DownlinkCommand[] {
  const { pingSlotFrequencyHz: frequencyHz, pingSlotDataRate: dataRate } = profile.classB
  const isListening = profile.supportsClassB && radio.pingSlotPeriodicity !== undefined
  if (!isListening || frequencyHz === 0) return []
  const heldHz = radio.pingSlotFrequencyHz ?? (region.pingSlot.hz.length === 1 ? region.pingSlot.hz[0] : 0)
  const heldRate = radio.pingSlotDataRate ?? region.pingSlot.dataRate
  return heldHz === frequencyHz && heldRate === dataRate ? [] : [{ name: 'PingSlotChannelReq', frequencyHz, dataRate }]
}
