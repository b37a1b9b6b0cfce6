/**
 * Channels of the bands beside those that every device knows: what customers' networks give their devices, and what stations listen to.
 *
 * Both have to name the same ones, or a device speaks where nobody listens.
 *
 * @module
 */

import type { RegionName } from '@groundwork/wireless'

/** Five channels more, as most gateways listen on them. */
const extra: Readonly<Partial<Record<RegionName, readonly number[]>>> = {
  EU868: [867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000],
  'AS923-1': [922_200_000, 922_400_000, 922_600_000, 922_800_000, 923_000_000],
}

/** The second block of eight, and its wide channel: what gateways of eight channels listen on. */
const secondBlock = [8, 9, 10, 11, 12, 13, 14, 15, 65]
const enabled: Readonly<Partial<Record<RegionName, readonly number[]>>> = { US915: secondBlock, AU915: secondBlock }

/** Of a dynamic plan, in Hz. */
export const extraChannelsHz = (band: RegionName): readonly number[] => extra[band] ?? []

/** Of a fixed plan, by number; undefined: all of them. */
export const enabledChannels = (band: RegionName): readonly number[] | undefined => enabled[band]
