/**
 * Every network that is audited, by name: the one list that watcher, gateway, provider and `audit` share.
 *
 * @module
 */

import type { NetworkRules } from './network-rules.ts'
import { storageRules } from './storage-rules.ts'
import { wirelessRules } from './wireless-rules.ts'

export const auditedNetworks = ['storage', 'wireless'] as const
export type AuditedNetwork = (typeof auditedNetworks)[number]

export async function rulesOf(network: AuditedNetwork): Promise<NetworkRules> {
  return network === 'storage' ? storageRules() : wirelessRules()
}

export async function allRules(): Promise<readonly NetworkRules[]> {
  return Promise.all(auditedNetworks.map(rulesOf))
}
