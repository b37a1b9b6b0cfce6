/**
 * Every network that is audited, by name: the one list that watcher, gateway, provider and `audit` share.
 *
 * @module
 */

import { networkNames, type NetworkName } from '../networks.ts'
import type { NetworkRules } from './network-rules.ts'
import { storageRules } from './storage-rules.ts'
import { wirelessRules } from './wireless-rules.ts'

export async function rulesOf(network: NetworkName): Promise<NetworkRules> {
  return network === 'storage' ? storageRules() : wirelessRules()
}

export async function allRules(): Promise<readonly NetworkRules[]> {
  return Promise.all(networkNames.map(rulesOf))
}
