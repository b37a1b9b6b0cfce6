/**
 * `groundwork wireless device …`: the customer's devices, one by one and as files.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import type { ShowRow } from '../show.ts'
import { UsageWrong } from '../usage-errors.ts'
import { euiOption, gatewayOption, idOption, keyIn, postJson, textOf } from './wireless-options.ts'

interface ShownDevice {
  readonly devEui: string
  readonly joinEui: string
  readonly name: string
  readonly applicationId: string
  readonly profileId: string
  readonly isDisabled: boolean
  readonly hasKeys: boolean
  readonly queued: number
  readonly session: {
    readonly devAddr: string
    readonly startedAtMs: number
    readonly fCntUp: number
    readonly nFCntDown: number
    readonly deviceClass: string
    readonly dataRate: number
  } | null
}

const rowOf = ({
  devEui,
  joinEui,
  name,
  applicationId,
  profileId,
  session,
  queued,
  hasKeys,
}: ShownDevice): ShowRow => ({
  devEui,
  joinEui,
  name,
  application: applicationId,
  profile: profileId,
  keys: hasKeys,
  devAddr: session?.devAddr,
  since: session === null ? undefined : new Date(session.startedAtMs).toISOString(),
  fCntUp: session?.fCntUp,
  fCntDown: session?.nFCntDown,
  class: session?.deviceClass,
  dataRate: session?.dataRate,
  waiting: queued,
})

export const deviceAdd: AnyCommand = command({
  name: 'wireless device add',
  summary: 'Add a device; what it needs beside is made where it is missing.',
  options: z.object({
    devEui: euiOption.optional().describe('its DevEUI; from --qr when left out'),
    joinEui: euiOption.optional().describe('its JoinEUI (AppEUI)'),
    qr: z.string().max(4_296).optional().describe('text of the code on the device (TR005)'),
    name: z.string().max(256).default('').describe('for people'),
    application: idOption.default('default').describe('whose events its own are'),
    profile: idOption
      .optional()
      .describe('what kind of device it is; LoRaWAN 1.0.x in the band of --wireless-region when left out'),
    appKeyFile: z
      .string()
      .optional()
      .describe('file with its AppKey in hexadecimal; a new key is made and shown when left out'),
    nwkKeyFile: z.string().optional().describe('file with its NwkKey, of LoRaWAN 1.1'),
    gateway: gatewayOption,
  }),
  async run(
    { devEui, joinEui, qr, name, application, profile, appKeyFile, nwkKeyFile, gateway },
    { show, signal, config },
  ) {
    if ((devEui === undefined) === (qr === undefined))
      throw new UsageWrong({ why: 'which device is not said', tip: '--dev-eui <16 hex digits> or --qr <text>' })
    const given = keyIn(appKeyFile)
    const nwkKey = keyIn(nwkKeyFile)
    const appKey = given ?? randomBytes(16).toString('hex')
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const applications = await client.get<readonly { id: string }[]>('/v1/wireless/applications', { signal })
    if (!applications.some(({ id }) => id === application))
      await postJson(client, '/v1/wireless/applications', { body: { id: application }, signal })
    const profiles = await client.get<readonly { id: string }[]>('/v1/wireless/profiles', { signal })
    const profileId = profile ?? `lorawan-${config.wirelessRegion}`
    if (!profiles.some(({ id }) => id === profileId)) {
      if (profile !== undefined)
        throw new UsageWrong({ why: `there is no profile ${profile}`, tip: 'groundwork wireless profile add' })
      await postJson(client, '/v1/wireless/profiles', {
        body: { id: profileId, region: config.wirelessRegion, macVersion: nwkKey === undefined ? '1.0.4' : '1.1.0' },
        signal,
      })
    }
    const keys = { appKey, ...(nwkKey === undefined ? {} : { nwkKey }) }
    const device =
      qr === undefined
        ? await postJson<ShownDevice>(client, '/v1/wireless/devices', {
            body: { devEui, joinEui, name, applicationId: application, profileId, ...keys },
            signal,
          })
        : await postJson<ShownDevice>(client, '/v1/wireless/devices/qr', {
            body: { text: qr, applicationId: application, profileId, ...keys },
            signal,
          })
    show({
      devEui: device.devEui,
      joinEui: device.joinEui,
      application: device.applicationId,
      profile: device.profileId,
      // A key that was made here has to get into the device: it is shown this once.
      ...(given === undefined ? { appKey } : {}),
    })
  },
})

export const deviceLs: AnyCommand = command({
  name: 'wireless device ls',
  summary: 'List devices with their sessions.',
  options: z.object({ application: idOption.optional().describe('those of one alone'), gateway: gatewayOption }),
  async run({ application, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const query = application === undefined ? '' : `?applicationId=${application}`
    show((await client.get<readonly ShownDevice[]>(`/v1/wireless/devices${query}`, { signal })).map(rowOf))
  },
})

export const deviceRemove: AnyCommand = command({
  name: 'wireless device rm',
  summary: 'End a device, with its keys and session.',
  positional: ['devEui'],
  options: z.object({ devEui: euiOption.describe('which'), gateway: gatewayOption }),
  async run({ devEui, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await client.delete(`/v1/wireless/devices/${devEui}`, { signal })
    show({ removed: devEui })
  },
})

export const deviceRejoin: AnyCommand = command({
  name: 'wireless device rejoin',
  summary: 'Tell a device of LoRaWAN 1.1 to ask for a new session, or let one join again that lost its nonces.',
  positional: ['devEui'],
  options: z.object({
    devEui: euiOption.describe('which'),
    forgetNonces: z.boolean().default(false).describe('take any DevNonce of it again, as after a reset that lost them'),
    gateway: gatewayOption,
  }),
  async run({ devEui, forgetNonces, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await postJson(client, `/v1/wireless/devices/${devEui}/${forgetNonces ? 'forget-nonces' : 'rejoin'}`, {
      body: {},
      signal,
    })
    show({ devEui, asked: forgetNonces ? 'to be let in again' : 'to rejoin' })
  },
})

export const deviceImport: AnyCommand = command({
  name: 'wireless device import',
  summary: 'Take devices, keys and sessions from a CSV file: all of them or none.',
  positional: ['file'],
  options: z.object({
    file: z.string().describe('CSV as `device export` writes it; - for standard input'),
    gateway: gatewayOption,
  }),
  async run({ file, gateway }, { show, signal, config }) {
    const body = textOf(file)
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    show(await client.post<ShowRow>('/v1/wireless/devices/import', { body, contentType: 'text/csv', signal }))
  },
})

export const deviceExport: AnyCommand = command({
  name: 'wireless device export',
  summary: 'Write devices to a CSV file that only you can read, with keys and sessions when asked.',
  positional: ['file'],
  options: z.object({
    file: z.string().describe('file to make'),
    application: idOption.optional().describe('those of one alone'),
    withKeys: z
      .boolean()
      .default(false)
      .describe('with root keys and sessions: enough to move to another network server'),
    gateway: gatewayOption,
  }),
  async run({ file, application, withKeys, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const response = await client.open('/v1/wireless/devices/export', {
      json: { withKeys, ...(application === undefined ? {} : { applicationId: application }) },
      signal,
    })
    try {
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file, { mode: 0o600, flags: 'wx' }))
    } catch (cause) {
      signal.throwIfAborted()
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new UsageWrong({ why: `${file} cannot be written: ${why}`, tip: 'a path where no file is yet' })
    }
    show({ file, withKeys })
  },
})

export const deviceSend: AnyCommand = command({
  name: 'wireless device send',
  summary: 'Send a device a payload with its next window.',
  positional: ['devEui'],
  options: z.object({
    devEui: euiOption.describe('which'),
    port: z.coerce.number().int().min(1).max(223).optional().describe('FPort; of the codec when left out'),
    hex: z
      .string()
      .regex(/^([0-9a-f]{2}){0,242}$/i, 'bytes in hexadecimal')
      .optional()
      .describe('payload'),
    object: z.string().optional().describe('payload as JSON, written by the device’s codec'),
    confirmed: z.boolean().default(false).describe('ask the device to confirm it'),
    gateway: gatewayOption,
  }),
  async run({ devEui, port, hex, object, confirmed, gateway }, { show, signal, config }) {
    if ((hex === undefined) === (object === undefined))
      throw new UsageWrong({ why: 'the payload is not said', tip: '--hex 01ff or --object \'{"on":true}\'' })
    const payload =
      hex === undefined ? { object: parsed(object ?? '') } : { data: Buffer.from(hex, 'hex').toString('base64') }
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const { id } = await postJson<{ id: string }>(client, `/v1/wireless/devices/${devEui}/queue`, {
      body: { ...payload, isConfirmed: confirmed, ...(port === undefined ? {} : { fPort: port }) },
      signal,
    })
    show({ devEui, queued: id })
  },
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new UsageWrong({ why: `${text} is no JSON`, tip: '--object \'{"on":true}\'' })
  }
}
