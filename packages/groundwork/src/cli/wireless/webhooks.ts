/**
 * `groundwork wireless webhook …`: where an application's events are posted to.
 *
 * @module
 */

import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import { UsageWrong } from '../usage-errors.ts'
import { gatewayOption, idOption, postJson, textOf } from './wireless-options.ts'

export const webhookAdd: AnyCommand = command({
  name: 'wireless webhook add',
  summary: 'Post an application’s events to an address, until it says yes.',
  positional: ['id', 'url'],
  options: z.object({
    id: idOption.describe('its name'),
    url: z.url().describe('where to'),
    application: idOption.default('default').describe('whose events'),
    events: z
      .string()
      .optional()
      .describe('with commas between: up,join,ack,txack,status,log,location; all when left out'),
    headersFile: z.string().optional().describe('JSON file with headers for each post, an authorisation for one'),
    secretFile: z.string().optional().describe('file with the secret of the signature, on the gateway’s machine'),
    gateway: gatewayOption,
  }),
  async run({ id, url, application, events, headersFile, secretFile, gateway }, { show, signal, config }) {
    const body = {
      id,
      url,
      applicationId: application,
      ...(events === undefined ? {} : { events: events.split(',') }),
      ...(headersFile === undefined ? {} : { headers: headersIn(headersFile) }),
      ...(secretFile === undefined ? {} : { secretFile }),
    }
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await postJson(client, '/v1/wireless/webhooks', { body, signal })
    show({ id, url, application, signed: secretFile !== undefined })
  },
})

function headersIn(file: string): unknown {
  try {
    return JSON.parse(textOf(file)) as unknown
  } catch (error) {
    if (error instanceof UsageWrong) throw error
    throw new UsageWrong({ why: `${file} is no JSON`, tip: 'a file with {"authorization":"Bearer …"}' })
  }
}

export const webhookLs: AnyCommand = command({
  name: 'wireless webhook ls',
  summary: 'List where events are posted, and how that goes.',
  options: z.object({ gateway: gatewayOption }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const { endpoints, counts } = await client.get<{
      endpoints: readonly { id: string; applicationId: string; url: string; events?: string[] }[]
      counts: Readonly<Record<string, number>>
    }>('/v1/wireless/webhooks', { signal })
    show(
      endpoints.map(({ id, applicationId, url, events }) => ({
        id,
        application: applicationId,
        url,
        events: events?.join(',') ?? 'all',
      })),
    )
    show.say('')
    show(counts)
    show.finish({ endpoints, counts })
  },
})

export const webhookRemove: AnyCommand = command({
  name: 'wireless webhook rm',
  summary: 'Post no more there.',
  positional: ['id'],
  options: z.object({ id: idOption.describe('which'), gateway: gatewayOption }),
  async run({ id, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await client.delete(`/v1/wireless/webhooks/${id}`, { signal })
    show({ removed: id })
  },
})

interface DeadLetter {
  readonly id: number
  readonly event: string
  readonly devEui: string
  readonly atMs: number
  readonly reason: string
}

export const webhookDead: AnyCommand = command({
  name: 'wireless webhook dead',
  summary: 'List what could not be delivered, and why.',
  positional: ['id'],
  options: z.object({
    id: idOption.describe('of which webhook'),
    after: z.coerce.number().int().min(0).default(0).describe('number of the last one that was seen'),
    gateway: gatewayOption,
  }),
  async run({ id, after, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const letters = await client.get<readonly DeadLetter[]>(
      `/v1/wireless/webhooks/${id}/dead-letters?after=${after}&limit=1000`,
      { signal },
    )
    show(
      letters.map((letter) => ({
        number: letter.id,
        time: new Date(letter.atMs).toISOString(),
        event: letter.event,
        devEui: letter.devEui,
        reason: letter.reason,
      })),
    )
  },
})

export const webhookReplay: AnyCommand = command({
  name: 'wireless webhook replay',
  summary: 'Deliver again what could not be delivered.',
  positional: ['id'],
  options: z.object({ id: idOption.describe('of which webhook'), gateway: gatewayOption }),
  async run({ id, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const path = `/v1/wireless/webhooks/${id}/dead-letters/replay`
    show(await postJson<{ waiting: number }>(client, path, { body: {}, signal }))
  },
})
