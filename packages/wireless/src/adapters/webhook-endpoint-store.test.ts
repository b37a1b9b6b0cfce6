/**
 * Goal: endpoints survive a restart, each application has its own, and no more than it may.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointsPerApplicationMax } from '../applications/webhook-endpoint.ts'
import { openNetworkDatabase } from './network-database.ts'
import { ProvisionRefused } from './network-errors.ts'
import { openWebhookEndpointStore } from './webhook-endpoint-store.ts'

const endpoint = (id: string, applicationId = 'weather') => ({ id, applicationId, url: `https://example.org/${id}` })

test('endpoints are found by application, changed, ended, and there after a restart', () => {
  const database = openNetworkDatabase({ path: ':memory:' })
  const store = openWebhookEndpointStore({ database })
  store.put(endpoint('a'))
  store.put(endpoint('b', 'water'))
  store.put({ ...endpoint('a'), url: 'https://example.org/new', headers: { authorization: 'Bearer x' } })
  store.put(endpoint('c'))
  store.remove('c')
  for (const one of [store, openWebhookEndpointStore({ database })]) {
    assert.deepEqual(
      one.endpoints().map(({ id, url }) => [id, url]),
      [
        ['a', 'https://example.org/new'],
        ['b', 'https://example.org/b'],
      ],
    )
    assert.equal(one.endpointsOf('weather')[0]?.headers?.['authorization'], 'Bearer x')
    assert.deepEqual(one.endpointsOf('air'), [])
    assert.equal(one.endpoint('c'), undefined)
  }
  database.close()
})

test('an application has so many, and one that moves leaves its place', () => {
  const database = openNetworkDatabase({ path: ':memory:' })
  const store = openWebhookEndpointStore({ database })
  for (let count = 0; count < endpointsPerApplicationMax; count += 1) store.put(endpoint(`e${count}`))
  assert.throws(() => store.put(endpoint('more')), ProvisionRefused)
  assert.equal(store.endpoints().length, endpointsPerApplicationMax)
  store.put({ ...endpoint('e0'), url: 'https://example.org/again' })
  store.put(endpoint('e1', 'water'))
  store.put(endpoint('more'))
  assert.equal(store.endpointsOf('weather').length, endpointsPerApplicationMax)
  database.close()
})
