/**
 * Goal: a beacon counts only as drawn, one witness an owner and fourteen in all count, and no order of reports changes that.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt, neighboursOf, type Cell } from '@groundwork/core/geography/cell.ts'
import fc from 'fast-check'
import { greatCircleDistance } from 'h3-js'
import { commitBeaconSecret, drawBeacon, type BeaconChoices } from './draw-beacon.ts'
import { distanceRange, type HeardBeacon, type Hotspot, type SentBeacon } from './hotspot.ts'
import {
  beaconRules,
  countedWitnessesMax,
  judgeBeacon,
  reportsMax,
  type BeaconFacts,
  type BeaconVerdict,
  type CoverageWorld,
} from './judge-beacon.ts'
import { add, compare, multiply, ratio, type Ratio } from './ratio.ts'
import { firstBroken } from './rule.ts'

const choices: BeaconChoices = {
  frequenciesHz: [868_100_000, 868_300_000],
  spreadingFactors: [9],
  powersDbm: [13],
  bandwidthHz: 125_000,
  windowMs: 60_000,
}
const home: Cell = cellAt({ latitude: 52.52, longitude: 13.4 }) ?? 0n
const ring = neighboursOf(home, 3).filter((cell) => distanceRange(home, cell).farthestM > 8000)
const beaconer: Hotspot = { id: 'b', owner: 'B', cell: home, antennaGainDbi: 3, region: 'EU868' }
const [sealed, secret] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const drawn = drawBeacon({ sealed, secret, hotspot: 'b' }, choices)
const endedMs = 1_000_000 + drawn.offsetMs + 247
const beacon: SentBeacon = { hotspot: 'b', ...drawn, endedMs, revealedRound: 6 }
const facts: BeaconFacts = {
  beacon,
  isDenied: false,
  commitment: commitBeaconSecret(secret),
  secret,
  sealed,
  choices,
  sentRound: 5,
  windowStartMs: 1_000_000,
  airtimeMs: 247,
}

/** Hotspot 'w3/B' is the third witness, of owner 'B'. */
const world: CoverageWorld = {
  hotspotOf: (id) => {
    const [number, owner] = [Number(/^w(\d+)/.exec(id)?.[1]), id.split('/')[1]]
    const cell = ring[number % ring.length]
    return owner === undefined || cell === undefined ? undefined : { ...beaconer, id, owner, cell }
  },
  isDenied: () => false,
  lossBackDb: () => undefined,
  ownBeaconHeardMs: () => endedMs - 1000,
}
const report = (hotspot: string): HeardBeacon => ({
  hotspot,
  data: beacon.data,
  frequencyHz: beacon.frequencyHz,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  rssiDbm: -105,
  snrDb: 7,
  heardMs: endedMs + 5,
  committedRound: 5,
})
const judge = (reports: readonly HeardBeacon[]): BeaconVerdict => judgeBeacon(facts, beaconer, reports, world)
const countedOf = ({ witnesses }: BeaconVerdict): string[] =>
  witnesses.filter(({ reason }) => reason === undefined).map(({ heard }) => heard.hotspot)
const crowd = fc
  .uniqueArray(fc.record({ number: fc.integer({ min: 0, max: 99 }), owner: fc.integer({ min: 0, max: 25 }) }), {
    maxLength: 60,
    selector: ({ number }) => number,
  })
  .map((all) => all.map(({ number, owner }) => report(`w${number}/${owner}`)))

test('a beacon as drawn counts; each change of it has its reason', () => {
  const reasonOf = (change: Partial<BeaconFacts>): unknown => firstBroken(beaconRules, { ...facts, ...change })
  const sent = (change: Partial<SentBeacon>): unknown => reasonOf({ beacon: { ...beacon, ...change } })
  assert.equal(reasonOf({}), undefined)
  assert.equal(reasonOf({ isDenied: true }), 'denied')
  assert.equal(reasonOf({ secret: new Uint8Array(32) }), 'secret-not-committed')
  assert.equal(reasonOf({ sealed: new Uint8Array(32) }), 'not-as-drawn')
  for (const name of ['frequencyHz', 'spreadingFactor', 'bandwidthHz', 'powerDbm'] as const) {
    assert.equal(sent({ [name]: beacon[name] + 1 }), 'not-as-drawn')
  }
  assert.equal(sent({ endedMs: endedMs - 501 }), 'sent-early')
  assert.equal(sent({ endedMs: endedMs + 501 }), 'sent-late')
  assert.equal(sent({ revealedRound: 5 }), 'revealed-early')
  assert.equal(judgeBeacon({ ...facts, isDenied: true }, beaconer, [report('w1/A')], world).witnesses.length, 0)
})

test('one an owner and fourteen in all count, none of the beaconer’s own', () => {
  fc.assert(
    fc.property(crowd, (reports) => {
      const verdict = judge(reports)
      const owners = new Set(reports.map(({ hotspot }) => hotspot.split('/')[1]))
      const counted = countedOf(verdict)
      assert.equal(counted.length, Math.min(owners.size, countedWitnessesMax))
      assert.equal(new Set(counted.map((id) => id.split('/')[1])).size, counted.length)
      assert.equal(verdict.witnesses.length, reports.length)
    }),
  )
  assert.deepEqual(
    judge([report('w1/B'), report('nobody')]).witnesses.map(({ reason }) => reason),
    ['same-owner', 'unknown-hotspot'],
  )
})

test('the order of reports changes nothing', () => {
  fc.assert(
    fc.property(crowd, (reports) => {
      const [forth, back] = [judge(reports), judge(reports.toReversed())]
      assert.deepEqual(forth.witnesses, back.witnesses.toReversed())
      assert.deepEqual(forth.witnessUnit, back.witnessUnit)
    }),
  )
})

test('all units of one beacon are at most five, and a further owner never lowers their sum by more than rounding', () => {
  const inAll = (verdict: BeaconVerdict): Ratio =>
    add(multiply(verdict.witnessUnit, ratio(BigInt(countedOf(verdict).length))), verdict.beaconerUnit)
  let before = ratio(0n)
  for (let owners = 0; owners <= 20; owners += 1) {
    const now = inAll(judge(Array.from({ length: owners }, (_, owner) => report(`w${owner}/${owner}`))))
    assert.ok(compare(now, ratio(50_008n, 10_000n)) <= 0)
    assert.ok(compare(add(now, ratio(16n, 10_000n)), before) >= 0)
    before = now
  }
})

test('of two reports of one hotspot the first committed counts, and none when two of one round differ', () => {
  const late = { ...report('w1/A'), committedRound: 5.5 }
  const reasons = (reports: HeardBeacon[]): unknown => judge(reports).witnesses.map(({ reason }) => reason)
  assert.deepEqual(reasons([late, report('w1/A')]), ['heard-twice', undefined])
  assert.deepEqual(reasons([report('w1/A'), { ...report('w1/A'), rssiDbm: -106 }]), ['heard-twice', 'heard-twice'])
  assert.deepEqual(reasons([report('w1/A'), report('w1/A')]), [undefined, 'heard-twice'])
})

test('reports over the limit are counted, not read', () => {
  const many = Array.from({ length: reportsMax + 3 }, (_, number) => report(`w${number}/A`))
  const verdict = judge(many)
  assert.deepEqual([verdict.witnesses.length, verdict.unreadCount], [reportsMax, 3])
  const loud = judge([...Array.from({ length: reportsMax + 1 }, () => report('w1/A')), report('w2/C')])
  assert.deepEqual([countedOf(loud), loud.unreadCount], [['w2/C'], reportsMax + 1])
})

test('who fills the list with reports crowds nobody out, and their order changes nothing', () => {
  const honest = Array.from({ length: 40 }, (_, number) => report(`w${number}/C${number}`))
  const flood = Array.from({ length: 2 * reportsMax }, (_, number) => report(`w${100 + number}/A`))
  const counted = (reports: HeardBeacon[]): string[] => countedOf(judge(reports)).toSorted()
  const last = counted([...flood, ...honest])
  assert.ok(last.length > 5, 'about a third of the honest ones is drawn')
  assert.deepEqual(counted([...honest, ...flood]), last)
  assert.deepEqual(counted([...honest, ...flood].toReversed()), last)
})

test('the distance between two positions is within the range of their cells', () => {
  const place = fc.record({
    latitude: fc.double({ min: -85, max: 85, noNaN: true }),
    longitude: fc.double({ min: -179, max: 179, noNaN: true }),
    north: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    east: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
  })
  fc.assert(
    fc.property(place, ({ latitude, longitude, north, east }) => {
      const [from, to] = [
        [latitude, longitude] as [number, number],
        [latitude + north, longitude + east] as [number, number],
      ]
      const cells = [from, to].map((at) => cellAt({ latitude: at[0], longitude: at[1] }) ?? assert.fail('on the globe'))
      const { nearestM, farthestM } = distanceRange(cells[0] ?? 0n, cells[1] ?? 0n)
      const apartM = greatCircleDistance(from, to, 'm')
      assert.ok(apartM <= farthestM)
      assert.ok(apartM >= nearestM || nearestM === 50)
    }),
    { numRuns: 500 },
  )
})
