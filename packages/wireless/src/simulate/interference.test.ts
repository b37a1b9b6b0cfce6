/**
 * Goal: what frames do to each other follows from energies, the table of spreading factors, and the time in which they meet.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Modulation } from '../model/modulation.ts'
import { criticalUs, destroyedBy, isSameChannel, rateOf, toleratedDb, type FrameEnergy } from './interference.ts'

const lora = (spreadingFactor: number, bandwidthHz = 125_000): Modulation => ({
  kind: 'lora',
  spreadingFactor,
  bandwidthHz,
})

const frame = (
  spreadingFactor: number,
  dbm: number,
  [startUs, endUs]: [number, number] = [0, 100_000],
): FrameEnergy => ({
  rate: rateOf(lora(spreadingFactor)),
  milliwatts: 10 ** (dbm / 10),
  startUs,
  criticalUs: criticalUs(startUs, lora(spreadingFactor)),
  endUs,
})

test('a frame survives another of its spreading factor when it is 6 dB stronger, and no less', () => {
  const own = frame(9, -100)
  assert.equal(destroyedBy(own, [own, frame(9, -106.01)]), undefined)
  assert.equal(destroyedBy(own, [own, frame(9, -105.99)]), 'same-rate')
})

test('two weak ones together destroy what each alone does not', () => {
  const own = frame(9, -100)
  const weak = [frame(9, -108), frame(9, -108)]
  assert.equal(destroyedBy(own, [weak[0]!]), undefined)
  assert.equal(destroyedBy(own, weak), 'same-rate')
})

test('each pair of spreading factors tolerates what the table says', () => {
  for (let own = 7; own <= 12; own += 1)
    for (let other = 7; other <= 12; other += 1) {
      const level = toleratedDb[own - 7]![other - 7]!
      const [victim, reason] = [frame(own, -100), own === other ? 'same-rate' : 'other-rate']
      // Both are on the air for all of the victim's critical time.
      const disturber = (dbm: number): FrameEnergy => ({ ...frame(other, dbm), startUs: -1, endUs: 200_000 })
      assert.equal(destroyedBy(victim, [disturber(-100 - level - 0.01)]), undefined, `SF${own} SF${other}`)
      assert.equal(destroyedBy(victim, [disturber(-100 - level + 0.01)]), reason, `SF${own} SF${other}`)
    }
})

test('half the overlap is half the energy: 3 dB more are tolerated', () => {
  const own = frame(7, -100, [0, 100_000])
  const middleUs = (own.criticalUs + own.endUs) / 2
  const late = (dbm: number): FrameEnergy => frame(7, dbm, [middleUs, 300_000])
  assert.equal(destroyedBy(own, [late(-100 - 6 + 3)]), undefined)
  assert.equal(destroyedBy(own, [late(-100 - 6 + 3.1)]), 'same-rate')
})

test('what ends within the first three symbols of a preamble does no harm, and a moment later it does', () => {
  const own = frame(12, -130, [0, 1_000_000])
  const threeSymbolsUs = 3 * 32_768
  assert.equal(own.criticalUs, threeSymbolsUs)
  assert.equal(destroyedBy(own, [frame(12, -60, [-500_000, threeSymbolsUs])]), undefined)
  assert.equal(destroyedBy(own, [frame(12, -60, [-500_000, threeSymbolsUs + 100])]), 'same-rate')
})

test('frames meet within 30, 60 or 120 kHz, by the wider of the two', () => {
  const at = (hz: number, bandwidthHz: number) => ({ hz, bandwidthHz })
  const pairs: [kHz: number, bandwidthHz: number][] = [
    [30, 125_000],
    [60, 250_000],
    [120, 500_000],
  ]
  for (const [kHz, bandwidthHz] of pairs) {
    assert.ok(isSameChannel(at(868_000_000, 125_000), at(868_000_000 + kHz * 1000, bandwidthHz)))
    assert.ok(!isSameChannel(at(868_000_000, 125_000), at(868_000_000 + kHz * 1000 + 1, bandwidthHz)))
  }
})

test('of two frames of one spreading factor that fully overlap, at most one survives', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 7, max: 12 }),
      fc.double({ min: -30, max: 30, noNaN: true }),
      (factor, difference) => {
        const [a, b] = [frame(factor, -100), frame(factor, -100 + difference)]
        const survivors = [destroyedBy(a, [a, b]), destroyedBy(b, [a, b])].filter((reason) => reason === undefined)
        assert.equal(survivors.length, Math.abs(difference) > 6.000001 ? 1 : survivors.length)
        assert.ok(survivors.length <= 1)
      },
    ),
  )
})
