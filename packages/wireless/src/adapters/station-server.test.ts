/**
 * Goal: a station finds its server, is told what to do, is heard and asked to send; what becomes of a downlink is told once, also when
 * the station is silent, gone or new; and no message or request ends the server.
 *
 * The small station here plays what the C program (basicstation 2.0.6) was seen to send.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { gpsMsOf } from '../gps-time.ts'
import type { GatewayStatus, RadioDownlink, RadioUplink, TransmitOutcome, TransmitWindow } from '../model/radio.ts'
import { regionOf } from '../region/region-of.ts'
import { readExactJson, wholeNumberOf } from '../wire/exact-json.ts'
import { listeningChannels, type StationSettings } from '../wire/station-config.ts'
import {
  discoveriesMax,
  openStationServer,
  pendingPerStationMax,
  stationMessagesPerSecondMax,
  silentConnectionsMax,
  stationsMax,
  type StationServer,
  type StationServerOptions,
} from './station-server.ts'
import { timeFixture, type TimeFixture } from './time-fixture.ts'

const eui = 'b827ebfffe123456'
const region = regionOf('EU868')
const settings: StationSettings = { region, channels: listeningChannels(region) }
const version =
  '{"msgtype":"version","station":"2.0.6(linux/testsim)","firmware":null,"package":null,"model":"linux","protocol":2,"features":"rmtsh"}'
/** Above 2^53: session 0x6c of unit 0, and microseconds. */
const xtime = 0x006c_0000_1017_2289n

type Fields = Readonly<Record<string, unknown>>

interface World {
  readonly server: StationServer
  readonly heard: RadioUplink[]
  readonly outcomes: TransmitOutcome[]
  readonly statuses: GatewayStatus[]
  readonly time: TimeFixture
}

const opened: AsyncDisposable[] = []
after(async () => {
  for (const one of opened) await one[Symbol.asyncDispose]()
})

async function openWorld(options: Partial<StationServerOptions> = {}): Promise<World> {
  const heard: RadioUplink[] = []
  const outcomes: TransmitOutcome[] = []
  const statuses: GatewayStatus[] = []
  const time = timeFixture()
  const listener = {
    heard: (uplink: RadioUplink) => void heard.push(uplink),
    outcome: (outcome: TransmitOutcome) => void outcomes.push(outcome),
    status: (status: GatewayStatus) => void statuses.push(status),
  }
  const { clock, timers } = time
  const base = { host: '127.0.0.1', port: 0, listener, clock, timers, settingsOf: () => settings }
  const server = await openStationServer({ ...base, ...options })
  opened.push(server)
  return { server, heard, outcomes, statuses, time }
}

/** One end of a WebSocket, with what it was sent so far. */
interface Client {
  readonly socket: WebSocket
  say(message: string | Fields): void
  /** the next text that was not asked for yet */
  next(): Promise<Fields & { readonly text: string }>
  /** resolves once the server has read all that was said before */
  settled(): Promise<void>
}

async function dial({ server }: World, path: string, headers: Record<string, string> = {}): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers })
  const texts: string[] = []
  let wake = (): void => undefined
  socket.on('message', (data: Buffer) => {
    texts.push(data.toString())
    wake()
  })
  await once(socket, 'open')
  const next = async (): Promise<Fields & { readonly text: string }> => {
    while (texts.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    const text = texts.shift()!
    return { ...(readExactJson(text) as Fields), text }
  }
  const say = (message: string | Fields): void =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  return {
    socket,
    say,
    next,
    async settled() {
      const pong = once(socket, 'pong')
      socket.ping()
      await pong
    },
  }
}

/** A station that has said who it is and was told what to do. */
async function station(world: World, gatewayEui = eui): Promise<Client> {
  const client = await dial(world, `/gateway/${gatewayEui}`)
  client.say(version)
  await client.next()
  return client
}

let frames = 0
/** A data frame as the station writes it: each new one is another. */
const updf = (more: Fields = {}, at: bigint = xtime): string => {
  frames += 1
  const upinfo = `{"rctx":0,"xtime":${at},"gpstime":0,"fts":-1,"rssi":-50,"snr":9,"rxtime":1796126838.467}`
  const frame = {
    msgtype: 'updf',
    MHdr: 64,
    DevAddr: -167_772_159,
    FCtrl: 128,
    FCnt: frames,
    FOpts: '',
    FPort: 1,
    FRMPayload: '010203',
    MIC: -frames,
    RefTime: 0,
    DR: 5,
    Freq: 868_100_000,
    ...more,
  }
  return `${JSON.stringify(frame).slice(0, -1)},"upinfo":${upinfo}}`
}

const windowAt = (timing: TransmitWindow['timing'], frequencyHz = 868_100_000): TransmitWindow => ({
  frequencyHz,
  modulation: { kind: 'lora', spreadingFactor: 9, bandwidthHz: 125_000 },
  powerDbm: 14,
  timing,
})
const delayed = (context: Uint8Array, delayMs: number, frequencyHz?: number): TransmitWindow =>
  windowAt({ kind: 'delay', context, delayMs }, frequencyHz)
const downlinkFor = (windows: readonly TransmitWindow[], id = 7, gatewayEui = eui): RadioDownlink => ({
  id,
  gatewayEui,
  deviceClass: 'A',
  phyPayload: Uint8Array.of(0x60, 1, 2, 3),
  windows,
})
const classA = (context: Uint8Array, id = 7): RadioDownlink =>
  downlinkFor([delayed(context, 1000), delayed(context, 2000, 869_525_000)], id)
const told = (outcomes: readonly TransmitOutcome[]): unknown[] =>
  outcomes.map(({ id, windowIndex, refusal }) => [id, windowIndex, refusal])

/** A world with one station and one frame heard. */
async function heardOnce(
  options: Partial<StationServerOptions> = {},
): Promise<World & { readonly client: Client; readonly context: Uint8Array }> {
  const world = await openWorld(options)
  const client = await station(world)
  client.say(updf())
  await client.settled()
  const [uplink] = world.heard
  assert.ok(uplink !== undefined)
  return { ...world, client, context: uplink.context }
}

test('a station that asks is told where to connect, and there it is told what to do', async () => {
  const world = await openWorld()
  const asking = await dial(world, '/router-info')
  asking.say({ router: 'b827:ebff:fe12:3456' })
  const answer = await asking.next()
  assert.equal(answer['router'], 'b827:ebff:fe12:3456')
  const uri = String(answer['uri'])
  assert.equal(uri, `ws://127.0.0.1:${world.server.port}/gateway/${eui}`)
  await once(asking.socket, 'close')

  const client = await dial(world, new URL(uri).pathname)
  assert.equal(world.server.isReachable(eui), false)
  client.say(version)
  const config = await client.next()
  assert.equal(config['msgtype'], 'router_config')
  assert.equal(config['region'], 'EU863')
  assert.equal(config['MuxTime'], 1000)
  assert.deepEqual(world.server.reachable(), [eui])
  assert.deepEqual(
    world.statuses.map(({ gatewayEui, protocol, software }) => [gatewayEui, protocol, software]),
    [[eui, 'basics-station', '2.0.6(linux/testsim) linux']],
  )
})

test('a public address takes the place of the one that was asked at', async () => {
  for (const [publicUri, base] of [
    ['wss://lns.example.org/', 'wss://lns.example.org:443'],
    ['ws://lns.example.org:3001', 'ws://lns.example.org:3001'],
    ['ws://[::1]', 'ws://[::1]:80'],
  ] as const) {
    const asking = await dial(await openWorld({ publicUri }), '/router-info')
    asking.say('{"router":1}')
    assert.equal((await asking.next())['uri'], `${base}/gateway/0000000000000001`)
  }
})

test('an address that is none is not handed back to whoever sent it', async () => {
  const world = await openWorld()
  const asking = await dial(world, '/router-info', { Host: 'a"b' })
  asking.say('{"router":1}')
  const answer = await asking.next()
  assert.equal(answer['uri'], undefined)
  assert.equal(answer['error'], 'no address')
})

test('who is not admitted is turned away at both doors', async () => {
  const admits = (_eui: string, authorization: string | undefined): StationSettings | undefined =>
    authorization === 'Bearer 1' ? settings : undefined
  const world = await openWorld({ settingsOf: admits })
  const asking = await dial(world, '/router-info')
  asking.say('{"router":1}')
  assert.equal((await asking.next())['error'], 'not admitted')
  await assert.rejects(dial(world, `/gateway/${eui}`), /403/)
  await dial(world, `/gateway/${eui}`, { Authorization: 'Bearer 1' })
  assert.equal(world.server.drops().get('not-admitted'), 2)
})

test('a frame is handed on whole, with its exact place, and once', async () => {
  const world = await openWorld()
  const client = await station(world)
  const frame = updf()
  client.say(frame)
  client.say(frame)
  await client.settled()
  assert.equal(world.heard.length, 1)
  const [uplink] = world.heard
  assert.equal(uplink?.gatewayEui, eui)
  assert.equal(Buffer.from(uplink.phyPayload).toString('hex').slice(0, 12), '40010000f680')
  assert.equal(new DataView(uplink.context.buffer).getBigInt64(0), xtime)
  assert.equal(world.server.drops().get('repeated-by-gateway'), 1)
})

test('both windows of class A go in one message, and the confirmation tells which was used', async () => {
  const { server, client, context, outcomes } = await heardOnce()
  const confirm = async (id: number, more: Fields): Promise<void> => {
    server.send(classA(context, id))
    const asked = await client.next()
    assert.equal(asked['msgtype'], 'dnmsg')
    assert.equal(wholeNumberOf(asked['xtime']), xtime)
    const names = ['diid', 'dC', 'RxDelay', 'RX1DR', 'RX1Freq', 'RX2DR', 'RX2Freq', 'pdu']
    assert.deepEqual(
      names.map((name) => asked[name]),
      [id, 0, 1, 3, 868_100_000, 3, 869_525_000, '60010203'],
    )
    client.say({ msgtype: 'dntxed', seqno: id, diid: id, DR: 3, rctx: 0, ...more })
    await client.settled()
  }
  await confirm(1, { Freq: 868_100_000 })
  await confirm(2, { Freq: 869_525_000 })
  assert.deepEqual(told(outcomes), [
    [1, 0, undefined],
    [2, 1, undefined],
  ])
})

test('windows on one frequency are told apart by the time of the confirmation', async () => {
  const { server, client, context, outcomes } = await heardOnce()
  for (const [id, lateUs] of [
    [1, 1_000_000n],
    [2, 2_000_000n],
  ] as const) {
    server.send(downlinkFor([delayed(context, 1000), delayed(context, 2000)], id))
    await client.next()
    client.say(`{"msgtype":"dntxed","diid":${id},"Freq":868100000,"xtime":${xtime + lateUs}}`)
    await client.settled()
  }
  assert.deepEqual(told(outcomes), [
    [1, 0, undefined],
    [2, 1, undefined],
  ])
})

test('a station of before 2.0.4 confirms without a frequency, and the time tells which window it was', async () => {
  const { server, client, context, outcomes } = await heardOnce()
  for (const [id, lateUs] of [
    [1, 1_000_000n],
    [2, 2_000_000n],
  ] as const) {
    server.send(classA(context, id))
    await client.next()
    client.say(`{"msgtype":"dntxed","seqno":${id},"xtime":${xtime + lateUs}}`)
    await client.settled()
  }
  assert.deepEqual(told(outcomes), [
    [1, 0, undefined],
    [2, 1, undefined],
  ])
})

test('a station whose duty cycle is spent says nothing, and that is told after the last window', async () => {
  // Vector bs-regr-dc: of five replies on a sub-band of 0.1 % the first is sent, and no word comes of the others.
  const { server, client, context, outcomes, time } = await heardOnce()
  for (let id = 1; id <= 5; id += 1) server.send(downlinkFor([delayed(context, 1000, 867_100_000)], id))
  for (let id = 1; id <= 5; id += 1) assert.equal((await client.next())['RX2Freq'], undefined)
  client.say({ msgtype: 'dntxed', diid: 1, Freq: 867_100_000 })
  await client.settled()
  time.pass(2999)
  assert.deepEqual(told(outcomes), [[1, 0, undefined]])
  time.pass(2)
  assert.deepEqual(
    told(outcomes).slice(1),
    [2, 3, 4, 5].map((id) => [id, 0, 'no-answer']),
  )
  client.say({ msgtype: 'dntxed', diid: 2, Freq: 867_100_000 })
  await client.settled()
  assert.equal(outcomes.length, 5, 'a word that comes too late changes nothing')
  assert.equal(server.drops().get('unexpected-confirmation'), 1)
})

test('silence about two windows is told of the second, a second later', async () => {
  const { server, client, context, outcomes, time } = await heardOnce()
  server.send(classA(context))
  await client.next()
  time.pass(3999)
  assert.deepEqual(outcomes, [])
  time.pass(2)
  assert.deepEqual(told(outcomes), [[7, 1, 'no-answer']])
})

test('windows that are over are not asked for, and one that is left is asked for alone', async () => {
  const { server, client, context, outcomes, time } = await heardOnce()
  time.pass(1500)
  server.send(classA(context, 1))
  const asked = await client.next()
  assert.deepEqual([asked['RxDelay'], asked['RX1Freq'], asked['RX2Freq']], [2, 869_525_000, undefined])
  time.pass(500)
  server.send(classA(context, 2))
  assert.deepEqual(told(outcomes), [
    [1, 0, 'too-late'],
    [2, 0, 'too-late'],
    [2, 1, 'too-late'],
  ])
})

test('class C is asked for at once and waited for as long as the station tries', async () => {
  const { server, client, outcomes, time } = await heardOnce()
  server.send(downlinkFor([windowAt({ kind: 'immediate' }, 869_525_000)]))
  const asked = await client.next()
  assert.deepEqual([asked['dC'], asked['RX2Freq'], asked['xtime']], [2, 869_525_000, undefined])
  time.pass(3499)
  assert.deepEqual(outcomes, [])
  time.pass(2)
  assert.deepEqual(told(outcomes), [[7, 0, 'no-answer']])
})

test('class B needs a station that knows the time, and a moment that it can take', async () => {
  const { server, client, outcomes, time } = await heardOnce()
  const at = (inMs: number): TransmitWindow => windowAt({ kind: 'gps', gpsTimeMs: gpsMsOf(time.clock.nowMs()) + inMs })
  server.send(downlinkFor([at(5000)], 1))
  client.say(updf().replace('"gpstime":0', `"gpstime":${gpsMsOf(1_000_000_000_000) * 1000}`))
  await client.settled()
  for (const [id, inMs] of [
    [2, -1],
    [3, 600_001],
    [4, 5000],
  ] as const)
    server.send(downlinkFor([at(inMs)], id))
  const asked = await client.next()
  assert.deepEqual([asked['dC'], asked['diid']], [1, 4])
  assert.equal(asked['gpstime'], (gpsMsOf(time.clock.nowMs()) + 5000) * 1000)
  assert.deepEqual(told(outcomes), [
    [1, 0, 'gps-unlocked'],
    [2, 0, 'too-late'],
    [3, 0, 'too-early'],
  ])
})

test('what a station would throw away whole is refused before it is asked', async () => {
  const { server, client, context, outcomes } = await heardOnce()
  const fast = {
    ...delayed(context, 1000),
    modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 500_000 },
  } as const
  server.send(downlinkFor([delayed(context, 1000, 902_300_000)], 1))
  server.send(downlinkFor([fast], 2))
  server.send(downlinkFor([delayed(new Uint8Array(8), 1000)], 3))
  server.send({ ...downlinkFor([windowAt({ kind: 'immediate' })], 4), isBeacon: true })
  // A second window that cannot be does not take the first one with it.
  server.send(downlinkFor([delayed(context, 1000), delayed(context, 2000, 902_300_000)], 5))
  assert.deepEqual([(await client.next())['diid'], server.isReachable(eui)], [5, true])
  assert.deepEqual(told(outcomes), [
    [1, 0, 'tx-freq'],
    [2, 0, 'unknown-error'],
    [3, 0, 'no-context'],
    [4, 0, 'unknown-error'],
  ])
})

test('a new connection takes the place of the old one, and what was heard on that is no context any more', async () => {
  const { server, client, context, outcomes, ...world } = await heardOnce()
  server.send(classA(context, 1))
  await client.next()
  const gone = once(client.socket, 'close')
  const again = await station({ server, outcomes, ...world })
  await gone
  server.send(classA(context, 2))
  assert.deepEqual(told(outcomes), [
    [1, 0, 'gateway-away'],
    [2, 0, 'no-context'],
    [2, 1, 'no-context'],
  ])
  assert.ok(server.isReachable(eui))
  again.socket.close()
  await once(again.socket, 'close')
  while (server.isReachable(eui)) await new Promise(setImmediate)
  server.send(classA(context, 3))
  assert.deepEqual(told(outcomes).slice(3), [[3, 0, 'gateway-away']])
})

test('a station that has not said who it is cannot be sent to', async () => {
  const world = await openWorld()
  await dial(world, `/gateway/${eui}`)
  world.server.send(downlinkFor([windowAt({ kind: 'immediate' })]))
  assert.deepEqual(told(world.outcomes), [[7, 0, 'gateway-away']])
})

test('a station that does not answer a ping is gone, one that does stays', async () => {
  const world = await openWorld()
  const deaf = await station(world)
  const lively = await station(world, '0000000000000002')
  deaf.socket.pause()
  for (let times = 0; times < 2; times += 1) {
    const pinged = once(lively.socket, 'ping')
    world.time.pass(30_001)
    await pinged
    await lively.settled()
  }
  assert.deepEqual(world.server.reachable(), ['0000000000000002'])
  deaf.socket.terminate()
})

test('the time is told as it was asked for', async () => {
  const world = await openWorld()
  const client = await station(world)
  for (const txtime of ['123.456', '43008934', '9007199254740993123']) {
    client.say(`{"msgtype":"timesync","txtime":${txtime}}`)
    const { text } = await client.next()
    assert.equal(
      text,
      `{"msgtype":"timesync","gpstime":${gpsMsOf(1_000_000) * 1000},"txtime":${txtime},"MuxTime":1000}`,
    )
  }
})

test('a station that floods is heard up to the bound, and again a second later', async () => {
  const world = await openWorld()
  const client = await station(world)
  for (let count = 0; count < stationMessagesPerSecondMax + 10; count += 1) client.say('{"msgtype":"rmtsh"}')
  client.say(updf())
  await client.settled()
  assert.equal(world.heard.length, 0)
  // The version was the first message of this second.
  assert.equal(world.server.drops().get('ignored-message'), stationMessagesPerSecondMax - 1)
  assert.equal(world.server.drops().get('too-many-messages'), 12)
  world.time.pass(1000)
  client.say(updf())
  await client.settled()
  assert.equal(world.heard.length, 1)
})

test('no more downlinks wait than the bound', async () => {
  const { server, context, outcomes } = await heardOnce()
  for (let id = 1; id <= pendingPerStationMax + 1; id += 1) server.send(downlinkFor([delayed(context, 1000)], id))
  assert.deepEqual(told(outcomes), [[pendingPerStationMax + 1, 0, 'collision-packet']])
  server.send(downlinkFor([delayed(context, 1000)], 1))
  assert.equal(outcomes.at(-1)?.refusal, 'unknown-error', 'a number that is awaited is not given twice')
})

test('questions beyond the bound are turned away, and each ends by itself', async () => {
  const world = await openWorld()
  const asking = await Promise.all(Array.from({ length: discoveriesMax }, () => dial(world, '/router-info')))
  await assert.rejects(dial(world, '/router-info'), /503/)
  const closed = asking.map(({ socket }) => once(socket, 'close'))
  world.time.pass(10_001)
  await Promise.all(closed)
  while (true) {
    const client = await dial(world, '/router-info').catch(() => undefined)
    if (client !== undefined) break
  }
})

test('stations beyond the bound are turned away, and one that is known may come again', async () => {
  const world = await openWorld()
  const euiOf = (index: number): string => index.toString(16).padStart(16, '0')
  const sockets: WebSocket[] = []
  for (let index = 0; index < stationsMax; index += 64)
    sockets.push(
      ...(
        await Promise.all(Array.from({ length: 64 }, (_, step) => dial(world, `/gateway/${euiOf(index + step)}`)))
      ).map(({ socket }) => socket),
    )
  await assert.rejects(dial(world, `/gateway/${eui}`), /503/)
  sockets.push((await dial(world, `/gateway/${euiOf(1)}`)).socket)
  for (const socket of sockets) socket.terminate()
})

test('requests that are none of a station end with a reason', async () => {
  const world = await openWorld()
  for (const path of ['/', '/gateway/', '/gateway/zz', '/gateway/b827ebfffe12345', `/gateway/${eui}/x`, '//', '/%'])
    await assert.rejects(dial(world, path), /404/, path)
  assert.equal((await fetch(`http://127.0.0.1:${world.server.port}/`)).status, 426)
  const noise = connect(world.server.port, '127.0.0.1')
  noise.write('no http at all\r\n\r\n')
  await once(noise, 'close')
  const asking = await dial(world, '/router-info')
  asking.say('{"router":{}}')
  await once(asking.socket, 'close')
  const drops = world.server.drops()
  assert.deepEqual([drops.get('unknown-path'), drops.get('no-discovery')], [8, 1])
})

test('connections that say nothing make room for those that do, the oldest first', async () => {
  const world = await openWorld()
  const silent: Socket[] = []
  for (let count = 0; count < silentConnectionsMax; count += 1) {
    const socket = connect(world.server.port, '127.0.0.1')
    await once(socket, 'connect')
    silent.push(socket)
  }
  const [oldest, next] = silent
  assert.ok(oldest !== undefined && next !== undefined)
  const gone = once(oldest, 'close')
  await station(world)
  await gone
  assert.equal(world.server.drops().get('silent-connection'), 1)
  assert.equal(next.destroyed, false)
  // What has become a WebSocket is silent no more: its place is free again.
  await station(world, '0000000000000002')
  assert.equal(world.server.drops().get('silent-connection'), 1)
  for (const socket of silent) socket.destroy()
})

test('a message that is too long ends its connection alone', async () => {
  const world = await openWorld()
  const [long, other] = [await station(world), await station(world, '0000000000000002')]
  long.say('x'.repeat(16 * 1024 + 1))
  await once(long.socket, 'close')
  other.say(updf())
  await other.settled()
  assert.equal(world.heard.length, 1)
  assert.equal(world.server.drops().get('broken-message'), 1)
})

test('whatever messages come, each is counted or heard, and the next good one is read', async () => {
  const world = await openWorld()
  const client = await station(world)
  let [said, timesyncs] = [1, 0]
  client.socket.on('message', (data: Buffer) => void (timesyncs += data.includes('"timesync"') ? 1 : 0))
  const kind = fc.constantFrom('updf', 'jreq', 'propdf', 'dntxed', 'timesync', 'version', 'dndf', 'x')
  const field = fc.constantFrom(
    'MHdr',
    'DevAddr',
    'FCtrl',
    'FCnt',
    'FPort',
    'FRMPayload',
    'MIC',
    'DR',
    'Freq',
    'upinfo',
    'diid',
  )
  await fc.assert(
    fc.asyncProperty(
      kind,
      fc.dictionary(field, fc.jsonValue(), { maxKeys: 2 }),
      fc.uint8Array(),
      fc.nat(300),
      async (msgtype, more, noise, at) => {
        const whole = updf({ txtime: 1, ...more, msgtype })
        client.say(`${whole.slice(0, at)}${Buffer.from(noise).toString('latin1')}${whole.slice(at)}`)
        client.say(whole)
        client.socket.send(noise)
        said += 3
        world.time.pass(10)
      },
    ),
    { numRuns: 300 },
  )
  client.say(updf())
  await client.settled()
  const dropped = [...world.server.drops().values()].reduce((total, count) => total + count, 0)
  for (const count of [dropped - 300, timesyncs, world.statuses.length, world.heard.length]) assert.ok(count > 1)
  assert.equal(dropped + timesyncs + world.statuses.length + world.heard.length, said + 1)
  assert.equal(world.server.isReachable(eui), true)
})
