/**
 * Goal: a town whose gateways speak real datagrams lives with a network server at the other end, in made time: devices join, their
 * messages come out, payloads reach them, mishaps lose only what they explain; and a network that loses what it took is found out.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Device } from '../model/device.ts'
import type { Eui, RadioDownlink } from '../model/radio.ts'
import { memoryQueue } from '../network-server/memory-queue.ts'
import { memorySessions } from '../network-server/memory-sessions.ts'
import { networkServer, type NetworkServer } from '../network-server/network-server.ts'
import { regionOf } from '../region/region-of.ts'
import {
  decodeUdpContext,
  encodeAck,
  encodePullResp,
  parseForwarderDatagram,
  readPush,
  readTxAck,
  uplinkOf,
} from '../wire/semtech-udp.ts'
import { listeningChannels } from '../wire/station-config.ts'
import { passTime } from './event-queue.ts'
import { liveTown, messagePayload, readMessagePayload, type LiveTown, type LiveTownOptions } from './live-town.ts'
import { randomStream } from './seeded-random.ts'
import { plainProfile } from '../provision/plain-profile.ts'

const region = regionOf('EU868')
const epochMs = 1_800_000_000_000
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
}

const profile = plainProfile(region)

interface Lived {
  readonly town: LiveTown
  readonly server: NetworkServer
  readonly rebinds: number
}

/** A network server behind datagrams. @param swallows acknowledges such a frame and loses it */
function openTown(
  options: Partial<LiveTownOptions> = {},
  swallows: (phyPayload: Uint8Array) => boolean = () => false,
): Lived & { live(seconds: number): Promise<void>; queue(device: number, payload: Uint8Array): Promise<void> } {
  let now = (): number => 0
  let town: LiveTown | undefined
  const state = { rebinds: 0, token: 0 }
  const lines = new Map<number, (bytes: Uint8Array) => void>()
  const lineOf = new Map<Eui, number>()
  const asked = new Map<number, RadioDownlink>()
  const take = (gateway: number, bytes: Uint8Array): void => {
    const datagram = parseForwarderDatagram(bytes)
    assert.ok(typeof datagram !== 'string')
    lineOf.set(datagram.gatewayEui, gateway)
    if (datagram.kind === 'tx-ack') {
      const downlink = asked.get(datagram.token)
      const { refusal } = readTxAck(datagram.json)
      if (downlink !== undefined)
        server.outcome({
          id: downlink.id,
          gatewayEui: downlink.gatewayEui,
          windowIndex: 0,
          atMs: epochMs + now(),
          ...(refusal === undefined ? {} : { refusal }),
        })
      return
    }
    lines.get(gateway)?.(encodeAck(datagram))
    if (datagram.kind !== 'push-data') return
    for (const packet of readPush(datagram.json)?.packets ?? [])
      if (!swallows(packet.phyPayload))
        server.heard(uplinkOf(packet, { gatewayEui: datagram.gatewayEui, heardAtMs: epochMs + now(), era: 0 }))
  }
  const send = (downlink: RadioDownlink): void => {
    const [window] = downlink.windows
    const gateway = lineOf.get(downlink.gatewayEui)
    if (window === undefined || gateway === undefined || window.timing.kind !== 'delay') return
    const { timestampUs = 0 } = decodeUdpContext(window.timing.context) ?? {}
    state.token = (state.token + 1) & 0xffff
    asked.set(state.token, downlink)
    const at = (timestampUs + window.timing.delayMs * 1000) % 2 ** 32
    lines.get(gateway)?.(
      encodePullResp({ version: 2, token: state.token }, { downlink, window, timestampUs: at, antennaGainDbi: 0 }),
    )
  }
  const made = liveTown({
    seed: 3,
    run: '0a0b0c0d',
    region,
    channels: listeningChannels(region),
    deviceCount: 40,
    gatewayCount: 6,
    stationShare: 0,
    confirmedShare: 0,
    sideM: 2500,
    intervalSeconds: 60,
    rampSeconds: 60,
    origin: { latitude: 53.5, longitude: 10 },
    mishaps: { restartSeconds: 0, powerCycleSeconds: 0 },
    epochMs,
    elapsedMs: () => now(),
    lines: {
      openUdp(gateway, receive) {
        lines.set(gateway, receive)
        return { send: (bytes) => take(gateway, bytes), rebind: () => void (state.rebinds += 1) }
      },
      stationUri: () => '',
      openStation: () => assert.fail('there are no stations'),
    },
    ...options,
  })
  town = made
  now = () => made.queue.nowUs / 1000
  const random = randomStream(9)
  const indexOf = new Map(made.deviceEuis.map((devEui, index) => [devEui, index]))
  const deviceOf = (devEui: Eui): Device | undefined =>
    indexOf.has(devEui)
      ? {
          devEui,
          joinEui: made.joinEui,
          name: devEui,
          description: '',
          applicationId: 'a',
          profileId: 'p',
          isDisabled: false,
          skipsFrameCounter: false,
          tags: {},
          variables: {},
        }
      : undefined
  const waiting = memoryQueue()
  const server = networkServer({
    radio: { send, isReachable: () => true },
    broker: {
      publish(message) {
        if (message.kind === 'up' && message.fPort !== undefined) town?.published(message.devEui, message.payload)
      },
    },
    devices: {
      device: deviceOf,
      rootKeys: (devEui) => ({ appKey: made.appKeyOf(indexOf.get(devEui) ?? 0) }),
      profile: () => profile,
      application: () => undefined,
    },
    sessions: memorySessions(),
    queue: waiting,
    clock: made.queue.clock(epochMs),
    timers: made.queue.timers,
    random: { bytes: (size) => new Uint8Array(size).map(() => random.index(256)) },
    policyOf: () => ({
      netId: 0,
      addresses: { first: 0x0100_0000, last: 0x01ff_ffff },
      rxDelaySeconds: 1,
      rx1DataRateOffset: 0,
      extraChannelsHz: [],
    }),
  })
  made.start()
  return {
    town: made,
    server,
    get rebinds() {
      return state.rebinds
    },
    live: async (seconds) => passTime(made.queue, made.queue.nowUs + seconds * 1e6, settle),
    async queue(device, payload) {
      await waiting.add({ id: String(device), devEui: made.deviceEuis[device]!, fPort: 9, payload, isConfirmed: false })
      made.queued(device, payload)
    },
  }
}

/** To the end: devices fall silent, what is under way arrives, all is judged. */
async function end({ town, live }: { town: LiveTown; live: (seconds: number) => Promise<void> }) {
  town.quiet()
  await live(12)
  town.ledger.settle(Number.POSITIVE_INFINITY)
  return town.report()
}

test('devices join over datagrams and all that gateways were told is taken comes out, once', async () => {
  const lived = openTown()
  await lived.live(400)
  const report = await end(lived)
  assert.ok(report.joinedDevices >= 38, `${report.joinedDevices} joined`)
  assert.equal(report.answeredGateways, 6)
  const { messages, delivered, losses, duplicates, unknown, open } = report.uplinks
  assert.ok(messages > 150 && delivered > messages * 0.95, `${delivered} of ${messages}`)
  assert.deepEqual([losses.missing, duplicates, unknown, open], [0, 0, 0, 0])
  assert.ok(report.uplinks.latencyMsP99 < 1500 && report.uplinks.latencyMsP50 > 0)
})

test('the same seed is the same town', async () => {
  const runs = [openTown(), openTown(), openTown({ seed: 4 })]
  for (const run of runs) await run.live(120)
  const [first, again, other] = runs.map(({ town }) => town.report())
  assert.deepEqual(first, again)
  assert.notDeepEqual(first, other)
})

test('a network that takes a message and loses it is found out, and only then', async () => {
  let swallowed = 0
  const lived = openTown({}, (phyPayload) => {
    // Every copy of messages with this counter, of all devices.
    const isIt = phyPayload.length > 20 && phyPayload.length !== 23 && phyPayload[6] === 2
    if (isIt) swallowed += 1
    return isIt
  })
  await lived.live(400)
  const { uplinks } = await end(lived)
  assert.ok(swallowed > 0 && uplinks.losses.missing > 10, `${uplinks.losses.missing} missing`)
  assert.ok(
    uplinks.missing.every(({ message }) => message === 3),
    JSON.stringify(uplinks.missing),
  )
})

test('restarts, new ports and empty batteries lose what they explain and nothing else', async () => {
  const lived = openTown({ mishaps: { restartSeconds: 120, powerCycleSeconds: 300 } })
  await lived.live(900)
  const report = await end(lived)
  assert.ok(report.restarts > 10 && report.powerCycles > 10, `${report.restarts} and ${report.powerCycles}`)
  assert.ok(lived.rebinds > 0 && report.rebinds === lived.rebinds)
  assert.equal(report.uplinks.losses.missing, 0, JSON.stringify(report.uplinks))
  assert.ok(report.losses.off > 0)
  assert.ok(report.uplinks.delivered > report.uplinks.messages * 0.9)
})

test('confirmed messages are confirmed in their windows', async () => {
  const lived = openTown({ confirmedShare: 1, deviceCount: 10 })
  await lived.live(400)
  const { confirmed, acknowledged, transmitted } = await end(lived)
  assert.ok(confirmed > 30 && acknowledged > confirmed * 0.8, `${acknowledged} of ${confirmed}`)
  assert.ok(transmitted > acknowledged)
})

test('payloads that the network queued are heard by their devices, once', async () => {
  const lived = openTown()
  await lived.live(120)
  for (let turn = 0; turn < 10; turn += 1) {
    const device = lived.town.someDevice()
    assert.ok(device !== undefined)
    await lived.queue(device, Uint8Array.of(turn, 7))
    await lived.live(20)
  }
  await lived.live(100)
  const { downlinks } = await end(lived)
  assert.equal(downlinks.queued, 10)
  assert.ok(downlinks.received >= 9, `${downlinks.received} received`)
  assert.deepEqual([downlinks.repeated, downlinks.unknown], [0, 0])
})

test('a message’s payload names its device and number, and others name none', () => {
  assert.deepEqual(readMessagePayload(messagePayload(70_000, 4_000_000_000)), {
    device: 70_000,
    message: 4_000_000_000,
  })
  assert.equal(readMessagePayload(new Uint8Array(6)), undefined)
})
