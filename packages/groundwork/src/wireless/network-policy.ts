/**
 * What the customer's network tells its devices in each band: channels beside the band's own, windows, addresses.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { NetworkPolicy, Region } from '@groundwork/wireless'
import type { Config } from '../config.ts'
import { enabledChannels, extraChannelsHz } from './channels.ts'

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

/**
 * Second windows that are faster than the band's own, where its sub-band allows so much power that they reach as far: a tenth of the
 * airtime, so that a gateway is not silent for a quarter of a minute after each answer.
 */
const rx2: Readonly<Record<string, { readonly hz: number; readonly dataRate: number }>> = {
  EU868: { hz: 869_525_000, dataRate: 3 },
}

export function policyFor(
  config: Pick<Config, 'wirelessNetId' | 'wirelessRxDelaySeconds'>,
  account: Hex,
): (region: Region) => NetworkPolicy {
  const addresses = addressesOf(config, account)
  return ({ name }) => ({
    rx2: rx2[name],
    netId: Number.parseInt(config.wirelessNetId, 16),
    addresses,
    rxDelaySeconds: config.wirelessRxDelaySeconds,
    rx1DataRateOffset: 0,
    extraChannelsHz: extraChannelsHz(name),
    enabledChannels: enabledChannels(name),
  })
}
