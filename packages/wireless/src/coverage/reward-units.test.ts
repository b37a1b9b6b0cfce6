/**
 * Goal: units follow the witnesses as HIP 15 means them: never more in all than redundancy and one, never more each for more.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, compare, one, ratio, zero, type Ratio } from './ratio.ts'
import { rewardUnits, unitsInAll, type RewardUnitParameters } from './reward-units.ts'

const parameters = fc.record<RewardUnitParameters>({
  redundancy: fc.integer({ min: 1, max: 12 }),
  decay: fc.integer({ min: 1, max: 99 }).map((percent) => ratio(BigInt(percent), 100n)),
  beaconerMax: fc.constant(ratio(2n)),
  decimals: fc.integer({ min: 2, max: 12 }),
})
const someWitnesses = fc.integer({ min: 1, max: 60 })
const isAtMost = (a: Ratio, b: Ratio): boolean => compare(a, b) <= 0

test('the units of one beacon never sum to more than redundancy and one, but for rounding', () => {
  fc.assert(
    fc.property(someWitnesses, parameters, (witnesses, knobs) => {
      const roundings = ratio(BigInt(witnesses + 1), 2n * 10n ** BigInt(knobs.decimals))
      const most = add(ratio(BigInt(knobs.redundancy) + 1n), roundings)
      assert.ok(isAtMost(unitsInAll(witnesses, rewardUnits(witnesses, knobs)), most))
    }),
  )
})

test('one more witness never earns each more, and never the beaconer less', () => {
  fc.assert(
    fc.property(someWitnesses, parameters, (witnesses, knobs) => {
      const [fewer, more] = [rewardUnits(witnesses, knobs), rewardUnits(witnesses + 1, knobs)]
      assert.ok(isAtMost(more.perWitness, fewer.perWitness))
      assert.ok(isAtMost(fewer.beaconer, more.beaconer))
      assert.ok(isAtMost(more.perWitness, one) && isAtMost(more.beaconer, knobs.beaconerMax))
    }),
  )
})

test('nobody heard, nobody earns; up to the redundancy each earns all', () => {
  fc.assert(
    fc.property(parameters, (knobs) => {
      assert.deepEqual(rewardUnits(0, knobs), { perWitness: zero, beaconer: zero })
      assert.deepEqual(rewardUnits(knobs.redundancy, knobs), { perWitness: one, beaconer: one })
    }),
  )
})
