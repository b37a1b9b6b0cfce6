/**
 * Goal: fr32 moves bits as FRC-0069 says, held to a reference that moves them one by one.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { leavesOf, quadPaddedBytes, quadRawBytes } from './fr32.ts'

/** Bit by bit: two zero bits go in after every 254. */
function slowPad(raw: Uint8Array): Uint8Array {
  const leaves = new Uint8Array(Math.ceil(raw.length / quadRawBytes) * quadPaddedBytes)
  for (let bit = 0; bit < raw.length * 8; bit++) {
    const isSet = ((raw[bit >> 3] ?? 0) >> (bit & 7)) & 1
    const place = bit + 2 * Math.floor(bit / 254)
    leaves[place >> 3] = (leaves[place >> 3] ?? 0) | (isSet << (place & 7))
  }
  return leaves
}

test('a quad of ones becomes four leaves whose two highest bits are zero', () => {
  const leaves = leavesOf(new Uint8Array(quadRawBytes).fill(0xff))
  const leaf = [...Array.from({ length: 31 }, () => 0xff), 0x3f]
  assert.deepEqual([...leaves], [...leaf, ...leaf, ...leaf, ...leaf])
})

test('no bytes have no leaves, one byte has a quad of them, a byte over a quad has two quads', () => {
  assert.equal(leavesOf(new Uint8Array(0)).length, 0)
  assert.equal(leavesOf(new Uint8Array(1)).length, quadPaddedBytes)
  assert.equal(leavesOf(new Uint8Array(quadRawBytes)).length, quadPaddedBytes)
  assert.equal(leavesOf(new Uint8Array(quadRawBytes + 1)).length, 2 * quadPaddedBytes)
})

test('leavesOf moves every bit to its place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5 * quadRawBytes }), (raw) => {
      assert.deepEqual(leavesOf(raw), slowPad(raw))
    }),
  )
})
