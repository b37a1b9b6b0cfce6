/**
 * Goal: each downlink in the hands of a gateway ends once, whatever the gateway says, how often, or not at all.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RadioDownlink, TransmitWindow } from '../../model/radio.ts'
import { downlinkLedger, outcomeMsMax, stepsMax } from './downlink-ledger.ts'

const gatewayEui = 'aa00000000000001'
const window: TransmitWindow = {
  frequencyHz: 868_100_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
  powerDbm: 16,
  timing: { kind: 'immediate' },
}
const downlink = (id: number, windows = 2): RadioDownlink => ({
  id,
  gatewayEui,
  deviceClass: 'A',
  phyPayload: new Uint8Array(12),
  windows: Array.from({ length: windows }, () => window),
})
const awaited = (id: number, windows = 2) => ({
  downlink: downlink(id, windows),
  context: `of ${id}`,
  timeline: [],
  lastWindowMs: 2_000,
})
const said = (id: number, windowIndex: number, refusal?: 'too-late' | 'gateway-away' | 'no-answer') => ({
  id,
  gatewayEui,
  windowIndex,
  atMs: 10,
  ...(refusal === undefined ? {} : { refusal }),
})

test('a refusal of the first window waits for the second', () => {
  const ledger = downlinkLedger<string>()
  ledger.add(awaited(1), 0)
  assert.equal(ledger.note(said(1, 0, 'too-late')), undefined)
  const ended = ledger.note(said(1, 1))
  assert.equal(ended?.context, 'of 1')
  assert.equal(ended.refusal, undefined)
  assert.equal(ended.windowIndex, 1)
  assert.deepEqual(
    ended.timeline.map(({ step, reason }) => [step, reason]),
    [
      [`refused in window 1 of gateway ${gatewayEui}`, 'too-late'],
      [`sent in window 2 of gateway ${gatewayEui}`, undefined],
    ],
  )
  assert.equal(ledger.size, 0)
  assert.equal(ledger.note(said(1, 1)), undefined, 'said twice')
})

test('a gateway that is gone, or silent, has no second window', () => {
  for (const refusal of ['gateway-away', 'no-answer'] as const) {
    const ledger = downlinkLedger<string>()
    ledger.add(awaited(1), 0)
    assert.equal(ledger.note(said(1, 0, refusal))?.refusal, refusal)
  }
})

test('an outcome of another gateway, of another number or of no window at all is nobody’s', () => {
  const ledger = downlinkLedger<string>()
  ledger.add(awaited(1), 0)
  assert.equal(ledger.note({ ...said(1, 0), gatewayEui: 'bb00000000000001' }), undefined)
  assert.equal(ledger.note(said(2, 0)), undefined)
  assert.equal(ledger.note(said(1, 99, 'too-late'))?.windowIndex, 1)
})

test('a gateway that refuses the same window over and over fills nothing', () => {
  const ledger = downlinkLedger<string>()
  ledger.add(awaited(1), 0)
  let count = 0
  for (; ledger.note(said(1, 0, 'too-late')) === undefined; count += 1) assert.ok(count <= stepsMax)
  assert.equal(ledger.size, 0)
})

test('what is never heard of ends some time after its last window', () => {
  const ledger = downlinkLedger<string>()
  ledger.add(awaited(1), 0)
  assert.deepEqual(ledger.expire({ elapsedMs: 2_000 + outcomeMsMax - 1, nowMs: 5 }), [])
  const [lost] = ledger.expire({ elapsedMs: 2_000 + outcomeMsMax, nowMs: 5 })
  assert.equal(lost?.refusal, 'no-answer')
  assert.equal(lost.atMs, 5)
  assert.equal(ledger.size, 0)
})

test('when too many are awaited the oldest ends as unanswered', () => {
  const ledger = downlinkLedger<string>({ limit: 3 })
  for (let id = 1; id <= 3; id += 1) assert.equal(ledger.add(awaited(id), 0), undefined)
  const lost = ledger.add(awaited(4), 7)
  assert.equal(lost?.context, 'of 1')
  assert.equal(lost.refusal, 'no-answer')
  assert.equal(ledger.size, 3)
})

test('numbers stay between 1 and 2^31 - 1, and begin where they are told to', () => {
  const last = 2 ** 31 - 1
  const ledger = downlinkLedger<string>({ firstId: last })
  assert.deepEqual([ledger.nextId(), ledger.nextId()], [last, 1])
  assert.ok(downlinkLedger<string>({ firstId: 1_800_000_000_000 }).nextId() <= last)
})
