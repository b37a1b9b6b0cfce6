/**
 * Goal: every hexagon that carried traffic is in the picture, in its place and in the frame, wherever it lies.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt, neighboursOf, type Cell } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { coverageMap, type CarriedTraffic } from '@groundwork/wireless'
import fc from 'fast-check'
import { coveragePicture, pictureCellsMax } from './coverage-picture.ts'

const cellOf = (latitude: number, longitude: number): Cell => cellAt({ latitude, longitude }) ?? assert.fail()
const row = (cell: Cell, units = 1, owner: Hex = '0xa'): CarriedTraffic => ({
  cell,
  owner,
  units,
  paidNanoCredits: BigInt(units),
  lastBlock: 9,
})
const pictureOf = (rows: readonly CarriedTraffic[]): string => coveragePicture(coverageMap(rows)) ?? assert.fail()
const pathsOf = (svg: string): { x: number; y: number }[][] =>
  [...svg.matchAll(/<path class="(?:sure|lone)" d="([^"]+)"/g)].map(([, d = '']) =>
    d.split(/[MLZ]+/).flatMap((pair) => {
      const [x, y] = pair.split(' ').map(Number)
      return x === undefined || y === undefined ? [] : [{ x, y }]
    }),
  )

test('nothing carried is no picture', () => {
  assert.equal(coveragePicture(coverageMap([])), undefined)
})

test('whatever is shown lies in the frame, anywhere on the globe', () => {
  const place = fc.record({
    latitude: fc.double({ min: -85, max: 85, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 8 }), (places) => {
      const svg = pictureOf(places.map(({ latitude, longitude }) => row(cellOf(latitude, longitude))))
      const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? []
      for (const { x, y } of pathsOf(svg).flat()) {
        assert.ok(x >= 0 && x <= width, `${x} of ${width}`)
        assert.ok(y >= 0 && y <= height, `${y} of ${height}`)
      }
    }),
  )
})

test('north is up, east is right', () => {
  const centre = (rows: readonly CarriedTraffic[], units: number): { x: number; y: number } => {
    const svg = pictureOf(rows)
    const at = [...svg.matchAll(/: (\d+) units/g)].findIndex(([, text]) => Number(text) === units)
    const ring = pathsOf(svg)[at] ?? assert.fail()
    return {
      x: ring.reduce((sum, { x }) => sum + x, 0) / ring.length,
      y: ring.reduce((sum, { y }) => sum + y, 0) / ring.length,
    }
  }
  const rows = [row(cellOf(52.6, 13.4), 1), row(cellOf(52.4, 13.2), 2)]
  assert.ok(centre(rows, 1).y < centre(rows, 2).y)
  assert.ok(centre(rows, 1).x > centre(rows, 2).x)
})

test('more traffic is darker, several owners are marked, and the words say both', () => {
  const [one, two] = [cellOf(52.52, 13.4), cellOf(52.7, 13.4)]
  const svg = pictureOf([row(one, 1), row(two, 500), row(two, 3, '0xb')])
  const [busy, quiet] = [...svg.matchAll(/class="(sure|lone)"[^>]*fill-opacity="([\d.]+)"/g)]
  assert.deepEqual([busy?.[1], quiet?.[1]], ['sure', 'lone'])
  assert.ok(Number(busy?.[2]) > Number(quiet?.[2]))
  assert.match(svg, /503 units of 2 owners, last in block 9/)
  assert.match(svg, /: 1 units of 1 owner,/)
})

test('of too many hexagons the busiest are shown', () => {
  const cells = [52, 0].flatMap((latitude) => neighboursOf(cellOf(latitude, 13.405), 16))
  assert.ok(cells.length > pictureCellsMax)
  const svg = pictureOf(cells.map((cell, index) => row(cell, index + 1)))
  assert.equal(pathsOf(svg).length, pictureCellsMax)
  assert.ok(svg.includes(`: ${cells.length} units`) && !svg.includes(': 1 units'))
})
