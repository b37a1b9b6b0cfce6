/**
 * `groundwork wireless profile …`: kinds of devices, by hand or from a copy of The Things Network's device repository.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { macVersions, readRepositoryDevice, regionOf } from '@groundwork/wireless'
import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import { UsageWrong } from '../usage-errors.ts'
import { gatewayOption, idOption, postJson, textOf } from './wireless-options.ts'

export const profileAdd: AnyCommand = command({
  name: 'wireless profile add',
  summary: 'Make or change a kind of device.',
  positional: ['id'],
  options: z.object({
    id: idOption.describe('its name'),
    version: z.enum(macVersions).default('1.0.4').describe('of LoRaWAN'),
    codec: z.string().optional().describe('file with its payload codec in JavaScript, or the word cayenne-lpp'),
    classB: z.boolean().default(false).describe('its devices may be of class B'),
    classC: z.boolean().default(false).describe('its devices listen all the time'),
    gateway: gatewayOption,
  }),
  async run({ id, version, codec, classB, classC, gateway }, { show, signal, config }) {
    const body = {
      id,
      region: config.wirelessRegion,
      macVersion: version,
      supportsClassB: classB,
      supportsClassC: classC,
      codec: codecOf(codec),
    }
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await postJson(client, '/v1/wireless/profiles', { body, signal })
    show({ id, region: body.region, macVersion: version, codec: body.codec.kind })
  },
})

const codecOf = (codec: string | undefined): { kind: string; script?: string } => {
  if (codec === undefined) return { kind: 'none' }
  return codec === 'cayenne-lpp' ? { kind: 'cayenne-lpp' } : { kind: 'javascript', script: textOf(codec) }
}

export const profileImport: AnyCommand = command({
  name: 'wireless profile import',
  summary: 'Take a kind of device, with its codec, from a copy of the LoRaWAN device repository.',
  positional: ['vendor', 'device'],
  options: z.object({
    vendor: z.string().describe('as in vendor/<vendor>'),
    device: z.string().describe('as in vendor/<vendor>/<device>.yaml'),
    repository: z.string().describe('folder of the repository on this machine'),
    region: z.string().default('EU863-870').describe('as the repository names it'),
    firmware: z.string().optional().describe('version; the last when left out'),
    gateway: gatewayOption,
  }),
  async run({ vendor, device, repository, region, firmware, gateway }, { show, signal, config }) {
    const read = readRepositoryDevice(
      { vendorId: vendor, deviceId: device, region, ...(firmware === undefined ? {} : { firmwareVersion: firmware }) },
      { file: fileIn(repository), region: regionOf },
    )
    if ('refused' in read)
      throw new UsageWrong({
        why: `it cannot be read: ${read.refused} ${read.at}`,
        tip: '--repository <a folder with vendor/index.yaml>',
      })
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    await postJson(client, '/v1/wireless/profiles', { body: read.profile, signal })
    for (const note of read.notes) show.say(`note: ${note}`)
    const { id, macVersion, codec } = read.profile
    show({ id, region: read.profile.region, macVersion, codec: codec.kind, examples: read.examples.length })
  },
})

/** Files below a folder; what would lead out of it is not there. */
const fileIn =
  (folder: string) =>
  (name: string): string | undefined => {
    const file = path.resolve(folder, name)
    if (!file.startsWith(path.resolve(folder) + path.sep)) return undefined
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return undefined
    }
  }

export const profileLs: AnyCommand = command({
  name: 'wireless profile ls',
  summary: 'List kinds of devices.',
  options: z.object({ gateway: gatewayOption }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const found = await client.get<
      readonly { id: string; name: string; region: string; macVersion: string; codec: { kind: string } }[]
    >('/v1/wireless/profiles', { signal })
    show(found.map(({ id, name, region, macVersion, codec }) => ({ id, name, region, macVersion, codec: codec.kind })))
  },
})
