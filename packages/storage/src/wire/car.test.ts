/**
 * Goal: the reader finds exactly the blocks of the specification's fixture however the bytes are cut, and meets anything
 * else with a named fault, never a throw, holding no more than one block.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import {
  blockBytesMax,
  carHeader,
  carReader,
  carSection,
  parseCid,
  unknownRoot,
  type CarBlock,
  type CarFault,
} from './car.ts'
import { readVarint, writeVarint } from './varint.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const vectors = path.join(import.meta.dirname, '../../../../vectors/storage/car')
const fixture = readFileSync(path.join(vectors, 'carv1-basic.car'))
const expected = JSON.parse(readFileSync(path.join(vectors, 'carv1-basic.json'), 'utf8')) as {
  header: { roots: { '/': string }[] }
  blocks: { blockLength: number; blockOffset: number; cid: { '/': string } }[]
}

const rawCid = (bytes: Uint8Array): CID => CID.createV1(0x55, Digest.create(0x12, sha256(bytes)))

function readAll(pieces: readonly Uint8Array[]): {
  blocks: CarBlock[]
  fault: CarFault | undefined
  roots: readonly CID[]
} {
  const blocks: CarBlock[] = []
  const reader = carReader({ sha256, onBlock: (block) => blocks.push(block) })
  for (const piece of pieces) {
    const fault = reader.push(piece)
    if (fault !== undefined) return { blocks, fault, roots: [] }
  }
  return { blocks, fault: reader.end(), roots: reader.roots ?? [] }
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const points = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return points.slice(1).map((end, index) => bytes.subarray(points[index], end))
}

test("the specification's fixture gives its blocks at its offsets, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
      const { blocks, fault, roots } = readAll(cutAt(fixture, cuts))
      assert.equal(fault, undefined)
      assert.deepEqual(
        roots.map(String),
        expected.header.roots.map((root) => root['/']),
      )
      assert.deepEqual(
        blocks.map(({ cid, bytes, startBytes }) => [cid.toString(), bytes.length, startBytes]),
        expected.blocks.map(({ cid, blockLength, blockOffset }) => [cid['/'], blockLength, blockOffset]),
      )
    }),
  )
})

test('what we write is what we read', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (contents) => {
      const sections = contents.map((bytes) => carSection({ cid: rawCid(bytes), bytes }))
      const { blocks, fault, roots } = readAll([carHeader([unknownRoot]), ...sections])
      assert.equal(fault, undefined)
      assert.deepEqual(roots.map(String), [unknownRoot.toString()])
      assert.deepEqual(
        blocks.map(({ bytes }) => Buffer.from(bytes)),
        contents.map((bytes) => Buffer.from(bytes)),
      )
    }),
  )
})

test('one changed byte anywhere is a fault, or leaves the same content', () => {
  fc.assert(
    fc.property(fc.nat(fixture.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Uint8Array.from(fixture)
      changed[at] = (changed[at] ?? 0) ^ flip
      const { blocks, fault } = readAll([changed])
      if (fault !== undefined) return
      for (const { cid, bytes } of blocks)
        if (cid.multihash.code === 0x12) assert.deepEqual(Buffer.from(sha256(bytes)), Buffer.from(cid.multihash.digest))
    }),
  )
})

test('arbitrary bytes are a fault and never a throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void readAll([bytes])))
  assert.equal(readAll([]).fault, 'cut-short')
  assert.equal(readAll([fixture.subarray(0, 150)]).fault, 'cut-short')
})

test('each fault has its name, at its limit and not before', () => {
  const header = carHeader([unknownRoot])
  const largest = new Uint8Array(blockBytesMax)
  assert.equal(readAll([header, carSection({ cid: rawCid(largest), bytes: largest })]).fault, undefined)
  const larger = new Uint8Array(blockBytesMax + 1)
  assert.equal(readAll([header, carSection({ cid: rawCid(larger), bytes: larger })]).fault, 'block-too-long')
  assert.equal(readAll([header, writeVarint(2 ** 40)]).fault, 'block-too-long')
  assert.equal(readAll([writeVarint(2 ** 40)]).fault, 'header-too-long')
  assert.equal(readAll([header, Uint8Array.of(0)]).fault, 'section-malformed')
  assert.equal(readAll([header, Uint8Array.of(2, 1, 1)]).fault, 'cid-malformed')
  assert.equal(readAll([header, carSection({ cid: rawCid(largest), bytes: Uint8Array.of(1) })]).fault, 'hash-mismatch')
  const blake = CID.createV1(0x55, Digest.create(0xb220, new Uint8Array(32)))
  assert.equal(readAll([header, carSection({ cid: blake, bytes: Uint8Array.of(1) })]).fault, 'hash-unsupported')
})

test('a section that comes byte by byte is gathered in memory of its own size', () => {
  const bytes = new Uint8Array(blockBytesMax).fill(3)
  const car = Buffer.concat([carHeader([unknownRoot]), carSection({ cid: rawCid(bytes), bytes })])
  const found: number[] = []
  const reader = carReader({ sha256, onBlock: ({ bytes: block }) => found.push(block.length) })
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for (let at = 0; at < car.length; at += 1) {
    assert.equal(reader.push(car.subarray(at, at + 1)), undefined)
    if (at % 65_536 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  assert.equal(reader.end(), undefined)
  assert.deepEqual(found, [blockBytesMax])
  assert.ok(most < 3 * blockBytesMax, `${most} bytes`)
})

test('blocks that were given out stay as they were, whatever comes after', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }),
      fc.array(fc.nat()),
      (contents, cuts) => {
        const car = Buffer.concat([
          carHeader([]),
          ...contents.map((bytes) => carSection({ cid: rawCid(bytes), bytes })),
        ])
        const { blocks, fault } = readAll(cutAt(car, cuts))
        assert.equal(fault, undefined)
        for (const { cid, bytes } of blocks) assert.ok(cid.equals(rawCid(bytes)))
      },
    ),
  )
})

test('what other implementations write or refuse has its place: roots, versions, duplicates, identity, CIDv0', () => {
  const bytes = new TextEncoder().encode('hello')
  const section = carSection({ cid: rawCid(bytes), bytes })
  const header = (value: unknown): Uint8Array => {
    const encoded = dagCbor.encode(value)
    return Buffer.concat([writeVarint(encoded.length), encoded])
  }
  const faultOf = (...parts: readonly Uint8Array[]): CarFault | undefined => readAll([Buffer.concat(parts)]).fault
  assert.equal(faultOf(header({ version: 1, roots: [] }), section), undefined)
  assert.equal(faultOf(header({ version: 1, roots: [rawCid(bytes), rawCid(bytes)] }), section), undefined)
  // The root need not be in the file.
  assert.equal(faultOf(header({ version: 1, roots: [rawCid(new Uint8Array(9))] }), section), undefined)
  assert.equal(faultOf(header({ version: 1 }), section), 'header-malformed')
  assert.equal(faultOf(header({ version: 1, roots: 'x' }), section), 'header-malformed')
  assert.equal(faultOf(header({ version: 1, roots: ['x'] }), section), 'header-malformed')
  assert.equal(faultOf(header({ roots: [] }), section), 'header-malformed')
  assert.equal(faultOf(header([1, 2]), section), 'header-malformed')
  // The pragma of CARv2, and a version there is not.
  assert.equal(faultOf(Buffer.from('0aa16776657273696f6e02', 'hex'), new Uint8Array(40)), 'version-unsupported')
  assert.equal(faultOf(header({ version: 3, roots: [] })), 'version-unsupported')
  assert.equal(faultOf(header({ version: '1', roots: [] })), 'version-unsupported')
  assert.equal(readAll([carHeader([]), section, section]).blocks.length, 2)
  const identity = CID.createV1(0x55, Digest.create(0x00, bytes))
  assert.equal(faultOf(carHeader([]), carSection({ cid: identity, bytes })), undefined)
  assert.equal(faultOf(carHeader([]), carSection({ cid: identity, bytes: bytes.subarray(1) })), 'hash-mismatch')
  const inline = (sizeBytes: number): Uint8Array => {
    const content = new Uint8Array(sizeBytes)
    return carSection({ cid: CID.createV1(0x55, Digest.create(0x00, content)), bytes: content })
  }
  assert.equal(faultOf(carHeader([]), inline(124)), undefined)
  assert.equal(faultOf(carHeader([]), inline(125)), 'cid-malformed')
  const short = CID.createV1(0x55, Digest.create(0x12, sha256(bytes).subarray(0, 20)))
  assert.equal(faultOf(carHeader([]), carSection({ cid: short, bytes })), 'hash-mismatch')
  const node = Buffer.from('0a020801', 'hex')
  assert.equal(
    faultOf(carHeader([]), carSection({ cid: CID.createV0(Digest.create<0x12>(0x12, sha256(node))), bytes: node })),
    undefined,
  )
  // Every number of a CID in one byte more than it needs: version, codec, hash, length.
  const digest = sha256(bytes)
  for (const long of [
    [0x81, 0x00, 0x55, 0x12, 0x20],
    [0x01, 0xd5, 0x00, 0x12, 0x20],
    [0x01, 0x55, 0x92, 0x00, 0x20],
    [0x01, 0x55, 0x12, 0xa0, 0x00],
  ]) {
    const body = Buffer.concat([Uint8Array.from(long), digest, bytes])
    assert.equal(faultOf(carHeader([]), writeVarint(body.length), body), 'cid-malformed', String(long))
  }
  // A section's length too, and one that ends the file early.
  assert.equal(faultOf(carHeader([]), Uint8Array.of(0x85, 0x00), bytes), 'section-malformed')
  assert.equal(faultOf(carHeader([]), section.subarray(0, section.length - 1)), 'cut-short')
  assert.equal(faultOf(Buffer.concat([writeVarint(2 ** 15), new Uint8Array(2 ** 15)])), 'header-malformed')
  assert.equal(faultOf(writeVarint(2 ** 15 + 1)), 'header-too-long')
})

test('a fault stays: nothing is read after it', () => {
  const reader = carReader({ sha256, onBlock: () => assert.fail('no block follows a fault') })
  assert.equal(reader.push(Uint8Array.of(0)), 'header-malformed')
  assert.equal(reader.push(fixture), 'header-malformed')
  assert.equal(reader.end(), 'header-malformed')
})

test('a CID from a stranger parses or is undefined', () => {
  fc.assert(fc.property(fc.string({ maxLength: 600 }), (text) => void parseCid(text)))
  assert.equal(parseCid('bafkqaaa')?.toString(), 'bafkqaaa')
})

test('varints are minimal both ways', () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (value) => {
      const bytes = writeVarint(value)
      assert.deepEqual(readVarint(bytes, 0), { value, endOffset: bytes.length })
    }),
  )
  assert.equal(readVarint(Uint8Array.of(0x80, 0x00), 0), 'bad')
  assert.equal(readVarint(Uint8Array.of(0x80), 0), 'short')
})
