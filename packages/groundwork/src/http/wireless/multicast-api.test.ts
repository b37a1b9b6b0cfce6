/**
 * Goal: a group is made over HTTP, its keys are never shown, its counter never goes back, and what is sent to it waits and is told of.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { groupQueueName } from '@groundwork/wireless'
import {
  keyWrap,
  openDeviceStore,
  openMulticastStore,
  openNetworkDatabase,
  openQueueStore,
} from '@groundwork/wireless/adapters'
import { readConfig } from '../../config.ts'
import { makeLog } from '../../log.ts'
import { policyFor } from '../../wireless/network-policy.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import { openApiToken } from '../api-token.ts'
import { makeServer, type Api } from '../make-server.ts'
import { multicastApi } from './multicast-api.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'multicast-api-'))
const database = openNetworkDatabase({ path: ':memory:' })
const wrap = keyWrap(new Uint8Array(32).fill(7))
const devices = openDeviceStore({ database, wrap })
const groups = openMulticastStore({ database, wrap })
const queue = openQueueStore({ database })
const changed: string[] = []
let app: Api
let bearer: string

before(async () => {
  app = await makeServer({ dataDir: folder, log: makeLog({ name: 'test', level: 'silent' }), title: 't', version: '0' })
  bearer = `Bearer ${await openApiToken(folder)}`
  devices.putApplication({ id: 'lights', name: 'Lights', tags: {} })
  const network = { groupChanged: (id: string) => void changed.push(id) }
  const policyOf = policyFor(readConfig({ environment: {} }), `0x${'11'.repeat(20)}`)
  multicastApi(app, { devices, groups, queue, network, policyOf } as unknown as RouterRole)
  await app.ready()
})

after(async () => {
  await app.close()
  database.close()
  rmSync(folder, { recursive: true })
})

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, authorization: string = bearer) {
  const response = await app.inject({
    method,
    url: `/v1/wireless/groups${url}`,
    headers: { host: 'localhost', authorization },
    ...(body === undefined ? {} : { payload: body }),
  })
  return { status: response.statusCode, text: response.body }
}

const mcAppSKey = '0f'.repeat(16)
const group = {
  id: 'street',
  applicationId: 'lights',
  region: 'EU868',
  devAddr: 'ff000001',
  mcNwkSKey: '0e'.repeat(16),
  mcAppSKey,
  members: ['70b3d57ed0000001', '70b3d57ed0000002'],
}

test('a group is made with the second window of its band, and its keys are never shown', async () => {
  const made = await ask('POST', '', group)
  assert.equal(made.status, 200, made.text)
  const shown = await ask('GET', '')
  assert.equal(shown.text.includes(mcAppSKey), false)
  const [one] = JSON.parse(shown.text) as Record<string, unknown>[]
  assert.deepEqual(
    [one?.['devAddr'], one?.['frequencyHz'], one?.['dataRate'], one?.['fCntDown'], one?.['deviceClass']],
    ['ff000001', 869_525_000, 3, 0, 'C'],
  )
  assert.equal((await ask('GET', '', undefined, '')).status, 403)
  assert.equal((await ask('POST', '', group, '')).status, 403)
})

test('a change keeps the counter; under the same keys it does not go back', async () => {
  await groups.put({ ...groups.group('street')!, fCntDown: 500 })
  assert.equal((await ask('POST', '', { ...group, name: 'Street' })).status, 200)
  assert.equal(groups.group('street')?.fCntDown, 500)
  assert.equal((await ask('POST', '', { ...group, fCntDown: 499 })).status, 400)
  assert.equal((await ask('POST', '', { ...group, mcNwkSKey: '01'.repeat(16) })).status, 200)
  assert.equal(groups.group('street')?.fCntDown, 500, 'what encrypts payloads is still the same')
  const other = { ...group, mcNwkSKey: '02'.repeat(16), mcAppSKey: '03'.repeat(16) }
  assert.equal((await ask('POST', '', other)).status, 200)
  assert.equal(groups.group('street')?.fCntDown, 0)
})

test('a payload for a group waits for all of its members, and what cannot be sent is refused', async () => {
  const queued = await ask('POST', '/street/queue', { fPort: 7, data: 'AQI=' })
  assert.equal(queued.status, 200, queued.text)
  const [item] = queue.items(groupQueueName({ id: 'street' }))
  assert.deepEqual([item?.fPort, item?.payload, item?.isConfirmed], [7, Uint8Array.of(1, 2), false])
  assert.deepEqual(changed, ['street'])
  const long = Buffer.alloc(243).toString('base64')
  assert.equal((await ask('POST', '/street/queue', { fPort: 7, data: long })).status, 400)
  assert.equal((await ask('POST', '/nowhere/queue', { fPort: 7, data: '' })).status, 404)
  for (const wrong of [{ dataRate: 15 }, { members: ['x'] }, { mcNwkSKey: '00' }, { deviceClass: 'A' }])
    assert.equal((await ask('POST', '', { ...group, ...wrong })).status, 400, JSON.stringify(wrong))
  assert.equal((await ask('POST', '', { ...group, applicationId: 'other' })).status, 404)
})

test('an ended group takes its payloads with it', async () => {
  assert.equal((await ask('DELETE', '/street')).status, 200)
  assert.equal(queue.count(groupQueueName({ id: 'street' })), 0)
  assert.equal((await ask('DELETE', '/street')).status, 404)
})
