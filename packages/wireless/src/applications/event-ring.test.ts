/**
 * Goal: a reader that comes again misses nothing that is still there, and is told when something is not.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventRing, type RingFilter } from './event-ring.ts'

const event = (json: string, applicationId = 'a', devEui = '01') =>
  ({ applicationId, devEui, name: 'up', atMs: 0, json }) as const
const all: RingFilter = { applicationId: 'a' }
const birth = 'aabbccdd'

test('a reader goes on after its last id, and hears its own application or device alone', () => {
  const ring = eventRing({ birth })
  const start = ring.since(undefined, all, 10)
  assert.deepEqual(start, { events: [], lastId: 'aabbccdd-0', isGap: false })
  ring.take(event('1'))
  ring.take(event('2', 'b'))
  ring.take(event('3', 'a', '02'))
  const first = ring.since(start.lastId, all, 1)
  assert.deepEqual(first, { events: [{ ...event('1'), id: 'aabbccdd-1' }], lastId: 'aabbccdd-1', isGap: false })
  const rest = ring.since(first.lastId, all, 10)
  assert.deepEqual([rest.events.map(({ json }) => json), rest.lastId], [['3'], 'aabbccdd-3'])
  assert.deepEqual(ring.since(rest.lastId, all, 10), { events: [], lastId: 'aabbccdd-3', isGap: false })
  assert.deepEqual(
    ring.since(start.lastId, { ...all, devEui: '02' }, 10).events.map(({ json }) => json),
    ['3'],
  )
})

test('what has gone, by number or by size, is said to be missing', () => {
  const ring = eventRing({ birth, eventsMax: 3 })
  const { lastId } = ring.since(undefined, all, 10)
  for (const json of ['1', '2', '3']) ring.take(event(json))
  assert.equal(ring.since(lastId, all, 10).isGap, false)
  ring.take(event('4'))
  const read = ring.since(lastId, all, 10)
  assert.deepEqual([read.isGap, read.events.map(({ json }) => json)], [true, ['2', '3', '4']])
  assert.equal(ring.since(read.lastId, all, 10).isGap, false)

  const small = eventRing({ birth, bytesMax: 1000 })
  small.take(event('x'.repeat(300)))
  small.take(event('y'.repeat(300)))
  assert.deepEqual(
    small.since('aabbccdd-0', all, 10).events.map(({ json }) => json[0]),
    ['y'],
  )
  small.take(event('z'.repeat(600)))
  assert.deepEqual(small.since('aabbccdd-0', all, 10), { events: [], lastId: 'aabbccdd-3', isGap: true })
})

test('an id of another ring, of the future or of nothing gets all there is, and word of the gap', () => {
  const ring = eventRing({ birth })
  ring.take(event('1'))
  for (const id of ['00000000-1', 'aabbccdd-9', 'nonsense', '']) {
    const { isGap, events } = ring.since(id, all, 10)
    assert.deepEqual([isGap, events.length], [true, 1], id)
  }
})

test('readers are woken by what they want, until they leave; there are only so many', () => {
  const ring = eventRing({ birth, readersMax: 2 })
  const woken: string[] = []
  const leave = ring.subscribe(all, () => woken.push('a'))
  ring.subscribe({ applicationId: 'b' }, () => woken.push('b'))
  assert.equal(
    ring.subscribe(all, () => {}),
    undefined,
  )
  ring.take(event('1'))
  ring.take(event('2', 'b'))
  leave?.()
  ring.take(event('3'))
  assert.deepEqual(woken, ['a', 'b'])
  assert.ok(ring.subscribe(all, () => {}))
})
