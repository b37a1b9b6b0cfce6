/**
 * Goal: ADR decides as another implementation's suite says it should, and never leaves the band's bounds.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { adapt, adrHistoryMax, idealStep, lossPercentOf, remember, repetitionsFor, type AdrUplink } from './adr.ts'

const uplink = (fCnt: number, maxSnrDb = 0, txPowerIndex = 0): AdrUplink => ({
  fCnt,
  maxSnrDb,
  txPowerIndex,
  gatewayCount: 1,
})
const counted = (counters: readonly number[]): AdrUplink[] => counters.map((fCnt) => uplink(fCnt))
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test('two of twenty-two counters that nobody heard are a loss of 10 % of what was heard', () => {
  assert.equal(lossPercentOf(counted(range(20).map((index) => index + (index < 5 ? 0 : index < 10 ? 1 : 2)))), 10)
})

test('nothing is known of losses before the history is full', () => {
  assert.equal(lossPercentOf(counted(range(adrHistoryMax - 1).map((index) => 10 * index))), 0)
  assert.equal(lossPercentOf([]), 0)
})

test('repetitions are those of the table', () => {
  assert.deepEqual(
    [4.99, 5, 9.99, 10, 29.99, 30].map((loss) => [1, 2, 3].map((current) => repetitionsFor(current, loss))),
    [
      [1, 1, 2],
      [1, 2, 3],
      [1, 2, 3],
      [2, 3, 3],
      [2, 3, 3],
      [3, 3, 3],
    ],
  )
})

test('steps go to the rate first, then to the power, and back to the power alone', () => {
  const bounds = { dataRateMax: 5, txPowerIndexMax: 5 }
  const rows: [steps: number, power: number, rate: number, powerAfter: number, rateAfter: number][] = [
    [0, 1, 3, 1, 3],
    [1, 1, 5, 2, 5],
    [2, 1, 4, 2, 5],
    [2, 5, 5, 5, 5],
    [-1, 0, 4, 0, 4],
  ]
  for (const [steps, txPowerIndex, dataRate, powerAfter, rateAfter] of rows)
    assert.deepEqual(idealStep(steps, { dataRate, txPowerIndex }, bounds), {
      dataRate: rateAfter,
      txPowerIndex: powerAfter,
    })
})

const facts = {
  isAdr: true,
  dataRate: 5,
  txPowerIndex: 3,
  nbTrans: 1,
  dataRateMax: 5,
  txPowerIndexMax: 7,
  requiredSnrDb: -7.5,
  marginDb: 10,
}

test('power rises only once the history is full of uplinks at the present power', () => {
  const weak = range(adrHistoryMax).map((fCnt) => uplink(fCnt, -4, 3))
  assert.equal(adapt({ ...facts, history: weak.slice(1) }).txPowerIndex, 3)
  assert.equal(adapt({ ...facts, history: weak }).txPowerIndex, 1)
  assert.equal(adapt({ ...facts, history: [...weak.slice(1), uplink(20, -4, 2)] }).txPowerIndex, 3)
})

test('a rate above what is allowed is lowered at once', () => {
  assert.equal(adapt({ ...facts, dataRateMax: 4, txPowerIndex: 0, history: [uplink(0)] }).dataRate, 4)
})

test('whatever was heard, rate and power stay within their bounds', () => {
  const history = fc.array(fc.record({ snr: fc.integer({ min: -200, max: 200 }), power: fc.nat(9) }), { maxLength: 25 })
  fc.assert(
    fc.property(history, fc.nat(7), fc.nat(7), fc.nat(9), (heard, dataRate, dataRateMax, txPowerIndex) => {
      const uplinks = heard.map(({ snr, power }, index) => uplink(3 * index, snr / 10, power))
      const bounds = { dataRateMax, txPowerIndexMax: 9 }
      const after = adapt({ ...facts, ...bounds, dataRate, txPowerIndex, history: uplinks })
      assert.ok(after.dataRate >= Math.min(dataRate, dataRateMax) && after.dataRate <= dataRateMax)
      assert.ok(after.txPowerIndex >= 0 && after.txPowerIndex <= 9)
      assert.ok(after.nbTrans >= 1 && after.nbTrans <= 3)
    }),
  )
})

test('a history holds twenty uplinks, and a frame heard again takes its own place', () => {
  const full = range(30).reduce<AdrUplink[]>((before, fCnt) => remember(before, uplink(fCnt)), [])
  assert.deepEqual(
    full.map(({ fCnt }) => fCnt),
    range(20).map((index) => 10 + index),
  )
  const again = remember(full, uplink(29, 7))
  assert.equal(again.length, 20)
  assert.equal(again.at(-1)?.maxSnrDb, 7)
})
