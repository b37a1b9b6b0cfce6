/**
 * Goal: a frame finds exactly the routes whose ranges hold its address or JoinEUI; what waits for a router stays within its
 * bounds; downlinks of several routers do not mix.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import type { RadioDownlink, RadioUplink } from '../model/radio.ts'
import type { Route } from '../model/route.ts'
import { awaitedDownlinksMax, downlinkDesk } from './downlink-desk.ts'
import { frameTarget } from './frame-target.ts'
import { packetQueue } from './packet-queue.ts'
import { indexRangesMax, routeIndex, routesPerFrameMax } from './route-index.ts'

const routerOf = (number: number): Hex => `0x${number.toString(16).padStart(40, '0')}`

function routeOf(number: number, terms: Partial<Route> = {}): Route {
  return {
    router: routerOf(number),
    nodeKey: `0x${'11'.repeat(32)}`,
    endpoint: 'ws://127.0.0.1:1',
    voucherSigner: routerOf(number),
    devAddrs: [],
    joinEuis: [],
    unitPriceNano: 1n,
    copies: 1,
    isOpen: true,
    ...terms,
  }
}

function dataFrame(devAddr: number, header = 0x40): Uint8Array {
  const bytes = new Uint8Array(12)
  bytes[0] = header
  new DataView(bytes.buffer).setUint32(1, devAddr, true)
  return bytes
}

function joinFrame(joinEui: bigint): Uint8Array {
  const bytes = new Uint8Array(23)
  new DataView(bytes.buffer).setBigUint64(1, joinEui, true)
  return bytes
}

test('a frame names its target in the bytes where LoRaWAN has it, and nothing else does', () => {
  assert.deepEqual(frameTarget(dataFrame(0xfe_01_02_03)), { kind: 'data', devAddr: 0xfe_01_02_03 })
  assert.deepEqual(frameTarget(dataFrame(7, 0x80)), { kind: 'data', devAddr: 7 })
  assert.deepEqual(frameTarget(joinFrame(2n ** 64n - 2n)), { kind: 'join', joinEui: 2n ** 64n - 2n })
  for (const header of [0x20, 0x60, 0xa0, 0xe0, 0x41]) assert.equal(frameTarget(dataFrame(7, header)), undefined)
  assert.equal(frameTarget(dataFrame(7).subarray(0, 11)), undefined)
  assert.equal(frameTarget(joinFrame(1n).subarray(0, 22)), undefined)
  assert.equal(frameTarget(new Uint8Array()), undefined)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void frameTarget(bytes)))
})

const small = fc.nat({ max: 40 })
const ranges = fc.array(
  fc.tuple(small, small).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
  { maxLength: 4 },
)

test('the index finds what a look at every range finds, best paying first', () => {
  const route = fc.record({ devAddrs: ranges, joins: ranges, price: fc.nat({ max: 3 }), isOpen: fc.boolean() })
  fc.assert(
    fc.property(fc.array(route, { maxLength: 7 }), small, (drafts, at) => {
      const eui = (value: number): string => value.toString(16).padStart(16, '0')
      const routes = drafts.map(({ devAddrs, joins, price, isOpen }, number) =>
        routeOf(number + 1, {
          devAddrs,
          joinEuis: joins.map(({ first, last }) => ({ first: eui(first), last: eui(last) })),
          unitPriceNano: BigInt(price),
          isOpen,
        }),
      )
      const order = (a: Route, b: Route): number =>
        a.unitPriceNano === b.unitPriceNano
          ? a.router < b.router
            ? -1
            : 1
          : a.unitPriceNano > b.unitPriceNano
            ? -1
            : 1
      const open = routes.filter(({ isOpen }) => isOpen).toSorted(order)
      const index = routeIndex(routes)
      assert.deepEqual(
        index.routesFor(dataFrame(at)),
        open.filter(({ devAddrs }) => devAddrs.some(({ first, last }) => at >= first && at <= last)),
      )
      assert.deepEqual(
        index.routesFor(joinFrame(BigInt(at))),
        open.filter(({ joinEuis }) => joinEuis.some(({ first, last }) => eui(at) >= first && eui(at) <= last)),
      )
    }),
    { numRuns: 500 },
  )
})

test('the whole space is a range, and ranges and routes per frame have bounds', () => {
  const all = routeOf(1, {
    devAddrs: [{ first: 0, last: 0xffff_ffff }],
    joinEuis: [{ first: '0'.repeat(16), last: 'f'.repeat(16) }],
  })
  const index = routeIndex([all])
  for (const at of [0, 1, 0x8000_0000, 0xffff_ffff]) assert.deepEqual(index.routesFor(dataFrame(at)), [all])
  for (const at of [0n, 2n ** 63n, 2n ** 64n - 1n]) assert.deepEqual(index.routesFor(joinFrame(at)), [all])
  const crowd = Array.from({ length: routesPerFrameMax + 3 }, (_, number) =>
    routeOf(number + 1, { devAddrs: [{ first: 5, last: 5 }], unitPriceNano: BigInt(number) }),
  )
  const found = routeIndex(crowd).routesFor(dataFrame(5))
  assert.equal(found.length, routesPerFrameMax)
  assert.equal(found[0]?.unitPriceNano, BigInt(routesPerFrameMax + 2))
  const many = Array.from({ length: indexRangesMax + 2 }, (_, number) => ({ first: number * 2, last: number * 2 }))
  const full = routeIndex([routeOf(1, { devAddrs: many })])
  assert.equal(full.rangesLeftOut, 2)
  assert.equal(full.routesFor(dataFrame(indexRangesMax * 2 - 2)).length, 1)
  assert.equal(full.routesFor(dataFrame(indexRangesMax * 2)).length, 0)
})

const uplink = (number: number): RadioUplink => ({
  gatewayEui: '0'.repeat(16),
  phyPayload: Uint8Array.of(number),
  frequencyHz: 1,
  modulation: { kind: 'fsk', bitRate: 50_000 },
  rssiDbm: 0,
  channel: 0,
  heardAtMs: 0,
  context: new Uint8Array(),
})

test('a full queue drops its oldest frame and an old one is not sent, each counted; the rest says how long it was held', () => {
  const queue = packetQueue({ packetsMax: 3, ageMsMax: 100 })
  for (let number = 0; number < 5; number += 1) queue.push(uplink(number), number * 10)
  assert.equal(queue.count, 3)
  assert.deepEqual(queue.dropped, { full: 2, old: 0 })
  assert.deepEqual(queue.take(50)?.uplink.phyPayload, Uint8Array.of(2))
  const last = queue.take(140)
  assert.deepEqual([last?.uplink.phyPayload[0], last?.holdMs], [4, 100])
  assert.deepEqual(queue.dropped, { full: 2, old: 1 })
  assert.equal(queue.take(140), undefined)
  for (let number = 0; number < 7; number += 1) {
    queue.push(uplink(number), 200)
    assert.equal(queue.peek(200)?.phyPayload[0], number)
    queue.take(200)
  }
  assert.equal(queue.count, 0)
})

test('two routers may use one id at once, and each gets the outcome of its own', () => {
  const desk = downlinkDesk<string>()
  const downlink: RadioDownlink = {
    id: 5,
    gatewayEui: '0'.repeat(16),
    deviceClass: 'A',
    phyPayload: Uint8Array.of(1),
    windows: [1, 2].map(() => ({
      frequencyHz: 1,
      modulation: { kind: 'fsk' as const, bitRate: 1 },
      powerDbm: 1,
      timing: { kind: 'immediate' as const },
    })),
  }
  const [one, other] = [desk.take(downlink, 'one'), desk.take(downlink, 'other')]
  assert.notEqual(one.id, other.id)
  const outcome = { gatewayEui: '0'.repeat(16), windowIndex: 0, atMs: 1 }
  assert.equal(desk.give({ ...outcome, id: other.id, refusal: 'too-late' })?.asker, 'other')
  assert.deepEqual(desk.give({ ...outcome, id: other.id, windowIndex: 1 })?.outcome, {
    ...outcome,
    id: 5,
    windowIndex: 1,
  })
  assert.equal(desk.give({ ...outcome, id: other.id }), undefined, 'it was sent: that is the end')
  assert.equal(desk.give({ ...outcome, id: one.id })?.asker, 'one')
  for (let number = 0; number < awaitedDownlinksMax + 10; number += 1) desk.take(downlink, 'one')
  assert.equal(desk.count, awaitedDownlinksMax)
})
