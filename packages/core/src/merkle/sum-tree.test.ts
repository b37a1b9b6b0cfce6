/**
 * Goal: a sum tree has one shape, every leaf folds to the root at its own offset, and nothing else does.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { bytesOfText, concatBytes } from '../units/bytes.ts'
import { toHex, type Hex } from '../units/hex.ts'
import { hashPair } from './hash-pair.ts'
import { laneMax, lanesOf, packLanes, tryAddLanes } from './lanes.ts'
import { leafHash, nodeBytes, type SumNode } from './sum-node.ts'
import { foldPath, isUnder, pathDepthMax, sidesOf } from './sum-path.ts'
import { buildSumTree, nodeAt, pathOf } from './sum-tree.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes): Hex => toHex(bytes))
const smallLane = fc.bigInt({ min: 0n, max: 2n ** 100n })
const node: fc.Arbitrary<SumNode> = fc
  .tuple(hash, smallLane, smallLane)
  .map(([leaf, high, low]) => ({ hash: leaf, sum: packLanes(high, low) }))
const leaves = fc.array(node, { minLength: 1, maxLength: 70 })

/** The definition, as plainly as it can be written. */
function plainRoot(level: readonly SumNode[]): SumNode {
  const [first] = level
  assert.ok(first)
  if (level.length === 1) return first
  const above: SumNode[] = []
  for (let index = 0; index < level.length; index += 2) {
    const [left, right] = [level[index], level[index + 1]]
    assert.ok(left)
    if (right === undefined) above.push(left)
    else {
      const bytes = concatBytes(
        Uint8Array.of(1),
        nodeBytes(left) ?? new Uint8Array(0),
        nodeBytes(right) ?? new Uint8Array(0),
      )
      above.push({ hash: toHex(keccak_256(bytes)), sum: left.sum + right.sum })
    }
  }
  return plainRoot(above)
}

test('the root is the one of the plain definition', () => {
  fc.assert(fc.property(leaves, (some) => assert.deepEqual(buildSumTree(some).root, plainRoot(some))))
})

test('every leaf folds to the root, and its offset is the sum of the leaves before it', () => {
  fc.assert(
    fc.property(leaves, (some) => {
      const tree = buildSumTree(some)
      let before = 0n
      for (const [index, leaf] of some.entries()) {
        const path = pathOf(tree, index)
        assert.deepEqual(foldPath(leaf, path), { root: tree.root, startOffset: before })
        assert.deepEqual(sidesOf({ index, count: some.length }), { sides: path.sides, depth: path.hashes.length })
        before += leaf.sum
      }
    }),
  )
})

test('no two places of one tree have the same sides and depth', () => {
  for (let count = 1; count <= 70; count += 1) {
    const places = Array.from({ length: count }, (_, index) => Object.values(sidesOf({ index, count })).join('/'))
    assert.equal(new Set(places).size, count)
  }
})

test('a changed leaf, sum, sibling or side does not stand under the root', () => {
  fc.assert(
    fc.property(fc.array(node, { minLength: 2, maxLength: 40 }), fc.nat(), hash, (some, seed, other) => {
      const tree = buildSumTree(some)
      const index = seed % some.length
      const leaf = some[index]
      assert.ok(leaf)
      const path = pathOf(tree, index)
      assert.equal(isUnder(tree.root, leaf, path), true)
      fc.pre(leaf.hash !== other && path.hashes[0] !== other)
      assert.equal(isUnder(tree.root, { ...leaf, hash: other }, path), false)
      assert.equal(isUnder(tree.root, { ...leaf, sum: leaf.sum + 1n }, path), false)
      assert.equal(isUnder(tree.root, leaf, { ...path, hashes: path.hashes.with(0, other) }), false)
      assert.equal(isUnder(tree.root, leaf, { ...path, sums: path.sums.map((sum) => sum + 1n) }), false)
      const flipped = { ...path, sides: path.sides ^ 1n }
      assert.equal(isUnder(tree.root, leaf, flipped), path.hashes[0] === leaf.hash && path.sums[0] === leaf.sum)
    }),
  )
})

test('lanes never carry into each other, and an overflow of either is refused', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: laneMax }), fc.bigInt({ min: 0n, max: laneMax }), (one, other) => {
      const isOver = one + other > laneMax
      const high = tryAddLanes(packLanes(one, 0n), packLanes(other, 0n))
      const low = tryAddLanes(packLanes(0n, one), packLanes(0n, other))
      assert.deepEqual(high, isOver ? undefined : packLanes(one + other, 0n))
      assert.deepEqual(low, isOver ? undefined : packLanes(0n, one + other))
    }),
  )
  const half = { hash: toHex(new Uint8Array(32)), sum: packLanes(0n, laneMax) }
  const one = { hash: toHex(new Uint8Array(32)), sum: packLanes(5n, 1n) }
  assert.throws(() => buildSumTree([half, one]), { code: 'GW_LANE_OVERFLOW' })
  assert.throws(() => buildSumTree([{ ...half, sum: packLanes(laneMax, 0n) }, one]), { code: 'GW_LANE_OVERFLOW' })
  assert.equal(foldPath(half, { sides: 0n, hashes: [one.hash], sums: [one.sum] }), undefined)
  assert.deepEqual(lanesOf(buildSumTree([one, one]).root.sum), { high: 10n, low: 2n })
})

test('a malformed path folds to nothing and never throws', () => {
  const leaf = { hash: toHex(new Uint8Array(32)), sum: 1n }
  const ok = { hashes: [leaf.hash], sums: [1n] }
  assert.ok(foldPath(leaf, { sides: 1n, ...ok }))
  assert.equal(foldPath(leaf, { sides: 2n, ...ok }), undefined)
  assert.equal(foldPath(leaf, { sides: -1n, ...ok }), undefined)
  assert.equal(foldPath(leaf, { sides: 0n, hashes: [], sums: [1n] }), undefined)
  assert.equal(foldPath(leaf, { sides: 0n, hashes: ['0x12'], sums: [1n] }), undefined)
  assert.equal(foldPath(leaf, { sides: 0n, hashes: [leaf.hash], sums: [2n ** 256n] }), undefined)
  assert.equal(foldPath({ ...leaf, hash: `0x${'zz'.repeat(32)}` }, { sides: 0n, hashes: [], sums: [] }), undefined)
  const long = Array.from({ length: pathDepthMax + 1 }, () => leaf.hash)
  assert.equal(foldPath(leaf, { sides: 0n, hashes: long, sums: long.map(() => 0n) }), undefined)
})

test('an empty tree has a root of zero, a single leaf is its own root', () => {
  assert.deepEqual(buildSumTree([]).root, { hash: toHex(new Uint8Array(32)), sum: 0n })
  const leaf = { hash: toHex(keccak_256(bytesOfText('x'))), sum: 3n }
  assert.deepEqual(buildSumTree([leaf]).root, leaf)
  assert.deepEqual(nodeAt(buildSumTree([leaf, leaf, leaf]), { level: 1, index: 1 }), leaf)
})

test('the hash of a pair is plain keccak-256 of 0x01 and both nodes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 128, maxLength: 128 }), (pair) => {
      assert.deepEqual(Uint8Array.from(hashPair(pair)), keccak_256(concatBytes(Uint8Array.of(1), pair)))
    }),
  )
})

test('a leaf hash separates types by tag', () => {
  const field = new Uint8Array(32)
  assert.equal(leafHash('entry', field), toHex(keccak_256(concatBytes(Uint8Array.of(0), bytesOfText('entry'), field))))
  assert.notEqual(leafHash('entry', field), leafHash('batch', field))
})
