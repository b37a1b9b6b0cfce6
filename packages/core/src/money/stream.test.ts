/**
 * What a stream owes: cumulative pay, faults, holds and segments.
 *
 * Goal: the rules that break when they are read more loosely: small streams are paid, the past is not priced anew, held
 * seconds come late and only once, and nothing that was paid is taken back.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MoneyRefused } from '../errors/money-errors.ts'
import { addressOf } from './simulate/actors.ts'
import {
  creditsPromised,
  dueAt,
  earnedNano,
  isHeld,
  payableAt,
  withDemand,
  withFault,
  withNotice,
  withoutDemand,
  withSegment,
  type Stream,
} from './stream.ts'

const hold = 1_000n
const stream = (changes: Partial<Stream> = {}): Stream => ({
  payer: addressOf(1),
  payee: addressOf(2),
  judge: addressOf(3),
  rateNano: 10n ** 9n,
  start: 0n,
  end: 10_000n,
  openDemands: 0n,
  firstOpened: 0n,
  faultSeconds: 0n,
  noticed: false,
  credits: 10_000n,
  workAtto: 10n ** 18n,
  paid: 0n,
  accruedNano: 0n,
  ...changes,
})
const settled = (so: Stream, now: bigint): Stream => {
  const pays = payableAt(so, now, hold)
  return { ...so, paid: so.paid + pays, credits: so.credits - pays }
}

test('a stream of a third of a credit a second is paid in full, however often it is settled', () => {
  let small = stream({ rateNano: 333_333_333n, credits: 3_333n })
  for (let now = 1n; now <= 10_000n; now += 1n) small = settled(small, now)
  assert.equal(small.paid, 3_333n)
  const perSettlement = 10_000n * (333_333_333n / 10n ** 9n)
  assert.equal(perSettlement, 0n) // what a floor per settlement would have paid
})

test('due stops at the end', () => {
  assert.deepEqual(
    [dueAt(stream(), 9_999n), dueAt(stream(), 10_000n), dueAt(stream(), 20_000n)],
    [9_999n, 10_000n, 10_000n],
  )
})

test('a fault lowers what is due, takes nothing back, and later pay is withheld until it is earned', () => {
  const paid = settled(stream(), 5_000n)
  const faulted = withFault(paid, 2_000n)
  assert.equal(dueAt(faulted, 5_000n), 3_000n)
  assert.deepEqual(
    [5_000n, 6_999n, 7_000n, 7_001n].map((now) => payableAt(faulted, now, hold)),
    [0n, 0n, 0n, 1n],
  )
})

test('faults saturate at the length of the segment', () => {
  assert.equal(withFault(withFault(stream(), 9_000n), 9_000n).faultSeconds, 10_000n)
})

test('an open demand holds each later second for the hold, and once, however many demands follow', () => {
  const demanded = withDemand(stream(), 2_000n)
  assert.deepEqual(
    [2_000n, 2_500n, 3_000n, 3_001n, 4_000n].map((now) => payableAt(demanded, now, hold)),
    [2_000n, 2_000n, 2_000n, 2_001n, 3_000n],
  )
  const twice = withDemand(demanded, 3_500n)
  assert.equal(payableAt(twice, 4_000n, hold), 3_000n)
  assert.equal(payableAt(withoutDemand(twice), 4_000n, hold), 3_000n)
  assert.equal(payableAt(withoutDemand(withoutDemand(twice)), 4_000n, hold), 4_000n)
})

test('closing a demand that is not open changes nothing', () => {
  assert.deepEqual(withoutDemand(stream()), stream())
})

test('a change of rate keeps the past exactly and carries unused fault seconds over', () => {
  const changed = withSegment(withFault(stream({ rateNano: 333_333_333n }), 4_000n), {
    rateNano: 7n,
    end: 10_000n,
    nowSeconds: 1_000n,
    holdSeconds: hold,
  })
  assert.deepEqual(
    [changed.accruedNano, changed.faultSeconds, changed.start, changed.rateNano],
    [0n, 3_000n, 1_000n, 7n],
  )
  const later = withSegment(stream({ rateNano: 333_333_333n }), {
    rateNano: 7n,
    end: 10_000n,
    nowSeconds: 1_000n,
    holdSeconds: hold,
  })
  assert.equal(later.accruedNano, 333_333_333_000n)
})

test('a renewal after the end does not pay the gap', () => {
  const renewed = withSegment(stream(), { rateNano: 10n ** 9n, end: 30_000n, nowSeconds: 20_000n, holdSeconds: hold })
  assert.deepEqual([dueAt(renewed, 20_000n), dueAt(renewed, 20_001n)], [10_000n, 10_001n])
})

test('no segment starts while pay is held, and one does when nothing is held any more', () => {
  const demanded = withDemand(stream(), 9_500n)
  const next =
    (nowSeconds: bigint): (() => Stream) =>
    () =>
      withSegment(demanded, { rateNano: 1n, end: 40_000n, nowSeconds, holdSeconds: hold })
  assert.equal(isHeld(demanded, 10_999n, hold), true)
  assert.throws(next(10_999n), MoneyRefused)
  assert.equal(isHeld(demanded, 11_000n, hold), false)
  assert.equal(dueAt(next(11_000n)(), 11_000n), 10_000n)
})

test('notice ends a stream one notice from now, and never later than its end', () => {
  assert.deepEqual([withNotice(stream(), 1_000n, 500n).end, withNotice(stream(), 9_800n, 500n).end], [1_500n, 10_000n])
})

test('whatever happens, what is payable is never above what the stream holds of a funded promise', () => {
  const step = fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 3_000 }))
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 12n), fc.array(step, { maxLength: 40 }), (rateNano, steps) => {
      let so = stream({ rateNano, credits: (rateNano * 10_000n) / 10n ** 9n })
      let now = 0n
      for (const [what, elapsed] of steps) {
        now += BigInt(elapsed)
        const before = earnedNano(so, now)
        if (what === 0) so = settled(so, now)
        if (what === 1) so = withDemand(so, now)
        if (what === 2) so = withoutDemand(so)
        if (what === 3) so = withFault(so, BigInt(elapsed))
        if (what === 4) so = withNotice(so, now, 2_000n)
        assert.ok(so.credits >= creditsPromised(so) && so.paid <= 10_000n * rateNano)
        assert.ok(earnedNano(so, now) <= before)
      }
    }),
  )
})
