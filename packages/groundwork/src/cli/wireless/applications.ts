/**
 * `groundwork wireless application …` and `token`: whose events devices' events are, and how their programs log in.
 *
 * @module
 */

import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import { gatewayOption, idOption, postJson } from './wireless-options.ts'

export const applicationAdd: AnyCommand = command({
  name: 'wireless application add',
  summary: 'Make an application.',
  positional: ['id'],
  options: z.object({
    id: idOption.describe('its name in topics'),
    name: z.string().max(256).default('').describe('for people'),
    gateway: gatewayOption,
  }),
  async run({ id, name, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await postJson(client, '/v1/wireless/applications', { body: { id, name }, signal })
    show({ id, name })
  },
})

export const applicationLs: AnyCommand = command({
  name: 'wireless application ls',
  summary: 'List applications.',
  options: z.object({ gateway: gatewayOption }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const found = await client.get<readonly { id: string; name: string }[]>('/v1/wireless/applications', { signal })
    show(found.map(({ id, name }) => ({ id, name })))
  },
})

export const applicationToken: AnyCommand = command({
  name: 'wireless token',
  summary: 'A new token with which an application’s programs log in to MQTT; shown this once.',
  positional: ['application'],
  options: z.object({ application: idOption.describe('whose'), gateway: gatewayOption }),
  async run({ application, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const made = await postJson<{ username: string; token: string }>(
      client,
      `/v1/wireless/applications/${application}/tokens`,
      { body: {}, signal },
    )
    show({ username: made.username, password: made.token, topics: `application/${application}/device/+/event/+` })
  },
})
