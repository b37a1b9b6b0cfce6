/**
 * Goal: counters drift, wrap and begin again; datagrams are late, lost, doubled and out of order, each as often as was said.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backhaulMsMax, bindingAt, deliveriesMs, mobileBackhaul, wiredBackhaul } from './backhaul.ts'
import { counterAt, timeOfCounter } from './concentrator-clock.ts'

const wrapUs = 2 ** 32

test('a counter wraps after 71.6 minutes and begins at 0 when it is switched on', () => {
  const clock = { driftPpm: 0, bootUs: 1_000_000 }
  assert.equal(counterAt(clock, 1_000_000), 0)
  assert.equal(counterAt(clock, 1_000_000 + wrapUs - 1), wrapUs - 1)
  assert.equal(counterAt(clock, 1_000_000 + wrapUs), 0)
  assert.equal(counterAt({ ...clock, bootUs: 5_000_000 }, 5_000_000), 0)
})

test('a counter that is 20 ppm fast is 72 ms ahead after an hour', () => {
  const hourUs = 3_600_000_000
  const aheadUs = counterAt({ driftPpm: 20, bootUs: 0 }, hourUs) - counterAt({ driftPpm: 0, bootUs: 0 }, hourUs)
  assert.ok(Math.abs(aheadUs - 72_000) <= 1, String(aheadUs))
})

test('the time of a counter is found again around now, across a wrap and with any drift', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -20, max: 20 }),
      fc.integer({ min: 0, max: 20_000_000_000 }),
      fc.integer({ min: -60_000_000, max: 60_000_000 }),
      (driftPpm, nowUs, awayUs) => {
        const clock = { driftPpm, bootUs: -100_000_000 }
        const found = timeOfCounter(clock, counterAt(clock, nowUs + awayUs), nowUs)
        assert.ok(Math.abs(found - (nowUs + awayUs)) < 3, `${found}`)
      },
    ),
  )
})

const count = 20_000
const datagrams = (model = mobileBackhaul): number[][] =>
  Array.from({ length: count }, (_, datagram) => deliveriesMs(model, { seed: 2, gateway: 1, datagram }))

test('loss and doubling are as frequent as the line says', () => {
  const all = datagrams()
  const share = (copies: number): number => all.filter(({ length }) => length === copies).length / count
  assert.ok(Math.abs(share(0) - mobileBackhaul.lossShare) < 0.003)
  assert.ok(Math.abs(share(2) - mobileBackhaul.duplicateShare) < 0.002)
})

test('delays are log-normal around their median, bounded, and overtake each other', () => {
  const delays = datagrams().flatMap(([first]) => (first === undefined ? [] : [first]))
  const logs = delays.map((ms) => Math.log(ms / mobileBackhaul.medianMs))
  const mean = logs.reduce((sum, one) => sum + one, 0) / logs.length
  const sigma = Math.sqrt(logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / logs.length)
  assert.ok(Math.abs(mean) < 0.02)
  assert.ok(Math.abs(sigma - mobileBackhaul.sigma) < 0.02)
  assert.ok(delays.every((ms) => ms <= backhaulMsMax))
  const sentEveryMs = 10
  assert.ok(
    delays.some((ms, index) => index > 0 && ms + sentEveryMs * index < delays[index - 1]! + sentEveryMs * (index - 1)),
  )
  assert.equal(Math.max(...datagrams({ ...mobileBackhaul, sigma: 20 }).flat()), backhaulMsMax)
})

test('an address that a server sees changes as often as was said, and never on a wired line', () => {
  const draw = { seed: 3, gateway: 9 }
  const hours = 10 * 3_600_000
  assert.equal(bindingAt(mobileBackhaul, draw, hours) - bindingAt(mobileBackhaul, draw, 0), 60)
  assert.equal(bindingAt(wiredBackhaul, draw, hours), bindingAt(wiredBackhaul, draw, 0))
})
