/**
 * The bootstrap schedule, the breaker's windows and the pause.
 *
 * Goal: all epochs of all networks for ever stay under the maximum; docs/protocol/money.md prints the same numbers; a
 * breaker and a pause end by themselves.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { MoneyRefused } from '../errors/money-errors.ts'
import { formatWork } from '../units/work.ts'
import { bootstrapAllowance, type BootstrapSchedule } from './bootstrap.ts'
import { breakerRoom, unusedBreaker, useBreaker } from './breaker.ts'
import { breakerLimitAttoMin } from './money-constants.ts'
import { isPaused, pauseFor } from './pause.ts'

const production: BootstrapSchedule = {
  bootstrapMaxAtto: 200_000_000n * 10n ** 18n,
  networkCount: 4n,
  epochsPerYear: 365n,
}

test('all epochs of all networks together stay under the maximum', () => {
  const schedule = fc.record({
    bootstrapMaxAtto: fc.bigInt(0n, 10n ** 28n),
    networkCount: fc.bigInt(1n, 9n),
    epochsPerYear: fc.bigInt(1n, 10n ** 7n),
  })
  fc.assert(
    fc.property(schedule, (one) => {
      let sum = 0n
      for (let year = 0n; year < 130n; year += 1n) {
        sum += one.networkCount * one.epochsPerYear * bootstrapAllowance(one, year * one.epochsPerYear)
      }
      assert.ok(sum <= one.bootstrapMaxAtto)
      assert.equal(bootstrapAllowance(one, 130n * one.epochsPerYear), 0n)
    }),
  )
})

test('the allowance halves at the first epoch of a year, not before', () => {
  assert.equal(bootstrapAllowance(production, 364n), bootstrapAllowance(production, 0n))
  assert.equal(bootstrapAllowance(production, 365n), bootstrapAllowance(production, 0n) / 2n)
})

test('the protocol text prints 20 values of this schedule', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../../../docs/protocol/money.md'), 'utf8')
  const rows = [...text.matchAll(/^\| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \|$/gm)]
  assert.equal(rows.length, 20)
  for (const [, year, epoch, atto, work] of rows) {
    const expected = bootstrapAllowance(production, BigInt(epoch ?? ''))
    assert.deepEqual(
      [BigInt(year ?? ''), BigInt(atto ?? ''), work],
      [BigInt(epoch ?? '') / 365n, expected, formatWork(expected)],
    )
  }
})

test('a breaker puts off to the next window, and one credit always fits into an empty one', () => {
  const limit = { windowSeconds: 100n, perWindowAtto: breakerLimitAttoMin }
  const used = useBreaker(unusedBreaker, limit, 250n, breakerLimitAttoMin)
  assert.throws(() => useBreaker(used, limit, 299n, 1n), MoneyRefused)
  assert.equal(breakerRoom(used, limit, 300n), breakerLimitAttoMin)
  assert.deepEqual(useBreaker(used, limit, 300n, 7n), { window: 3n, usedAtto: 7n })
})

test('a pause lasts at most 7 days and begins at least 30 days after the last one ended', () => {
  const day = 86_400n
  const until = pauseFor(0n, 1_000n * day, 7n * day)
  assert.equal(until, 1_007n * day)
  assert.deepEqual([isPaused(until, until - 1n), isPaused(until, until)], [true, false])
  assert.throws(() => pauseFor(0n, 1_000n * day, 7n * day + 1n), MoneyRefused)
  assert.throws(() => pauseFor(until, until + 30n * day - 1n, 1n), MoneyRefused)
  assert.equal(pauseFor(until, until + 30n * day, 1n), until + 30n * day + 1n)
})
