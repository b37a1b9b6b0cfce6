/**
 * Goal: a forwarder is answered where it asked, each packet is handed on once, a downlink takes the next window only when the first
 * was refused, and no datagram ends the server.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { RadioDownlink, RadioUplink, TransmitOutcome, TransmitWindow } from '../model/radio.ts'
import { timeFixture, type TimeFixture } from './time-fixture.ts'
import { openUdpForwarder, pathMsMax, type UdpForwarder, type UdpForwarderOptions } from './udp-forwarder.ts'

const eui = 'aa555a0000000101'
const euiBytes = Buffer.from(eui, 'hex')

interface World {
  readonly server: UdpForwarder
  readonly heard: RadioUplink[]
  readonly outcomes: TransmitOutcome[]
  readonly time: TimeFixture
  /** sends from the socket and resolves to the next datagram that it gets */
  ask(socket: Socket, datagram: Uint8Array): Promise<Buffer>
}

const opened: AsyncDisposable[] = []
const sockets: Socket[] = []
after(async () => {
  for (const socket of sockets) socket.close()
  for (const one of opened) await one[Symbol.asyncDispose]()
})

async function clientSocket(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  sockets.push(socket)
  return socket
}

async function openWorld(options: Partial<UdpForwarderOptions> = {}): Promise<World> {
  const heard: RadioUplink[] = []
  const outcomes: TransmitOutcome[] = []
  const time = timeFixture()
  const { clock, timers } = time
  const listener = {
    heard: (uplink: RadioUplink) => void heard.push(uplink),
    outcome: (outcome: TransmitOutcome) => void outcomes.push(outcome),
    status: () => undefined,
  }
  const server = await openUdpForwarder({ host: '127.0.0.1', port: 0, listener, clock, timers, ...options })
  opened.push(server)
  return {
    server,
    heard,
    outcomes,
    time,
    async ask(socket, datagram) {
      const answered = once(socket, 'message')
      socket.send(datagram, server.port, '127.0.0.1')
      const [bytes] = (await answered) as [Buffer]
      return bytes
    },
  }
}

const datagram = (kind: number, token: number, body = ''): Buffer =>
  Buffer.concat([Buffer.from([2, token >> 8, token & 255, kind]), euiBytes, Buffer.from(body)])
const push = (token: number, tmst: number, data = 'QAQDAgEgAQABppRkJhXWw7WC'): Buffer => {
  const packet = {
    tmst,
    freq: 868.1,
    chan: 0,
    stat: 1,
    modu: 'LORA',
    datr: 'SF7BW125',
    codr: '4/5',
    rssi: -80,
    lsnr: 7,
    data,
  }
  return datagram(0, token, JSON.stringify({ rxpk: [packet] }))
}
const txAck = (token: number, error?: string): Buffer =>
  datagram(5, token, error === undefined ? '' : JSON.stringify({ txpk_ack: { error } }))

const windowAt = (context: Uint8Array, delayMs: number): TransmitWindow => ({
  frequencyHz: 868_100_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
  powerDbm: 14,
  timing: { kind: 'delay', context, delayMs },
})
const downlinkFor = (context: Uint8Array, id = 7): RadioDownlink => ({
  id,
  gatewayEui: eui,
  deviceClass: 'A',
  phyPayload: Uint8Array.of(1, 2, 3),
  windows: [windowAt(context, 1000), windowAt(context, 2000)],
})
const jsonOf = (pullResp: Buffer): { txpk: Record<string, unknown> } =>
  JSON.parse(pullResp.subarray(4).toString()) as { txpk: Record<string, unknown> }
const tokenOf = (pullResp: Buffer): number => pullResp.readUInt16BE(1)

/** A world with one packet heard and one pull made, from two ports as forwarders do. */
async function heardOnce(
  options: Partial<UdpForwarderOptions> = {},
): Promise<World & { readonly pushing: Socket; readonly pulling: Socket; readonly context: Uint8Array }> {
  const world = await openWorld(options)
  const [pushing, pulling] = [await clientSocket(), await clientSocket()]
  await world.ask(pulling, datagram(2, 1))
  await world.ask(pushing, push(2, 5_000_000))
  const [uplink] = world.heard
  assert.ok(uplink !== undefined)
  return { ...world, pushing, pulling, context: uplink.context }
}

test('a push and a pull are answered to their own ports, with their token', async () => {
  const world = await openWorld()
  const [pushing, pulling] = [await clientSocket(), await clientSocket()]
  assert.equal((await world.ask(pushing, push(0xabcd, 1))).toString('hex'), '02abcd01')
  assert.equal((await world.ask(pulling, datagram(2, 0x1234))).toString('hex'), '02123404')
  assert.equal(world.heard.length, 1)
  assert.equal(world.heard[0]?.gatewayEui, eui)
  assert.ok(world.server.isReachable(eui))
})

test('a downlink goes to where the last pull came from, also when that port has changed', async () => {
  const { server, time, pulling, context, ask } = await heardOnce()
  const moved = await clientSocket()
  await ask(moved, datagram(2, 9))
  const sent = once(moved, 'message')
  pulling.on('message', () => assert.fail('the old port is not used'))
  server.send(downlinkFor(context))
  const [bytes] = (await sent) as [Buffer]
  assert.equal(bytes[3], 3)
  const { txpk } = jsonOf(bytes)
  assert.equal(txpk['tmst'], 6_000_000)
  assert.equal(txpk['ipol'], true)
  time.pass(0)
})

test('a refusal moves the downlink to its next window; word that it was taken ends it', async () => {
  const { server, outcomes, pulling, context } = await heardOnce()
  const got: Buffer[] = []
  const arrived = (count: number): Promise<void> =>
    new Promise((resolve) => {
      pulling.on('message', () => got.length >= count && resolve())
    })
  pulling.on('message', (bytes) => void got.push(bytes))
  const one = arrived(1)
  server.send(downlinkFor(context))
  await one
  const two = arrived(2)
  pulling.send(txAck(tokenOf(got[0]!), 'TOO_LATE'), server.port, '127.0.0.1')
  await two
  assert.equal(jsonOf(got[1]!).txpk['tmst'], 7_000_000)
  const three = arrived(3)
  pulling.send(txAck(tokenOf(got[1]!), 'NONE'), server.port, '127.0.0.1')
  pulling.send(datagram(2, 77), server.port, '127.0.0.1')
  await three
  assert.deepEqual(
    outcomes.map(({ windowIndex, refusal }) => [windowIndex, refusal]),
    [
      [0, 'too-late'],
      [1, undefined],
    ],
  )
})

test('without a word from the forwarder the first window is told as unanswered, and nothing is sent twice', async () => {
  const { server, outcomes, time, context } = await heardOnce()
  server.send(downlinkFor(context))
  time.pass(2_001)
  assert.deepEqual(
    outcomes.map(({ refusal }) => refusal),
    ['no-answer'],
  )
})

test('a window that is over is too late, and one of before a restart has no context', async () => {
  const { server, outcomes, time, context, pushing, ask } = await heardOnce()
  time.pass(3_000)
  server.send(downlinkFor(context))
  assert.deepEqual(
    outcomes.map(({ refusal }) => refusal),
    ['too-late', 'too-late'],
  )
  time.pass(30_000)
  await ask(pushing, push(3, 1_000, 'QAQDAgEgAgABppRkJhXWw7WC'))
  server.send(downlinkFor(context, 8))
  assert.deepEqual(
    outcomes.slice(2).map(({ refusal }) => refusal),
    ['no-context', 'no-context'],
  )
})

test('a counter that wraps is not a restart', async () => {
  const world = await openWorld()
  const socket = await clientSocket()
  await world.ask(socket, datagram(2, 1))
  await world.ask(socket, push(1, 2 ** 32 - 500_000))
  world.time.pass(600)
  await world.ask(socket, push(2, 100_000, 'QAQDAgEgAgABppRkJhXWw7WC'))
  const [first] = world.heard
  const sent = once(socket, 'message')
  world.server.send(downlinkFor(first!.context))
  const [bytes] = (await sent) as [Buffer]
  assert.equal(jsonOf(bytes).txpk['tmst'], 500_000)
})

test('a packet that a forwarder repeats is handed on once and counted', async () => {
  const { server, heard, pushing, ask } = await heardOnce()
  await ask(pushing, push(3, 5_000_000))
  assert.equal(heard.length, 1)
  assert.equal(server.drops().get('repeated-by-gateway'), 1)
})

test('a forwarder that no longer pulls is away', async () => {
  const { server, outcomes, time, context } = await heardOnce()
  time.pass(pathMsMax + 1)
  server.send(downlinkFor(context))
  assert.equal(outcomes[0]?.refusal, 'gateway-away')
  assert.equal(server.isReachable(eui), false)
})

test('a late forwarder is handed its downlink only shortly before the window', async () => {
  const { server, time, pulling, context } = await heardOnce({ sendLeadMs: 300 })
  const got: Buffer[] = []
  pulling.on('message', (bytes) => void got.push(bytes))
  server.send(downlinkFor(context))
  time.pass(690)
  assert.equal(got.length, 0)
  const sent = once(pulling, 'message')
  time.pass(20)
  await sent
})

test('whatever datagrams come, the server answers the next good one', async () => {
  const world = await openWorld()
  const socket = await clientSocket()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 5 }), async (bytes, kind) => {
      socket.send(Buffer.concat([Buffer.from([2, 0, 0, kind]), euiBytes, bytes]), world.server.port, '127.0.0.1')
      socket.send(bytes, world.server.port, '127.0.0.1')
    }),
  )
  let last: Buffer = Buffer.alloc(0)
  while (last.toString('hex') !== '02fffe04') last = await world.ask(socket, datagram(2, 0xfffe))
  assert.ok([...world.server.drops().values()].reduce((total, count) => total + count, 0) > 0)
})
