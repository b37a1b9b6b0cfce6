/**
 * `groundwork simulate wireless`: a town of devices and strangers' hotspots in made time, from a seed: what is delivered, why the
 * rest is not, and what each hotspot earns; with `--adversaries`, what owners gain who play false.
 *
 * Radio, clocks and backhaul are models; buyer and network server are the ones that run in earnest. Nothing is sent anywhere.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import {
  bootstrapWays,
  simulateTown,
  townDevicesMax,
  townGatewaysMax,
  type Adversary,
  type TownReport,
} from '@groundwork/wireless'
import { speedMax } from '@groundwork/wireless/adapters'
import { z } from 'zod'
import { command, type AnyCommand } from './command.ts'
import type { ShowRow } from './show.ts'
import { loadAdversaries } from '../simulate/load-adversaries.ts'
import { scoreAdversaries, tellScores, townOptionsOf } from './simulate-adversaries.ts'
import { simulateLive } from './simulate-live.ts'
import { UsageWrong } from './usage-errors.ts'

const nanoPerCredit = 1e9
const stepSeconds = 300

const shape = {
  devices: z.coerce.number().int().min(1).max(townDevicesMax).default(500).describe('how many devices'),
  gateways: z.coerce
    .number()
    .int()
    .min(1)
    .max(townGatewaysMax)
    .default(40)
    .describe('how many hotspots, each of an owner of its own'),
  sideKm: z.coerce.number().min(0.1).max(200).default(8).describe('of the square that they stand in'),
  hours: z.coerce.number().min(0.05).max(240).default(1).describe('of the town’s time'),
  interval: z.coerce.number().min(10).max(86_400).default(600).describe('seconds between two messages of a device'),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe('the same seed, the same town'),
  adversary: z.string().optional().describe('how some owners play false: one of the names that --adversaries prints'),
  share: z.coerce.number().min(0).max(1).default(0.1).describe('of owners that do'),
  adversaries: z
    .boolean()
    .default(false)
    .describe('score every way of playing false, by 1, 10, 30 and 50% of the owners'),
  owners: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000_000)
    .default(10_000)
    .describe('owners of the whole network, of which the town is a part: the bootstrap is divided among them'),
  bootstrap: z
    .enum(bootstrapWays)
    .default('equal')
    .describe(
      'how --adversaries divides the bootstrap: equally among owners with paid traffic, as the audit does, or by the trust that beacons give',
    ),
  capital: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(1_000)
    .describe('what the stake of a seat would yield elsewhere in a year, of 10,000'),
  real: z
    .string()
    .optional()
    .describe(
      'speak to a running network: the address of its gateway, and of its radios’ ports, where these are not those of `up` or of the settings: http://127.0.0.1:4180,udp://127.0.0.1:1700,ws://127.0.0.1:3001',
    ),
  seconds: z.coerce
    .number()
    .min(10)
    .max(864_000)
    .optional()
    .describe('of the town’s time with --real; --hours otherwise'),
  speed: z.coerce
    .number()
    .min(1)
    .max(speedMax)
    .default(1)
    .describe('simulated seconds in one of the machine’s, with --real'),
  stations: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('of the hotspots that are Basics Stations, with --real'),
  confirmed: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('of the devices that ask for confirmation, with --real'),
  downlinkEvery: z.coerce
    .number()
    .min(0)
    .max(86_400)
    .default(2)
    .describe('seconds between two payloads to devices, with --real; 0 for none'),
  restartEvery: z.coerce
    .number()
    .min(0)
    .max(864_000)
    .default(1800)
    .describe('seconds between two restarts of a hotspot, with --real; 0 for none'),
  powerCycleEvery: z.coerce
    .number()
    .min(0)
    .max(864_000)
    .default(3600)
    .describe('seconds between two battery changes of a device, with --real; 0 for none'),
  keep: z.boolean().default(false).describe('leave devices and application at the gateway, with --real'),
  map: z.string().optional().describe('GeoJSON file to make, with each hotspot and what it earned'),
}
type Options = z.infer<z.ZodObject<typeof shape>>

export const simulateWireless: AnyCommand = command({
  name: 'simulate wireless',
  summary:
    'A LoRaWAN town in made time, or against a running network: what is delivered, who earns, what playing false gains.',
  options: z.object(shape),
  async run(options, context) {
    const { show, signal, config } = context
    if (options.real !== undefined) return simulateLive({ ...options, real: options.real }, context)
    const all = options.adversaries || options.adversary !== undefined ? await loadAdversaries() : () => []
    const play = async (adversary: Adversary | undefined, share: number): Promise<TownReport> => {
      const town = simulateTown({ ...townOptionsOf(options, config), play: adversary?.market, playShare: share })
      const seconds = options.hours * 3600
      for (let passed = 0; passed < seconds; passed += stepSeconds) {
        signal.throwIfAborted()
        await town.pass(Math.min(stepSeconds, seconds - passed))
        const percent = Math.round((Math.min(seconds, passed + stepSeconds) / seconds) * 100)
        const what = adversary === undefined ? 'all honest' : `${adversary.name} by ${share * 100}%`
        if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}: ${percent}% `)
      }
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
      return town.report()
    }
    if (options.adversaries) {
      const scores = await scoreAdversaries({ options, config, all, play })
      tellScores(scores, show)
      show.finish({
        seed: options.seed,
        ...townOf(options),
        owners: options.owners,
        bootstrap: options.bootstrap,
        scores,
      })
      return 0
    }
    const named = all().find(({ name }) => name === options.adversary)
    if (options.adversary !== undefined && named === undefined)
      throw new UsageWrong({
        why: `nobody plays ${options.adversary}`,
        tip: all()
          .map(({ name }) => `--adversary ${name}`)
          .join(', '),
      })
    const report = await play(named, options.share)
    tell(report, show)
    if (options.map !== undefined) writeMap(options.map, report)
    show.finish({ seed: options.seed, ...townOf(options), ...report })
    return 0
  },
})

const townOf = ({ devices, gateways, sideKm, hours, interval }: Options): object => ({
  devices,
  hotspots: gateways,
  sideKm,
  hours,
  interval,
})

const percentOf = (part: number, whole: number): string => (whole === 0 ? '' : `${((part / whole) * 100).toFixed(1)}%`)

function tell(report: TownReport, show: (value: ShowRow | readonly ShowRow[]) => void): void {
  const { gateways, losses, networkDrops, downlinksRefused } = report
  show({
    joined: `${report.joined} answers to ${report.devices} devices`,
    delivered: `${report.delivered} of ${report.messages} messages (${percentOf(report.delivered, report.messages)})`,
    copies: report.copiesPerUplink.toFixed(2),
    latency: `p50 ${report.latencyMsP50.toFixed(0)} ms, p99 ${report.latencyMsP99.toFixed(0)} ms`,
    lostAtGateways: listed(losses),
    droppedByNetwork: listed(networkDrops),
    downlinksRefused: listed(downlinksRefused),
  })
  show(
    gateways
      .toSorted((a, b) => Number(b.earnedNano - a.earnedNano))
      .map((gateway) => ({
        hotspot: gateway.gatewayEui,
        isFalse: gateway.isFalse,
        received: gateway.received,
        sold: gateway.soldPackets,
        credits: (Number(gateway.earnedNano) / nanoPerCredit).toFixed(0),
        downlinks: gateway.sentDownlinks,
        declined: listed(gateway.declined),
      })),
  )
}

const listed = (counts: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count !== undefined && count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

function writeMap(file: string, { gateways }: TownReport): void {
  const features = gateways.map(({ gatewayEui, place, isFalse, received, soldPackets, earnedNano }) => ({
    type: 'Feature',
    id: gatewayEui,
    geometry: { type: 'Point', coordinates: [place.longitude, place.latitude] },
    properties: { isFalse, received, soldPackets, credits: Number(earnedNano) / nanoPerCredit },
  }))
  try {
    writeFileSync(file, `${JSON.stringify({ type: 'FeatureCollection', features })}\n`)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageWrong({ why: `${file} cannot be written: ${why}`, tip: 'a path in a folder of yours' })
  }
}
