/**
 * Goal: the verdict on a run against a real network says what is wrong, and says nothing where nothing can be known.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodeOf, faultsOf, type NetworkView } from './run-live-town.ts'

type Judged = Parameters<typeof faultsOf>[0]

const network: NetworkView = { events: {}, logged: {}, sessions: 5, gateways: 2, dropped: {} }
const losses = {
  'not-heard': 3,
  'lost-on-the-way': 2,
  'not-acknowledged': 1,
  overtaken: 1,
  'session-ended': 1,
  missing: 0,
}
const good: Judged = {
  devices: 5,
  answeredGateways: 2,
  heardDevices: 5,
  uplinks: { messages: 20, delivered: 12, unknown: 0, losses },
}

test('losses that are explained are no fault', () => {
  assert.deepEqual(faultsOf(good, network, 0), [])
  assert.equal(exitCodeOf([]), 0)
})

test('each fault has its name, and the run fails', () => {
  const cases: readonly [string, Judged, NetworkView][] = [
    ['uplinks-missing', { ...good, uplinks: { ...good.uplinks, losses: { ...losses, missing: 1 } } }, network],
    ['uplinks-invented', { ...good, uplinks: { ...good.uplinks, unknown: 1 } }, network],
    ['nothing-delivered', { ...good, uplinks: { ...good.uplinks, delivered: 0 } }, network],
    ['no-gateway-answered', { ...good, answeredGateways: 0 }, network],
    ['sessions-lost', good, { ...network, sessions: 4 }],
  ]
  for (const [fault, report, view] of cases) {
    const faults = faultsOf(report, view, 0)
    assert.deepEqual(faults, [fault])
    assert.equal(exitCodeOf(faults), 1)
  }
})

test('with events lost nothing is said of messages, and the run ends with another code', () => {
  const missing = { ...good, uplinks: { ...good.uplinks, losses: { ...losses, missing: 9 } } }
  assert.deepEqual(faultsOf(missing, network, 1), ['not-checked'])
  assert.equal(exitCodeOf(['not-checked']), 3)
})

test('of more devices than one answer of the API shows, sessions are not counted', () => {
  assert.deepEqual(faultsOf({ ...good, devices: 10_001, heardDevices: 10_001 }, network, 0), [])
})
