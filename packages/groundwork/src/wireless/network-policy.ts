/**
 * What the customer's network tells its devices in each band: channels beside the band's own, windows, addresses.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { ChannelChoice, NetworkPolicy, Region, RegionName } from '@groundwork/wireless'
import type { Config } from '../config.ts'

/** Addresses of one network server. */
const slabSize = 65_536

/** Five channels more, as most gateways listen on them. */
const extraChannelsHz: Readonly<Record<string, readonly number[]>> = {
  EU868: [867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000],
  'AS923-1': [922_200_000, 922_400_000, 922_600_000, 922_800_000, 923_000_000],
}

/** The second block of eight, and its wide channel: what gateways of eight channels listen on. */
const secondBlock = [8, 9, 10, 11, 12, 13, 14, 15, 65]
const enabledChannels: Readonly<Record<string, readonly number[]>> = { US915: secondBlock, AU915: secondBlock }

/** What devices are told to use, and so what a station is told to listen to. */
export function usualChannels(region: RegionName): Required<ChannelChoice> {
  return { extraChannelsHz: extraChannelsHz[region] ?? [], enabledChannels: enabledChannels[region] }
}

/**
 * A slab of addresses under the NetID, chosen by the account: two networks of strangers seldom share one, and where they do a MIC
 * tells whose a frame is.
 */
export function addressesOf(
  { wirelessNetId }: Pick<Config, 'wirelessNetId'>,
  account: Hex,
): { first: number; last: number } {
  const [high = 0, low = 0] = keccak_256(fromHex(account.toLowerCase(), 20))
  const netId = Number.parseInt(wirelessNetId, 16)
  // Of a NetID of type 0: seven bits of prefix, nine of ours, sixteen of the device.
  const prefix = (netId % 64) * 2 ** 25
  const first = prefix + (((high << 8) | low) % 512) * slabSize
  return { first, last: first + slabSize - 1 }
}

export function policyFor(config: Config, account: Hex): (region: Region) => NetworkPolicy {
  const addresses = addressesOf(config, account)
  return ({ name }) => ({
    netId: Number.parseInt(config.wirelessNetId, 16),
    addresses,
    rxDelaySeconds: config.wirelessRxDelaySeconds,
    rx1DataRateOffset: 0,
    ...usualChannels(name),
  })
}
