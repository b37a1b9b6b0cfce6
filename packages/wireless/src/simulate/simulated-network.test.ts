/**
 * Goal: devices, air, gateways and the network server live together in made time: they join over the radio, are heard, are told to
 * send faster, and find back after what goes wrong; and all of it is decided by the seed.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Device, DeviceClass } from '../model/device.ts'
import type { DeviceMessage } from '../model/message.ts'
import { memoryQueue } from '../network-server/memory-queue.ts'
import { memorySessions } from '../network-server/memory-sessions.ts'
import { networkServer } from '../network-server/network-server.ts'
import { regionOf } from '../region/region-of.ts'
import type { RegionName } from '../region/region.ts'
import { wiredBackhaul } from './backhaul.ts'
import type { NoncePolicy } from './dev-nonces.ts'
import { deviceAgent, type DeviceAgent } from './device-agent.ts'
import { eventQueue, passTime } from './event-queue.ts'
import { gatewayAgent, type GatewayAgent } from './gateway-agent.ts'
import type { Place } from './place.ts'
import { townRadio } from './radio-model.ts'
import { radioWorld, type RadioWorld } from './radio-world.ts'
import { randomStream } from './seeded-random.ts'
import { simulatedAir } from './simulated-air.ts'
import { simulatedDevice } from './simulated-device.ts'
import { plainProfile } from '../provision/plain-profile.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const euiOf = (prefix: string, index: number): string => prefix + index.toString(16).padStart(8, '0')
const appKey = new Uint8Array(16).fill(3)
const joinEui = '0000000000000001'
const epochMs = 1_800_000_000_000

interface TownOptions {
  readonly seed?: number
  readonly region?: RegionName
  readonly gateways?: readonly Place[]
  readonly devices?: readonly Place[]
  readonly intervalSeconds?: number
  readonly dataRate?: number
  readonly nonces?: NoncePolicy
  readonly deviceClass?: DeviceClass
}

interface Town {
  readonly world: RadioWorld<Uint8Array>
  readonly agents: readonly DeviceAgent[]
  readonly gateways: readonly GatewayAgent[]
  readonly messages: DeviceMessage[]
  readonly server: ReturnType<typeof networkServer>
  readonly queue: ReturnType<typeof memoryQueue>
  pass(seconds: number): Promise<void>
  count(kind: DeviceMessage['kind']): number
}

function town(options: TownOptions = {}): Town {
  const { seed = 1, region: name = 'EU868', intervalSeconds = 60, deviceClass = 'A' } = options
  const { gateways: places = [{ eastM: 0, northM: 0 }], devices = [{ eastM: 300, northM: 0 }] } = options
  const region = regionOf(name)
  const time = eventQueue()
  const us = name === 'US915'
  const channels = region.uplinkChannels.slice(0, us ? 8 : 16).map(({ hz }) => ({ hz, bandwidthHz: 125_000 }))
  const world = radioWorld<Uint8Array>({
    seed,
    model: townRadio,
    gateways: places.map((place, index) => ({
      place,
      channels,
      clock: { driftPpm: index % 2 === 0 ? 15 : -15, bootUs: -4_000_000_000 - 1e6 * index },
    })),
    devices: devices.map((place) => ({ place })),
  })
  const air = simulatedAir(world, time)
  const messages: DeviceMessage[] = []
  const queue = memoryQueue()
  const profile = plainProfile(region, {
    supportsClassC: deviceClass === 'C',
    uplinkIntervalSeconds: intervalSeconds,
  })
  const records = new Map(
    devices.map((_, index): [string, Device] => {
      const devEui = euiOf('70b3d57e', index)
      const record = { devEui, joinEui, name: devEui, description: '', applicationId: 'a', profileId: 'p' }
      return [devEui, { ...record, isDisabled: false, skipsFrameCounter: false, tags: {}, variables: {} }]
    }),
  )
  const random = randomStream(seed)
  const agentOf = new Map<string, GatewayAgent>()
  const server = networkServer({
    radio: { send: (downlink) => agentOf.get(downlink.gatewayEui)?.send(downlink), isReachable: () => true },
    broker: { publish: (message) => void messages.push(message) },
    devices: {
      device: (eui) => records.get(eui),
      rootKeys: (eui) => (records.has(eui) ? { appKey } : undefined),
      profile: () => profile,
      application: () => undefined,
    },
    sessions: memorySessions(),
    queue,
    clock: time.clock(epochMs),
    timers: time.timers,
    random: { bytes: (size) => new Uint8Array(size).map(() => random.index(256)) },
    policyOf: () => ({
      netId: 0,
      addresses: { first: 0x01000000, last: 0x0100ffff },
      rxDelaySeconds: 1,
      rx1DataRateOffset: 0,
      extraChannelsHz: [],
      ...(us ? { enabledChannels: range(8) } : {}),
    }),
  })
  const gateways = places.map((_, index) => {
    const gatewayEui = euiOf('aa000000', index)
    const { heard, outcome } = server
    const agent = gatewayAgent({ air, index, gatewayEui, seed, backhaul: wiredBackhaul, epochMs, heard, outcome })
    agentOf.set(gatewayEui, agent)
    return agent
  })
  const agents = devices.map((_, index) => {
    const device = simulatedDevice({
      devEui: euiOf('70b3d57e', index),
      joinEui,
      appKey,
      macVersion: '1.0.4',
      region,
      deviceClass,
      ...(options.dataRate === undefined ? {} : { dataRate: options.dataRate }),
      ...(options.nonces === undefined ? {} : { nonces: options.nonces }),
    })
    return deviceAgent({ air, device, index, region, seed: seed * 1000 + index, intervalSeconds })
  })
  for (const agent of agents) agent.start()
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
  }
  return {
    world,
    agents,
    gateways,
    messages,
    server,
    queue,
    pass: (seconds) => passTime(time, time.nowUs + seconds * 1e6, settle),
    count: (kind) => messages.filter((message) => message.kind === kind).length,
  }
}

const crowd = (count: number, sideM: number, seed: number): Place[] => {
  const random = randomStream(seed)
  return range(count).map(() => ({ eastM: random.unit() * sideM, northM: random.unit() * sideM }))
}

test('a device joins over the radio, is heard, and answers in its windows', async () => {
  const { agents, pass, count, messages } = town({ dataRate: 0 })
  await pass(600)
  const [agent] = agents
  assert.ok(agent?.device.isJoined)
  assert.equal(count('join'), 1)
  assert.ok(count('up') >= 7, String(count('up')))
  const ups = messages.flatMap((message) => (message.kind === 'up' ? [message] : []))
  assert.deepEqual(
    ups.map(({ fCnt }) => fCnt),
    ups.map((_, index) => index),
  )
  assert.ok(agent.counts().downlinks > 0)
})

test('a near device is told to send faster and softer, and does; a far one is left as it is', async () => {
  const devices = [
    { eastM: 150, northM: 0 },
    { eastM: 3600, northM: 0 },
  ]
  const { agents, pass } = town({ devices, dataRate: 0 })
  await pass(3600)
  const [near, far] = agents.map(({ device }) => device)
  assert.equal(near?.dataRate, 5)
  assert.ok(near.txPowerIndex >= 3, String(near.txPowerIndex))
  assert.ok(far !== undefined && far.dataRate < 5 && far.isJoined)
})

test('in a band of masks a device keeps to the channels that the network has', async () => {
  const { agents, pass, count } = town({ region: 'US915', dataRate: 2 })
  await pass(1800)
  const device = agents[0]?.device
  assert.ok(device?.isJoined)
  assert.deepEqual(device.enabledChannels, range(8))
  assert.ok(count('up') >= 20, String(count('up')))
})

test('a crowd joins and is heard, and its copies make one message each', async () => {
  const options = { gateways: crowd(5, 4000, 11), devices: crowd(40, 4000, 12), intervalSeconds: 120, dataRate: 2 }
  const { agents, pass, messages, server } = town(options)
  await pass(2400)
  assert.equal(agents.filter(({ device }) => device.isJoined).length, 40)
  const ups = messages.flatMap((message) => (message.kind === 'up' ? [message] : []))
  const made = agents.reduce((sum, agent) => sum + agent.counts().messages, 0)
  assert.ok(ups.length > made * 0.9 && ups.length <= made, `${ups.length} of ${made}`)
  assert.ok(ups.some(({ copies }) => copies.length >= 3))
  assert.equal(new Set(ups.map(({ devEui, fCnt }) => `${devEui} ${fCnt}`)).size, ups.length)
  assert.equal(server.drops().get('wrong-mic'), undefined)
})

test('the seed decides everything, and another seed is another town', async () => {
  const told = async (seed: number): Promise<unknown> => {
    const one = town({ seed, gateways: crowd(3, 3000, 1), devices: crowd(12, 3000, 2), dataRate: 1 })
    await one.pass(900)
    const ups = one.messages.map((message) =>
      message.kind === 'up'
        ? [message.devEui, message.fCnt, message.copies.map(({ rssiDbm }) => rssiDbm)]
        : message.kind,
    )
    return { ups, counts: one.agents.map((agent) => agent.counts()), losses: one.world.losses(0) }
  }
  const first = await told(7)
  assert.deepEqual(await told(7), first)
  assert.notDeepEqual(await told(8), first)
})

test('a gateway that restarts counts from 0, and answers reach their windows again', async () => {
  const { world, agents, pass, count, gateways } = town({ dataRate: 3 })
  await pass(300)
  const before = count('up')
  world.restart(0, { fromUs: 300_000_000, untilUs: 330_000_000 })
  await pass(600)
  assert.ok(count('up') > before + 6)
  agents[0]?.powerCycle()
  await pass(120)
  assert.ok(agents[0]?.device.isJoined, 'its join was answered with the new counter')
  assert.equal(gateways[0]?.refusals.get('too-late'), undefined)
})

test('a device whose gateway is away becomes louder and slower, and is made fast again when it is back', async () => {
  const { world, agents, pass } = town({ region: 'US915', dataRate: 3, intervalSeconds: 10 })
  await pass(600)
  const device = agents[0]!.device
  assert.ok(device.dataRate === 3 && device.txPowerIndex > 0)
  world.restart(0, { fromUs: 600_000_000, untilUs: 3_600_000_000 })
  await pass(3000)
  assert.deepEqual([device.dataRate, device.txPowerIndex], [0, 0])
  assert.equal(device.enabledChannels.length, 72, 'at last it tries every channel of its band')
  await pass(3600)
  assert.ok(device.dataRate === 3 && device.txPowerIndex > 0)
  assert.deepEqual(device.enabledChannels, range(8))
})

test('devices whose batteries are all changed at once find back', async () => {
  const { agents, pass } = town({ gateways: crowd(4, 3000, 5), devices: crowd(30, 3000, 6), dataRate: 3 })
  await pass(600)
  for (const agent of agents) agent.powerCycle()
  await pass(1)
  assert.ok(agents.filter(({ device }) => device.isJoined).length < 30)
  await pass(1800)
  assert.equal(agents.filter(({ device }) => device.isJoined).length, 30)
})

test('a device that forgets its nonces is refused until it has counted beyond those it used', async () => {
  const { agents, pass, server, count } = town({ nonces: 'forgets', dataRate: 3 })
  await pass(300)
  const [agent] = agents
  agent?.powerCycle()
  await pass(60)
  assert.equal(agent?.device.isJoined, true)
  assert.equal(server.drops().get('dev-nonce-used'), 1)
  assert.equal(count('join'), 2)
})

test('a device of class C hears what is queued for it at any time', async () => {
  const { agents, pass, queue, server } = town({ deviceClass: 'C', dataRate: 3, intervalSeconds: 900 })
  await pass(120)
  const [agent] = agents
  assert.ok(agent?.device.isJoined)
  // It is class C for the network once it was heard.
  await pass(900)
  const before = agent.counts().downlinks
  const { devEui } = agent.device
  await queue.add({ id: 'q', devEui, fPort: 9, payload: Uint8Array.of(1), isConfirmed: false })
  server.queueChanged(devEui)
  await pass(10)
  assert.equal(agent.counts().downlinks, before + 1)
})
