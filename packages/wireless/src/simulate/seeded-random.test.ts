/**
 * Goal: draws are decided by the seed and by what they are for, and have the moments that their names promise.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawUnit, hashOf, randomStream } from './seeded-random.ts'

const count = 40_000

const momentsOf = (draw: () => number): { mean: number; variance: number } => {
  const values = Float64Array.from({ length: count }, draw)
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count }
}

const isNear = (actual: number, expected: number, within: number): void =>
  assert.ok(Math.abs(actual - expected) < within, `${actual} is not within ${within} of ${expected}`)

test('a draw by name is the same whenever it is asked for, and another for each name and seed', () => {
  assert.equal(drawUnit(7, 1, 2, 3), drawUnit(7, 1, 2, 3))
  const names: [number, number, number, number][] = [
    [7, 1, 2, 3],
    [8, 1, 2, 3],
    [7, 2, 1, 3],
    [7, 1, 3, 2],
    [7, 3, 2, 1],
  ]
  assert.equal(new Set(names.map((name) => hashOf(...name))).size, names.length)
})

test('neighbouring names give draws that have nothing to do with each other', () => {
  const values = Array.from({ length: count }, (_, index) => drawUnit(1, index))
  const products = values.slice(1).reduce((sum, value, index) => sum + (value - 0.5) * (values[index]! - 0.5), 0)
  isNear(products / (count / 12), 0, 0.03)
  const buckets = new Uint32Array(16)
  for (const value of values) buckets[Math.floor(value * 16)]! += 1
  for (const bucket of buckets) isNear(bucket / (count / 16), 1, 0.08)
})

test('units, normals, exponentials and gammas have their mean and their variance', () => {
  const random = randomStream(3)
  const kinds: [draw: () => number, mean: number, variance: number][] = [
    [random.unit, 0.5, 1 / 12],
    [random.normal, 0, 1],
    [random.exponential, 1, 1],
    [() => random.gamma(4), 1, 1 / 4],
    [() => random.gamma(0.5), 1, 2],
  ]
  for (const [draw, mean, variance] of kinds) {
    const found = momentsOf(draw)
    isNear(found.mean, mean, 0.03)
    isNear(found.variance / variance, 1, 0.08)
  }
})

test('an index is one of the count', () => {
  const random = randomStream(4)
  const seen = new Set(Array.from({ length: 200 }, () => random.index(5)))
  assert.deepEqual(
    [...seen].toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4],
  )
})
