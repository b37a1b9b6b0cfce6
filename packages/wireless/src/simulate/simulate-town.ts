/**
 * A town in made time: devices, the air, gateways of strangers, the market and the network server, all from one seed.
 *
 * Everything but the radio is what runs in earnest: the buyer draws and declines, the network server joins, reads and answers.
 * Each gateway has an owner of its own. Some of the owners may play false, as `arena/market-play.ts` lets them.
 *
 * @module
 */

import type { Cell } from '@groundwork/core/geography/cell.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { buyer, defaultBuyPolicy, type PacketVerdict } from '../carry/buy.ts'
import { unitsOf } from '../model.ts'
import type { Device, DeviceProfile } from '../model/device.ts'
import type { DeviceMessage } from '../model/message.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import type { Eui, RadioUplink } from '../model/radio.ts'
import { memoryQueue } from '../network-server/memory-queue.ts'
import { memorySessions } from '../network-server/memory-sessions.ts'
import { networkServer } from '../network-server/network-server.ts'
import { regionOf } from '../region/region-of.ts'
import type { RegionName } from '../region/region.ts'
import type { DeclineReason } from '../wire/carry-messages.ts'
import { wiredBackhaul } from './backhaul.ts'
import { deviceAgent } from './device-agent.ts'
import { eventQueue, passTime } from './event-queue.ts'
import { gatewayAgent, type GatewayAgent } from './gateway-agent.ts'
import { degreesOf, type Degrees, type Place } from './place.ts'
import { lossReasons, townRadio, type LossReason } from './radio-model.ts'
import { radioWorld } from './radio-world.ts'
import { randomStream } from './seeded-random.ts'
import { simulatedAir } from './simulated-air.ts'
import { simulatedDevice } from './simulated-device.ts'
import {
  falseCountOf,
  ownersEachMax,
  type MarketPlay,
  type MarketSeat,
  type OfferOptions,
  type Registered,
} from './arena/market-play.ts'
import { plainProfile } from '../provision/plain-profile.ts'

/** Devices and gateways of one town, inclusive. */
export const townDevicesMax = 100_000
export const townGatewaysMax = 5_000

export interface TownOptions {
  readonly seed: number
  readonly region: RegionName
  readonly deviceCount: number
  readonly gatewayCount: number
  /** of the square that all stand in, in metres */
  readonly sideM: number
  readonly intervalSeconds: number
  readonly origin: Degrees
  /** H3 cell of a place; a port, for it is heavy */
  readonly cellOf: (place: Degrees) => Cell
  /** how some owners play false */
  readonly play?: MarketPlay | undefined
  /** of gateways whose owners do, 0 to 1 */
  readonly playShare?: number | undefined
  readonly unitPriceNano?: bigint
  /** what the buyer is told of the network's word on a frame; as it is when left out. For tests that take a defence away */
  readonly wordOf?: (verdict: PacketVerdict, phyPayload: Uint8Array) => PacketVerdict
}

export interface TownGateway {
  readonly gatewayEui: Eui
  readonly place: Degrees
  readonly isFalse: boolean
  /** bonded owners behind it */
  readonly owners: number
  /** frames that its radio received */
  readonly received: number
  readonly soldPackets: number
  readonly soldUnits: number
  readonly earnedNano: bigint
  readonly declined: Readonly<Partial<Record<DeclineReason, number>>>
  /** copies that it offered and that were untrue in some way, and how many of these the market noticed */
  readonly falseOffers: number
  readonly falseNoticed: number
  readonly sentDownlinks: number
}

/** Declines by which the market says that a copy cannot be right; the others say nothing about it. */
export const noticingReasons: ReadonlySet<DeclineReason> = new Set<DeclineReason>([
  'too-strong',
  'too-weak',
  'too-far',
  'snr-below-floor',
  'snr-above-radio',
  'snr-above-noise',
  'mic-failed',
  'mic-failures',
  'unknown-device',
  'replayed',
])

export interface TownReport {
  readonly hours: number
  readonly devices: number
  readonly joined: number
  /** what devices had to say, and how much of it applications heard */
  readonly messages: number
  readonly delivered: number
  /** times that devices sent on the air, repetitions and joins among them */
  readonly frames: number
  readonly copiesPerUplink: number
  /** from the first copy's arrival to the application, in milliseconds */
  readonly latencyMsP50: number
  readonly latencyMsP99: number
  /** of arrivals at gateways that were not received */
  readonly losses: Readonly<Record<LossReason, number>>
  readonly networkDrops: Readonly<Record<string, number>>
  readonly downlinksRefused: Readonly<Record<string, number>>
  readonly gateways: readonly TownGateway[]
}

export interface Town {
  /** Lets so many seconds of the town's time pass. */
  pass(seconds: number): Promise<void>
  report(): TownReport
}

const joinEui = '0000000000000001'
/** When the town's time begins, Unix milliseconds. */
const epochMs = 1_800_000_000_000
const dueMs = 50
const devAddrFirst = 0x0100_0000
const latenciesMax = 1_000_000

const euiOf = (prefix: string, index: number): Eui => prefix + index.toString(16).padStart(8, '0')
const ownerOf = (index: number, which: number): Hex =>
  `0x${(1 + index * ownersEachMax + which).toString(16).padStart(40, '0')}`
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

export function simulateTown(options: TownOptions): Town {
  const { seed, deviceCount, gatewayCount, sideM, intervalSeconds, origin, cellOf, play } = options
  const { playShare = 0, unitPriceNano = 10n ** 9n, wordOf = (verdict) => verdict } = options
  const region = regionOf(options.region)
  const time = eventQueue()
  const random = randomStream(seed)
  const isMasked = region.plan === 'fixed'
  const channels = region.uplinkChannels.slice(0, isMasked ? 8 : 16).map(({ hz }) => ({ hz, bandwidthHz: 125_000 }))
  const somewhere = (): Place => ({ eastM: random.unit() * sideM, northM: random.unit() * sideM })
  const falseCount = play === undefined ? 0 : falseCountOf(gatewayCount, playShare)
  const isFalse = (index: number): boolean => index < falseCount
  const gatewayPlaces = range(gatewayCount).map((index) => {
    const chance = { ...somewhere(), heightM: 15 }
    return isFalse(index) ? (play?.place?.({ index, chance, sideM }) ?? chance) : chance
  })
  const devicePlaces = range(deviceCount).map(somewhere)
  const ownersEach = Math.min(Math.max(play?.ownersEach ?? 1, 1), ownersEachMax)
  const ownersOf = (index: number): number => (isFalse(index) ? ownersEach : 1)
  const registered = gatewayPlaces.map((place, index): Registered => {
    const truth = { place: degreesOf(origin, place), antennaGainDbi: 0 }
    return isFalse(index) ? (play?.register?.(truth, index) ?? truth) : truth
  })

  const world = radioWorld<Uint8Array>({
    seed,
    model: townRadio,
    gateways: gatewayPlaces.map((place, index) => ({
      place,
      channels,
      clock: { driftPpm: ((index * 7) % 41) - 20, bootUs: -1e6 * (index + 1) },
    })),
    devices: devicePlaces.map((place) => ({ place })),
  })
  const air = simulatedAir(world, time)
  const { devices, profile } = provisioned(options, deviceCount)
  const records: HotspotRecord[][] = registered.map(({ place, antennaGainDbi }, index) =>
    range(ownersOf(index)).map((which) => ({
      owner: ownerOf(index, which),
      cell: cellOf(place),
      antennaGainDbi,
      unitPriceNano: 0n,
      stakeAtto: 1n,
      isOpen: true,
    })),
  )

  // ---- the market ----

  interface Copy {
    readonly owner: Hex
    readonly hotspot: HotspotRecord
    readonly uplink: RadioUplink
    readonly gateway: number
    readonly isFalse: boolean
  }
  const secret = new Uint8Array(32).map(() => random.index(256))
  const buying = buyer<Copy>({
    policy: { ...defaultBuyPolicy, unitPriceNano, copiesWanted: 1 },
    secret: () => secret,
  })
  const sales = range(gatewayCount).map(() => ({
    sold: 0,
    units: 0,
    earnedNano: 0n,
    declined: new Map<DeclineReason, number>(),
    falseOffers: 0,
    falseNoticed: 0,
  }))
  const decline = ({ gateway, isFalse: isUntrue }: Pick<Copy, 'gateway' | 'isFalse'>, reason: DeclineReason): void => {
    const sale = sales[gateway]!
    sale.declined.set(reason, (sale.declined.get(reason) ?? 0) + 1)
    if (isUntrue && noticingReasons.has(reason)) sale.falseNoticed += 1
  }
  const nowMs = (): number => time.nowUs / 1000
  const decide = (): void => {
    for (const decision of buying.due(nowMs())) {
      if (decision.kind === 'declined') {
        decline(decision.copy, decision.reason)
        continue
      }
      const sale = sales[decision.copy.gateway]!
      sale.sold += 1
      sale.units += unitsOf(decision.copy.uplink.phyPayload.length)
      sale.earnedNano += decision.receipt.priceNano
    }
    time.timers.after(dueMs, decide)
  }
  time.timers.after(dueMs, decide)

  const offer = (gateway: number, uplink: RadioUplink, { owner = 0, isFalse: isUntrue }: OfferOptions): void => {
    const hotspot = records[gateway]![owner]
    invariant(hotspot !== undefined, 'an owner that offers is one of the hotspot’s')
    if (isUntrue) sales[gateway]!.falseOffers += 1
    const copy = { owner: hotspot.owner, hotspot, uplink, gateway, isFalse: isUntrue }
    const reason = buying.heard(copy, nowMs())
    if (reason !== undefined) decline(copy, reason)
    if (reason === undefined || reason === 'same-owner') server.heard({ ...uplink, heardAtMs: epochMs + nowMs() })
  }

  // ---- owners that play false ----

  const seats: MarketSeat[] = range(falseCount).map((index) => ({
    gatewayEui: euiOf('aa000000', index),
    owners: ownersEach,
    registered: registered[index]!,
    get fellows() {
      return seats
    },
    offer: (uplink, how) => offer(index, uplink, how),
    after: (delayMs, run) => void time.timers.after(delayMs, run),
    unit: () => random.unit(),
    declined: () => sales[index]!.declined,
  }))
  const heard = (gateway: number, uplink: RadioUplink): void => {
    const seat = seats[gateway]
    if (seat === undefined || play === undefined) offer(gateway, uplink, { isFalse: false })
    else play.heard(seat, uplink)
  }

  // ---- the network server ----

  const agentOf = new Map<Eui, GatewayAgent>()
  const latencies: number[] = []
  let [delivered, copies, joins] = [0, 0, 0]
  const publish = (message: DeviceMessage): void => {
    if (message.kind === 'join') joins += 1
    if (message.kind !== 'up' || message.fPort === undefined) return
    delivered += 1
    copies += message.copies.length
    const first = Math.min(...message.copies.map(({ heardAtMs }) => heardAtMs))
    if (latencies.length < latenciesMax) latencies.push(epochMs + nowMs() - first)
  }
  const server = networkServer({
    radio: { send: (downlink) => agentOf.get(downlink.gatewayEui)?.send(downlink), isReachable: () => true },
    broker: { publish },
    devices,
    sessions: memorySessions(),
    queue: memoryQueue(),
    clock: time.clock(epochMs),
    timers: time.timers,
    random: { bytes: (size) => new Uint8Array(size).map(() => random.index(256)) },
    policyOf: () => ({
      netId: 0,
      addresses: { first: devAddrFirst, last: devAddrFirst + 0x00ff_ffff },
      rxDelaySeconds: 1,
      rx1DataRateOffset: 0,
      extraChannelsHz: [],
      ...(isMasked ? { enabledChannels: range(8) } : {}),
    }),
    judge: {
      admit: (phyPayload, budget) => buying.admit(phyPayload, budget, nowMs()),
      judged: (phyPayload, verdict) => buying.judged(phyPayload, wordOf(verdict, phyPayload), nowMs()),
    },
  })
  const gateways = gatewayPlaces.map((_, index) => {
    const gatewayEui = euiOf('aa000000', index)
    const agent = gatewayAgent({
      air,
      index,
      gatewayEui,
      seed,
      backhaul: wiredBackhaul,
      epochMs,
      heard: (uplink) => heard(index, uplink),
      outcome: (outcome) => server.outcome(outcome),
    })
    agentOf.set(gatewayEui, agent)
    return agent
  })
  const agents = devicePlaces.map((_, index) => {
    const device = simulatedDevice({
      devEui: euiOf('70b3d57e', index),
      joinEui,
      appKey: keyOf(index),
      macVersion: profile.macVersion,
      region,
      seed: index,
    })
    return deviceAgent({ air, device, index, region, seed: seed * 1_000_003 + index, intervalSeconds })
  })
  // As they were switched on over the years: not all at once.
  for (const agent of agents) time.at(random.unit() * intervalSeconds * 1e6, () => agent.start())
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
  }

  return {
    pass: async (seconds) => passTime(time, time.nowUs + seconds * 1e6, settle),
    report() {
      const counts = agents.map((agent) => agent.counts())
      const sorted = latencies.toSorted((a, b) => a - b)
      const losses = Object.fromEntries(
        lossReasons.map((reason) => [
          reason,
          range(gatewayCount).reduce((sum, one) => sum + world.losses(one)[reason], 0),
        ]),
      ) as Record<LossReason, number>
      return {
        hours: time.nowUs / 3.6e9,
        devices: deviceCount,
        joined: joins,
        messages: counts.reduce((sum, one) => sum + one.messages, 0),
        delivered,
        frames: counts.reduce((sum, one) => sum + one.frames, 0),
        copiesPerUplink: delivered === 0 ? 0 : copies / delivered,
        latencyMsP50: sorted[Math.floor(sorted.length / 2)] ?? 0,
        latencyMsP99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
        losses,
        networkDrops: Object.fromEntries(server.drops()),
        downlinksRefused: addedUp(gateways.map(({ refusals }) => refusals)),
        gateways: gatewayPlaces.map((place, index): TownGateway => {
          const { sold, units, earnedNano, declined, falseOffers, falseNoticed } = sales[index]!
          return {
            gatewayEui: euiOf('aa000000', index),
            place: degreesOf(origin, place),
            isFalse: isFalse(index),
            owners: ownersOf(index),
            received: world.receivedCount(index),
            soldPackets: sold,
            soldUnits: units,
            earnedNano,
            declined: Object.fromEntries(declined),
            falseOffers,
            falseNoticed,
            sentDownlinks: gateways[index]!.sentCount,
          }
        }),
      }
    },
  }
}

function keyOf(device: number): Uint8Array {
  const key = new Uint8Array(16).fill(3)
  new DataView(key.buffer).setUint32(0, device)
  return key
}

function provisioned(
  { region, intervalSeconds }: TownOptions,
  deviceCount: number,
): { readonly devices: Parameters<typeof networkServer>[0]['devices']; readonly profile: DeviceProfile } {
  const profile = plainProfile(regionOf(region), { uplinkIntervalSeconds: intervalSeconds })
  const records = new Map(
    range(deviceCount).map((index): [Eui, { readonly device: Device; readonly index: number }] => {
      const devEui = euiOf('70b3d57e', index)
      const named = { devEui, joinEui, name: devEui, description: '', applicationId: 'a', profileId: 'p' }
      const device = { ...named, isDisabled: false, skipsFrameCounter: false, tags: {}, variables: {} }
      return [devEui, { device, index }]
    }),
  )
  return {
    profile,
    devices: {
      device: (devEui) => records.get(devEui)?.device,
      rootKeys: (devEui) => {
        const record = records.get(devEui)
        return record === undefined ? undefined : { appKey: keyOf(record.index) }
      },
      profile: () => profile,
      application: () => undefined,
    },
  }
}

function addedUp(all: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const counts of all) for (const [name, count] of counts) sum[name] = (sum[name] ?? 0) + count
  return sum
}
