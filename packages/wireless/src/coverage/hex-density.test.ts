/**
 * Goal: a place counts less the more stand in it, the same in every order, and all together what their cells may hold.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ancestorOf, withNeighbours, type H3Index } from '@groundwork/core/geography/h3-index.ts'
import { cellToChildren } from 'h3-js'
import fc from 'fast-check'
import { heliumDensity } from './helium/helium-parameters.ts'
import { hexScales } from './hex-density.ts'
import { add, compare, one, parseRatio, ratio, zero, type Ratio } from './ratio.ts'

const home: H3Index = '8c1f1d48945d9ff'
const town = ancestorOf(home, 8) ?? ''
const nearby = cellToChildren(town, 12)
const crowd = fc.array(fc.constantFrom(...nearby), { minLength: 1, maxLength: 60 })
const scaleAt = (places: readonly H3Index[], place: H3Index): Ratio =>
  hexScales(places, heliumDensity).get(place) ?? assert.fail('a place has a scale')

test('alone a place counts in full, two in one cell by half, three by a third', () => {
  assert.deepEqual(scaleAt([home], home), one)
  assert.deepEqual(scaleAt([home, home], home), ratio(1n, 2n))
  assert.deepEqual(scaleAt([home, home, home], home), parseRatio('0.3333'))
})

test('the order of gateways makes no difference', () => {
  fc.assert(
    fc.property(crowd, (places) => {
      const [forth, back] = [hexScales(places, heliumDensity), hexScales(places.toReversed(), heliumDensity)]
      for (const place of places) assert.deepEqual(forth.get(place), back.get(place))
    }),
    { numRuns: 40 },
  )
})

test('however many stand in one cell of resolution 8, together they count as one', () => {
  fc.assert(
    fc.property(crowd, (places) => {
      const scales = hexScales(places, { ...heliumDensity, decimals: 12 })
      const sum = places.reduce((total, place) => add(total, scales.get(place) ?? zero), zero)
      const rounding = ratio(BigInt(places.length), 10n ** 12n)
      assert.ok(compare(sum, add(one, rounding)) <= 0 && compare(add(sum, rounding), one) >= 0)
    }),
    { numRuns: 40 },
  )
})

test('one more gateway at a place never makes that place count more', () => {
  fc.assert(
    fc.property(crowd, (places) => {
      const [place] = places
      assert.ok(place !== undefined)
      assert.ok(compare(scaleAt([...places, place], place), scaleAt(places, place)) <= 0)
    }),
    { numRuns: 40 },
  )
})

test('occupied neighbours raise the limit', () => {
  const density = { finest: 9, levels: [{ resolution: 8, neighbours: 2, target: 1, max: 4 }], decimals: 4 }
  const here = cellToChildren(town, 9).slice(0, 4)
  assert.deepEqual(scaleAtWith(here, density), ratio(1n, 4n))
  const around = withNeighbours(town)
    .filter((cell) => cell !== town)
    .flatMap((cell) => cellToChildren(cell, 9).slice(0, 1))
  // With itself 4 occupied of 7: a limit of 3; with all 7 it is 6, cut to 4.
  assert.deepEqual(scaleAtWith([...here, ...around.slice(0, 3)], density), ratio(3n, 4n))
  assert.deepEqual(scaleAtWith([...here, ...around], density), one)

  function scaleAtWith(places: readonly H3Index[], parameters: typeof density): Ratio | undefined {
    return hexScales(places, parameters).get(here[0] ?? '')
  }
})

test('a place coarser than the finest cells has no scale', () => {
  assert.equal(hexScales([town], heliumDensity).size, 0)
})
