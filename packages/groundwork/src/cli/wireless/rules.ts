/**
 * `groundwork wireless rule …`: one device's message becomes another's.
 *
 * @module
 */

import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import { toJson } from '../show.ts'
import { gatewayOption, idOption, textOf } from './wireless-options.ts'

export const ruleAdd: AnyCommand = command({
  name: 'wireless rule add',
  summary: 'Make or change a rule between devices from a JSON file (docs/protocol/wireless.md).',
  positional: ['file'],
  options: z.object({ file: z.string().describe('the rule; - for standard input'), gateway: gatewayOption }),
  async run({ file, gateway }, { show, signal, config }) {
    const body = textOf(file)
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const rule = await client.post<{ id: string }>('/v1/wireless/rules', {
      body,
      contentType: 'application/json',
      signal,
    })
    show({ rule: rule.id })
  },
})

export const ruleLs: AnyCommand = command({
  name: 'wireless rule ls',
  summary: 'List rules between devices.',
  options: z.object({ gateway: gatewayOption }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const rules = await client.get<readonly Record<string, unknown>[]>('/v1/wireless/rules', { signal })
    show(
      rules.map(({ id, owner, from, when, to }) => ({
        id: String(id),
        owner: String(owner),
        from: toJson(from),
        when: when === undefined ? '' : toJson(when),
        to: toJson(to),
      })),
    )
  },
})

export const ruleRemove: AnyCommand = command({
  name: 'wireless rule rm',
  summary: 'End a rule between devices.',
  positional: ['id'],
  options: z.object({ id: idOption.describe('which'), gateway: gatewayOption }),
  async run({ id, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await client.delete(`/v1/wireless/rules/${id}`, { signal })
    show({ removed: id })
  },
})
