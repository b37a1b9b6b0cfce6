/**
 * What the customer's network tells its devices in each band: channels beside the band's own, windows, addresses.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import { regionOf, subBandAt, type NetworkPolicy, type Region } from '@groundwork/wireless'
import { ConfigWrong } from '../config-errors.ts'
import type { Config } from '../config.ts'
import { channelsOf, type ChannelSettings } from './channels.ts'

/** Addresses of one network server. */
const slabSize = 65_536

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

type Rx2 = NonNullable<NetworkPolicy['rx2']>

/**
 * Second windows that are faster than the band's own, where its sub-band allows so much power that they reach as far: a tenth of the
 * airtime, so that a gateway is not silent for a quarter of a minute after each answer.
 */
const usualRx2: Readonly<Record<string, Rx2>> = { EU868: { hz: 869_525_000, dataRate: 3 } }

const dwells = { band: undefined, limited: { uplink: true, downlink: true }, free: { uplink: false, downlink: false } }

export type PolicySettings = ChannelSettings &
  Pick<
    Config,
    | 'wirelessNetId'
    | 'wirelessRxDelaySeconds'
    | 'wirelessRx1Offset'
    | 'wirelessRx2'
    | 'wirelessDwell'
    | 'wirelessDutyExponent'
    | 'wirelessRepairsNonces'
  >

/**
 * @param settings what differs from the usual is for the program's own band alone
 * @throws {ConfigWrong} the band does not have what a setting says; at once, not with the first device
 */
export function policyFor(settings: PolicySettings, account: Hex): (region: Region) => NetworkPolicy {
  const addresses = addressesOf(settings, account)
  const policyOf = (region: Region): NetworkPolicy => {
    const isOwn = region.name === settings.wirelessRegion
    return {
      netId: Number.parseInt(settings.wirelessNetId, 16),
      addresses,
      rxDelaySeconds: settings.wirelessRxDelaySeconds,
      rx1DataRateOffset: isOwn ? rx1OffsetOf(settings, region) : 0,
      ...channelsOf(settings, region),
      rx2: (isOwn ? rx2Of(settings, region) : undefined) ?? usualRx2[region.name],
      dwell: isOwn ? dwells[settings.wirelessDwell] : undefined,
      dutyCycleExponent: settings.wirelessDutyExponent,
      repairsNonces: settings.wirelessRepairsNonces,
    }
  }
  policyOf(regionOf(settings.wirelessRegion))
  return policyOf
}

function rx1OffsetOf({ wirelessRx1Offset }: PolicySettings, { name, rx1DataRates }: Region): number {
  if (rx1DataRates.some((offsets) => offsets !== undefined && offsets[wirelessRx1Offset] === undefined))
    throw new ConfigWrong({ where: 'wirelessRx1Offset', why: `${name} has no offset ${wirelessRx1Offset}` })
  return wirelessRx1Offset
}

function rx2Of({ wirelessRx2 }: PolicySettings, region: Region): Rx2 | undefined {
  if (wirelessRx2 === undefined) return undefined
  const { hz, dataRate } = wirelessRx2
  if (subBandAt(region, hz) === undefined || region.downlinkDataRates[dataRate]?.modulation.kind !== 'lora')
    throw new ConfigWrong({ where: 'wirelessRx2', why: `${region.name} has no such window` })
  return wirelessRx2
}
