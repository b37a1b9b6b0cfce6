/**
 * `groundwork wireless group …`: multicast groups, and payloads for all their members at once.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import { gatewayOption, idOption, keyIn, postJson } from './wireless-options.ts'

interface ShownGroup {
  readonly id: string
  readonly name: string
  readonly applicationId: string
  readonly region: string
  readonly devAddr: string
  readonly deviceClass: string
  readonly fCntDown: number
  readonly frequencyHz: number
  readonly dataRate: number
  readonly members: readonly string[]
}

export const groupAdd: AnyCommand = command({
  name: 'wireless group add',
  summary: 'Make or change a multicast group; its devices have to know its address and keys.',
  positional: ['id'],
  options: z.object({
    id: idOption.describe('its name'),
    members: z
      .string()
      .regex(/^[0-9a-f]{16}(,[0-9a-f]{16})*$/, 'DevEUIs with commas between')
      .describe('DevEUIs of its devices, with commas between'),
    devAddr: z
      .string()
      .regex(/^[0-9a-f]{8}$/, '8 hexadecimal digits in lower case')
      .describe('address of the group'),
    application: idOption.default('default').describe('whose it is'),
    class: z.enum(['B', 'C']).default('C').describe('how its devices listen'),
    networkKeyFile: z
      .string()
      .optional()
      .describe('file with McNwkSKey in hexadecimal; a new key is made and shown when left out'),
    applicationKeyFile: z.string().optional().describe('file with McAppSKey; likewise'),
    gateway: gatewayOption,
  }),
  async run(options, { show, signal, config }) {
    const { id, members, devAddr, application, gateway } = options
    const given = { network: keyIn(options.networkKeyFile), application: keyIn(options.applicationKeyFile) }
    const mcNwkSKey = given.network ?? randomBytes(16).toString('hex')
    const mcAppSKey = given.application ?? randomBytes(16).toString('hex')
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const group = await postJson<ShownGroup>(client, '/v1/wireless/groups', {
      body: {
        id,
        applicationId: application,
        region: config.wirelessRegion,
        devAddr,
        mcNwkSKey,
        mcAppSKey,
        deviceClass: options.class,
        members: members.split(','),
      },
      signal,
    })
    show({
      id: group.id,
      devAddr: group.devAddr,
      class: group.deviceClass,
      frequencyHz: group.frequencyHz,
      dataRate: group.dataRate,
      members: group.members.length,
      // Keys that were made here have to get into the devices: they are shown this once.
      ...(given.network === undefined ? { mcNwkSKey } : {}),
      ...(given.application === undefined ? { mcAppSKey } : {}),
    })
  },
})

export const groupLs: AnyCommand = command({
  name: 'wireless group ls',
  summary: 'List multicast groups.',
  options: z.object({ gateway: gatewayOption }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const groups = await client.get<readonly ShownGroup[]>('/v1/wireless/groups', { signal })
    show(
      groups.map(({ id, applicationId, devAddr, deviceClass, fCntDown, frequencyHz, dataRate, members }) => ({
        id,
        application: applicationId,
        devAddr,
        class: deviceClass,
        fCntDown,
        frequencyHz,
        dataRate,
        members: members.length,
      })),
    )
  },
})

export const groupSend: AnyCommand = command({
  name: 'wireless group send',
  summary: 'Send all members of a group a payload.',
  positional: ['id'],
  options: z.object({
    id: idOption.describe('which'),
    port: z.coerce.number().int().min(1).max(223).describe('FPort'),
    hex: z
      .string()
      .regex(/^([0-9a-f]{2}){0,242}$/i, 'bytes in hexadecimal')
      .describe('payload'),
    gateway: gatewayOption,
  }),
  async run({ id, port, hex, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const body = { fPort: port, data: Buffer.from(hex, 'hex').toString('base64') }
    const queued = await postJson<{ id: string }>(client, `/v1/wireless/groups/${id}/queue`, { body, signal })
    show({ group: id, queued: queued.id })
  },
})

export const groupRemove: AnyCommand = command({
  name: 'wireless group rm',
  summary: 'End a multicast group.',
  positional: ['id'],
  options: z.object({ id: idOption.describe('which'), gateway: gatewayOption }),
  async run({ id, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await client.delete(`/v1/wireless/groups/${id}`, { signal })
    show({ removed: id })
  },
})
