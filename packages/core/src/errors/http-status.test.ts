/**
 * Statuses, exit codes and log levels from errors.
 *
 * Goal: blame decides, a few codes have a fixed status, and what is not ours counts as our own mistake.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invariant } from '../invariant.ts'
import { outcomeOf } from './http-status.ts'
import { InvariantBroken } from './invariant-broken.ts'
import { MoneyRefused } from './money-errors.ts'

test('blame decides status, exit code and log level', () => {
  assert.deepEqual(outcomeOf(new MoneyRefused('StalePrice')), { httpStatus: 400, exitCode: 2, logLevel: 'info' })
  assert.deepEqual(outcomeOf(new TypeError('x')), { httpStatus: 500, exitCode: 70, logLevel: 'fatal' })
})

test('a broken invariant stops the work and says which', () => {
  assert.throws(() => invariant(false, 'a pool is never negative'), InvariantBroken)
  assert.doesNotThrow(() => invariant(1, 'fine'))
})
