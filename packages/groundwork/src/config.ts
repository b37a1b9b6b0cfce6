/**
 * The configuration of every program: one schema gives the defaults, the check, the docs table and `config show`.
 *
 * The environment is read here and nowhere else: `GROUNDWORK_<KEY>` in capitals, for example `GROUNDWORK_DATA_DIR`.
 * Order: command-line option, environment, configuration file, default. Unknown keys are errors. No secret is a key here:
 * keys and passwords live in files that the configuration only names.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { RegionName } from '@groundwork/wireless'
import { z } from 'zod'
import { plainIssues } from './cli/plain-issues.ts'
import { ConfigWrong } from './config-errors.ts'

const port = z.coerce.number().int().min(0).max(65_535)

/** Resource networks that a program can take part in. */
export const roles = ['storage', 'wireless'] as const

/** Bands by name; all that the wireless network has. */
export const bands: readonly [RegionName, ...RegionName[]] = [
  'EU868',
  'US915',
  'AU915',
  'AS923-1',
  'AS923-2',
  'AS923-3',
  'AS923-4',
  'IN865',
  'KR920',
  'CN470',
  'CN470-20A',
  'CN470-20B',
  'CN470-26A',
  'CN470-26B',
  'EU433',
]
export type Role = (typeof roles)[number]

const configSchema = z.strictObject({
  dataDir: z
    .string()
    .min(1)
    .default(path.join(homedir(), '.groundwork'))
    .describe('folder that this program alone writes to'),
  network: z.string().min(1).optional().describe('deployment: a file, or the address of a gateway that serves it'),
  rpc: z
    .url({ protocol: /^(https?|wss?)$/ })
    .optional()
    .describe('address of the chain’s JSON-RPC'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: port.default(0).describe('port to listen on; 0 lets the system choose'),
  relay: z
    .url({ protocol: /^wss?$/ })
    .optional()
    .describe('relay to dial when no port is open to the outside'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('address at which others reach this program, when it differs'),
  latitude: z.coerce.number().min(-90).max(90).default(52.52).describe('where the hardware stands, in degrees north'),
  longitude: z.coerce
    .number()
    .min(-180)
    .max(180)
    .default(13.405)
    .describe('where the hardware stands, in degrees east'),
  storageCapacityBytes: z.coerce
    .bigint()
    .positive()
    .default(10n * 2n ** 30n)
    .describe('disk space offered, in bytes'),
  storagePriceNano: z.coerce
    .bigint()
    .nonnegative()
    .default(100_000n)
    .describe('price of storage, in nano-credits per GiB and second'),
  storagePieceBytes: z.coerce
    .number()
    .int()
    .min(4 * 2 ** 20)
    .max(2 ** 30)
    .default(2 ** 30)
    .describe('largest piece that a customer’s gateway makes, in bytes'),
  denylist: z
    .string()
    .min(1)
    .optional()
    .describe('file of a denylist (IPIP-383): what it names is neither kept nor served'),
  roles: z
    .string()
    .default('storage')
    .transform((text) => [...new Set(text.split(',').map((word) => word.trim()))])
    .pipe(z.array(z.enum(roles)).min(1))
    .describe('networks that a provider or gateway takes part in, with commas between: storage, wireless'),
  bondAtto: z.coerce
    .bigint()
    .nonnegative()
    .default(0n)
    .describe('bond to keep on each network of its roles, in atto-WORK'),
  wirelessUdpPort: port
    .default(1700)
    .describe('port on which packet forwarders (Semtech UDP) are answered; 0 lets the system choose'),
  wirelessStationPort: port
    .default(3001)
    .describe('port on which Basics Stations find their network server (LNS, ws://); 0 lets the system choose'),
  wirelessStationUri: z
    .url({ protocol: /^wss?$/ })
    .optional()
    .describe('address at which stations reach that port, when it differs, as with TLS in front'),
  wirelessOwnRadio: z
    .stringbool()
    .default(false)
    .describe(
      'whether a gateway answers radios of its customer’s own at those ports: what they hear is carried for nothing',
    ),
  wirelessRegion: z
    .enum(bands)
    .default('EU868')
    .describe('band of the radio: what Basics Stations are told to listen to, and a first device’s band'),
  wirelessChannelBlock: z.coerce
    .number()
    .int()
    .min(1)
    .max(12)
    .optional()
    .describe(
      'which eight channels of a band that has them all numbered, from 1; the usual ones when left out (US915: 2)',
    ),
  wirelessExtraChannelsHz: z
    .string()
    .regex(/^(\d{9}(,\d{9})*)?$/, 'frequencies in Hz with commas between')
    .transform((text) => (text === '' ? [] : text.split(',').map(Number)))
    .optional()
    .describe(
      'channels beside those that every device of the band knows, in Hz with commas between; the usual ones when left out',
    ),
  wirelessBeacons: z
    .stringbool()
    .default(true)
    .describe('whether a hotspot sends beacons and says which it heard: they rank where it stands, and pay nothing'),
  wirelessPriceNano: z.coerce
    .bigint()
    .nonnegative()
    .default(1_000_000_000n)
    .describe('price of carriage, in nano-credits per unit of 24 bytes: what a hotspot asks, and what a router pays'),
  wirelessAntennaDbi: z.coerce
    .number()
    .min(-10)
    .max(20)
    .default(3)
    .describe('gain of the radio’s antenna with its cable, in dBi'),
  wirelessCopies: z.coerce.number().int().min(1).max(8).default(1).describe('copies of one packet that a router buys'),
  wirelessNetId: z
    .string()
    .regex(/^[0-9a-f]{6}$/, 'six hexadecimal digits in lower case')
    .default('000000')
    .describe('NetID of the customer’s LoRaWAN network'),
  wirelessRxDelaySeconds: z.coerce
    .number()
    .int()
    .min(1)
    .max(15)
    .default(5)
    .describe('from the end of an uplink to the first window of its answer, in seconds'),
  wirelessRx1Offset: z.coerce
    .number()
    .int()
    .min(0)
    .max(7)
    .default(0)
    .describe('how much slower than its uplink a device is answered in its first window, in data rates'),
  wirelessRx2: z
    .string()
    .regex(/^\d{9}\/\d{1,2}$/, 'Hz/data rate, as 869525000/3')
    .transform((text) => {
      const [hz = 0, dataRate = 0] = text.split('/').map(Number)
      return { hz, dataRate }
    })
    .optional()
    .describe('another second window than the usual one, as frequency in Hz/data rate'),
  wirelessDwell: z
    .enum(['band', 'limited', 'free'])
    .default('band')
    .describe('whether a frame may take 400 ms at most, where the band leaves that to the country'),
  wirelessDutyExponent: z.coerce
    .number()
    .int()
    .min(0)
    .max(15)
    .default(0)
    .describe('k: devices are told to send 1/2^k of all time at most'),
  wirelessListensFirst: z
    .stringbool()
    .default(false)
    .describe('whether stations listen before they talk, as Japan asks'),
  wirelessRepairsNonces: z
    .stringbool()
    .default(true)
    .describe('whether a device that forgot which nonces it used is let in again after a while'),
  wirelessMqttPort: port.default(1883).describe('port on which applications get their devices’ data by MQTT'),
  wirelessMqttWebSocketPort: port
    .optional()
    .describe('port of the same over WebSocket, for browsers; none when left out'),
  wirelessPrivateWebhooks: z
    .stringbool()
    .default(false)
    .describe('whether webhooks may go to addresses of this machine and its own network'),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('what is logged'),
  keyCost: z.enum(['standard', 'devnet']).default('standard').describe('scrypt cost of new key files'),
})

export interface Config {
  readonly dataDir: string
  readonly network?: string | undefined
  readonly rpc?: string | undefined
  readonly host: string
  readonly port: number
  readonly relay?: string | undefined
  readonly endpoint?: string | undefined
  readonly latitude: number
  readonly longitude: number
  readonly storageCapacityBytes: bigint
  readonly storagePriceNano: bigint
  readonly storagePieceBytes: number
  readonly denylist?: string | undefined
  readonly roles: readonly Role[]
  readonly bondAtto: bigint
  readonly wirelessUdpPort: number
  readonly wirelessStationPort: number
  readonly wirelessStationUri?: string | undefined
  readonly wirelessOwnRadio: boolean
  readonly wirelessRegion: RegionName
  readonly wirelessChannelBlock?: number | undefined
  readonly wirelessExtraChannelsHz?: readonly number[] | undefined
  readonly wirelessBeacons: boolean
  readonly wirelessPriceNano: bigint
  readonly wirelessAntennaDbi: number
  readonly wirelessCopies: number
  readonly wirelessNetId: string
  readonly wirelessRxDelaySeconds: number
  readonly wirelessRx1Offset: number
  readonly wirelessRx2?: { readonly hz: number; readonly dataRate: number } | undefined
  readonly wirelessDwell: 'band' | 'limited' | 'free'
  readonly wirelessDutyExponent: number
  readonly wirelessListensFirst: boolean
  readonly wirelessRepairsNonces: boolean
  readonly wirelessMqttPort: number
  readonly wirelessMqttWebSocketPort?: number | undefined
  readonly wirelessPrivateWebhooks: boolean
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  readonly keyCost: 'standard' | 'devnet'
}

const toEnvName = (key: string): string =>
  `GROUNDWORK_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

export const toFlag = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const byName = new Map(Object.keys(configSchema.shape).map((key) => [toEnvName(key), key]))
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('GROUNDWORK_') || value === undefined || name === 'GROUNDWORK_CONFIG') continue
    const key = byName.get(name)
    if (key === undefined) throw new ConfigWrong({ where: 'the environment', why: `${name} is no setting` })
    found[key] = value
  }
  return found
}

function fromFile(file: string | undefined): Record<string, unknown> {
  if (file === undefined) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new ConfigWrong(
      { where: file, why: isMissing ? 'there is no such file' : 'it cannot be read as JSON' },
      { cause },
    )
  }
}

export interface ReadConfigOptions {
  /** What the command line gave; undefined values are skipped. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly file?: string | undefined
  readonly environment?: NodeJS.ProcessEnv
}

/** @throws ConfigWrong GW_CONFIG_WRONG naming the key, where it came from and what it should be */
export function readConfig({ options = {}, file, environment = process.env }: ReadConfigOptions = {}): Config {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const path = file ?? environment['GROUNDWORK_CONFIG']
  const fromEnv = fromEnvironment(environment)
  const parsed = configSchema.safeParse({ ...fromFile(path), ...fromEnv, ...given })
  if (parsed.success) return parsed.data
  const nameOf = (key: string): string =>
    key in given ? `--${toFlag(key)}` : key in fromEnv ? toEnvName(key) : key === '' ? '' : `${key} of ${path ?? 'it'}`
  throw new ConfigWrong({ where: 'the configuration', why: plainIssues(parsed.error, nameOf) })
}

export interface ConfigRow {
  readonly key: string
  readonly environment: string
  readonly default: string
  readonly meaning: string
}

/** The table of docs/configuration.md and of `config show`. */
export function configRows(): ConfigRow[] {
  return Object.entries(configSchema.shape).map(([key, schema]) => {
    const fallback = (schema as z.ZodType).safeParse(undefined)
    return {
      key,
      environment: toEnvName(key),
      default: fallback.success ? textOf(fallback.data) : '',
      meaning: (schema as z.ZodType).description ?? '',
    }
  })
}

/** The settings as options of every command. */
export function settingNames(): { key: string; meaning: string }[] {
  return configRows().map(({ key, meaning }) => ({ key, meaning }))
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',')
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'bigint'
      ? value.toString()
      : ''
}
