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
import { parseForwarderDatagram, readPush } from '../wire/semtech-udp.ts'
import {
  datagramsPerSecondMax,
  forwardersMax,
  forwardersPerSourceMax,
  openUdpForwarder,
  pathMsMax,
  pendingPerForwarderMax,
  strangersMax,
  type UdpForwarder,
  type UdpForwarderOptions,
} from './udp-forwarder.ts'

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

/** Sends all, few enough at a time that none is lost, and resolves once the server has read them. */
async function sendAll(world: World, socket: Socket, datagrams: readonly Uint8Array[]): Promise<void> {
  for (let from = 0; from < datagrams.length; from += 64) {
    for (const one of datagrams.slice(from, from + 64)) socket.send(one, world.server.port, '127.0.0.1')
    await readAll(world)
  }
}

let barriers = 0
/** A forwarder of its own asks and is answered: whatever was sent before has been read. */
async function readAll(world: World): Promise<void> {
  const socket = await barrierSocket()
  barriers = (barriers + 1) & 0xffff
  const other = Buffer.from([2, barriers >> 8, barriers & 255, 2, ...Buffer.from('00000000000000ff', 'hex')])
  let answer: Buffer
  do answer = await world.ask(socket, other)
  while (answer.readUInt16BE(1) !== barriers)
}
let barrier: Promise<Socket> | undefined
const barrierSocket = async (): Promise<Socket> => (barrier ??= clientSocket())

/** A datagram of a forwarder that nobody knows. */
const strange = (kind: number, index: number): Buffer => {
  const bytes = datagram(kind, index & 0xffff)
  bytes.writeUInt32BE(index + 1, 4)
  return bytes
}
const many = (count: number, make: (index: number) => Uint8Array): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => make(index))

test('a flood of invented names that push does not displace a forwarder that pulls, nor what it heard', async () => {
  const { pulling, context, ...world } = await heardOnce()
  await sendAll(
    world,
    await clientSocket(),
    many(strangersMax + forwardersMax, (index) => strange(0, index)),
  )
  const sent = once(pulling, 'message')
  world.server.send(downlinkFor(context))
  const [bytes] = (await sent) as [Buffer]
  assert.equal(jsonOf(bytes).txpk['tmst'], 6_000_000)
})

test('of forwarders that only push the oldest is forgotten, with what it had heard', async () => {
  const world = await openWorld()
  const socket = await clientSocket()
  await world.ask(socket, push(1, 5_000_000))
  await sendAll(world, socket, [push(1, 5_000_000)])
  assert.equal(world.server.drops().get('repeated-by-gateway'), 1)
  await sendAll(
    world,
    socket,
    many(strangersMax, (index) => strange(0, index)),
  )
  await sendAll(world, socket, [push(1, 5_000_000)])
  assert.equal(world.heard.length, 2)
})

test('so many forwarders may pull from one address, and those that did go on', async () => {
  const world = await openWorld()
  const socket = await clientSocket()
  // The one that asks whether all was read is one of them.
  await sendAll(
    world,
    socket,
    many(forwardersPerSourceMax, (index) => strange(2, index)),
  )
  assert.equal(world.server.reachable().length, forwardersPerSourceMax)
  assert.equal(world.server.drops().get('too-many-forwarders'), 1)
  await sendAll(world, socket, [strange(2, 0)])
  assert.equal(world.server.drops().get('too-many-forwarders'), 1)
})

test('a forwarder that floods is not read beyond the bound, nor answered, until the next second', async () => {
  const world = await openWorld()
  const socket = await clientSocket()
  await sendAll(
    world,
    socket,
    many(datagramsPerSecondMax + 5, (index) => push(index, index * 1000)),
  )
  assert.equal(world.heard.length, datagramsPerSecondMax)
  assert.equal(world.server.drops().get('too-many-datagrams'), 5)
  world.time.pass(1000)
  await world.ask(socket, push(1, 9_000_000))
  assert.equal(world.heard.length, datagramsPerSecondMax + 1)
})

test('an address that floods under many names is not read beyond the bound, until the next second', async () => {
  const world = await openWorld({ datagramsPerSourceMax: 100 })
  const socket = await clientSocket()
  for (const one of many(150, (index) => strange(0, index))) socket.send(one, world.server.port, '127.0.0.1')
  while ((world.server.drops().get('too-many-of-source') ?? 0) < 50) await new Promise(setImmediate)
  world.time.pass(1000)
  assert.equal((await world.ask(socket, push(7, 1))).readUInt16BE(1), 7)
  assert.equal(world.server.drops().get('not-json'), 100)
})

test('a forwarder of version 1 gives no word: what it was handed counts as sent', async () => {
  const world = await heardOnce()
  const asVersion1 = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(1), bytes.subarray(1)])
  const ack = await world.ask(world.pulling, asVersion1(datagram(2, 1)))
  assert.equal(ack[0], 1)
  const sent = once(world.pulling, 'message')
  world.server.send(downlinkFor(world.context))
  assert.equal(((await sent) as [Buffer])[0][0], 1)
  world.time.pass(2001)
  assert.deepEqual(
    world.outcomes.map(({ windowIndex, refusal }) => [windowIndex, refusal]),
    [[0, undefined]],
  )
})

test('every word of refusal is told, and the next window is tried after each', async () => {
  const { pulling, context, outcomes, ...world } = await heardOnce()
  const words = ['TOO_LATE', 'TOO_EARLY', 'COLLISION_PACKET', 'COLLISION_BEACON', 'TX_FREQ', 'TX_POWER', 'GPS_UNLOCKED']
  for (const [index, word] of words.entries()) {
    const first = once(pulling, 'message')
    world.server.send(downlinkFor(context, index))
    const [asked] = (await first) as [Buffer]
    const second = once(pulling, 'message')
    pulling.send(txAck(tokenOf(asked), word), world.server.port, '127.0.0.1')
    pulling.send(txAck(tokenOf(((await second) as [Buffer])[0]), word), world.server.port, '127.0.0.1')
    await readAll({ ...world, outcomes })
  }
  const told = outcomes.map(({ windowIndex, refusal }) => `${windowIndex} ${refusal}`)
  const wanted = words.map((word) => word.toLowerCase().replaceAll('_', '-'))
  assert.deepEqual(
    told,
    wanted.flatMap((word) => [`0 ${word}`, `1 ${word}`]),
  )
})

test('no more downlinks wait for one forwarder than the bound', async () => {
  const { server, context, outcomes } = await heardOnce()
  for (let count = 1; count <= pendingPerForwarderMax + 1; count += 1) server.send(downlinkFor(context, count))
  // Each of its windows has its word.
  const id = pendingPerForwarderMax + 1
  assert.deepEqual(
    outcomes.map(({ id: whose, windowIndex, refusal }) => [whose, windowIndex, refusal]),
    [
      [id, 0, 'collision-packet'],
      [id, 1, 'collision-packet'],
    ],
  )
})

test('a downlink that is handed over late goes to where the forwarder is by then', async () => {
  const { server, time, pulling, context, ask } = await heardOnce({ sendLeadMs: 300 })
  server.send(downlinkFor(context))
  const moved = await clientSocket()
  await ask(moved, datagram(2, 9))
  pulling.on('message', () => assert.fail('the old port is not used'))
  const sent = once(moved, 'message')
  time.pass(710)
  assert.equal(((await sent) as [Buffer])[0][3], 3)
})

test('a field that is null was not measured, and one that is out of its bounds is no packet', async () => {
  const world = await openWorld()
  const socket = await clientSocket()
  const odd = (more: object): Buffer =>
    datagram(0, 1, JSON.stringify({ rxpk: [{ freq: 868.1, datr: 'SF7BW125', data: 'AAAA', ...more }] }))
  await sendAll(world, socket, [odd({ lsnr: null, rssi: null, tmst: null, size: null, chan: null })])
  const [uplink] = world.heard
  assert.equal(uplink?.snrDb, undefined)
  assert.equal(uplink?.context.length, 0)
  await sendAll(world, socket, [
    odd({ freq: 1e-9 }),
    odd({ tmst: 2 ** 32 }),
    odd({ size: 4 }),
    odd({ datr: 'SF13BW125' }),
  ])
  assert.equal(world.heard.length, 1)
  const drops = world.server.drops()
  for (const reason of ['bad-frequency', 'bad-number', 'size-differs', 'bad-modulation'] as const)
    assert.equal(drops.get(reason), 1, reason)
})

test('whatever datagrams come, each is counted, heard or answered', async () => {
  const world = await openWorld()
  const socket = await clientSocket()
  const good = push(1, 1).toString('latin1')
  const mutated = fc.tuple(fc.nat(good.length - 1), fc.nat(3), fc.string({ unit: 'binary', maxLength: 4 }))
  const bodies = fc.oneof(
    mutated.map(([at, cut, put]) => Buffer.from(good.slice(0, at) + put + good.slice(at + cut), 'latin1')),
    fc.json().map((json) => datagram(0, 1, `{"rxpk":[${json}]}`)),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.nat(5), fc.uint8Array({ maxLength: 64 }))
      .map(([kind, bytes]) => datagram(kind, 1, Buffer.from(bytes).toString('latin1'))),
  )
  const all: Buffer[] = []
  await fc.assert(
    fc.asyncProperty(fc.array(bodies, { minLength: 1, maxLength: 16 }), async (datagrams) => {
      all.push(...datagrams)
    }),
    { numRuns: 200 },
  )
  let expected = 0
  for (const one of all) {
    // Each a second later, so that no bound on rates is met.
    world.time.pass(1000)
    await sendAll(world, socket, [one])
    const read = parseForwarderDatagram(one)
    if (typeof read !== 'string' && read.kind === 'pull-data') continue
    const push = typeof read !== 'string' && read.kind === 'push-data' ? readPush(read.json) : undefined
    expected += push === undefined ? 1 : push.packets.length + push.faults.length
  }
  const dropped = [...world.server.drops().values()].reduce((total, count) => total + count, 0)
  assert.ok(dropped > 100 && world.heard.length > 0)
  assert.equal(dropped + world.heard.length, expected)
  const last = await world.ask(socket, datagram(2, 0xfffe))
  assert.equal(last[3], 4)
})
