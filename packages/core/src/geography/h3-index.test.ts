/**
 * Goal: cells of every resolution agree with each other, and what H3 cannot answer is undefined.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cellAt, distanceKm, formatCell, type Cell } from './cell.ts'
import {
  ancestorOf,
  cornersOf,
  distanceM,
  gridSteps,
  h3IndexOf,
  resolutionOf,
  withNeighbours,
  type H3Index,
} from './h3-index.ts'

const london = 644459695463521437n
const index = (from: bigint): H3Index => {
  const found = h3IndexOf(from)
  assert.ok(found !== undefined)
  return found
}
const cell: fc.Arbitrary<Cell> = fc
  .record({
    latitude: fc.double({ min: -89, max: 89, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  })
  .map((at) => cellAt(at) ?? 0n)

test('an index of 64 bits is a cell or undefined', () => {
  assert.equal(resolutionOf(index(london)), 15)
  for (const none of [0n, -1n, 1n, 2n ** 64n, 2n ** 64n - 1n]) assert.equal(h3IndexOf(none), undefined)
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), (any) => void h3IndexOf(any)))
})

test('ancestors go up only', () => {
  const fine = index(london)
  assert.equal(ancestorOf(fine, 15), fine)
  const coarse = ancestorOf(fine, 7) ?? ''
  assert.equal(resolutionOf(coarse), 7)
  assert.equal(ancestorOf(coarse, 8), undefined)
})

test('distances and steps are symmetric, and agree with the cells of the registry', () => {
  fc.assert(
    fc.property(cell, cell, (a, b) => {
      const [from, to] = [index(a), index(b)]
      assert.equal(distanceM(from, to), distanceM(to, from))
      assert.ok(Math.abs(distanceM(from, to) - distanceKm(a, b) * 1000) < 1e-3)
      assert.equal(gridSteps(from, to), gridSteps(to, from))
    }),
    { numRuns: 50 },
  )
})

test('neighbours are one step away, and the far side of the globe has no steps', () => {
  const home = ancestorOf(index(london), 11) ?? ''
  const others = withNeighbours(home).filter((other) => other !== home)
  assert.equal(others.length, 6)
  assert.ok(others.every((other) => gridSteps(home, other) === 1))
  const away = index(cellAt({ latitude: -51.5, longitude: 179 }) ?? 0n)
  assert.equal(gridSteps(ancestorOf(home, 7) ?? '', away), undefined)
})

test('corners run counter-clockwise around the cell', () => {
  const corners = cornersOf(formatCell(cellAt({ latitude: 52.52, longitude: 13.405 }) ?? 0n))
  assert.equal(corners.length, 6)
  const doubledArea = corners.reduce((sum, { latitude, longitude }, at) => {
    const next = corners[(at + 1) % corners.length]
    return sum + longitude * (next?.latitude ?? 0) - latitude * (next?.longitude ?? 0)
  }, 0)
  assert.ok(doubledArea > 0)
})
