/**
 * Goal: Cayenne LPP is read and written as ChirpStack v4 does, and no payload of a stranger gets past its bounds.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCayenneLpp, encodeCayenneLpp } from './cayenne-lpp.ts'

/** Every type, twice, with the values that ChirpStack's own test has (chirpstack/src/codec/cayenne_lpp.rs, test_lpp; MIT). */
const payload = Uint8Array.from([
  3, 0, 100, 5, 0, 210, 3, 1, 100, 5, 1, 210, 3, 2, 0, 10, 5, 2, 3, 232, 3, 3, 0, 10, 5, 3, 3, 232, 3, 100, 0, 0, 0, 1,
  5, 100, 255, 254, 253, 252, 3, 101, 0, 10, 5, 101, 3, 232, 3, 102, 5, 5, 102, 3, 3, 103, 1, 16, 5, 103, 0, 255, 3,
  104, 41, 5, 104, 150, 3, 113, 0, 1, 0, 2, 0, 3, 5, 113, 3, 234, 7, 211, 11, 187, 3, 115, 4, 31, 5, 115, 9, 196, 3,
  116, 0, 1, 5, 116, 255, 254, 3, 117, 0, 2, 5, 117, 255, 253, 3, 118, 0, 0, 0, 1, 5, 118, 255, 254, 253, 251, 3, 120,
  0, 5, 120, 100, 3, 121, 0, 1, 5, 121, 255, 251, 3, 125, 0, 7, 5, 125, 255, 254, 3, 128, 0, 8, 5, 128, 254, 253, 3,
  130, 0, 0, 1, 16, 5, 130, 1, 2, 3, 4, 3, 131, 0, 0, 0, 12, 5, 131, 255, 254, 253, 254, 3, 132, 0, 9, 5, 132, 255, 252,
  3, 133, 0, 0, 0, 13, 5, 133, 255, 254, 253, 253, 3, 134, 0, 1, 0, 2, 0, 3, 5, 134, 3, 233, 7, 210, 11, 187, 3, 135,
  100, 150, 200, 5, 135, 250, 190, 0, 1, 136, 6, 118, 95, 242, 150, 10, 0, 3, 232, 3, 142, 0, 5, 142, 1,
])

const object = {
  digitalInput: { 3: 100, 5: 210 },
  digitalOutput: { 3: 100, 5: 210 },
  analogInput: { 3: 0.1, 5: 10 },
  analogOutput: { 3: 0.1, 5: 10 },
  genericSensor: { 3: 1, 5: 4294901244 },
  illuminanceSensor: { 3: 10, 5: 1000 },
  presenceSensor: { 3: 5, 5: 3 },
  temperatureSensor: { 3: 27.2, 5: 25.5 },
  humiditySensor: { 3: 20.5, 5: 75 },
  accelerometer: { 3: { x: 0.001, y: 0.002, z: 0.003 }, 5: { x: 1.002, y: 2.003, z: 3.003 } },
  barometer: { 3: 105.5, 5: 250 },
  voltage: { 3: 0.01, 5: 655.34 },
  current: { 3: 0.002, 5: 65.533 },
  frequency: { 3: 1, 5: 4294901243 },
  percentage: { 3: 0, 5: 100 },
  altitude: { 3: 1, 5: -5 },
  concentration: { 3: 7, 5: 65534 },
  power: { 3: 8, 5: 65277 },
  distance: { 3: 0.272, 5: 16909.06 },
  energy: { 3: 0.012, 5: 4294901.246 },
  direction: { 3: 9, 5: 65532 },
  unix_time: { 3: 13, 5: 4294901245 },
  gyrometer: { 3: { x: 0.01, y: 0.02, z: 0.03 }, 5: { x: 10.01, y: 20.02, z: 30.03 } },
  color: { 3: { r: 100, g: 150, b: 200 }, 5: { r: 250, g: 190, b: 0 } },
  gpsLocation: { 1: { latitude: 42.3519, longitude: -87.9094, altitude: 10 } },
  switch: { 3: 0, 5: 1 },
}

test('all 26 types are read and written as ChirpStack does', () => {
  assert.deepEqual(decodeCayenneLpp(payload), { data: object })
  assert.deepEqual(encodeCayenneLpp(object), { bytes: payload })
})

test('whatever was read is written back to the same bytes, once channels are in order', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const decoded = decodeCayenneLpp(bytes)
      if ('refused' in decoded) return
      const encoded = encodeCayenneLpp(decoded.data)
      assert.ok('bytes' in encoded)
      assert.deepEqual(decodeCayenneLpp(encoded.bytes), decoded)
    }),
    { numRuns: 2000 },
  )
})

test('a payload that is cut short or has an unknown type is refused where it is', () => {
  assert.deepEqual(decodeCayenneLpp(Uint8Array.of(1, 103, 0)), { refused: 'cut-short', offset: 0 })
  assert.deepEqual(decodeCayenneLpp(Uint8Array.of(1, 0, 1, 2)), { refused: 'cut-short', offset: 3 })
  assert.deepEqual(decodeCayenneLpp(Uint8Array.of(1, 0, 1, 2, 99, 7)), { refused: 'unknown-type', offset: 4 })
  assert.deepEqual(decodeCayenneLpp(new Uint8Array()), { data: {} })
})

test('an object that does not fit is refused with the place', () => {
  const cases: readonly [unknown, string, string][] = [
    [null, 'not-an-object', ''],
    [[], 'not-an-object', ''],
    [{ constructor: { 1: 1 } }, 'unknown-type', 'constructor'],
    [{ altitude: 5 }, 'not-an-object', 'altitude'],
    [{ altitude: { 256: 1 } }, 'bad-channel', 'altitude.256'],
    [{ altitude: { '01': 1 } }, 'bad-channel', 'altitude.01'],
    [{ altitude: { 1: 32768 } }, 'bad-value', 'altitude.1'],
    [{ altitude: { 1: NaN } }, 'bad-value', 'altitude.1'],
    [{ altitude: { 1: '5' } }, 'bad-value', 'altitude.1'],
    [{ percentage: { 1: -1 } }, 'bad-value', 'percentage.1'],
    [{ gpsLocation: { 1: { latitude: 1, longitude: 2 } } }, 'bad-value', 'gpsLocation.1'],
    [{ frequency: Object.fromEntries(Array.from({ length: 41 }, (_, k) => [k, 1])) }, 'too-long', ''],
  ]
  for (const [value, refused, at] of cases) assert.deepEqual(encodeCayenneLpp(value), { refused, at })
})
