/**
 * Goal: path loss, shadowing, fading, noise and the chance to be decoded follow their formulas.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fadingDb } from './fading.ts'
import { builtUp, lineOfSight, pathLossDb, reachM, town } from './path-loss.ts'
import { linkTable } from './link-table.ts'
import { degreesOf, distanceM, placeOf } from './place.ts'
import { decodeProbability, noiseFloorDbm } from './receiver.ts'
import { townRadio } from './radio-model.ts'
import { randomStream } from './seeded-random.ts'
import { mutualShadowDb, noShadowing, shadowField, townShadowing } from './shadowing.ts'

const hz = 868_000_000
const isNear = (actual: number, expected: number, within: number): void =>
  assert.ok(Math.abs(actual - expected) < within, `${actual} is not within ${within} of ${expected}`)

test('losses are those of the published models', () => {
  isNear(pathLossDb(town, { distanceM: 1, hz }), 7.7, 1e-9)
  isNear(pathLossDb(town, { distanceM: 1000, hz }), 7.7 + 37.6 * 3, 1e-9)
  isNear(pathLossDb(builtUp, { distanceM: 40, hz }), 127.41, 1e-9)
  isNear(pathLossDb(builtUp, { distanceM: 400, hz }), 127.41 + 20.8, 1e-9)
  isNear(
    pathLossDb(lineOfSight, { distanceM: 1000, hz }),
    20 * Math.log10((4 * Math.PI * 1000 * hz) / 299_792_458),
    0.01,
  )
})

test('a loss grows with the distance, and the reach of a loss is where it is reached', () => {
  const models = [town, builtUp, lineOfSight]
  fc.assert(
    fc.property(fc.constantFrom(...models), fc.double({ min: 2, max: 50_000, noNaN: true }), (model, metres) => {
      const lossDb = pathLossDb(model, { distanceM: metres, hz })
      assert.ok(pathLossDb(model, { distanceM: metres * 1.1, hz }) > lossDb)
      isNear(reachM(model, { lossDb, hz }) / metres, 1, 1e-6)
    }),
  )
})

test('a mast of twice the height gains 6 dB where the model counts heights', () => {
  const model = { ...town, referenceHeightM: 15 }
  const at = (gatewayHeightM: number): number => pathLossDb(model, { distanceM: 2000, hz, gatewayHeightM })
  isNear(at(15) - at(30), 6.02, 0.01)
  isNear(at(15), pathLossDb(town, { distanceM: 2000, hz }), 1e-9)
})

test('shadows have their variance, and forget as exp(-distance / 110 m)', () => {
  const fields = Array.from({ length: 4000 }, (_, seed) => shadowField(townShadowing, seed))
  const place = { eastM: 812, northM: -93 }
  const correlationAt = (metres: number): number =>
    fields.reduce((sum, field) => sum + field(place) * field({ ...place, eastM: 812 + metres }), 0) /
    fields.length /
    townShadowing.sigmaDb ** 2
  isNear(correlationAt(0), 1, 0.07)
  for (const metres of [20, 110, 220]) isNear(correlationAt(metres), Math.exp(-metres / 110), 0.07)
  isNear(correlationAt(2000), 0, 0.07)
  isNear(fields.reduce((sum, field) => sum + field(place), 0) / fields.length, 0, 0.25)
})

test('two gateways shadow each other alike', () => {
  const a = { field: shadowField(townShadowing, 1), place: { eastM: 0, northM: 0 } }
  const b = { field: shadowField(townShadowing, 2), place: { eastM: 900, northM: 400 } }
  assert.equal(mutualShadowDb(a, b), mutualShadowDb(b, a))
  assert.equal(shadowField(noShadowing, 1)(b.place), 0)
})

test('fading keeps the mean power, and Rayleigh’s is below a tenth of it once in ten', () => {
  const count = 20_000
  const powers = (kind: 'rayleigh' | 'nakagami'): number[] =>
    Array.from({ length: count }, (_, frame) => {
      const model = kind === 'rayleigh' ? ({ kind } as const) : ({ kind, shape: 4 } as const)
      return 10 ** (fadingDb(model, { seed: 5, frame, receiver: 3 }) / 10)
    })
  const [rayleigh, nakagami] = [powers('rayleigh'), powers('nakagami')]
  for (const all of [rayleigh, nakagami]) isNear(all.reduce((sum, one) => sum + one, 0) / count, 1, 0.03)
  isNear(rayleigh.filter((power) => power < 0.1).length / count, 1 - Math.exp(-0.1), 0.01)
  assert.ok(nakagami.filter((power) => power < 0.1).length < count / 200)
  assert.equal(fadingDb({ kind: 'none' }, { seed: 1, frame: 1, receiver: 1 }), 0)
})

test('noise is thermal, and the chance to be decoded is a half at the floor and nearly sure a dB above', () => {
  isNear(noiseFloorDbm(125_000), -117.03, 0.01)
  isNear(noiseFloorDbm(500_000) - noiseFloorDbm(125_000), 6.02, 0.01)
  const chance = (over: number): number => decodeProbability({ snrDb: -20 + over, floorDb: -20 })
  assert.equal(chance(0), 0.5)
  isNear(chance(0.5), 0.9, 1e-9)
  isNear(chance(-0.5), 0.1, 1e-9)
  assert.ok(chance(2) > 0.999 && chance(-2) < 0.001)
})

test('degrees become metres and degrees again', () => {
  const origin = { latitude: 47.37, longitude: 8.54 }
  const place = placeOf(origin, { latitude: 47.46, longitude: 8.7 })
  const back = degreesOf(origin, place)
  isNear(back.latitude, 47.46, 1e-9)
  isNear(back.longitude, 8.7, 1e-9)
  isNear(distanceM({ eastM: 0, northM: 0 }, place), 15_630, 80)
})

test('no link that could carry a frame is passed over for its distance, however lucky its place', () => {
  const random = randomStream(8)
  const spot = (): { eastM: number; northM: number } => ({
    eastM: random.unit() * 60_000,
    northM: random.unit() * 60_000,
  })
  const gateways = Array.from({ length: 400 }, (_, index) => ({
    place: spot(),
    channels: [],
    antennaGainDbi: index % 7,
  }))
  const model = { ...townRadio, shadowing: { sigmaDb: 8, correlationM: 110 } }
  const [lossDbMax, headroomDb] = [150, 10]
  const near = linkTable({ seed: 3, model, gateways, lossDbMax })
  const all = linkTable({ seed: 3, model, gateways, lossDbMax: 1000 })
  let lucky = 0
  for (let count = 0; count < 60; count += 1) {
    const place = spot()
    const every = all.from(place)
    assert.equal(every.gateways.length, gateways.length)
    const reachable = [...every.gateways].filter((_, at) => every.gainDb[at]! + headroomDb >= -lossDbMax)
    assert.deepEqual([...near.from(place).gateways], reachable)
    const meanReachM = reachM(town, { lossDb: lossDbMax + headroomDb, hz })
    lucky += [...every.distanceM].filter((metres, at) => metres > meanReachM && reachable.includes(at)).length
  }
  assert.ok(lucky > 10, 'shadows and antennas did help some')
})
