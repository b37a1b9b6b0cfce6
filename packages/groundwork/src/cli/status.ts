/**
 * `groundwork status`: networks, providers, epochs and payments, as a gateway's page shows them.
 *
 * @module
 */

import { z } from 'zod'
import { openGateway } from '../gateway/open-gateway.ts'
import type { StatusView } from '../http/status-page.ts'
import { command, type AnyCommand } from './command.ts'

export const status: AnyCommand = command({
  name: 'status',
  summary: 'Networks, providers, epochs and payments at a glance.',
  options: z.object({ gateway: z.url().optional().describe('address of the gateway') }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const view = await client.get<StatusView>('/v1/status', { signal })
    show.say(`${view.name}, block ${view.block}, chain at ${view.rpc}\n`)
    show(view.networks.map((network) => ({ ...network })))
    show.say('')
    show(view.providers.map(({ latencyMs, ...provider }) => ({ ...provider, latencyMs: latencyMs?.toFixed(1) })))
    show.say('')
    show(view.epochs.map((epoch) => ({ ...epoch })))
    show.say('')
    show(view.payments.map(({ evidence, ...payment }) => ({ ...payment, evidence: evidence?.text })))
    show.finish({ ...view })
  },
})
