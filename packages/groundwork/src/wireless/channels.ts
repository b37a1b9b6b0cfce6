/**
 * Channels of a band beside those that every device knows: what customers' networks give their devices, and what stations listen to.
 *
 * Both have to name the same ones, or a device speaks where nobody listens: both ask here.
 *
 * @module
 */

import { subBandAt, type Region, type RegionName } from '@groundwork/wireless'
import { ConfigWrong } from '../config-errors.ts'
import type { Config } from '../config.ts'

export type ChannelSettings = Pick<Config, 'wirelessRegion' | 'wirelessExtraChannelsHz' | 'wirelessChannelBlock'>

export interface Channels {
  /** of a dynamic plan */
  readonly extraChannelsHz: readonly number[]
  /** of a fixed plan, by number; undefined in a dynamic one */
  readonly enabledChannels: readonly number[] | undefined
}

/** Five channels more, as most gateways listen on them. */
const usualExtraHz: Readonly<Partial<Record<RegionName, readonly number[]>>> = {
  EU868: [867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000],
  'AS923-1': [922_200_000, 922_400_000, 922_600_000, 922_800_000, 923_000_000],
}

/** What most gateways of eight channels are set to, counted from 1. */
const usualBlock: Readonly<Partial<Record<RegionName, number>>> = { US915: 2, AU915: 2, CN470: 11 }

const blockSize = 8
const narrowHz = 125_000
const where = 'the settings of the radio band'

/**
 * @param settings those of this program: they are for its own band, and other bands have the usual ones
 * @throws {ConfigWrong} a channel that the band does not have
 */
export function channelsOf(settings: ChannelSettings, region: Region): Channels {
  const isOwn = region.name === settings.wirelessRegion
  if (region.plan === 'fixed') {
    const block = (isOwn ? settings.wirelessChannelBlock : undefined) ?? usualBlock[region.name] ?? 1
    return { extraChannelsHz: [], enabledChannels: channelsOfBlock(region, block) }
  }
  const given = isOwn ? settings.wirelessExtraChannelsHz : undefined
  const extraChannelsHz = given ?? usualExtraHz[region.name] ?? []
  for (const hz of extraChannelsHz)
    if (subBandAt(region, hz) === undefined) throw new ConfigWrong({ where, why: `${region.name} has no ${hz} Hz` })
  const room = region.channelCountMax - region.uplinkChannels.length
  if (extraChannelsHz.length > room)
    throw new ConfigWrong({ where, why: `${region.name} has room for ${room} channels more` })
  return { extraChannelsHz, enabledChannels: undefined }
}

/** Eight channels side by side, and the wide one that lies over them where the band has such. */
function channelsOfBlock(region: Region, block: number): number[] {
  const { name, uplinkChannels } = region
  // Tables have the wide channels last.
  const firstWide = uplinkChannels.findIndex(({ dataRateMin }) => isWide(region, dataRateMin))
  const narrowCount = firstWide === -1 ? uplinkChannels.length : firstWide
  if (block * blockSize > narrowCount)
    throw new ConfigWrong({ where, why: `${name} has ${narrowCount / blockSize} blocks of eight channels` })
  const narrow = Array.from({ length: blockSize }, (_, index) => (block - 1) * blockSize + index)
  return firstWide === -1 ? narrow : [...narrow, firstWide + block - 1]
}

function isWide({ uplinkDataRates }: Region, dataRate: number): boolean {
  const modulation = uplinkDataRates[dataRate]?.modulation
  return modulation?.kind === 'lora' && modulation.bandwidthHz > narrowHz
}
