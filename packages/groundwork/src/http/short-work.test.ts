/**
 * Goal: an amount that people read is short, never more than what it stands for, and never nothing when it is something.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortWork } from './short-work.ts'

test('six decimals are shown, rounded down', () => {
  assert.equal(shortWork(23_779_297_999_999_999_999n), '23.779297 WORK')
  assert.equal(shortWork(10n ** 18n), '1 WORK')
})

test('less than a millionth is not shown as nothing', () => {
  assert.equal(shortWork(1n), '<0.000001 WORK')
  assert.equal(shortWork(0n), '0 WORK')
})
