/**
 * Goal: positions and cells agree with each other and with the published index, and no text or number of a stranger throws.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  asCell,
  cellAt,
  centreOf,
  distanceKm,
  formatCell,
  neighboursOf,
  parseCell,
  regionOf,
  type Cell,
} from './cell.ts'

const position = fc.record({
  latitude: fc.double({ min: -89, max: 89, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
})

function cellOf(at: { latitude: number; longitude: number }): Cell {
  const cell = cellAt(at)
  assert.ok(cell !== undefined)
  return cell
}

test('the centre of a cell is in the cell, and its text is the cell', () => {
  fc.assert(
    fc.property(position, (at) => {
      const cell = cellOf(at)
      assert.equal(cellAt(centreOf(cell)), cell)
      assert.equal(parseCell(formatCell(cell)), cell)
      assert.equal(asCell(cell), cell)
      assert.ok(cell > 0n && cell < 2n ** 64n)
    }),
  )
})

test('known places have known cells and distances', () => {
  const [berlin, paris] = [
    cellOf({ latitude: 52.52, longitude: 13.405 }),
    cellOf({ latitude: 48.8566, longitude: 2.3522 }),
  ]
  assert.ok(Math.abs(distanceKm(berlin, paris) - 878) < 5)
  assert.equal(distanceKm(berlin, berlin), 0)
  assert.equal(formatCell(cellOf({ latitude: 37.3615593, longitude: -122.0553238 })), '87283472bffffff')
})

test('neighbours are a ring of six, each within reach, and neighbours of each other', () => {
  fc.assert(
    fc.property(position, (at) => {
      const cell = cellOf(at)
      const cells = neighboursOf(cell, 1)
      assert.ok(cells.includes(cell) && (cells.length === 7 || cells.length === 6))
      for (const other of cells) {
        assert.ok(distanceKm(cell, other) < 6)
        assert.ok(neighboursOf(other, 1).includes(cell))
      }
      assert.deepEqual(neighboursOf(cell, 0), [cell])
    }),
    { numRuns: 30 },
  )
})

test('cells of one place share a region', () => {
  const cell = cellOf({ latitude: 52.52, longitude: 13.405 })
  const same = neighboursOf(cell, 1).filter((other) => regionOf(other, 3) === regionOf(cell, 3))
  assert.ok(same.length >= 4)
})

test('what is no cell of resolution 7 or no position is undefined', () => {
  assert.equal(parseCell('8828347297fffff'), undefined)
  assert.equal(cellAt({ latitude: Number.NaN, longitude: 0 }), undefined)
  assert.equal(cellAt({ latitude: 91, longitude: 0 }), undefined)
  assert.equal(cellAt({ latitude: 0, longitude: Number.POSITIVE_INFINITY }), undefined)
  fc.assert(fc.property(fc.string(), (text) => void parseCell(text)))
  fc.assert(fc.property(fc.bigInt(), (index) => void asCell(index)))
})
