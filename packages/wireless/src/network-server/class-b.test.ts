/**
 * Goal: ping slots, hopping and beacons are those of other implementations, for every device and every band.
 *
 * @see vectors/SOURCES.md
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parameterRevisions, regionNames } from '../region/region.ts'
import { regionOf } from '../region/region-of.ts'
import {
  beaconCrc,
  classBChannelsHz,
  decodeBeacon,
  encodeBeacon,
  hoppedHz,
  nextPingSlotMs,
  pingOffset,
  pingPeriodSlots,
} from './class-b.ts'

const eu = regionOf('EU868')

test('the ping slots of a device are as many as it asked for, and each is found from the one before', () => {
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.integer({ min: 0, max: 7 }),
      fc.nat(1_000_000),
      (devAddr, periodicity, period) => {
        const startMs = period * 128_000
        let [count, atMs] = [0, nextPingSlotMs({ devAddr, periodicity }, startMs)]
        while (atMs < startMs + 128_000) {
          count += 1
          atMs = nextPingSlotMs({ devAddr, periodicity }, atMs + 1)
        }
        assert.equal(count, 4096 / pingPeriodSlots(periodicity))
      },
    ),
    { numRuns: 30 },
  )
})

test('a beacon carries the codes of both its parts', () => {
  const beacon = encodeBeacon(eu.beacon, 0x02_00_00_cc)
  assert.equal(beacon.length, 17)
  assert.equal(beaconCrc(beacon.subarray(0, 6)), (beacon[6] ?? 0) | ((beacon[7] ?? 0) << 8))
  assert.equal(beaconCrc(beacon.subarray(8, 15)), (beacon[15] ?? 0) | ((beacon[16] ?? 0) << 8))
})

test('the next ping slot is where another implementation finds it', () => {
  const next = (pingsPerPeriod: number, afterMs: number): number =>
    nextPingSlotMs({ devAddr: 0, periodicity: 7 - Math.log2(pingsPerPeriod) }, afterMs)
  assert.equal(next(1, 0), 74_300)
  assert.equal(next(1, 120_000), 185_620)
  assert.equal(next(2, 0), 12_860)
  assert.equal(next(2, 13_000), 74_300)
  assert.equal(next(128, 124_000), 124_220)
})

test('a slot is counted from the beacon, its address and its period', () => {
  assert.equal(pingOffset(0xff42, 0x00_42_00_ff, 4096), 3994)
  assert.equal(pingOffset(0, 0, 33), undefined, 'a period is a power of two')
})

test('a ping slot is on the channel that another implementation hops to', () => {
  const [beaconSeconds, devAddr] = [334_382 * 3600 + 52 * 60 + 44, 0x03_14_cf_36]
  const expected = {
    US915: 925_700_000,
    AU915: 925_700_000,
    CN470: 509_100_000,
    EU433: 434_665_000,
    IN865: 866_550_000,
  }
  for (const [name, hz] of Object.entries(expected))
    assert.equal(hoppedHz(regionOf(name as keyof typeof expected).pingSlot.hz, beaconSeconds, devAddr), hz, name)
})

test('a device of CN470 hops over the channels of the join channel that it came by', () => {
  const { pingSlot, beacon, joinChannels } = regionOf('CN470-20A')
  for (const [joinChannel, { rx1Hz }] of joinChannels.entries()) {
    const hz = classBChannelsHz(pingSlot.hz, { joinChannels, joinChannel })
    assert.equal(hz.length, 8)
    assert.equal(hz[0], 483_900_000 + 8 * 200_000 * joinChannel)
    assert.ok(hz.includes(rx1Hz), 'its own answer came in that group')
  }
  const other = regionOf('CN470-20B')
  assert.equal(classBChannelsHz(other.pingSlot.hz, { joinChannels: other.joinChannels, joinChannel: 1 }).length, 32)
  assert.deepEqual(
    classBChannelsHz(other.beacon.hz, { joinChannels: other.joinChannels, joinChannel: 1 }),
    [501_500_000],
  )
  assert.equal(classBChannelsHz(beacon.hz, { joinChannels }).length, 8)
  const us = regionOf('US915')
  assert.deepEqual(classBChannelsHz(us.pingSlot.hz, us), us.pingSlot.hz)
})

test('a beacon of every band is read back, and not with a bit of its first part turned', () => {
  const layouts = regionNames.flatMap((name) => parameterRevisions.map((revision) => regionOf(name, revision).beacon))
  fc.assert(
    fc.property(
      fc.constantFrom(...layouts),
      fc.nat(0xffffffff),
      fc.uint8Array({ minLength: 7, maxLength: 7 }),
      fc.nat(),
      (layout, gpsSeconds, gatewayInfo, turned) => {
        const bytes = encodeBeacon(layout, gpsSeconds, gatewayInfo)
        assert.deepEqual(decodeBeacon(layout, bytes), { gpsSeconds, gatewayInfo })
        const bit = turned % (8 * (layout.rfu1Bytes + 6))
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7))
        assert.equal(decodeBeacon(layout, bytes), undefined)
      },
    ),
  )
})

test('a beacon whose second part is broken still gives the time', () => {
  const bytes = encodeBeacon(eu.beacon, 1_300_000_000, new Uint8Array(7).fill(9))
  bytes[9] = 0
  assert.deepEqual(decodeBeacon(eu.beacon, bytes), { gpsSeconds: 1_300_000_000 })
})
