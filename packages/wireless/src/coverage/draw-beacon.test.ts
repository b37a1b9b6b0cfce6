/**
 * Goal: a beacon is what its draw says, each part of the draw matters, and what is drawn is among the choices.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { commitBeaconSecret, drawBeacon, drawnDataBytes, type BeaconChoices } from './draw-beacon.ts'

const choices: BeaconChoices = {
  frequenciesHz: [868_100_000, 868_300_000, 868_500_000],
  spreadingFactors: [7, 8, 9, 10],
  powersDbm: [8, 11, 14],
  bandwidthHz: 125_000,
  windowMs: 3_600_000,
}
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('a draw is repeatable, within the choices, and another for another block, secret or hotspot', () => {
  fc.assert(
    fc.property(hash, hash, fc.string(), (sealed, secret, hotspot) => {
      const drawn = drawBeacon({ sealed, secret, hotspot }, choices)
      assert.deepEqual(drawBeacon({ sealed, secret, hotspot }, choices), drawn)
      assert.equal(drawn.data.length, drawnDataBytes)
      assert.ok(choices.frequenciesHz.includes(drawn.frequencyHz))
      assert.ok(choices.spreadingFactors.includes(drawn.spreadingFactor))
      assert.ok(choices.powersDbm.includes(drawn.powerDbm))
      assert.ok(drawn.offsetMs >= 0 && drawn.offsetMs < choices.windowMs)
      const other = (bytes: Uint8Array): Uint8Array => bytes.with(0, (bytes[0] ?? 0) ^ 1)
      for (const change of [{ sealed: other(sealed) }, { secret: other(secret) }, { hotspot: `${hotspot}!` }]) {
        assert.notDeepEqual(drawBeacon({ sealed, secret, hotspot, ...change }, choices).data, drawn.data)
      }
    }),
  )
})

test('a commitment hides and binds its secret', () => {
  fc.assert(
    fc.property(hash, (secret) => {
      assert.notDeepEqual(commitBeaconSecret(secret), secret)
      assert.notDeepEqual(commitBeaconSecret(secret), commitBeaconSecret(secret.with(31, (secret[31] ?? 0) ^ 1)))
    }),
  )
})
