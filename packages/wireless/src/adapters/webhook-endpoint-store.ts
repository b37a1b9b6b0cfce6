/**
 * Where applications want their events posted to, in memory and on disk.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { endpointsPerApplicationMax, type WebhookEndpoint } from '../applications/webhook-endpoint.ts'
import { ProvisionRefused } from './network-errors.ts'

export interface WebhookEndpointStore {
  endpoints(): readonly WebhookEndpoint[]
  endpoint(id: string): WebhookEndpoint | undefined
  endpointsOf(applicationId: string): readonly WebhookEndpoint[]
  /** @throws ProvisionRefused; then nothing is changed */
  put(endpoint: WebhookEndpoint): void
  remove(id: string): void
}

export function openWebhookEndpointStore({ database }: { readonly database: DatabaseSync }): WebhookEndpointStore {
  const endpoints = new Map<string, WebhookEndpoint>()
  /** as many lookups as events: kept, not searched */
  const byApplication = new Map<string, readonly WebhookEndpoint[]>()
  for (const { json } of database.prepare('SELECT json FROM wireless_webhooks ORDER BY id').all()) {
    const endpoint = JSON.parse(String(json)) as WebhookEndpoint
    endpoints.set(endpoint.id, endpoint)
  }
  const sort = (): void => {
    byApplication.clear()
    for (const endpoint of endpoints.values()) {
      const { applicationId } = endpoint
      byApplication.set(applicationId, [...(byApplication.get(applicationId) ?? []), endpoint])
    }
  }
  sort()
  return {
    endpoints: () => [...endpoints.values()],
    endpoint: (id) => endpoints.get(id),
    endpointsOf: (applicationId) => byApplication.get(applicationId) ?? [],
    put(endpoint) {
      const others = (byApplication.get(endpoint.applicationId) ?? []).filter(({ id }) => id !== endpoint.id)
      if (others.length >= endpointsPerApplicationMax)
        throw new ProvisionRefused({
          what: `webhook ${endpoint.id}`,
          why: `an application has at most ${endpointsPerApplicationMax}`,
        })
      database
        .prepare('INSERT OR REPLACE INTO wireless_webhooks VALUES (?, ?)')
        .run(endpoint.id, JSON.stringify(endpoint))
      endpoints.set(endpoint.id, endpoint)
      sort()
    },
    remove(id) {
      database.prepare('DELETE FROM wireless_webhooks WHERE id = ?').run(id)
      endpoints.delete(id)
      sort()
    },
  }
}
