/**
 * A town whose gateways speak real protocols to a network that is none of ours to look into: devices, air, clocks and backhaul are
 * simulated from a seed, the network is whatever answers at the other end of the lines.
 *
 * It is pure: time passes when the caller lets it, lines are the caller's to open, and what came out at the application the caller
 * tells. Everything is counted once, by the ledger.
 *
 * @see uplink-ledger.ts
 * @module
 */

import type { Eui, TransmitRefusal } from '../model/radio.ts'
import type { Region } from '../region/region.ts'
import type { ListeningChannel as StationChannel } from '../wire/station-config.ts'
import { mobileBackhaul, wiredBackhaul, type BackhaulModel } from './backhaul.ts'
import { deviceAgent, type DeviceAgent } from './device-agent.ts'
import { eventQueue, type EventQueue } from './event-queue.ts'
import { forwarderAgent, type ForwarderAgent } from './forwarder-agent.ts'
import { forwarderDialects, type ForwarderDialect } from './forwarder-wire.ts'
import type { GatewayCounts, LiveGateway } from './gateway-wire.ts'
import { degreesOf, type Degrees, type Place } from './place.ts'
import { lossReasons, townRadio, type LossReason } from './radio-model.ts'
import { radioWorld } from './radio-world.ts'
import { hashOf, randomStream } from './seeded-random.ts'
import { simulatedAir } from './simulated-air.ts'
import { simulatedDevice, type ReceivedDownlink } from './simulated-device.ts'
import { stationAgent, type StationAgentOptions } from './station-agent.ts'
import { uplinkLedger, type LedgerReport, type UplinkLedger } from './uplink-ledger.ts'

/** Devices and gateways of a town on real lines, inclusive; the network's own bound is 1,024 stations and as many forwarders of one address. */
export const liveDevicesMax = 50_000
export const liveGatewaysMax = 1_024

/** What happens to gateways while the town lives. */
export interface Mishaps {
  /** seconds between two restarts of one gateway, on average; 0: none */
  readonly restartSeconds: number
  /** seconds between two battery changes of one device, on average; 0: none */
  readonly powerCycleSeconds: number
}

export interface LiveTownOptions {
  readonly seed: number
  /** eight hexadecimal digits that no other run of this network has: its gateways and devices are named by them */
  readonly run: string
  readonly region: Region
  readonly channels: readonly StationChannel[]
  readonly deviceCount: number
  readonly gatewayCount: number
  /** of gateways that are Basics Stations, 0 to 1 */
  readonly stationShare: number
  /** of messages that ask for an acknowledgement, 0 to 1 */
  readonly confirmedShare: number
  /** of the square that all stand in, in metres */
  readonly sideM: number
  readonly intervalSeconds: number
  /** devices are switched on within so many seconds */
  readonly rampSeconds: number
  readonly origin: Degrees
  readonly mishaps: Mishaps
  /** Unix milliseconds when the town's time begins */
  readonly epochMs: number
  /** milliseconds of the machine, for latencies */
  readonly elapsedMs: () => number
  readonly lines: LiveLines
}

/** How gateways reach the network. */
export interface LiveLines {
  /** @param dialect as the gateway speaks it @param receive what the server sends to it */
  openUdp(gateway: number, receive: (bytes: Uint8Array) => void): UdpLine
  /** where the stations' server is, as ws://127.0.0.1:3001 */
  stationUri(gateway: number): string
  readonly openStation: StationAgentOptions['open']
}

export interface UdpLine {
  send(bytes: Uint8Array): void
  /** From now on it sends from another port. */
  rebind(): void
}

/** What is sent to devices through the network: queued by its API, heard by them. */
export interface DownlinkCounts {
  readonly queued: number
  readonly received: number
  readonly repeated: number
  readonly unknown: number
}

export interface LiveReport {
  readonly seconds: number
  readonly devices: number
  readonly gateways: number
  /** joins that devices took */
  readonly joined: number
  /** devices that have a session now */
  readonly joinedDevices: number
  /** devices whose messages the application got */
  readonly heardDevices: number
  readonly joinRequests: number
  readonly uplinks: LedgerReport
  readonly downlinks: DownlinkCounts
  /** confirmed messages, and those that their devices saw confirmed */
  readonly confirmed: number
  readonly acknowledged: number
  readonly asked: number
  readonly transmitted: number
  readonly refusals: Readonly<Partial<Record<TransmitRefusal, number>>>
  readonly losses: Readonly<Record<LossReason, number>>
  readonly restarts: number
  readonly rebinds: number
  readonly powerCycles: number
  readonly answeredGateways: number
}

export interface LiveTown {
  readonly queue: EventQueue
  readonly ledger: UplinkLedger
  readonly deviceEuis: readonly Eui[]
  readonly gatewayEuis: readonly Eui[]
  readonly joinEui: Eui
  appKeyOf(device: number): Uint8Array
  /** Devices and gateways are switched on. */
  start(): void
  /** Devices send nothing more; gateways go on. */
  quiet(): void
  /** A device that has joined, for a downlink; undefined while there is none. */
  someDevice(): number | undefined
  /** A payload was queued for a device. */
  queued(device: number, payload: Uint8Array): void
  /** An application got an uplink. @returns false when it is none of this town's */
  published(devEui: Eui, payload: Uint8Array): boolean
  report(): LiveReport
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

const messageBytes = 7
const downlinkPort = 9
/** Payloads of one device that are awaited, inclusive; of more the oldest is given up. */
export const queuedPerDeviceMax = 64
const offSeconds = 20
/** Longer than the answer to a join may take. */
const bootSeconds = 7
const mishapPurpose = 0x315
const confirmedPurpose = 0xc0f

/** Device 3 bytes, message 4. */
export function messagePayload(device: number, message: number): Uint8Array {
  const bytes = new Uint8Array(messageBytes)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, device >>> 8)
  view.setUint8(2, device & 255)
  view.setUint32(3, message)
  return bytes
}

export function readMessagePayload(
  bytes: Uint8Array,
): { readonly device: number; readonly message: number } | undefined {
  if (bytes.length !== messageBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { device: view.getUint16(0) * 256 + view.getUint8(2), message: view.getUint32(3) }
}

export function liveTown(options: LiveTownOptions): LiveTown {
  const { seed, run, region, deviceCount, gatewayCount, sideM, origin, epochMs, elapsedMs, lines, mishaps } = options
  const { intervalSeconds, rampSeconds, stationShare, confirmedShare } = options
  const queue = eventQueue()
  const random = randomStream(seed)
  const ledger = uplinkLedger()
  const channels = options.channels
    .filter(({ bandwidthHz }) => bandwidthHz === 125_000)
    .map(({ hz, bandwidthHz }) => ({ hz, bandwidthHz }))
  const somewhere = (): Place => ({ eastM: random.unit() * sideM, northM: random.unit() * sideM })
  const gatewayPlaces = range(gatewayCount).map(() => ({ ...somewhere(), heightM: 15 }))
  const devicePlaces = range(deviceCount).map(somewhere)
  const world = radioWorld<Uint8Array>({
    seed,
    model: townRadio,
    gateways: gatewayPlaces.map((place, index) => ({
      place,
      channels,
      // Some counters wrap within the first minute, as they do every 71 minutes.
      clock: { driftPpm: ((index * 7) % 41) - 20, bootUs: index % 3 === 0 ? 30e6 - 2 ** 32 : -1e6 * (index + 1) },
    })),
    devices: devicePlaces.map((place) => ({ place })),
  })
  const air = simulatedAir(world, queue)
  const deviceEuis = range(deviceCount).map((index) => run + index.toString(16).padStart(8, '0'))
  const gatewayEuis = range(gatewayCount).map((index) => `${run}fffe${index.toString(16).padStart(4, '0')}`)
  const deviceOf = new Map(deviceEuis.map((devEui, index) => [devEui, index]))
  const appKeyOf = (device: number): Uint8Array => keyOf(seed, run, device)
  const joinEui = '70b3d57ed0ffffff'

  // ---- gateways ----

  const backhaulOf = (index: number): BackhaulModel => (index % 4 === 3 ? mobileBackhaul : wiredBackhaul)
  const stationCount = Math.round(gatewayCount * stationShare)
  const watch = {
    copy: (phyPayload: Uint8Array, fate: Parameters<UplinkLedger['copy']>[1]) =>
      ledger.copy(phyPayload, fate, elapsedMs()),
  }
  const gateways = gatewayPlaces.map((place, index): LiveGateway => {
    const common = { air, index, gatewayEui: gatewayEuis[index]!, seed, backhaul: backhaulOf(index), watch }
    if (index < stationCount)
      return stationAgent({ ...common, region, serverUri: lines.stationUri(index), open: lines.openStation })
    const dialect: ForwarderDialect = forwarderDialects[index % forwarderDialects.length]!
    const line = lines.openUdp(index, (bytes) => agent.receive(bytes))
    const agent: ForwarderAgent = forwarderAgent({
      ...common,
      dialect,
      place: degreesOf(origin, place),
      heightM: place.heightM,
      epochMs,
      send: (bytes) => line.send(bytes),
      rebind: () => line.rebind(),
    })
    return agent
  })

  // ---- devices ----

  const awaited = new Map<number, Map<string, boolean>>()
  let [queuedCount, received, repeated, unknown] = [0, 0, 0, 0]
  let [confirmed, acknowledged, powerCycles, joined] = [0, 0, 0, 0]
  const heardBy = (device: number, downlink: ReceivedDownlink): void => {
    if (downlink.kind === 'joined') {
      joined += 1
      ledger.rejoined(device)
    }
    if (downlink.kind !== 'data') return
    if (downlink.isAck) acknowledged += 1
    if (downlink.fPort !== downlinkPort) return
    const waiting = awaited.get(device)
    const name = String(downlink.payload)
    const before = waiting?.get(name)
    if (before === undefined) unknown += 1
    else if (before) repeated += 1
    else received += 1
    if (before === false) waiting?.set(name, true)
  }
  const agents = range(deviceCount).map((index): DeviceAgent => {
    const device = simulatedDevice({
      devEui: deviceEuis[index]!,
      joinEui,
      appKey: appKeyOf(index),
      macVersion: '1.0.4',
      region,
      seed: index,
    })
    const isConfirmed = randomStream(hashOf(seed, index, confirmedPurpose)).unit() < confirmedShare
    const agent: DeviceAgent = deviceAgent({
      air,
      device,
      index,
      region,
      seed: seed * 1_000_003 + index,
      intervalSeconds,
      isConfirmed,
      bootSeconds,
      payloadOf: (message) => {
        if (isConfirmed) confirmed += 1
        return messagePayload(index, message)
      },
      onDownlink: (downlink) => heardBy(index, downlink),
      onSent: ({ phyPayload, isJoin }, message) => {
        if (!isJoin) ledger.sent({ device: index, message, phyPayload }, elapsedMs())
      },
    })
    return agent
  })

  /** Each of them now and then, by chance. */
  const mishap = (index: number, meanSeconds: number, purpose: number, happen: () => void): void => {
    if (meanSeconds <= 0) return
    const chance = randomStream(hashOf(seed, index, purpose))
    const next = (): void => {
      queue.at(queue.nowUs + chance.exponential() * meanSeconds * 1e6, () => {
        happen()
        next()
      })
    }
    next()
  }

  let isQuiet = false
  const start = (): void => {
    for (const [index, gateway] of gateways.entries()) {
      // Not all at once: a network that comes up hears them within a second or two.
      queue.at(random.unit() * 2e6, () => gateway.start())
      mishap(index, mishaps.restartSeconds, mishapPurpose, () => gateway.restart(offSeconds * 1e6))
    }
    for (const [index, agent] of agents.entries())
      queue.at(2e6 + random.unit() * rampSeconds * 1e6, () => {
        if (isQuiet) return
        agent.start()
        // A battery is changed in a device that is on: two beginnings would be two devices.
        mishap(index, mishaps.powerCycleSeconds, mishapPurpose + 1, () => {
          if (isQuiet) return
          powerCycles += 1
          agent.powerCycle()
        })
      })
  }

  return {
    queue,
    ledger,
    deviceEuis,
    gatewayEuis,
    joinEui,
    appKeyOf,
    start,
    quiet() {
      isQuiet = true
      for (const agent of agents) agent.stop()
    },
    someDevice() {
      for (let attempt = 0; attempt < 32; attempt += 1) {
        const index = random.index(deviceCount)
        if (agents[index]!.device.isJoined) return index
      }
      return undefined
    },
    queued(device, payload) {
      queuedCount += 1
      const waiting = awaited.get(device) ?? new Map<string, boolean>()
      awaited.set(device, waiting)
      if (waiting.size >= queuedPerDeviceMax) waiting.delete(waiting.keys().next().value!)
      waiting.set(String(payload), false)
    },
    published(devEui, payload) {
      const read = readMessagePayload(payload)
      const device = deviceOf.get(devEui)
      if (device === undefined) return false
      // What a device did not send counts as a message that nobody sent.
      ledger.published({ device, message: read?.device === device ? read.message : -1 }, elapsedMs())
      return true
    },
    report() {
      const counts = agents.map((agent) => agent.counts())
      const told = gateways.map((gateway) => gateway.counts())
      const sum = (of: (one: GatewayCounts) => number): number => told.reduce((all, one) => all + of(one), 0)
      return {
        seconds: queue.nowUs / 1e6,
        devices: deviceCount,
        gateways: gatewayCount,
        joined,
        joinedDevices: agents.filter(({ device }) => device.isJoined).length,
        heardDevices: ledger.deviceCount(),
        joinRequests: counts.reduce((all, { joins }) => all + joins, 0),
        uplinks: ledger.report(),
        downlinks: { queued: queuedCount, received, repeated, unknown },
        confirmed,
        acknowledged,
        asked: sum(({ asked }) => asked),
        transmitted: sum(({ sent }) => sent),
        refusals: addedUp(told),
        losses: Object.fromEntries(
          lossReasons.map((reason) => [
            reason,
            range(gatewayCount).reduce((all, one) => all + world.losses(one)[reason], 0),
          ]),
        ) as Record<LossReason, number>,
        restarts: sum(({ restarts }) => restarts),
        rebinds: sum(({ rebinds }) => rebinds),
        powerCycles,
        answeredGateways: told.filter(({ isAnswered }) => isAnswered).length,
      }
    },
  }
}

function keyOf(seed: number, run: string, device: number): Uint8Array {
  const key = new Uint8Array(16)
  const view = new DataView(key.buffer)
  for (let word = 0; word < 4; word += 1) view.setUint32(4 * word, hashOf(seed, Number.parseInt(run, 16), device, word))
  return key
}

function addedUp(all: readonly GatewayCounts[]): Partial<Record<TransmitRefusal, number>> {
  const sum: Partial<Record<TransmitRefusal, number>> = {}
  for (const { refusals } of all) for (const [name, count] of refusals) sum[name] = (sum[name] ?? 0) + count
  return sum
}
