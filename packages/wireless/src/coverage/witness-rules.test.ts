/**
 * Goal: an honest link breaks no rule, each rule is broken by its own lie and names it, and direction makes no difference.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt, type Cell } from '@groundwork/core/geography/cell.ts'
import fc from 'fast-check'
import { distanceRange, type HeardBeacon, type Hotspot, type SentBeacon } from './hotspot.ts'
import { firstBroken } from './rule.ts'
import { noiseFloorDbm, pathLossDb, witnessBounds, witnessRules, type WitnessFacts } from './witness-rules.ts'

const cell = (latitude: number, longitude: number): Cell =>
  cellAt({ latitude, longitude }) ?? assert.fail('on the globe')
const beaconer: Hotspot = { id: 'b', owner: 'B', cell: cell(52.52, 13.4), antennaGainDbi: 3, region: 'EU868' }
const witness: Hotspot = { id: 'w', owner: 'W', cell: cell(52.57, 13.4), antennaGainDbi: 3, region: 'EU868' }
const beacon: SentBeacon = {
  hotspot: 'b',
  data: Uint8Array.of(1, 2, 3),
  frequencyHz: 868_100_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  powerDbm: 13,
  endedMs: 1_000_000,
  revealedRound: 6,
}
const heard: HeardBeacon = {
  hotspot: 'w',
  data: beacon.data,
  frequencyHz: beacon.frequencyHz,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  rssiDbm: -105,
  snrDb: 7,
  heardMs: 1_000_010,
  committedRound: 5,
}
const honest: WitnessFacts = {
  beaconer,
  beacon,
  witness,
  heard,
  distance: distanceRange(beaconer.cell, witness.cell),
  isDenied: false,
  lossBackDb: 126,
  ownBeaconHeardMs: 990_000,
}
const reasonOf = (facts: WitnessFacts): string | undefined => firstBroken(witnessRules, facts)
const reporting = (change: Partial<HeardBeacon>): WitnessFacts => ({ ...honest, heard: { ...heard, ...change } })
const far = cell(54.9, 13.4)

/** One lie a rule: what is said, and the reason that must come back. */
const lies: Readonly<Record<string, WitnessFacts>> = {
  denied: { ...honest, isDenied: true },
  'heard-itself': { ...honest, witness: { ...witness, id: 'b' } },
  'same-owner': { ...honest, witness: { ...witness, owner: 'B' } },
  'committed-late': reporting({ committedRound: 6 }),
  'heard-early': reporting({ heardMs: beacon.endedMs - 501 }),
  'heard-late': reporting({ heardMs: beacon.endedMs + 501 }),
  'other-content': reporting({ data: Uint8Array.of(1, 2, 4) }),
  'other-data-rate': reporting({ spreadingFactor: 10 }),
  'off-frequency': reporting({ frequencyHz: beacon.frequencyHz - 50_001 }),
  'other-region': { ...honest, witness: { ...witness, region: 'US915' } },
  'same-cell': { ...honest, witness: { ...witness, cell: beaconer.cell } },
  'too-far': { ...honest, distance: distanceRange(beaconer.cell, far) },
  'too-strong': reporting({ rssiDbm: -40 }),
  'too-weak': { ...reporting({ rssiDbm: -132 }), beacon: { ...beacon, powerDbm: 30 } },
  'below-sensitivity': reporting({ rssiDbm: -140 }),
  'snr-below-floor': reporting({ rssiDbm: -120, snrDb: -16 }),
  'snr-above-radio': reporting({ rssiDbm: -80, snrDb: 21 }),
  'snr-above-noise': reporting({ rssiDbm: -118, snrDb: 8 }),
  'snr-below-signal': reporting({ rssiDbm: -80, snrDb: -10 }),
  'one-way': { ...honest, lossBackDb: 150 },
  'not-reciprocal': { ...honest, ownBeaconHeardMs: undefined },
}

test('an honest report breaks no rule', () => {
  assert.equal(reasonOf(honest), undefined)
  assert.equal(reasonOf({ ...honest, lossBackDb: undefined }), undefined)
})

test('each rule is broken by its lie, and its reason is the one that comes back', () => {
  assert.deepEqual(Object.keys(lies).toSorted(), witnessRules.map(({ reason }) => reason).toSorted())
  for (const [reason, facts] of Object.entries(lies)) assert.equal(reasonOf(facts), reason)
})

test('a commitment in the round of the reveal, or after it, is late', () => {
  for (const revealedRound of [5, 4])
    assert.equal(reasonOf({ ...honest, beacon: { ...beacon, revealedRound } }), 'committed-late')
})

test('what is no number breaks a rule', () => {
  for (const name of ['rssiDbm', 'snrDb', 'heardMs', 'frequencyHz', 'spreadingFactor'] as const) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.notEqual(reasonOf(reporting({ [name]: value })), undefined, `${name} ${value}`)
    }
  }
})

test('links as radio models make them are heard as honest, from the next cell to twenty kilometres away', () => {
  const link = fc.record({
    // Degrees of latitude; under 0.05 both may stand in one cell.
    apart: fc.double({ min: 0.05, max: 0.18, noNaN: true }),
    powerDbm: fc.integer({ min: 8, max: 27 }),
    shadowDb: fc.double({ min: -8, max: 8, noNaN: true }),
    indoorDb: fc.double({ min: 0, max: 15, noNaN: true }),
    spreadingFactor: fc.integer({ min: 7, max: 12 }),
    noiseFigureDb: fc.double({ min: 3, max: 8, noNaN: true }),
  })
  let heardCount = 0
  fc.assert(
    fc.property(link, ({ apart, powerDbm, shadowDb, indoorDb, spreadingFactor, noiseFigureDb }) => {
      const there: Hotspot = { ...witness, cell: cell(52.52 + apart, 13.4) }
      const lossDb = 7.7 + 37.6 * Math.log10(apart * 111_000) + shadowDb + indoorDb
      const signalDbm = powerDbm + 6 - lossDb
      const noiseDbm = noiseFloorDbm(125_000) - witnessBounds.noiseFigureDbMin + noiseFigureDb
      const snrDb = Math.min(signalDbm - noiseDbm, 12)
      // What is under the floor is not heard, so nobody reports it.
      if (snrDb < -7.5 - (spreadingFactor - 7) * 2.5) return
      heardCount += 1
      const rssiDbm = 10 * Math.log10(10 ** (signalDbm / 10) + 10 ** (noiseDbm / 10))
      const facts: WitnessFacts = {
        ...honest,
        witness: there,
        beacon: { ...beacon, powerDbm, spreadingFactor },
        heard: { ...heard, rssiDbm, snrDb, spreadingFactor },
        distance: distanceRange(beaconer.cell, there.cell),
        lossBackDb: undefined,
      }
      assert.equal(reasonOf(facts), undefined)
    }),
    { numRuns: 500 },
  )
  assert.ok(heardCount > 50)
})

test('the bounds on a signal do not depend on who sent and who heard', () => {
  const gains = fc.record({
    rssiDbm: fc.integer({ min: -145, max: -20 }),
    there: fc.integer({ min: -5, max: 12 }),
    here: fc.integer({ min: -5, max: 12 }),
  })
  fc.assert(
    fc.property(gains, ({ rssiDbm, there, here }) => {
      const forth: WitnessFacts = {
        ...reporting({ rssiDbm }),
        beaconer: { ...beaconer, antennaGainDbi: here },
        witness: { ...witness, antennaGainDbi: there },
      }
      const back: WitnessFacts = { ...forth, beaconer: forth.witness, witness: forth.beaconer }
      assert.equal(pathLossDb(forth), pathLossDb(back))
      assert.equal(reasonOf(forth), reasonOf(back))
    }),
  )
})

test('a stronger claim never mends too strong, a weaker one never too weak', () => {
  fc.assert(
    fc.property(fc.integer({ min: -160, max: 20 }), fc.integer({ min: 0, max: 60 }), (rssiDbm, moreDb) => {
      const strong = reasonOf(reporting({ rssiDbm }))
      if (strong === 'too-strong') assert.equal(reasonOf(reporting({ rssiDbm: rssiDbm + moreDb })), 'too-strong')
      if (strong === 'too-weak') assert.equal(reasonOf(reporting({ rssiDbm: rssiDbm - moreDb })), 'too-weak')
    }),
  )
})
