/**
 * Goal: PieceCIDs are read and written as in FRC-0069, and everything that is not exactly one is undefined.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import fc from 'fast-check'
import { heightOf, pieceSizes } from '../model.ts'
import {
  decodePieceCid,
  encodePieceCid,
  formatPieceCid,
  formatPieceCidV1,
  isPaddingExcessive,
  leafCountOf,
  parsePieceCid,
  parsePieceCidV1,
  rawSizeBytesOf,
  sizesOfPieceCid,
  type PieceCid,
} from './piece-cid.ts'

const folder = path.join(import.meta.dirname, '../../../../vectors/storage/commp')
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(folder, file), 'utf8'))

interface Expectation {
  readonly v1?: string
  readonly v2?: string
  readonly v2_base16?: string
  readonly padding?: number
  readonly height?: number
  readonly rawSize?: number
}
const { cases } = read('vectors.json') as { cases: { id: string; expect: Expectation }[] }
const foreign = read('cid-parse.json') as {
  invalidCidHex: { name: string; hex: string }[]
  sizes: { name: string; rawSize: string; height: number; padding: string }[]
  math: { fn: 'leafCount' | 'rawPieceSize' | 'isPaddingExcessive'; padding: number; height: number; expect: unknown }[]
}

const cids: fc.Arbitrary<PieceCid> = fc
  .record({
    root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    height: fc.integer({ min: 2, max: 50 }),
    share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  .map(({ root, height, share }) => {
    const paddingBytesMax = Math.min(127 * 2 ** (height - 2) - 1, Number.MAX_SAFE_INTEGER)
    return { root, height, paddingBytes: Math.floor(share * paddingBytesMax) }
  })

test('every published PieceCID v2 says what its source says, and is written as it was read', () => {
  const published = cases.filter(({ expect }) => expect.v2 !== undefined)
  assert.equal(published.length, 6)
  for (const { id, expect } of published) {
    const cid = parsePieceCid(expect.v2 ?? '')
    assert.ok(cid !== undefined, id)
    assert.equal(formatPieceCid(cid), expect.v2, id)
    if (expect.padding !== undefined) assert.equal(cid.paddingBytes, expect.padding, id)
    if (expect.height !== undefined) assert.equal(cid.height, expect.height, id)
    if (expect.rawSize !== undefined) assert.equal(rawSizeBytesOf(cid), expect.rawSize, id)
    if (expect.v2_base16 !== undefined) assert.deepEqual(parsePieceCid(expect.v2_base16), cid, id)
    if (expect.v1 !== undefined) assert.equal(formatPieceCidV1(cid.root), expect.v1, id)
  }
})

test('every published CommP CID is written as it was read, and is no PieceCID v2', () => {
  const published = cases.flatMap(({ expect }) => (expect.v1 === undefined ? [] : [expect.v1]))
  assert.ok(published.length > 60)
  for (const text of published) {
    const root = parsePieceCidV1(text)
    assert.ok(root !== undefined, text)
    assert.equal(formatPieceCidV1(root), text)
    assert.equal(parsePieceCid(text), undefined)
  }
})

test('CIDs that the Filecoin implementations refuse are refused', () => {
  for (const { name, hex } of foreign.invalidCidHex) {
    assert.equal(decodePieceCid(Buffer.from(hex, 'hex')), undefined, name)
    assert.equal(parsePieceCid(`f${hex}`), undefined, name)
  }
})

test('sizes and leaf counts are those of the Filecoin implementations', () => {
  for (const { name, rawSize, height, padding } of foreign.sizes) {
    assert.equal(heightOf(Number(rawSize)), height, name)
    assert.equal(pieceSizes({ height, rawSizeBytes: Number(rawSize) })?.paddingBytes, Number(padding), name)
    assert.equal(rawSizeBytesOf({ height, paddingBytes: Number(padding) }), Number(rawSize), name)
  }
  const functions = { leafCount: leafCountOf, rawPieceSize: rawSizeBytesOf, isPaddingExcessive }
  for (const { fn, padding, height, expect } of foreign.math) {
    assert.equal(functions[fn]({ height, paddingBytes: padding }), expect, `${fn}(${padding}, ${height})`)
  }
})

test('leaf counts agree with the contract’s arithmetic on integers, whatever height and padding', () => {
  fc.assert(
    fc.property(cids, (cid) => {
      const padded = (128n * BigInt(cid.paddingBytes)) / 127n
      assert.equal(BigInt(leafCountOf(cid)), 2n ** BigInt(cid.height) - padded / 32n)
      assert.equal(isPaddingExcessive(cid), padded >= 2n ** BigInt(cid.height + 5))
    }),
  )
})

test('any piece’s name is read back as it was written', () => {
  fc.assert(
    fc.property(cids, (cid) => {
      assert.deepEqual(parsePieceCid(formatPieceCid(cid)), cid)
    }),
  )
})

test('a change of any one byte gives another name or none, never the same', () => {
  fc.assert(
    fc.property(cids, fc.nat(), fc.integer({ min: 1, max: 255 }), (cid, at, change) => {
      const bytes = encodePieceCid(cid)
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ change
      const other = decodePieceCid(bytes)
      if (other !== undefined) assert.notDeepEqual(other, cid)
      assert.deepEqual(other === undefined ? bytes : encodePieceCid(other), bytes)
    }),
  )
})

test('arbitrary text and bytes never throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 150 }), fc.uint8Array({ maxLength: 60 }), (text, bytes) => {
      for (const foreignText of [text, `b${text}`, `f${text}`]) {
        assert.equal(parsePieceCid(foreignText), undefined)
        assert.equal(parsePieceCidV1(foreignText), undefined)
      }
      assert.equal(decodePieceCid(bytes), undefined)
    }),
  )
})

test('the limits hold at the step: height 50 and 51, 1 and 2, the last raw byte, the length of a varint', () => {
  const root = new Uint8Array(32).fill(7)
  const bytesOf = (padding: readonly number[], height: number): Uint8Array =>
    Uint8Array.from([0x01, 0x55, 0x91, 0x20, padding.length + 33, ...padding, height, ...root])
  assert.equal(decodePieceCid(bytesOf([0], 50))?.height, 50)
  assert.equal(decodePieceCid(bytesOf([0], 51)), undefined)
  assert.equal(decodePieceCid(bytesOf([0], 2))?.height, 2)
  assert.equal(decodePieceCid(bytesOf([0], 1)), undefined)
  assert.equal(decodePieceCid(bytesOf([126], 2))?.paddingBytes, 126)
  assert.equal(decodePieceCid(bytesOf([127], 2)), undefined)
  assert.equal(decodePieceCid(bytesOf([0x80, 0x00], 2)), undefined)
  assert.throws(() => encodePieceCid({ root, height: 2, paddingBytes: 127 }), InvariantBroken)
  assert.throws(() => encodePieceCid({ root: root.subarray(1), height: 2, paddingBytes: 0 }), InvariantBroken)
})

test('upper case, stray bits and other bases are not a PieceCID', () => {
  const text = 'bafkzcibcaabdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy'
  assert.ok(parsePieceCid(text) !== undefined)
  assert.equal(parsePieceCid(text.toUpperCase()), undefined)
  assert.equal(parsePieceCid(`${text.slice(0, -1)}z`), undefined)
  assert.equal(parsePieceCid(`${text}a`), undefined)
  assert.equal(parsePieceCid(text.slice(1)), undefined)
  assert.equal(parsePieceCid(`${text}=`), undefined)
})

test('a name of a higher tree than its bytes need is read, and taken by no set', () => {
  const root = new Uint8Array(32)
  assert.deepEqual(sizesOfPieceCid({ root, height: 5, paddingBytes: 504 }), {
    rawSizeBytes: 512,
    paddingBytes: 504,
    leafCount: 17,
  })
  assert.equal(sizesOfPieceCid({ root, height: 5, paddingBytes: 1015 }), undefined)
  assert.equal(sizesOfPieceCid({ root, height: 36, paddingBytes: 0 }), undefined)
})
