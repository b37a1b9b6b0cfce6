/**
 * Goal: real MQTT clients connect, hear what is theirs and command their devices; everyone else gets nothing, and costs nothing.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { newApplicationToken } from '../applications/application-token.ts'
import type { DownlinkCommand } from '../applications/downlink-command.ts'
import { openMqttBroker, type MqttBroker } from './mqtt-broker.ts'

const devEui = '0101010101010101'
const tokens = Object.fromEntries(
  ['weather', 'water'].map((id, index) => [
    id,
    newApplicationToken({ bytes: (size) => new Uint8Array(size).fill(index) }),
  ]),
)
const asked: DownlinkCommand[] = []
const refusals: string[] = []
let broker: MqttBroker
let clients: MqttClient[] = []

beforeEach(async () => {
  asked.length = refusals.length = 0
  broker = await openMqttBroker({
    tcpPort: 0,
    webSocketPort: 0,
    clientsMax: 12,
    elapsedMs: () => 0,
    tokenHashesOf: (id) => (Object.hasOwn(tokens, id) ? [tokens[id]?.hash ?? '0x'] : []),
    commands: {
      request: (command) => void asked.push(command),
      refused: ({ refusal }) => void refusals.push(refusal),
    },
  })
})
afterEach(async () => {
  for (const client of clients) client.end(true)
  clients = []
  await broker[Symbol.asyncDispose]()
})

async function login(id: string, { url, ...options }: IClientOptions & { url?: string } = {}): Promise<MqttClient> {
  const login = { username: id, password: tokens[id]?.token ?? '', reconnectPeriod: 0, ...options }
  const client = await connectAsync(url ?? `mqtt://127.0.0.1:${broker.tcpPort}`, login)
  client.on('error', () => {})
  clients.push(client)
  return client
}

/** What a client has heard so far; `until` resolves at the count. */
function heardBy(client: MqttClient) {
  const heard: { topic: string; text: string; qos: number }[] = []
  let wake = (): void => {}
  client.on('message', (topic, payload, packet) => {
    heard.push({ topic, text: payload.toString(), qos: packet.qos })
    wake()
  })
  const until = async (count: number): Promise<typeof heard> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve))
    return heard
  }
  return { heard, until }
}

const event = (applicationId: string, json: string) => ({ applicationId, devEui, name: 'up', atMs: 0, json }) as const
const upOf = (id: string): string => `application/${id}/device/${devEui}/event/up`
const commandOf = (id: string): string => `application/${id}/device/${devEui}/command/down`

for (const [name, urlOf] of [
  ['TCP', () => `mqtt://127.0.0.1:${broker.tcpPort}`],
  ['WebSocket', () => `ws://127.0.0.1:${broker.webSocketPort}/mqtt`],
] as const)
  test(`over ${name} a client hears its application at QoS 0 and 1, and its downlink arrives`, async () => {
    const client = await login('weather', { url: urlOf() })
    const { until } = heardBy(client)
    assert.equal((await client.subscribeAsync('application/weather/device/+/event/+', { qos: 1 }))[0]?.qos, 1)
    // Events are published at QoS 1 at most, whatever was granted.
    await client.subscribeAsync('application/+/device/+/event/+', { qos: 2 })
    broker.take(event('weather', '{"n":1}'))
    broker.take(event('water', '{"n":2}'))
    broker.take(event('weather', '{"n":3}'))
    assert.deepEqual(await until(2), [
      { topic: upOf('weather'), text: '{"n":1}', qos: 1 },
      { topic: upOf('weather'), text: '{"n":3}', qos: 1 },
    ])
    const body = { devEui, confirmed: false, fPort: 2, data: 'AQ==' }
    await client.publishAsync(commandOf('weather'), JSON.stringify(body), { qos: 1 })
    assert.deepEqual(asked, [
      {
        applicationId: 'weather',
        devEui,
        isConfirmed: false,
        fPort: 2,
        payload: {
          kind: 'bytes',
          bytes: Uint8Array.of(1),
        },
      },
    ])
    assert.equal(broker.counts.unheard, 1)
  })

test('a client with a wildcard for the application hears its own alone', async () => {
  const [weather, water] = [await login('weather'), await login('water')]
  const [atWeather, atWater] = [heardBy(weather), heardBy(water)]
  for (const client of [weather, water]) await client.subscribeAsync(['#', 'application/+/device/+/event/up'])
  broker.take(event('water', 'a'))
  broker.take(event('weather', 'b'))
  broker.take(event('water', 'c'))
  assert.deepEqual(
    (await atWater.until(2)).map(({ text }) => text),
    ['a', 'c'],
  )
  assert.deepEqual(
    (await atWeather.until(1)).map(({ text }) => text),
    ['b'],
  )
})

test('who unsubscribes or leaves hears nothing more', async () => {
  const [leaves, stays] = [await login('weather'), await login('weather')]
  const [atLeaves, atStays] = [heardBy(leaves), heardBy(stays)]
  for (const client of [leaves, stays]) await client.subscribeAsync('#')
  broker.take(event('weather', 'a'))
  await atLeaves.until(1)
  await leaves.unsubscribeAsync('#')
  broker.take(event('weather', 'b'))
  await atStays.until(2)
  await leaves.endAsync()
  broker.take(event('weather', 'c'))
  await atStays.until(3)
  assert.equal(atLeaves.heard.length, 1)
})

test('a wrong token, another application’s token and no token are refused, and leave nothing', async () => {
  for (const password of ['', 'wrong', tokens['water']?.token ?? ''])
    await assert.rejects(login('weather', { password }), /Bad username or password|Connection refused/)
  await assert.rejects(login('constructor', { password: 'x' }))
  assert.equal(broker.counts.refused['not-authenticated'], 4)
})

test('filters of another application, shared filters and too many filters are refused, the rest are granted', async () => {
  const client = await login('weather')
  client.on('error', () => {})
  const granted = async (filter: string): Promise<boolean> =>
    client.subscribeAsync(filter).then(
      ([grant]) => grant?.qos !== 128,
      () => false,
    )
  assert.equal(await granted('application/water/#'), false)
  assert.equal(await granted('$share/group/application/weather/#'), false)
  assert.equal(await granted('$SYS/#'), false)
  for (let index = 0; index < 64; index += 1) assert.equal(await granted(`application/weather/device/${index}/#`), true)
  assert.equal(await granted('application/weather/device/more/#'), false)
  assert.equal(broker.counts.refused['filter-not-allowed'], 4)
})

test('a command that cannot be read is refused by name, and the client stays', async () => {
  const client = await login('weather')
  await client.publishAsync(commandOf('weather'), '{"devEui":"02"}', { qos: 1 })
  await client.publishAsync(commandOf('weather'), 'no json', { qos: 1 })
  assert.deepEqual(refusals, ['dev-eui-not-of-topic', 'body-not-json'])
  assert.ok(client.connected)
})

for (const [what, topic, qos, reason] of [
  ['to another application’s device', commandOf('water'), 0, 'topic-not-allowed'],
  ['of an event', upOf('weather'), 0, 'topic-not-allowed'],
  ['at QoS 2', commandOf('weather'), 2, 'qos-2'],
] as const)
  test(`a message ${what} ends the connection`, async () => {
    const client = await login('weather')
    const closed = once(client.stream, 'close')
    client.publish(topic, JSON.stringify({ devEui, fPort: 1, data: 'AQ==' }), { qos })
    await closed
    assert.equal(broker.counts.refused[reason], 1)
    assert.equal(asked.length, 0)
  })

test('a retained command is not kept, and a will is a command or nothing', async () => {
  const will = { topic: upOf('weather'), payload: Buffer.from('forged'), qos: 0, retain: true } as const
  const client = await login('weather', { will })
  await client.publishAsync(commandOf('weather'), '{}', { retain: true, qos: 1 })
  const late = await login('weather')
  const { heard, until } = heardBy(late)
  await late.subscribeAsync('#')
  const closed = once(client.stream, 'close')
  client.stream.destroy()
  await closed
  broker.take(event('weather', 'real'))
  await until(1)
  assert.deepEqual(
    heard.map(({ text }) => text),
    ['real'],
  )
})

test('a packet longer than a command is cut off before it is gathered, also before it says who it is', async () => {
  const socket = connectTcp(broker.tcpPort, '127.0.0.1')
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  // CONNECT of 200 MB
  socket.write(Uint8Array.of(0x10, 0x80, 0x84, 0xaf, 0x5f, 0, 4))
  await closed
  const client = await login('weather')
  const ended = once(client.stream, 'close')
  client.publish(commandOf('weather'), 'x'.repeat(40_000))
  await ended
  assert.equal(broker.counts.refused['packet-too-long'], 2)
})

test('connections beyond the bound are closed at once, and places come free again', async () => {
  const many = await Promise.all(Array.from({ length: 12 }, () => login('weather')))
  const socket = connectTcp(broker.tcpPort, '127.0.0.1')
  await once(socket, 'close')
  assert.equal(broker.counts.refused['too-many-clients'], 1)
  await many[0]?.endAsync()
  while (broker.counts.clients === 12) await new Promise((resolve) => setImmediate(resolve))
  assert.ok((await login('weather')).connected)
})

test('a client that reads nothing loses its own messages alone', async () => {
  const [dead, alive] = [await login('weather'), await login('weather')]
  const { until } = heardBy(alive)
  await alive.subscribeAsync('#')
  await dead.subscribeAsync('#')
  dead.stream.pause()
  const json = 'x'.repeat(60_000)
  for (let index = 0; index < 1000; index += 1) {
    broker.take(event('weather', json))
    await until(index + 1)
  }
  assert.ok(broker.counts.lost > 100, `${broker.counts.lost} lost`)
})
