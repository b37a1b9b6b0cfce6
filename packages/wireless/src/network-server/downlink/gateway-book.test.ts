/**
 * Goal: the gateway that is asked first is the one most likely to be heard, of equals the one that has sent less.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { regionOf } from '../../region/region-of.ts'
import { gatewayBook, gatewaysMax, marginOf, type HeardBy } from './gateway-book.ts'

const region = regionOf('EU868')
const lora = (spreadingFactor: number) => ({ kind: 'lora', spreadingFactor, bandwidthHz: 125_000 }) as const
const heard = (gatewayEui: string, snrDb: number, spreadingFactor = 7): HeardBy => ({
  gatewayEui,
  snrDb,
  modulation: lora(spreadingFactor),
})
const names = (all: readonly HeardBy[]): string[] => all.map(({ gatewayEui }) => gatewayEui)

test('the margin counts from the floor of the data rate', () => {
  assert.equal(marginOf(heard('a', -5, 7)), 2.5)
  assert.equal(marginOf(heard('a', -5, 12)), 15)
})

test('who heard better is asked first, below what is enough', () => {
  const book = gatewayBook()
  assert.deepEqual(names(book.order([heard('a', -5), heard('b', 0), heard('c', -7)], 0)), ['b', 'a', 'c'])
})

test('above what is enough, who has sent less is asked first', () => {
  const book = gatewayBook()
  const both = [heard('a', 12), heard('b', 8)]
  assert.deepEqual(names(book.order(both, 0)), ['a', 'b'])
  book.book('a', 1, region, { hz: 868_100_000, startMs: 0, airtimeMs: 1_000 }, 0)
  assert.deepEqual(names(book.order(both, 0)), ['b', 'a'])
  // Who is barely heard is not asked for that.
  assert.deepEqual(names(book.order([heard('a', 12), heard('c', -7)], 0)), ['a', 'c'])
})

test('who failed lately is asked later, and is forgiven in time', () => {
  const book = gatewayBook()
  const both = [heard('a', 2), heard('b', 0)]
  book.failed('a', 0)
  assert.deepEqual(names(book.order(both, 0)), ['b', 'a'])
  assert.deepEqual(names(book.order(both, 120_000)), ['a', 'b'])
})

test('what is remembered of gateways is bounded, and who was used lately stays', () => {
  const book = gatewayBook()
  const full = { hz: 868_100_000, startMs: 0, airtimeMs: 1_000 }
  book.book('first', 1, region, full, 0)
  book.book('second', 1, region, full, 0)
  book.failed('first', 0)
  for (let index = 0; index < gatewaysMax - 1; index += 1) book.failed(`g${index}`, 0)
  assert.equal(book.conflict('first', region, full, 0)?.reason, 'duty-cycle')
  assert.equal(book.conflict('second', region, full, 0), undefined)
})
