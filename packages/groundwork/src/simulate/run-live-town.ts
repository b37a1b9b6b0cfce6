/**
 * A simulated town against a running network: its devices are provisioned there, its gateways speak real UDP and WebSocket to the
 * radios' ports, and what comes out at the application is held against what gateways were told is taken.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { sleep } from '@groundwork/chain/sleep.ts'
import {
  listeningChannels,
  liveTown,
  regionOf,
  type LiveReport,
  type LiveTown,
  type LiveTownOptions,
} from '@groundwork/wireless'
import { openLiveLines, passRealTime, type LiveLinesOptions } from '@groundwork/wireless/adapters'
import type { Config } from '../config.ts'
import type { GatewayClient } from '../gateway/gateway-client.ts'
import { channelsOf } from '../wireless/channels.ts'
import { followEvents, type FollowedEvent } from './follow-events.ts'
import { provisionTown } from './provision-town.ts'

/** A message that was taken and has not come out after so long is missing. */
const graceMs = 60_000
/** After the devices fall silent the network has so long for what is under way. */
const drainSeconds = 12
const settleEveryMs = 5_000
const tickMs = 1_000
const removalMsMax = 120_000

export interface LiveRunOptions extends Pick<
  LiveTownOptions,
  | 'seed'
  | 'deviceCount'
  | 'gatewayCount'
  | 'stationShare'
  | 'confirmedShare'
  | 'sideM'
  | 'intervalSeconds'
  | 'rampSeconds'
  | 'mishaps'
> {
  readonly client: GatewayClient
  readonly radios: Pick<LiveLinesOptions, 'udpServers' | 'stationUris'>
  readonly config: Config
  readonly speed: number
  /** of simulated time */
  readonly seconds: number
  /** seconds of simulated time between two payloads to a device; 0: none */
  readonly downlinkSeconds: number
  /** whether devices, profile and application stay there afterwards */
  readonly keeps: boolean
  readonly onProgress: (report: LiveReport) => void
  /** ends the run early, with its report */
  readonly signal: AbortSignal
}

/** What the network itself says of the run. */
export interface NetworkView {
  /** events by name */
  readonly events: Readonly<Record<string, number>>
  /** what it logged of devices, by code */
  readonly logged: Readonly<Record<string, number>>
  /** devices that it has a session of; one that was not heard yet it may not show */
  readonly sessions: number
  /** gateways of the town that it has heard of */
  readonly gateways: number
  /** what it dropped meanwhile, from all its gateways, by reason */
  readonly dropped: Readonly<Record<string, number>>
}

/** Why a run failed its purpose. */
export type LiveFault =
  | 'uplinks-missing'
  | 'uplinks-invented'
  | 'sessions-lost'
  | 'nothing-delivered'
  | 'no-gateway-answered'
  /** events were lost, so nothing can be said */
  | 'not-checked'

export interface LiveRun extends LiveReport {
  readonly run: string
  readonly network: NetworkView
  readonly faults: readonly LiveFault[]
  /** how late simulated time was at worst, in milliseconds: above a second the machine is too slow for this town */
  readonly lateMsMax: number
  readonly lineFailures: number
}

interface ShownDevice {
  readonly devEui: string
  readonly session: object | null
}

export async function runLiveTown(options: LiveRunOptions): Promise<LiveRun> {
  const { client, radios, config, speed, seconds, downlinkSeconds, signal, onProgress } = options
  const run = randomBytes(4).toString('hex')
  const region = regionOf(config.wirelessRegion)
  // Lines and time need each other: nothing comes in before time passes.
  let catchUp = (): void => undefined
  await using lines = openLiveLines({ ...radios, catchUp: () => catchUp() })
  const town = liveTown({
    ...options,
    run,
    region,
    channels: listeningChannels(region, channelsOf(config, region)),
    origin: { latitude: config.latitude, longitude: config.longitude },
    epochMs: Date.now(),
    elapsedMs: () => performance.now(),
    lines,
  })
  const provisioned = await provisionTown({
    client,
    town,
    name: `sim-${run}`,
    region: region.name,
    intervalSeconds: options.intervalSeconds,
    signal,
  })
  const stopping = new AbortController()
  const [events, logged] = [new Map<string, number>(), new Map<string, number>()]
  let gaps = 0
  try {
    const before = await droppedBy(client, signal)
    const followed = followEvents({
      client,
      applicationId: provisioned.applicationId,
      onEvent: (event) => take(event, { town, events, logged }),
      onGap: () => void (gaps += 1),
      signal: stopping.signal,
    })
    await followed.ready
    const time = passRealTime(town.queue, { speed })
    catchUp = time.catchUp
    town.start()
    const asking = downlinkSeconds > 0 ? askDownlinks(town, { client, everySeconds: downlinkSeconds, stopping }) : []
    await live(town, { seconds, signal, onProgress })
    town.quiet()
    await sleep((drainSeconds * 1000) / Math.min(speed, 2), { signal: stopping.signal })
    town.ledger.settle(performance.now())
    await Promise.all(asking)
    time.stop()
    const network = await viewOf(town, { client, before, events, logged, applicationId: provisioned.applicationId })
    const report = town.report()
    return {
      ...report,
      run,
      network,
      faults: faultsOf(report, network, gaps),
      lateMsMax: time.lateMsMax(),
      lineFailures: lines.failures(),
    }
  } finally {
    stopping.abort(new Error('the run is over'))
    if (!options.keeps) await provisioned.remove({ signal: AbortSignal.timeout(removalMsMax) })
  }
}

/** Until the town's time is over, or someone wants it to end. */
async function live(
  town: LiveTown,
  { seconds, signal, onProgress }: Pick<LiveRunOptions, 'seconds' | 'signal' | 'onProgress'>,
): Promise<void> {
  let settledMs = performance.now()
  while (!signal.aborted && town.queue.nowUs < seconds * 1e6) {
    await sleep(tickMs, { signal }).catch(() => undefined)
    if (performance.now() - settledMs > settleEveryMs) {
      settledMs = performance.now()
      town.ledger.settle(settledMs - graceMs)
    }
    onProgress(town.report())
  }
}

function take(
  { name, devEui, event }: FollowedEvent,
  { town, events, logged }: { town: LiveTown; events: Map<string, number>; logged: Map<string, number> },
): void {
  events.set(name, (events.get(name) ?? 0) + 1)
  if (name === 'log') {
    const { code = 'unknown', reason } = event.context ?? {}
    const word = reason === undefined || reason === '' ? code : `${code}: ${reason}`
    logged.set(word, (logged.get(word) ?? 0) + 1)
  }
  // Without a port it is commands alone: nothing that an application waits for.
  if (name === 'up' && event.data !== undefined && event.data !== '')
    town.published(devEui, Uint8Array.from(Buffer.from(event.data, 'base64')))
}

/** Payloads for devices that have joined, one after the other. */
function askDownlinks(
  town: LiveTown,
  { client, everySeconds, stopping }: { client: GatewayClient; everySeconds: number; stopping: AbortController },
): Promise<void>[] {
  const under: Promise<void>[] = []
  let number = 0
  const ask = (): void => {
    town.queue.at(town.queue.nowUs + everySeconds * 1e6, ask)
    const device = town.someDevice()
    if (device === undefined) return
    number += 1
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(number)
    const devEui = town.deviceEuis[device]!
    const path = `/v1/wireless/devices/${devEui}/queue`
    const body = JSON.stringify({ fPort: 9, data: payload.toString('base64') })
    under.push(
      client.post(path, { body, contentType: 'application/json', signal: stopping.signal }).then(
        () => town.queued(device, Uint8Array.from(payload)),
        () => undefined,
      ),
    )
  }
  town.queue.at(town.queue.nowUs + everySeconds * 1e6, ask)
  return under
}

async function droppedBy(client: GatewayClient, signal: AbortSignal): Promise<Record<string, number>> {
  return (await client.get<{ dropped: Record<string, number> }>('/v1/wireless/status', { signal })).dropped
}

async function viewOf(
  town: LiveTown,
  about: {
    readonly client: GatewayClient
    readonly before: Record<string, number>
    readonly events: ReadonlyMap<string, number>
    readonly logged: ReadonlyMap<string, number>
    readonly applicationId: string
  },
): Promise<NetworkView> {
  const { client, before, events, logged, applicationId } = about
  const signal = AbortSignal.timeout(removalMsMax)
  const after = await droppedBy(client, signal)
  const devices = await client.get<readonly ShownDevice[]>(`/v1/wireless/devices?applicationId=${applicationId}`, {
    signal,
  })
  const gateways = await client.get<readonly { gatewayEui: string }[]>('/v1/wireless/gateways', { signal })
  const own = new Set(town.gatewayEuis)
  return {
    events: Object.fromEntries(events),
    logged: Object.fromEntries(logged),
    sessions: devices.filter(({ session }) => session !== null).length,
    gateways: gateways.filter(({ gatewayEui }) => own.has(gatewayEui)).length,
    dropped: Object.fromEntries(
      Object.entries(after)
        .map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    ),
  }
}

/** Devices that one answer of the API shows, inclusive. */
const devicesShownMax = 10_000

/** What the verdict looks at. */
export type Judged = Pick<LiveReport, 'devices' | 'answeredGateways' | 'heardDevices'> & {
  readonly uplinks: Pick<LiveReport['uplinks'], 'messages' | 'delivered' | 'unknown' | 'losses'>
}

/** @param gaps times that events were lost */
export function faultsOf(report: Judged, network: NetworkView, gaps: number): LiveFault[] {
  const { uplinks, answeredGateways, heardDevices, devices } = report
  const faults: LiveFault[] = []
  if (answeredGateways === 0) faults.push('no-gateway-answered')
  if (uplinks.messages > 0 && uplinks.delivered === 0) faults.push('nothing-delivered')
  if (gaps > 0) return [...faults, 'not-checked']
  if (uplinks.losses.missing > 0) faults.push('uplinks-missing')
  if (uplinks.unknown > 0) faults.push('uplinks-invented')
  if (devices <= devicesShownMax && network.sessions < heardDevices) faults.push('sessions-lost')
  return faults
}

/** 0, 1 when the network did not do what it said, 3 when that could not be checked. */
export function exitCodeOf(faults: readonly LiveFault[]): number {
  if (faults.length === 0) return 0
  return faults.includes('not-checked') ? 3 : 1
}
