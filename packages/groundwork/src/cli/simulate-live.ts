/**
 * `groundwork simulate wireless --real …`: the same kind of town against a running network, over the protocols that gateways speak.
 *
 * @module
 */

import { liveDevicesMax, liveGatewaysMax, type LiveReport } from '@groundwork/wireless'
import { openGateway } from '../gateway/open-gateway.ts'
import { localRadioPorts } from '../simulate/local-radio-ports.ts'
import { realAddresses } from '../simulate/real-addresses.ts'
import { exitCodeOf, runLiveTown, type LiveFault, type LiveRun } from '../simulate/run-live-town.ts'
import type { CommandContext } from './command.ts'
import type { Show } from './show.ts'
import { UsageWrong } from './usage-errors.ts'

/** The command's options, as far as they matter here. */
export interface LiveTownOfCommand {
  readonly real: string
  readonly seed: number
  readonly devices: number
  readonly gateways: number
  readonly sideKm: number
  readonly hours: number
  readonly interval: number
  readonly seconds?: number | undefined
  readonly speed: number
  /** shares, 0 to 1 */
  readonly stations: number
  readonly confirmed: number
  /** seconds; 0 for none */
  readonly downlinkEvery: number
  readonly restartEvery: number
  readonly powerCycleEvery: number
  readonly keep: boolean
}

/** Devices are switched on within this part of the run, or of one interval. */
const rampShare = 0.4

/** @returns the exit code: 0, 1 when what was taken did not come out, 3 when it could not be checked */
export async function simulateLive(
  options: LiveTownOfCommand,
  { show, signal, config }: CommandContext,
): Promise<number> {
  const { devices, gateways } = options
  if (devices > liveDevicesMax || gateways > liveGatewaysMax)
    throw new UsageWrong({
      why: `with --real a town has at most ${liveDevicesMax} devices and ${liveGatewaysMax} hotspots`,
      tip: '--devices 1000 --gateways 100',
    })
  const said = realAddresses(options.real, config)
  const { port } = new URL(said.gateway)
  const local = await localRadioPorts({ dataDir: config.dataDir, gatewayPort: Number(port) })
  const addresses = local === undefined ? said : realAddresses(options.real, local)
  const client = await openGateway({ gateway: addresses.gateway, dataDir: config.dataDir })
  const seconds = options.seconds ?? options.hours * 3600
  const run = await runLiveTown({
    client,
    radios: addresses,
    config,
    seed: options.seed,
    deviceCount: devices,
    gatewayCount: gateways,
    stationShare: addresses.stationUris.length === 0 ? 0 : addresses.udpServers.length === 0 ? 1 : options.stations,
    confirmedShare: options.confirmed,
    sideM: options.sideKm * 1000,
    intervalSeconds: options.interval,
    rampSeconds: Math.min(options.interval, seconds * rampShare),
    mishaps: { restartSeconds: options.restartEvery, powerCycleSeconds: options.powerCycleEvery },
    speed: options.speed,
    seconds,
    downlinkSeconds: options.downlinkEvery,
    keeps: options.keep,
    onProgress: (report) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${progressOf(report)}`)
    },
    signal,
  })
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  tell(run, show)
  show.finish({ seed: options.seed, ...run })
  return exitCodeOf(run.faults)
}

const progressOf = ({ seconds, joinedDevices, devices, uplinks, downlinks }: LiveReport): string =>
  `${seconds.toFixed(0)} s: ${joinedDevices} of ${devices} joined, ${uplinks.delivered} of ${uplinks.messages} messages, ` +
  `${downlinks.received} of ${downlinks.queued} downlinks, p50 ${uplinks.latencyMsP50.toFixed(0)} ms`

const percentOf = (part: number, whole: number): string =>
  whole === 0 ? '' : ` (${((part / whole) * 100).toFixed(1)}%)`

const listed = (counts: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count !== undefined && count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/** What each fault means, for people. */
const faultWords: Readonly<Record<LiveFault, string>> = {
  'uplinks-missing': 'gateways were told that messages are taken which the application never got',
  'uplinks-invented': 'the application got messages that no device had sent',
  'sessions-lost': 'the network has no session of devices that joined',
  'nothing-delivered': 'the application got nothing at all',
  'no-gateway-answered': 'no gateway was answered: is the radios’ port right?',
  'not-checked': 'events were lost on their way here, so the counts say nothing',
}

function tell(run: LiveRun, show: Show): void {
  const { uplinks, downlinks, network } = run
  show({
    run: run.run,
    lived: `${run.seconds.toFixed(0)} s, ${run.gateways} hotspots (${run.answeredGateways} answered), ${run.restarts} restarts, ${run.rebinds} new ports`,
    joined: `${run.joinedDevices} of ${run.devices} devices, by ${run.joinRequests} requests; ${run.powerCycles} battery changes`,
    delivered: `${uplinks.delivered} of ${uplinks.messages} messages${percentOf(uplinks.delivered, uplinks.messages)}`,
    lost: listed(uplinks.losses),
    duplicates: uplinks.duplicates,
    latency: `p50 ${uplinks.latencyMsP50.toFixed(0)} ms, p99 ${uplinks.latencyMsP99.toFixed(0)} ms after the first copy left its gateway`,
    copies: `${uplinks.copiesHanded} handed over, ${uplinks.copiesTaken} known to be taken`,
    downlinks: `${downlinks.received} of ${network.events['txack'] ?? 0} that gateways sent were heard in their windows, ${downlinks.repeated} twice; ${downlinks.queued} were queued`,
    confirmed: `${run.acknowledged} of ${run.confirmed}`,
    transmitted: `${run.transmitted} of ${run.asked} frames that the network asked for`,
    refused: listed(run.refusals),
    lostOnTheAir: listed(run.losses),
    networkEvents: listed(network.events),
    networkLogged: listed(network.logged),
    networkDropped: listed(network.dropped),
    networkSessions: `${network.sessions}, ${network.gateways} gateways`,
    late: `${run.lateMsMax.toFixed(0)} ms at worst`,
    verdict:
      run.faults.length === 0 ? 'what was taken came out' : run.faults.map((fault) => faultWords[fault]).join('; '),
  })
}
