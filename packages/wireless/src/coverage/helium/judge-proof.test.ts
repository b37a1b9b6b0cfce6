/**
 * Goal: a proof is judged in the network's order, and reciprocity, selection and history do as HIP 106 and HIP 83 say.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ratio } from '../ratio.ts'
import { heliumBeaconRules } from './beacon-rules.ts'
import { heliumPolicy } from './helium-policy.ts'
import { isReciprocal, judgeHeliumProof, selectWitnesses, type HeliumHistory } from './judge-proof.ts'
import { aBeacon, aGateway, aReport, aWorld } from './toy-world.ts'

const beacon = aBeacon('beaconer')
const recent = { lastWitnessMs: beacon.receivedMs - 1, lastHeardBeaconMs: beacon.receivedMs - 1 }
const hourMs = 3_600_000

test('a beacon that a reciprocal gateway heard is valid, and both are rewarded', () => {
  const world = aWorld({ beaconer: recent, witness: recent })
  const verdict = judgeHeliumProof({ beacon, witnesses: [aReport('witness')] }, world)
  assert.equal(verdict.reason, undefined)
  assert.deepEqual(
    verdict.selected.map(({ report }) => report.gateway),
    ['witness'],
  )
  assert.deepEqual([verdict.beaconerUnit, verdict.witnessUnit], [ratio(1n, 4n), ratio(1n)])
  assert.deepEqual(verdict.hexScale, ratio(1n, 5n))
  assert.deepEqual(
    heliumPolicy
      .sharesOfProof({ id: 'p', beaconer: 'beaconer', receivedMs: beacon.receivedMs }, verdict)
      .map(({ gateway, side }) => [gateway, side]),
    [
      ['beaconer', 'beacon'],
      ['witness', 'witness'],
    ],
  )
})

test('a lone gateway: its beacon is refused, then it may witness, yet is not rewarded for it', () => {
  const histories: Record<string, HeliumHistory> = { beaconer: recent }
  const lone = judgeHeliumProof({ beacon: aBeacon('wolf'), witnesses: [] }, aWorld(histories))
  assert.equal(lone.reason, 'GatewayNoValidWitnesses')
  const learned = { ...histories, ...Object.fromEntries(lone.learned) }
  assert.deepEqual(learned['wolf'], { lastBeaconMs: beacon.receivedMs })

  const heard = judgeHeliumProof({ beacon, witnesses: [aReport('wolf')] }, aWorld(learned))
  assert.equal(heard.reason, undefined)
  assert.equal(heard.selected.length, 0)
  assert.deepEqual(
    heard.unselected.map(({ reason }) => reason),
    ['GatewayNoValidBeacons'],
  )
  assert.equal(heard.learned.get('wolf')?.lastWitnessMs, beacon.receivedMs + 1000)
  assert.deepEqual(heard.learned.get('beaconer'), {
    ...recent,
    lastBeaconMs: beacon.receivedMs,
    lastHeardBeaconMs: beacon.receivedMs,
  })
})

test('reciprocity ends at exactly 48 hours', () => {
  assert.equal(isReciprocal(0, 48 * hourMs - 1), true)
  assert.equal(isReciprocal(0, 48 * hourMs), false)
  assert.equal(isReciprocal(undefined, 0), false)
})

test('a second report of one gateway is a duplicate, an unknown one is not found, its own is dropped', () => {
  const world = {
    ...aWorld({ beaconer: recent, witness: recent }),
    gatewayOf: (key: string) => (key === 'stranger' ? undefined : aGateway(key, { isElsewhere: key.startsWith('w') })),
  }
  const witnesses = ['witness', 'witness', 'stranger', 'beaconer'].map((gateway) => aReport(gateway))
  const { selected, unselected } = judgeHeliumProof({ beacon, witnesses }, world)
  assert.equal(selected.length, 1)
  assert.deepEqual(
    unselected.map(({ reason }) => reason),
    ['Duplicate', 'GatewayNotFound'],
  )
})

test('the first fourteen to report are selected, whatever their order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 40 }), (received) => {
      const verdicts = received.map((receivedMs) => ({ reason: undefined, report: { receivedMs } }))
      const { selected, unselected } = selectWitnesses(verdicts, 14)
      assert.equal(selected.length, Math.min(14, received.length))
      assert.equal(selected.length + unselected.length, received.length)
      const latest = Math.max(...selected.map(({ report }) => report.receivedMs))
      assert.ok(unselected.every(({ report }) => report.receivedMs >= latest))
    }),
  )
})

test('a beacon that differs in one thing from the drawn one is no packet of its gateway', () => {
  const world = aWorld({ beaconer: recent })
  const reasonOf = (change: Partial<typeof beacon>): unknown =>
    judgeHeliumProof({ beacon: { ...beacon, ...change }, witnesses: [] }, world).reason
  assert.equal(reasonOf({}), undefined)
  assert.equal(reasonOf({ txPowerDbm: 0 }), undefined)
  assert.equal(reasonOf({ frequencyHz: beacon.frequencyHz + 1 }), 'InvalidPacket')
  assert.equal(reasonOf({ spreadingFactor: 7 }), 'InvalidPacket')
  assert.equal(reasonOf({ bandwidthHz: 500_000 }), 'InvalidPacket')
  assert.equal(reasonOf({ version: 2 }), 'InvalidPacket')
  assert.equal(reasonOf({ data: beacon.data.with(50, (beacon.data[50] ?? 0) ^ 1) }), 'InvalidPacket')
  assert.equal(reasonOf({ local: { data: Uint8Array.of(9), atS: 0 } }), 'InvalidPacket')
  assert.equal(reasonOf({ receivedMs: beacon.remote.atS * 1000 + 181_000 }), 'EntropyExpired')
  assert.equal(reasonOf({ receivedMs: beacon.remote.atS * 1000 + 180_999 }), undefined)
})

test('a gateway that has not said where it stands learns nothing', () => {
  const world = { ...aWorld(), gatewayOf: (key: string) => ({ ...aGateway(key), location: undefined }) }
  const { reason, learned } = judgeHeliumProof({ beacon, witnesses: [] }, world)
  assert.deepEqual([reason, learned.size], ['NotAsserted', 0])
  assert.equal(heliumBeaconRules[0]?.reason, 'NotAsserted')
})
