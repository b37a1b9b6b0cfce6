/**
 * What a Basics Station is told when it connects (router_config): its band, data rates, power, and what its radios listen to.
 *
 * The channels come from the region's tables and the network's own additions, and are laid out here over concentrators as the
 * hardware can: two radios each, eight demodulators of 125 kHz, one of 250 or 500 kHz.
 *
 * @see wire/basics-station.ts
 * @module
 */

import type { Eui } from '../model/radio.ts'
import type { Region, RegionName } from '../region/region.ts'
import type { ExactJson } from './exact-json.ts'

/** Demodulators of 125 kHz in a concentrator. */
const channelsPerConcentrator = 8
const radiosPerConcentrator = 2
/** How far the middle of a channel may be from the middle of its radio, by width: half of what the radio's filter leaves. */
const offsetHzMax: Readonly<Record<number, number>> = { 125_000: 400_000, 250_000: 375_000, 500_000: 300_000 }
/** Concentrators of one station, inclusive. */
const concentratorsMax = 8

/** Ranges of JoinEUIs that a station has room for; of more it would drop the joins. */
const joinEuiRangesMax = 10

/** Where a concentrator listens. */
export interface ListeningChannel {
  readonly hz: number
  readonly bandwidthHz: number
  /** of a channel of 250 or 500 kHz, which has one alone */
  readonly spreadingFactor?: number
}

/** What a network tells its devices beside the band's own channels. */
export interface ChannelChoice {
  /** of a dynamic plan */
  readonly extraChannelsHz?: readonly number[]
  /** of a fixed plan, by number; the first eight and the first wide one when left out */
  readonly enabledChannels?: readonly number[] | undefined
}

function channelsOf(region: Region, enabled: readonly number[] | undefined): Region['uplinkChannels'] {
  const { plan, uplinkChannels } = region
  if (plan === 'dynamic') return uplinkChannels
  const firstWide = uplinkChannels.findIndex(({ dataRateMin }) => dataRateMin > 0)
  return uplinkChannels.filter((_, index) => enabled?.includes(index) ?? (index < 8 || index === firstWide))
}

/** The channels of a network in a band, lowest first. */
export function listeningChannels(region: Region, choice: ChannelChoice = {}): readonly ListeningChannel[] {
  const { extraChannelsHz = [], enabledChannels } = choice
  const found = new Map<number, ListeningChannel>()
  for (const { hz, dataRateMin } of channelsOf(region, enabledChannels)) {
    const modulation = region.uplinkDataRates[dataRateMin]?.modulation
    if (modulation?.kind !== 'lora') continue
    const { bandwidthHz, spreadingFactor } = modulation
    const channel = bandwidthHz === 125_000 ? { hz, bandwidthHz } : { hz, bandwidthHz, spreadingFactor }
    found.set(hz * 8 + bandwidthHz / 125_000, channel)
  }
  for (const hz of region.plan === 'dynamic' ? extraChannelsHz : []) found.set(hz * 8 + 1, { hz, bandwidthHz: 125_000 })
  return [...found.values()].toSorted((a, b) => a.hz - b.hz)
}

interface Concentrator {
  /** middle of each radio, in Hz */
  readonly radios: number[]
  readonly narrow: { readonly radio: number; readonly offsetHz: number }[]
  wide: { readonly radio: number; readonly offsetHz: number; readonly channel: ListeningChannel } | undefined
}

/** @returns the radio that reaches the channel, made where there is still one to be had; undefined when none does */
function radioFor({ radios }: Concentrator, { hz, bandwidthHz }: ListeningChannel): number | undefined {
  const reach = offsetHzMax[bandwidthHz] ?? 0
  const found = radios.findIndex((middleHz) => Math.abs(hz - middleHz) <= reach)
  if (found !== -1) return found
  if (radios.length >= radiosPerConcentrator) return undefined
  // Channels come lowest first: the one that a radio is made for stands at its lower edge.
  radios.push(hz + reach)
  return radios.length - 1
}

function place(concentrator: Concentrator, channel: ListeningChannel): boolean {
  const { narrow, radios } = concentrator
  const isNarrow = channel.bandwidthHz === 125_000
  if (isNarrow ? narrow.length >= channelsPerConcentrator : concentrator.wide !== undefined) return false
  const radio = radioFor(concentrator, channel)
  if (radio === undefined) return false
  const offsetHz = channel.hz - radios[radio]!
  if (isNarrow) narrow.push({ radio, offsetHz })
  else concentrator.wide = { radio, offsetHz, channel }
  return true
}

/** Lays channels over as few concentrators as it takes; what does not fit eight of them is not listened to. */
function layOut(channels: readonly ListeningChannel[]): readonly Concentrator[] {
  const concentrators: Concentrator[] = []
  // Narrow ones decide where the radios are; wide ones fit in.
  const ordered = [...channels.filter(isNarrow), ...channels.filter((channel) => !isNarrow(channel))]
  for (const channel of ordered) {
    if (concentrators.some((one) => place(one, channel)) || concentrators.length >= concentratorsMax) continue
    const made: Concentrator = { radios: [], narrow: [], wide: undefined }
    place(made, channel)
    concentrators.push(made)
  }
  return concentrators
}

const isNarrow = ({ bandwidthHz }: ListeningChannel): boolean => bandwidthHz === 125_000

function concentratorConf({ radios, narrow, wide }: Concentrator): { readonly [name: string]: ExactJson } {
  const conf: Record<string, ExactJson> = {}
  for (const [index, freq] of radios.entries()) conf[`radio_${index}`] = { enable: true, freq }
  for (const [index, { radio, offsetHz }] of narrow.entries())
    conf[`chan_multiSF_${index}`] = { enable: true, radio, if: offsetHz }
  if (wide !== undefined) {
    const { radio, offsetHz, channel } = wide
    const { bandwidthHz: bandwidth, spreadingFactor: spread_factor } = channel
    conf['chan_Lora_std'] = { enable: true, radio, if: offsetHz, bandwidth, spread_factor }
  }
  return conf
}

/** Bands that the station has rules of its own for: power, duty cycle, listening before it talks. By the names all versions know. */
const ruledBands: Readonly<Partial<Record<RegionName, string>>> = {
  EU868: 'EU863',
  US915: 'US902',
  AU915: 'AU915',
  KR920: 'KR920',
}

/**
 * What every other band goes by. A station of 2.0.6 takes no downlink at all while it does not know the name of its band; this name
 * it knows, and it has no rule by it but a power that is seldom in the way. Frequencies, rates and power are in the message itself.
 */
const unruledName = 'US902'

/** In AS923-1 the station would listen before it talks, which few boards can: whoever needs that by law asks for it. */
function ruledName(name: RegionName, listensBeforeTalk: boolean): string | undefined {
  return name === 'AS923-1' && listensBeforeTalk ? 'AS923JP' : ruledBands[name]
}

/** One rate for each of sixteen numbers: spreading factor (0 for FSK), kHz, and whether downlinks alone have it. */
function dataRatesOf(region: Region): readonly (readonly [number, number, number])[] {
  return Array.from({ length: 16 }, (_, index) => {
    const up = region.uplinkDataRates[index]?.modulation
    const down = region.downlinkDataRates[index]?.modulation
    const modulation = up === undefined || up.kind === 'lr-fhss' ? down : up
    if (modulation === undefined || modulation.kind === 'lr-fhss') return [-1, 0, 0] as const
    const isDownOnly = modulation === up ? 0 : 1
    if (modulation.kind === 'fsk') return [0, 0, isDownOnly] as const
    return [modulation.spreadingFactor, modulation.bandwidthHz / 1000, isDownOnly] as const
  })
}

/** Every frequency that may be used: the band, and what lies beside its sub-bands. */
export function frequencyRange({ subBands, rx2 }: Region): readonly [number, number] {
  return [
    Math.min(rx2.hz, ...subBands.map(({ minHz }) => minHz)),
    Math.max(rx2.hz, ...subBands.map(({ maxHz }) => maxHz)),
  ]
}

export interface StationSettings {
  readonly region: Region
  readonly channels: readonly ListeningChannel[]
  /** frames of other networks stay at the station; all are sent when left out */
  readonly netIds?: readonly number[]
  /** joins to others stay at the station, first and last inclusive; all are sent when left out, or of more ranges than a station takes */
  readonly joinEuiRanges?: readonly { readonly first: Eui; readonly last: Eui }[]
  /** in place of what the region allows a gateway */
  readonly eirpDbmMax?: number
  /** whether the station sends beacons of class B, which takes a GPS */
  readonly sendsBeacons?: boolean
  /** where the law asks for it and the board can */
  readonly listensBeforeTalk?: boolean
}

/** Lowest first: a range from 0 ends the station's list, and first in it lets every join through; last, it would drop its own. */
function joinEuiFilter(ranges: StationSettings['joinEuiRanges']): ExactJson {
  if (ranges === undefined || ranges.length > joinEuiRangesMax) return null
  const numbers = ranges.map(({ first, last }) => [BigInt(`0x${first}`), BigInt(`0x${last}`)] as const)
  return numbers.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** The router_config message. @param unixMs the server's time */
export function routerConfigOf(settings: StationSettings, unixMs: number): { readonly [name: string]: ExactJson } {
  const { region, channels, netIds, joinEuiRanges, sendsBeacons = false, listensBeforeTalk = false } = settings
  const name = ruledName(region.name, listensBeforeTalk)
  const allowed = region.subBands.map(({ gatewayEirpDbmMax }) => gatewayEirpDbmMax)
  // A station without rules of its own would send everywhere with what is asked for.
  const eirpDbmMax = settings.eirpDbmMax ?? (name === undefined ? Math.min(...allowed) : Math.max(...allowed))
  const concentrators = layOut(channels)
  const { beacon } = region
  return {
    msgtype: 'router_config',
    NetID: netIds ?? null,
    JoinEui: joinEuiFilter(joinEuiRanges),
    region: name ?? unruledName,
    hwspec: `sx1301/${Math.max(1, concentrators.length)}`,
    freq_range: frequencyRange(region),
    DRs: dataRatesOf(region),
    max_eirp: eirpDbmMax,
    sx1301_conf: concentrators.map(concentratorConf),
    bcning: sendsBeacons
      ? {
          DR: beacon.dataRate,
          // Where the time, the part of the gateway, and the end are.
          layout: [beacon.rfu1Bytes, beacon.rfu1Bytes + 6, beacon.sizeBytes],
          freqs: beacon.hz,
        }
      : null,
    MuxTime: unixMs / 1000,
  }
}
