/**
 * Goal: the ways out work together: an uplink is decoded by its script and reaches MQTT, webhook and ring with the same bytes, and
 * a command over MQTT becomes a payload that waits for its device.
 */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connectAsync } from 'mqtt'
import { applicationServer } from '../applications/application-server.ts'
import { newApplicationToken } from '../applications/application-token.ts'
import {
  fixtureApplication,
  fixtureDevice as device,
  fixtureProfile,
  fixtureUplink as uplink,
} from '../applications/event-fixtures.ts'
import { eventRing } from '../applications/event-ring.ts'
import type { DownlinkSink } from '../applications/downlink-command.ts'
import type { QueueItem } from '../model/message.ts'
import { openCodecSandbox } from './codec-sandbox.ts'
import { openMqttBroker } from './mqtt-broker.ts'
import { openWebhooks } from './webhooks.ts'

const script = `
  function decodeUplink({ bytes, fPort }) { return { data: { level: bytes[0], fPort } } }
  function encodeDownlink({ data }) { return { bytes: [data.level], fPort: 9 } }`

test('one uplink goes out three ways, decoded; one command comes in and is encoded', async () => {
  const posted = Promise.withResolvers<string>()
  const http = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      response.end()
      posted.resolve(body)
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const endpoint = {
    id: 'one',
    applicationId: 'weather',
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
  }
  const random = { bytes: (size: number) => new Uint8Array(size).fill(7) }
  const clock = { nowMs: () => uplink.atMs, elapsedMs: () => 0 }
  const { token, hash } = newApplicationToken(random)
  const queued = Promise.withResolvers<QueueItem>()

  await using codecs = openCodecSandbox()
  await using webhooks = openWebhooks({
    path: ':memory:',
    endpointsOf: () => [endpoint],
    endpoint: () => endpoint,
    clock,
    timers: { after: () => () => {} },
    random,
    allowsPrivateAddresses: true,
  })
  const ring = eventRing({ birth: '00000001' })
  const start = ring.since(undefined, { applicationId: 'weather' }, 1).lastId
  const downlinks: { sink?: DownlinkSink } = {}
  await using mqtt = await openMqttBroker({
    tcpPort: 0,
    tokenHashesOf: () => [hash],
    commands: {
      request: (command) => downlinks.sink?.request(command),
      refused: (command) => downlinks.sink?.refused(command),
    },
    elapsedMs: () => 0,
  })
  const server = applicationServer({
    tenant: { id: 't', name: 'T' },
    devices: {
      device: (devEui) => (devEui === device.devEui ? device : undefined),
      rootKeys: () => undefined,
      profile: () => ({ ...fixtureProfile, codec: { kind: 'javascript', script } }),
      application: () => fixtureApplication,
    },
    queue: {
      next: () => undefined,
      count: () => 0,
      items: () => [],
      names: () => [],
      add: async (item) => {
        queued.resolve(item)
        return true
      },
      remove: async () => {},
      clear: async () => {},
    },
    codecs,
    onQueued: () => {},
    sinks: [mqtt, webhooks, ring],
    clock,
    random,
  })
  downlinks.sink = server

  const client = await connectAsync(`mqtt://127.0.0.1:${mqtt.tcpPort}`, { username: 'weather', password: token })
  await client.subscribeAsync('application/weather/device/+/event/up')
  const heard = new Promise<string>((resolve) => client.on('message', (_topic, payload) => resolve(payload.toString())))
  server.publish(uplink)
  const json = await heard
  assert.deepEqual((JSON.parse(json) as { object: unknown }).object, { level: 0xaa, fPort: 1 })
  assert.equal(await posted.promise, json)
  assert.equal(ring.since(start, { applicationId: 'weather' }, 10).events[0]?.json, json)

  const body = { devEui: device.devEui, confirmed: false, object: { level: 5 } }
  await client.publishAsync(`application/weather/device/${device.devEui}/command/down`, JSON.stringify(body))
  const { fPort, payload } = await queued.promise
  assert.deepEqual([fPort, [...payload]], [9, [5]])
  await client.endAsync()
  http.closeAllConnections()
  http.close()
})
