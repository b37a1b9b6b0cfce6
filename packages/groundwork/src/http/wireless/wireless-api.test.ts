/**
 * Goal: a customer provisions devices over HTTP, takes them elsewhere and back as CSV, and nobody without the token reads any of it.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { applicationServer, eventRing, type LocationTrust } from '@groundwork/wireless'
import {
  keyWrap,
  openDeviceStore,
  openNetworkDatabase,
  openQueueStore,
  openRuleStore,
  openSessionStore,
  openWebhookEndpointStore,
  openWebhooks,
} from '@groundwork/wireless/adapters'
import { machineClock, machineRandom, machineTimers } from '../../compose.ts'
import { readConfig } from '../../config.ts'
import { makeLog } from '../../log.ts'
import { policyFor } from '../../wireless/network-policy.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import { openApiToken } from '../api-token.ts'
import { makeServer, type Api } from '../make-server.ts'
import { wirelessApi } from './wireless-api.ts'

const account = `0x${'11'.repeat(20)}` as const
const devEui = '70b3d57ed0000001'
const appKey = '000102030405060708090a0b0c0d0e0f'

const folder = mkdtempSync(path.join(tmpdir(), 'wireless-api-'))
const database = openNetworkDatabase({ path: ':memory:' })
const wrap = keyWrap(new Uint8Array(32).fill(7))
const devices = openDeviceStore({ database, wrap })
const sessions = openSessionStore({ database, wrap })
const queue = openQueueStore({ database })
const endpoints = openWebhookEndpointStore({ database })
const ring = eventRing({ birth: '00000001' })
const webhooks = openWebhooks({
  path: ':memory:',
  endpointsOf: endpoints.endpointsOf,
  endpoint: endpoints.endpoint,
  clock: machineClock,
  timers: machineTimers,
  random: machineRandom,
})
const stopping = new AbortController()
let app: Api
let bearer: string

before(async () => {
  const log = makeLog({ name: 'test', level: 'silent' })
  app = await makeServer({ dataDir: folder, log, title: 't', version: '0' })
  bearer = `Bearer ${await openApiToken(folder)}`
  const wireless = {
    devices,
    sessions,
    queue,
    endpoints,
    webhooks,
    ring,
    rules: openRuleStore({
      database,
      domain: { chainId: 1, verifyingContract: account },
      world: { ownerOf: () => account, queueCount: queue.count, isRevoked: () => false },
    }),
    applications: applicationServer({
      tenant: { id: 't', name: 'T' },
      devices,
      queue,
      codecs: { run: async () => ({ refused: 'threw' as const, description: 'none here' }) },
      sinks: [],
      onQueued: () => {},
      clock: machineClock,
      random: machineRandom,
    }),
    policyOf: policyFor(readConfig({ environment: {} }), account),
    trust: {
      look: async () => {},
      epoch: () => believed?.epoch,
      all: () => believed?.owners ?? [],
      of: () => undefined,
    },
  }
  // The network itself, the market and the broker have tests of their own; no route here asks them.
  const given = { wireless: wireless as unknown as RouterRole, index: {} as never }
  wirelessApi(app, { ...given, signal: stopping.signal })
  await app.ready()
})

after(async () => {
  stopping.abort()
  await app.close()
  await webhooks[Symbol.asyncDispose]()
  await sessions[Symbol.asyncDispose]()
  database.close()
  rmSync(folder, { recursive: true })
})

let believed: { readonly epoch: bigint; readonly owners: readonly LocationTrust[] } | undefined

interface Asked {
  readonly body?: object | string
  readonly authorization?: string
  readonly method?: 'GET' | 'POST' | 'DELETE'
}

async function ask(url: string, { body, authorization = bearer, method }: Asked = {}) {
  const response = await app.inject({
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    url: `/v1/wireless/${url}`,
    headers: {
      host: 'localhost',
      authorization,
      ...(typeof body === 'string' ? { 'content-type': 'text/csv' } : {}),
    },
    ...(body === undefined ? {} : { payload: body }),
  })
  return { status: response.statusCode, text: response.body, json: () => response.json<Record<string, unknown>>() }
}

async function made(url: string, body: object | string) {
  const answer = await ask(url, { body })
  assert.equal(answer.status, 200, answer.text)
  return answer.json()
}

test('what is a customer’s own is read with the token alone', async () => {
  for (const url of [
    'applications',
    'profiles',
    'devices',
    `devices/${devEui}`,
    'rules',
    'webhooks',
    'status',
    'gateways',
  ])
    assert.equal((await ask(url, { authorization: 'Bearer guessed' })).status, 403, url)
  assert.equal((await ask(`devices/${devEui}/queue`, { authorization: '' })).status, 403)
})

test('a device is made, moved as CSV with its session, and there again with the same keys and counters', async () => {
  await made('applications', { id: 'weather' })
  await made('profiles', { id: 'plain', region: 'EU868', supportsJoin: false })
  const shown = await made('devices', { devEui, applicationId: 'weather', profileId: 'plain', appKey })
  assert.deepEqual([shown['hasKeys'], shown['name']], [true, devEui])
  assert.ok(!JSON.stringify(shown).includes(appKey))
  const session = { devAddr: '01020304', nwkSKey: '11'.repeat(16), appSKey: '22'.repeat(16), fCntUp: 70_000 }
  await made(`devices/${devEui}/activate`, session)

  const csv = await ask('devices/export', { body: { withKeys: true } })
  assert.match(csv.text, new RegExp(appKey))
  assert.ok(!(await ask('devices/export', { body: {} })).text.includes(appKey))
  assert.equal((await ask(`devices/${devEui}`, { method: 'DELETE' })).status, 200)
  assert.equal((await ask(`devices/${devEui}`)).status, 404)
  assert.deepEqual(await made('devices/import', csv.text), { devices: 1 })
  assert.equal((await ask('devices/export', { body: { withKeys: true } })).text, csv.text)
  const again = (await ask(`devices/${devEui}`)).json()['session'] as { devAddr: string; fCntUp: number }
  assert.deepEqual([again.devAddr, again.fCntUp], ['01020304', 70_000])
})

test('a file with one wrong line changes nothing and is told where', async () => {
  const csv = (await ask('devices/export', { body: { withKeys: true } })).text
  const [head, row = ''] = csv.split('\n')
  const other = row.replace(devEui, '70b3d57ed0000002')
  const answer = await ask('devices/import', { body: [head, other, row.replace(devEui, 'nonsense')].join('\n') })
  assert.equal(answer.status, 400)
  assert.match(answer.text, /line 3 dev_eui/)
  assert.equal((await ask('devices/70b3d57ed0000002')).status, 404)
})

test('a payload waits once it is said to, and what cannot be sent is refused in words', async () => {
  const queued = await made(`devices/${devEui}/queue`, { fPort: 7, data: 'AQI=' })
  assert.equal(queued['tag'], 'queued')
  const [waiting] = (await ask(`devices/${devEui}/queue`)).json() as unknown as { id: string; data: string }[]
  assert.deepEqual([waiting?.id, waiting?.data], [queued['id'], 'AQI='])
  assert.equal((await ask(`devices/${devEui}/queue`, { body: { data: 'AQI=' } })).status, 400)
  assert.equal((await ask(`devices/${devEui}/queue`, { body: { fPort: 7 } })).status, 400)
  assert.equal((await ask(`devices/${devEui}/queue`, { body: { fPort: 224, data: '' } })).status, 400)
  assert.equal((await ask(`devices/${devEui}/queue`, { method: 'DELETE' })).status, 200)
  assert.equal((await ask(`devices/${devEui}/queue`)).text, '[]')
})

test('a webhook is kept without showing its headers; one that cannot be posted to is refused', async () => {
  const endpoint = { id: 'hook', applicationId: 'weather', url: 'https://example.org/in' }
  const shown = await made('webhooks', { ...endpoint, headers: { authorization: 'Bearer hidden' } })
  assert.deepEqual(shown, { ...endpoint, headerNames: ['authorization'] })
  assert.ok(!(await ask('webhooks')).text.includes('hidden'))
  assert.equal((await ask('webhooks', { body: { ...endpoint, url: 'ftp://example.org' } })).status, 400)
  assert.equal((await ask('webhooks', { body: { ...endpoint, applicationId: 'water' } })).status, 404)
  assert.equal((await ask('webhooks/hook', { method: 'DELETE' })).status, 200)
  assert.equal((await ask('webhooks/hook', { method: 'DELETE' })).status, 404)
})

test('events are for the customer, and for whoever has the token of that application', async () => {
  const { token } = (await made('applications/weather/tokens', {})) as unknown as { token: string }
  await made('applications', { id: 'water' })
  const basic = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const statusFor = async (application: string, authorization: string): Promise<number> => {
    const leaving = new AbortController()
    const { status } = await fetch(`${url}/v1/wireless/events?applicationId=${application}`, {
      headers: { authorization },
      signal: leaving.signal,
    })
    leaving.abort()
    return status
  }
  assert.equal(await statusFor('weather', bearer), 200)
  assert.equal(await statusFor('weather', basic('weather', token)), 200)
  assert.equal(await statusFor('water', basic('weather', token)), 403)
  assert.equal(await statusFor('water', basic('water', token)), 403)
  assert.equal(await statusFor('weather', basic('weather', 'guessed')), 403)
  assert.equal(await statusFor('weather', 'Basic !'), 403)
})

test('how far owners are believed is open to everyone, before the first audit too', async () => {
  const read = async () => ask('trust', { authorization: '' })
  assert.deepEqual((await read()).json(), { owners: [] })
  const owners = [{ owner: account, trust: 200, confirmedBy: 1, confirmedByPaid: 0, contradictedBy: 0 }]
  believed = { epoch: 7n, owners }
  const { status, json } = await read()
  assert.deepEqual([status, json()], [200, { epoch: '7', owners }])
})
