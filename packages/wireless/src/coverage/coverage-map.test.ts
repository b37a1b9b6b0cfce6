/**
 * Goal: the map sums exactly what was paid, cell by cell, in whatever order, and draws valid GeoJSON anywhere on the globe.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt, neighboursOf, type Cell } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { coverageMap, geometryOf, type CarriedTraffic, type GeoPosition } from './coverage-map.ts'

const cell = (latitude: number, longitude: number): Cell =>
  cellAt({ latitude, longitude }) ?? assert.fail('on the globe')
const berlin = neighboursOf(cell(52.52, 13.405), 2)
const row = fc.record<CarriedTraffic>({
  cell: fc.constantFrom(...berlin),
  owner: fc.constantFrom<Hex>('0xa', '0xb', '0xc'),
  units: fc.integer({ min: 1, max: 9000 }),
  paidNanoCredits: fc.bigInt({ min: 0n, max: 10n ** 24n }),
  lastBlock: fc.integer({ min: 0, max: 2 ** 41 }),
})

function ringsOf(of: Cell): readonly (readonly GeoPosition[])[] {
  const geometry = geometryOf(of)
  if (geometry === null) return []
  return geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat()
}

const doubledArea = (ring: readonly GeoPosition[]): number =>
  ring.slice(1).reduce((sum, [x, y], index) => sum + (ring[index]?.[0] ?? 0) * y - x * (ring[index]?.[1] ?? 0), 0)

test('the map holds what was paid, to the nano-credit, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const map = coverageMap(rows)
      const shown = map.features.reduce((sum, { properties }) => sum + BigInt(properties.paidNanoCredits), 0n)
      assert.equal(
        shown,
        rows.reduce((sum, { paidNanoCredits }) => sum + paidNanoCredits, 0n),
      )
      assert.deepEqual(coverageMap(rows.toReversed()), map)
      assert.deepEqual(JSON.parse(JSON.stringify(map)), map)
    }),
  )
})

test('what nobody paid for is not on the map, and several owners confirm a cell', () => {
  const one = { cell: berlin[0] ?? 0n, owner: '0xa' as const, units: 2, paidNanoCredits: 5n, lastBlock: 7 }
  assert.equal(coverageMap([{ ...one, paidNanoCredits: 0n }]).features.length, 0)
  const confirmed = (rows: CarriedTraffic[]): unknown => coverageMap(rows).features[0]?.properties.isConfirmed
  assert.equal(confirmed([one, one]), false)
  assert.equal(confirmed([one, { ...one, owner: '0xb' }]), true)
})

test('a cell is believed as the most believed of its owners is, where any sent beacons', () => {
  const rows: CarriedTraffic[] = (['0xa', '0xb', '0xc'] as const).map((owner, index) => ({
    cell: berlin[index < 2 ? 0 : 1] ?? 0n,
    owner,
    units: 1,
    paidNanoCredits: 1n,
    lastBlock: 1,
  }))
  const trusts = { '0xa': 200, '0xb': 750 } as Record<string, number>
  const { features } = coverageMap(rows, { trustOf: (owner) => trusts[owner] })
  const shown = new Map(features.map(({ properties: { owners, trust } }) => [owners, trust]))
  assert.deepEqual([shown.get(2), shown.get(1)], [750, undefined])
})

test('of too many cells the busiest are shown, and the rest are counted', () => {
  const rows = berlin.map((where, units) => ({
    cell: where,
    owner: '0xa' as const,
    units: units + 1,
    paidNanoCredits: 1n,
    lastBlock: 0,
  }))
  const map = coverageMap(rows, { cellsMax: 4 })
  assert.equal(map.cellsLeftOut, berlin.length - 4)
  assert.deepEqual(new Set(map.features.map(({ properties }) => properties.units)), new Set([16, 17, 18, 19]))
})

test('rings are closed, run counter-clockwise and stay on the map', () => {
  const position = fc.record({
    latitude: fc.double({ min: -89.9, max: 89.9, noNaN: true }),
    longitude: fc.oneof(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: 179.98, max: 180, noNaN: true }),
      fc.double({ min: -180, max: -179.98, noNaN: true }),
    ),
  })
  fc.assert(
    fc.property(position, ({ latitude, longitude }) => {
      for (const ring of ringsOf(cell(latitude, longitude))) {
        assert.ok(ring.length >= 4)
        assert.deepEqual(ring[0], ring.at(-1))
        assert.ok(doubledArea(ring) > 0)
        assert.ok(ring.every(([x, y]) => Math.abs(x) <= 180 && Math.abs(y) <= 90))
        const xs = ring.map(([x]) => x)
        assert.ok(Math.max(...xs) - Math.min(...xs) < 180)
      }
    }),
    { numRuns: 500 },
  )
})

test('a cell on the antimeridian is cut in two that meet there, and a pole has no outline', () => {
  // Somewhere on this parallel a cell crosses, for its centre lies within a kilometre of 180 degrees.
  const crossing = cell(-17, 180)
  assert.equal(geometryOf(crossing)?.type, 'MultiPolygon')
  const rings = ringsOf(crossing)
  assert.equal(rings.length, 2)
  assert.ok(rings[0]?.some(([x]) => x === 180) && rings[1]?.some(([x]) => x === -180))
  assert.equal(geometryOf(cell(90, 0)), null)
  assert.equal(geometryOf(cell(-90, 0)), null)
})
