/**
 * Goal: in every band a beacon is something that the band allows, whatever is drawn, and nothing that a device sends is taken for one.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { subBandAt } from '../region/duty-cycle.ts'
import { listeningChannels } from '../wire/station-config.ts'
import { regionOf } from '../region/region-of.ts'
import { regionNames } from '../region/region.ts'
import { notedChannelsMax } from '../wire/coverage-note.ts'
import {
  beaconAirtimeMs,
  beaconChoices,
  beaconDataOf,
  beaconFrame,
  beaconFrameBytes,
  isBeaconChannel,
} from './beacon-frame.ts'
import { drawBeacon } from './draw-beacon.ts'

test('what is drawn is within the band’s channels, power and dwell time, in every region', () => {
  for (const name of regionNames) {
    const region = regionOf(name)
    const enabledChannels = region.plan === 'fixed' ? [0, 1, 2, 3, 4, 5, 6, 7] : undefined
    const frequenciesHz = listeningChannels(region, { extraChannelsHz: [], enabledChannels })
      .filter(({ bandwidthHz }) => bandwidthHz === 125_000)
      .map(({ hz }) => hz)
    assert.ok(frequenciesHz.length > 0 && frequenciesHz.length <= notedChannelsMax, name)
    const dwellMs = region.dwell.uplink === 'never' ? Number.POSITIVE_INFINITY : region.dwell.msMax
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 0, max: 120 }),
        (secret, gainTenths) => {
          const antennaGainDbi = gainTenths / 10
          const choices = beaconChoices(region, { frequenciesHz, antennaGainDbi, windowMs: 1000 })
          const drawn = drawBeacon({ sealed: new Uint8Array(32), secret, hotspot: 'h' }, choices)
          const band = subBandAt(region, drawn.frequencyHz) ?? assert.fail(name)
          assert.ok(isBeaconChannel(region, drawn.frequencyHz) && frequenciesHz.includes(drawn.frequencyHz), name)
          assert.ok(drawn.powerDbm + antennaGainDbi <= band.gatewayEirpDbmMax + 1e-9, `${name} ${drawn.powerDbm}`)
          assert.ok(beaconAirtimeMs(drawn) <= dwellMs, name)
          assert.ok(drawn.offsetMs >= 0 && drawn.offsetMs < 1000)
        },
      ),
      { numRuns: 50 },
    )
  }
})

test('a frame of other length or type is no beacon', () => {
  const data = new Uint8Array(32).fill(5)
  const frame = beaconFrame(data)
  assert.equal(frame.length, beaconFrameBytes)
  assert.deepEqual(beaconDataOf(frame), data)
  for (const other of [frame.slice(1), Uint8Array.of(...frame, 0), new Uint8Array(0)])
    assert.equal(beaconDataOf(other), undefined)
  // Every message type and major version but the one.
  for (let header = 0; header < 256; header += 1)
    assert.equal(beaconDataOf(frame.with(0, header)) !== undefined, header === 0xe0, String(header))
})
