/**
 * `groundwork simulate wireless`: a town of devices and strangers' hotspots in made time, from a seed: what is delivered, why the
 * rest is not, and what each hotspot earns; with `--adversaries`, what owners gain who play false.
 *
 * Radio, clocks and backhaul are models; buyer and network server are the ones that run in earnest. Nothing is sent anywhere.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import {
  simulateTown,
  townAdversaries,
  townDevicesMax,
  townGatewaysMax,
  type TownAdversary,
  type TownGateway,
  type TownReport,
} from '@groundwork/wireless'
import { speedMax } from '@groundwork/wireless/adapters'
import { z } from 'zod'
import { command, type AnyCommand } from './command.ts'
import type { ShowRow } from './show.ts'
import { simulateLive } from './simulate-live.ts'
import { UsageWrong } from './usage-errors.ts'

const nanoPerCredit = 1e9
/** Of all owners, of those that play false. */
const shares = [0.01, 0.1, 0.3, 0.5]
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
  adversary: z.enum(townAdversaries).optional().describe('how some owners play false'),
  share: z.coerce.number().min(0).max(1).default(0.1).describe('of owners that do'),
  adversaries: z.boolean().default(false).describe('every way of playing false, by 1, 10, 30 and 50% of the owners'),
  real: z
    .string()
    .optional()
    .describe(
      'speak to a running network: the address of its gateway, and where it is not the settings’ ports, of its radios: http://127.0.0.1:4180,udp://127.0.0.1:1700,ws://127.0.0.1:3001',
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

interface Run {
  readonly adversary?: TownAdversary | undefined
  readonly share: number
}

export const simulateWireless: AnyCommand = command({
  name: 'simulate wireless',
  summary: 'A LoRaWAN town in made time: what is delivered, who earns, and what playing false gains.',
  options: z.object(shape),
  async run(options, context) {
    const { show, signal, config } = context
    if (options.real !== undefined) return simulateLive({ ...options, real: options.real }, context)
    const run = async ({ adversary, share }: Run): Promise<TownReport> => {
      const town = simulateTown({
        seed: options.seed,
        region: config.wirelessRegion,
        deviceCount: options.devices,
        gatewayCount: options.gateways,
        sideM: options.sideKm * 1000,
        intervalSeconds: options.interval,
        origin: { latitude: config.latitude, longitude: config.longitude },
        cellOf: (place) => {
          const cell = cellAt(place)
          invariant(cell !== undefined, 'a town is on the earth')
          return cell
        },
        adversary,
        adversaryShare: share,
      })
      const seconds = options.hours * 3600
      for (let passed = 0; passed < seconds; passed += stepSeconds) {
        signal.throwIfAborted()
        await town.pass(Math.min(stepSeconds, seconds - passed))
        const percent = Math.round((Math.min(seconds, passed + stepSeconds) / seconds) * 100)
        const what = adversary === undefined ? 'all honest' : `${adversary} by ${share * 100}%`
        if (process.stderr.isTTY) process.stderr.write(`\r${what}: ${percent}% `)
      }
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
      return town.report()
    }
    if (options.adversaries) {
      const rows = await everyAdversary(run)
      show(rows)
      show.finish({ seed: options.seed, ...townOf(options), rows })
      return
    }
    const report = await run({ adversary: options.adversary, share: options.share })
    tell(report, show)
    if (options.map !== undefined) writeMap(options.map, report)
    show.finish({ seed: options.seed, ...townOf(options), ...report })
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

/** Reasons for which a copy of an honest owner is not even drawn: it heard the frame, and is told that it cannot have. */
const falsePositives: ReadonlySet<string> = new Set([
  'too-strong',
  'too-weak',
  'too-far',
  'snr-below-floor',
  'snr-above-radio',
  'snr-above-noise',
  'mic-failures',
])

async function everyAdversary(run: (run: Run) => Promise<TownReport>): Promise<ShowRow[]> {
  const honest = await run({ share: 0 })
  const usual = earnedADay(honest.gateways, honest.hours)
  const rows: ShowRow[] = [rowOf({ name: 'nobody', share: 0, report: honest, usual })]
  for (const adversary of townAdversaries)
    for (const share of shares)
      rows.push(rowOf({ name: adversary, share, report: await run({ adversary, share }), usual }))
  return rows
}

function rowOf({
  name,
  share,
  report,
  usual,
}: {
  readonly name: string
  readonly share: number
  readonly report: TownReport
  readonly usual: number
}): ShowRow {
  const { gateways, hours } = report
  const [honest, liars] = [gateways.filter((one) => !one.isFalse), gateways.filter((one) => one.isFalse)]
  const [own, theirs] = [earnedADay(honest, hours), earnedADay(liars, hours)]
  const offered = honest.reduce((sum, { declined, soldPackets }) => sum + soldPackets + (declined['not-drawn'] ?? 0), 0)
  const wronged = honest.reduce(
    (sum, { declined }) =>
      sum +
      Object.entries(declined).reduce((all, [reason, count]) => all + (falsePositives.has(reason) ? count : 0), 0),
    0,
  )
  return {
    adversary: name,
    share: `${share * 100}%`,
    falseOwners: liars.length,
    honestCreditsADay: own.toFixed(0),
    falseCreditsADay: liars.length === 0 ? '' : theirs.toFixed(0),
    // What a bond and its fees have to cost a day more than honest work does, so that this does not pay.
    gainADay: liars.length === 0 ? '' : (theirs - usual).toFixed(0),
    honestLoss: percentOf(usual - own, usual),
    honestWronged: percentOf(wronged, offered + wronged),
  }
}

/** Credits of one of them in a day. */
function earnedADay(gateways: readonly TownGateway[], hours: number): number {
  const nano = gateways.reduce((sum, { earnedNano }) => sum + Number(earnedNano), 0)
  return gateways.length === 0 ? 0 : ((nano / nanoPerCredit / gateways.length) * 24) / hours
}

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
