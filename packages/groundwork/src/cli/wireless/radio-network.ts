/**
 * `groundwork wireless gateways`, `status` and `coverage`: what the customer's network hears, and where.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import { toJson, type ShowRow } from '../show.ts'
import { UsageWrong } from '../usage-errors.ts'
import { gatewayOption } from './wireless-options.ts'

interface HeardGateway {
  readonly gatewayEui: string
  readonly firstHeardMs: number
  readonly lastHeardMs: number
  readonly uplinks: number
  readonly lastRssiDbm?: number
  readonly lastSnrDb?: number
}

export const gatewayLs: AnyCommand = command({
  name: 'wireless gateways',
  summary: 'List radio gateways that this network heard from.',
  options: z.object({ gateway: gatewayOption }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const found = await client.get<readonly HeardGateway[]>('/v1/wireless/gateways', { signal })
    show(
      found.map(({ gatewayEui, firstHeardMs, lastHeardMs, uplinks, lastRssiDbm, lastSnrDb }) => ({
        gatewayEui,
        uplinks,
        rssiDbm: lastRssiDbm,
        snrDb: lastSnrDb,
        firstHeard: new Date(firstHeardMs).toISOString(),
        lastHeard: new Date(lastHeardMs).toISOString(),
      })),
    )
  },
})

const cellOf = (value: unknown): ShowRow[string] =>
  typeof value === 'object' && value !== null ? toJson(value) : (value as ShowRow[string])

export const radioStatus: AnyCommand = command({
  name: 'wireless status',
  summary: 'Counts of the wireless network, and what was dropped, by reason.',
  options: z.object({ gateway: gatewayOption }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const status = await client.get<Record<string, unknown>>('/v1/wireless/status', { signal })
    show(Object.fromEntries(Object.entries(status).map(([key, value]) => [key, cellOf(value)])))
    show.finish(status)
  },
})

export const coverage: AnyCommand = command({
  name: 'wireless coverage',
  summary: 'Write where paid traffic was carried to a GeoJSON file, one feature for each H3 cell.',
  positional: ['file'],
  options: z.object({ file: z.string().describe('file to make'), gateway: gatewayOption }),
  async run({ file, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const map = await client.get<{ features: readonly unknown[] }>('/v1/wireless/coverage', { signal })
    try {
      writeFileSync(file, `${JSON.stringify(map)}\n`)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new UsageWrong({ why: `${file} cannot be written: ${why}`, tip: 'a path in a folder of yours' })
    }
    show({ file, cells: map.features.length })
  },
})
