/**
 * The conformance suite of the `Hasher` port: what every adapter must do, alike to the byte.
 *
 * Not a test file itself; `hasher.test.ts` runs it against each adapter and against the plain one that stands here.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantBroken } from '../../packages/core/src/errors/invariant-broken.ts'
import { nodeSizeBytes, pairSizeBytes, type Hasher } from '../../packages/storage/src/ports/hasher.ts'

/** One pair at a time by OpenSSL: slow, and easy to see through. */
export const plainHasher: Hasher = {
  name: 'plain',
  hashPairs(input, output) {
    if (input.length % pairSizeBytes !== 0 || output.length * 2 !== input.length) throw new InvariantBroken('sizes fit')
    for (let start = 0; start < input.length; start += pairSizeBytes) {
      const node = createHash('sha256')
        .update(input.subarray(start, start + pairSizeBytes))
        .digest()
      node[31] = (node[31] ?? 0) & 0x3f
      output.set(node, start / 2)
    }
  },
}

const zeroRoots = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../vectors/storage/commp/zero-roots-even.json'), 'utf8'),
) as { readonly roots: Readonly<Record<string, string>> }

const hashed = (hasher: Hasher, input: Uint8Array): Uint8Array => {
  const output = new Uint8Array(input.length / 2)
  hasher.hashPairs(input, output)
  return output
}

/** Bytes that repeat nowhere near, from a linear congruence. */
function noise(sizeBytes: number): Uint8Array {
  let state = 12_345
  return Uint8Array.from({ length: sizeBytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 24
  })
}

/** Registers the suite for one adapter. */
export function hasherConformance(name: string, start: () => Hasher | Promise<Hasher>): void {
  test(`${name} hashes any number of pairs as OpenSSL does, less two bits`, async () => {
    const hasher = await start()
    for (const count of [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 1023, 1024, 1025, 2051]) {
      const input = noise(count * pairSizeBytes)
      assert.deepEqual(hashed(hasher, input), hashed(plainHasher, input), `${count} pairs`)
    }
  })

  test(`${name} gives the zero roots of the Filecoin proofs contract`, async () => {
    const hasher = await start()
    let node = new Uint8Array(nodeSizeBytes)
    for (let height = 0; height <= 50; height++) {
      const expected = zeroRoots.roots[height]
      if (height % 2 === 0) assert.equal(Buffer.from(node).toString('hex'), expected, `height ${height}`)
      node = new Uint8Array(hashed(hasher, Uint8Array.from([...node, ...node])))
    }
  })

  test(`${name} agrees with OpenSSL on arbitrary bytes at any offset of larger buffers, and writes nothing else`, async () => {
    const hasher = await start()
    const cases = fc.record({
      pairs: fc.array(fc.uint8Array({ minLength: pairSizeBytes, maxLength: pairSizeBytes }), { maxLength: 20 }),
      inputOffset: fc.nat(70),
      outputOffset: fc.nat(70),
    })
    fc.assert(
      fc.property(cases, ({ pairs, inputOffset, outputOffset }) => {
        const source = new Uint8Array(inputOffset + pairs.length * pairSizeBytes + 9).fill(0xa5)
        pairs.forEach((pair, index) => source.set(pair, inputOffset + index * pairSizeBytes))
        const before = source.slice()
        const input = source.subarray(inputOffset, inputOffset + pairs.length * pairSizeBytes)
        const target = new Uint8Array(outputOffset + pairs.length * nodeSizeBytes + 9).fill(0x5a)
        const expected = target.slice()
        expected.set(hashed(plainHasher, input), outputOffset)
        hasher.hashPairs(input, target.subarray(outputOffset, outputOffset + pairs.length * nodeSizeBytes))
        assert.deepEqual(target, expected)
        assert.deepEqual(source, before)
      }),
    )
  })

  test(`${name} refuses halves of pairs, and an output that does not fit`, async () => {
    const hasher = await start()
    const refuses = (inputBytes: number, outputBytes: number): void =>
      assert.throws(() => hasher.hashPairs(new Uint8Array(inputBytes), new Uint8Array(outputBytes)), InvariantBroken)
    refuses(63, 32)
    refuses(96, 48)
    refuses(64, 31)
    refuses(64, 64)
    refuses(0, 32)
    hasher.hashPairs(new Uint8Array(64), new Uint8Array(32))
  })
}
