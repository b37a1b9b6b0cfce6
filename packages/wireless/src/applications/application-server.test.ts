/**
 * Goal: an application gets every event in order and decoded where it can be, its commands become payloads that wait, and one
 * device's reading becomes another's message.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf } from '@groundwork/core/identity/secp256k1.ts'
import type { CodecCall, CodecRefused, CodecRunner } from '../codec/payload-codec.ts'
import type { Device, PayloadCodec } from '../model/device.ts'
import type { QueueItem } from '../model/message.ts'
import type { DeviceRule } from '../rules/device-rule.ts'
import { ruleEngine, type RuleEngine } from '../rules/device-rules.ts'
import { applicationServer, undecodedMax } from './application-server.ts'
import type { DeviceEvent } from './device-event.ts'
import { fixtureApplication, fixtureDevice, fixtureProfile, fixtureUplink as uplink } from './event-fixtures.ts'

const javascript: PayloadCodec = { kind: 'javascript', script: 'x' }
const lamp: Device = { ...fixtureDevice, devEui: '0202020202020202', name: 'lamp' }

/** Payloads that the stage's queue holds. */
const itemsMax = 64

/** A codec that answers when the test says so. */
function slowCodecs() {
  const calls: { call: CodecCall; answer: (answer: { json: string } | CodecRefused) => void }[] = []
  const runner: CodecRunner = { run: (_script, call) => new Promise((answer) => calls.push({ call, answer })) }
  return { calls, runner }
}

function stage(given: { codec?: PayloadCodec; rules?: RuleEngine; queued?: QueueItem[]; failsQueue?: boolean } = {}) {
  const { codec = { kind: 'none' }, queued = [] } = given
  const events: DeviceEvent[] = []
  const told: string[] = []
  const { calls, runner } = slowCodecs()
  const known = new Map([fixtureDevice, lamp].map((device) => [device.devEui, device]))
  const server = applicationServer({
    tenant: { id: 't', name: 'T' },
    devices: {
      device: (devEui) => known.get(devEui),
      rootKeys: () => undefined,
      profile: () => ({ ...fixtureProfile, codec }),
      application: (id) => (id === 'weather' ? fixtureApplication : undefined),
    },
    queue: {
      next: () => undefined,
      count: (devEui) => queued.filter((item) => item.devEui === devEui).length,
      names: () => [],
      items: (devEui) => queued.filter((item) => item.devEui === devEui),
      add: async (item) => {
        if (given.failsQueue === true) throw new Error('the disk is full')
        if (queued.length >= itemsMax) return false
        queued.push(item)
        return true
      },
      remove: async () => {},
      clear: async () => {},
    },
    codecs: runner,
    sinks: [{ take: (event) => void events.push(event) }],
    ...(given.rules === undefined ? {} : { rules: given.rules }),
    onQueued: (devEui) => void told.push(devEui),
    clock: { nowMs: () => 1000, elapsedMs: () => 0 },
    random: { bytes: (size) => new Uint8Array(size).fill(0xab) },
  })
  const shown = () => events.map(({ name, json }) => [name, JSON.parse(json) as Record<string, unknown>] as const)
  return { server, events, calls, queued, told, shown }
}

const status = { kind: 'status', atMs: 0, devEui: uplink.devEui, isExternalPower: true, marginDb: 1 } as const
const command = { applicationId: 'weather', devEui: uplink.devEui, isConfirmed: true, fPort: 5 } as const

test('an uplink without codec, without port, or of Cayenne LPP is published at once', () => {
  const none = stage()
  none.server.publish(uplink)
  assert.equal(none.events.length, 1)
  const lpp = stage({ codec: { kind: 'cayenne-lpp' } })
  lpp.server.publish({ ...uplink, payload: Uint8Array.of(3, 0x67, 1, 0x10) })
  lpp.server.publish({ ...uplink, fPort: 0 })
  assert.deepEqual(
    lpp.shown().map(([, event]) => event['object']),
    [{ temperatureSensor: { 3: 27.2 } }, undefined],
  )
})

test('events of one device keep their order while a codec runs; those of others do not wait', async () => {
  const { server, calls, events, shown } = stage({ codec: javascript })
  server.publish({ ...uplink, fCnt: 1 })
  server.publish({ ...uplink, fCnt: 2 })
  server.publish(status)
  server.publish({ ...status, devEui: lamp.devEui })
  assert.deepEqual(
    events.map(({ devEui, name }) => `${devEui.slice(0, 2)} ${name}`),
    ['02 status'],
  )
  calls[0]?.answer({ json: '{"data":{"n":1}}' })
  await new Promise((resolve) => setImmediate(resolve))
  calls[1]?.answer({ json: '{"data":{"n":2}}' })
  await server.idle()
  assert.deepEqual(
    shown()
      .slice(1)
      .map(([name, event]) => [name, event['fCnt'], event['object']]),
    [
      ['up', 1, { n: 1 }],
      ['up', 2, { n: 2 }],
      ['status', undefined, undefined],
    ],
  )
})

test('a codec that fails costs the object alone, and is a log event with its reason', async () => {
  const { server, calls, shown } = stage({ codec: javascript })
  server.publish(uplink)
  calls[0]?.answer({ refused: 'too-slow', description: 'The codec was stopped after 100 ms.' })
  await server.idle()
  const [up, log] = shown()
  assert.deepEqual([up?.[0], up?.[1]['object'], log?.[0], log?.[1]['code']], ['up', undefined, 'log', 'UPLINK_CODEC'])
  assert.deepEqual(log?.[1]['context'], { code: 'uplink-codec', reason: 'too-slow', fCnt: '7' })
})

test('when too many wait for their codecs, an uplink goes out without its object', async () => {
  const { server, calls, events } = stage({ codec: javascript })
  for (let index = 0; index < undecodedMax; index += 1) server.publish({ ...uplink, fCnt: index })
  assert.equal(events.length, 0)
  server.publish({ ...uplink, devEui: lamp.devEui })
  assert.equal(events.length, 1)
  assert.equal(server.counts.undecoded, 1)
  for (let answered = 0; answered < undecodedMax; answered += 1) {
    while (calls.length <= answered) await new Promise((resolve) => setImmediate(resolve))
    calls[answered]?.answer({ json: '{"data":{}}' })
  }
  await server.idle()
  assert.equal(events.length, undecodedMax + 1)
})

test('a command becomes a payload that waits; an object is written by the codec, which may name the port', async () => {
  const { server, calls, queued, told } = stage({ codec: javascript })
  server.request({ ...command, id: 'mine', payload: { kind: 'bytes', bytes: Uint8Array.of(1) }, expiresAtMs: 9 })
  const { fPort: _fPort, ...portless } = command
  server.request({ ...portless, payload: { kind: 'object', object: { led: 'on' } } })
  assert.deepEqual(calls[0]?.call, { call: 'encodeDownlink', data: { led: 'on' }, variables: {} })
  calls[0]?.answer({ json: '{"bytes":[2],"fPort":9}' })
  await server.idle()
  assert.deepEqual(queued, [
    { id: 'mine', devEui: uplink.devEui, fPort: 5, payload: Uint8Array.of(1), isConfirmed: true, expiresAtMs: 9 },
    { id: 'ab'.repeat(16), devEui: uplink.devEui, fPort: 9, payload: Uint8Array.of(2), isConfirmed: true },
  ])
  assert.deepEqual(told, [uplink.devEui, uplink.devEui])
  const payload = { kind: 'bytes', bytes: Uint8Array.of(3) } as const
  assert.deepEqual(await server.enqueue({ ...command, id: 'third', payload }), { tag: 'queued', id: 'third' })
  assert.equal(queued.length, 3)
})

test('a command that comes to nothing is a log event that says why', async () => {
  const reasonOf = async (
    run: (given: ReturnType<typeof stage>) => void,
    given = stage({ codec: javascript }),
  ): Promise<unknown> => {
    run(given)
    await given.server.idle()
    return (given.shown()[0]?.[1]['context'] as { reason?: string } | undefined)?.reason
  }
  const { fPort: _fPort, ...portless } = command
  const bytes = { kind: 'bytes', bytes: Uint8Array.of(1) } as const
  const object = { kind: 'object', object: {} } as const
  const full = Array.from({ length: itemsMax }, (_, index) => ({
    id: `${index}`,
    devEui: uplink.devEui,
    fPort: 1,
    payload: new Uint8Array(),
    isConfirmed: false,
  }))
  assert.equal(
    await reasonOf(({ server }) => server.request({ ...command, payload: bytes }), stage({ queued: full })),
    'queue-full',
  )
  assert.equal(
    await reasonOf(({ server }) => server.request({ ...command, payload: bytes }), stage({ failsQueue: true })),
    'queue-failed',
  )
  assert.equal(
    await reasonOf(({ server }) => server.request({ ...command, payload: object }), stage()),
    'function-missing',
  )
  assert.equal(
    await reasonOf(({ server }) => server.refused({ ...command, refusal: 'body-not-json' })),
    'body-not-json',
  )
  const portOf = ({ server, calls }: ReturnType<typeof stage>): void => {
    server.request({ ...portless, payload: object })
    calls[0]?.answer({ json: '{"bytes":[1]}' })
  }
  assert.equal(await reasonOf(portOf), 'port-missing')
})

test('nothing is done or said about a device of another application, or of none', () => {
  const { server, events, queued } = stage()
  server.request({ ...command, applicationId: 'water', payload: { kind: 'bytes', bytes: Uint8Array.of(1) } })
  server.refused({ ...command, applicationId: 'water', refusal: 'body-not-json' })
  server.publish({ ...uplink, devEui: 'ff'.repeat(8) })
  server.publish({ ...status, devEui: 'ff'.repeat(8) })
  assert.deepEqual([events.length, queued.length, server.counts.unknownDevice], [0, 0, 4])
})

test('one device’s reading switches another device on, through its codec', async () => {
  const owner = addressOf(new Uint8Array(32).fill(1))
  const rule: DeviceRule = {
    id: 'dusk',
    owner,
    from: { devEui: uplink.devEui },
    when: { path: ['illuminanceSensor', '1'], op: 'lt', value: 10 },
    to: { devEui: lamp.devEui, fPort: 7, isConfirmed: false },
    payload: { kind: 'template', template: { digitalOutput: { 1: 1 } } },
  }
  const domain = { chainId: 1, verifyingContract: '0x00000000000000000000000000000000000000c1' } as const
  const queued: QueueItem[] = []
  const queueCount = (devEui: string): number => queued.filter((item) => item.devEui === devEui).length
  const rules = ruleEngine([rule], { ownerOf: () => owner, queueCount, isRevoked: () => false }, domain)
  const { server, shown } = stage({ codec: { kind: 'cayenne-lpp' }, rules, queued })
  server.publish({ ...uplink, payload: Uint8Array.of(1, 101, 0, 50) })
  await server.idle()
  assert.equal(queued.length, 0, 'it is not dark yet')
  server.publish({ ...uplink, payload: Uint8Array.of(1, 101, 0, 5) })
  await server.idle()
  assert.deepEqual(
    queued.map(({ devEui, fPort, payload }) => [devEui, fPort, [...payload]]),
    [[lamp.devEui, 7, [1, 1, 1]]],
  )
  while (queueCount(lamp.devEui) < 32) queued.push({ ...queued[0]!, id: String(queued.length) })
  server.publish({ ...uplink, payload: Uint8Array.of(1, 101, 0, 5) })
  const [name, event] = shown().at(-1) ?? []
  assert.deepEqual([name, event?.['context']], ['log', { code: 'rule-refused', ruleId: 'dusk', reason: 'queue-full' }])
})
