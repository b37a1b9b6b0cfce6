/**
 * Goal: what is booked on one gateway keeps every sub-band's share of time and never overlaps.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { subBandAt } from '../../region/duty-cycle.ts'
import { regionOf } from '../../region/region-of.ts'
import { bookingsMax, transmissionBook, type Transmission } from './transmission-book.ts'

const region = regionOf('EU868')
const rx1 = 868_100_000
const rx2 = 869_525_000

test('a sub-band rests for its share, before and after what is booked', () => {
  const book = transmissionBook()
  book.book(1, region, { hz: rx1, startMs: 10_000, airtimeMs: 100 })
  // One hundredth of the time: 100 ms rest until 20,000.
  const at = (startMs: number): string | undefined => book.conflict(region, { hz: rx1, startMs, airtimeMs: 50 })?.reason
  assert.equal(at(19_999), 'duty-cycle')
  assert.equal(at(20_000), undefined)
  assert.equal(at(5_001), 'duty-cycle', 'it would still rest when the booked one begins')
  assert.equal(at(5_000), undefined)
  const conflict = book.conflict(region, { hz: rx1, startMs: 12_000, airtimeMs: 50 })
  assert.deepEqual(conflict, { reason: 'duty-cycle', freeMs: 20_000 })
})

test('another sub-band is free but for the one sender of a gateway', () => {
  const book = transmissionBook()
  book.book(1, region, { hz: rx1, startMs: 1_000, airtimeMs: 100 })
  const at = (startMs: number): unknown => book.conflict(region, { hz: rx2, startMs, airtimeMs: 100 })
  assert.deepEqual(at(1_050), { reason: 'collision', freeMs: 1_100 })
  assert.deepEqual(at(950), { reason: 'collision', freeMs: 1_100 })
  assert.equal(at(1_100), undefined)
  assert.equal(at(900), undefined)
})

test('between the stretches of a band nothing may be sent', () => {
  assert.deepEqual(transmissionBook().conflict(region, { hz: 868_650_000, startMs: 0, airtimeMs: 1 }), {
    reason: 'band',
  })
})

test('what was not sent takes no time', () => {
  const book = transmissionBook()
  book.book(1, region, { hz: rx1, startMs: 0, airtimeMs: 1_000 })
  book.release(1)
  assert.equal(book.conflict(region, { hz: rx1, startMs: 0, airtimeMs: 1_000 }), undefined)
})

test('a gateway with as much booked as is remembered takes no more until some of it is over', () => {
  const us = regionOf('US915')
  const book = transmissionBook()
  for (let index = 0; index < bookingsMax; index += 1)
    book.book(index + 1, us, { hz: 923_300_000, startMs: index * 100, airtimeMs: 50 })
  const late = { hz: 923_300_000, startMs: 1_000_000, airtimeMs: 50 }
  assert.deepEqual(book.conflict(us, late), { reason: 'collision', freeMs: 50 })
  book.prune(60)
  assert.equal(book.size, bookingsMax - 1)
  assert.equal(book.conflict(us, late), undefined)
})

test('whatever is asked, what is booked keeps to the share of time and to one sender', () => {
  const asked = fc.record({
    hz: fc.constantFrom(867_100_000, rx1, 868_500_000, rx2, 869_000_000),
    startMs: fc.nat(60_000),
    airtimeMs: fc.integer({ min: 10, max: 2_000 }),
  })
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60 }), (all) => {
      const book = transmissionBook()
      const sent: Transmission[] = []
      for (const [index, one] of all.entries()) {
        if (book.conflict(region, one) !== undefined) continue
        book.book(index + 1, region, one)
        sent.push(one)
      }
      sent.sort((a, b) => a.startMs - b.startMs)
      for (const [index, one] of sent.entries()) {
        const before = sent[index - 1]
        if (before !== undefined) assert.ok(before.startMs + before.airtimeMs <= one.startMs)
        const band = subBandAt(region, one.hz)!
        const next = sent.slice(index + 1).find(({ hz }) => subBandAt(region, hz) === band)
        if (next !== undefined) assert.ok(next.startMs - one.startMs >= one.airtimeMs / band.dutyCycle)
      }
    }),
  )
})
