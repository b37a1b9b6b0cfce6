/**
 * Goal: what put() resolved for is there after any crash, whole; what it did not resolve for leaves nothing; and one directory
 * has one writer.
 *
 * @module
 */

import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import type { Piece } from '../model.ts'
import { hashPiece } from '../piece/piece-hasher.ts'
import type { PieceName } from '../ports.ts'
import { carHeader, carSection, unknownRoot } from '../wire/car.ts'
import { pieceOf } from '../work.ts'
import { hashtreeHasher } from './hashtree-hasher.ts'
import { nodeSha256 } from './node-sha256.ts'
import { openProviderDatabase } from './provider-database.ts'
import { openSegmentStore, type SegmentStore, type SegmentStoreOptions } from './segment-store.ts'

const hasher = hashtreeHasher()
const { signal } = new AbortController()

interface Car {
  readonly bytes: Uint8Array
  readonly piece: Piece
  readonly cids: readonly CID[]
}

function carOf(contents: readonly Uint8Array[]): Car {
  const cids = contents.map((bytes) => CID.createV1(0x55, Digest.create(0x12, nodeSha256(bytes))))
  const sections = contents.map((bytes, index) => carSection({ cid: cids[index] ?? unknownRoot, bytes }))
  const bytes = Buffer.concat([carHeader([unknownRoot]), ...sections])
  return { bytes, piece: pieceOf(hashPiece({ raw: bytes, hasher })), cids }
}

const filled = (sizeBytes: number, value: number): Uint8Array => new Uint8Array(sizeBytes).fill(value)

async function* inParts(bytes: Uint8Array, partBytes = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes)
}

interface Bench extends AsyncDisposable {
  readonly folder: string
  open(options?: Partial<SegmentStoreOptions>): SegmentStore
  /** SQL on the open database */
  run(sql: string): void
  close(): Promise<void>
}

function bench(): Bench {
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-store-'))
  let opened: { store: SegmentStore; database: ReturnType<typeof openProviderDatabase> } | undefined
  const close = async (): Promise<void> => {
    await opened?.store[Symbol.asyncDispose]()
    opened?.database.close()
    opened = undefined
  }
  return {
    folder,
    run: (sql) => opened?.database.exec(sql),
    open(options = {}) {
      const database = openProviderDatabase({ path: path.join(folder, 'index.sqlite') })
      const store = openSegmentStore({
        folder: path.join(folder, 'pieces'),
        database,
        hasher,
        sha256: nodeSha256,
        capacityBytes: 2 ** 26,
        ...options,
      })
      opened = { store, database }
      return store
    },
    close,
    async [Symbol.asyncDispose]() {
      await close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const segmentsOf = ({ folder }: Bench): string[] => readdirSync(path.join(folder, 'pieces', 'segments')).toSorted()
const incomingOf = ({ folder }: Bench): string[] => readdirSync(path.join(folder, 'pieces', 'incoming'))

async function readWhole(store: SegmentStore, piece: PieceName): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of store.read({ piece, range: { startBytes: 0, sizeBytes: piece.rawSizeBytes } }, { signal }))
    parts.push(part)
  return Buffer.concat(parts)
}

test('small pieces share a segment, a large one is a segment, and all come back after a restart', async () => {
  await using at = bench()
  const cars = [carOf([filled(100, 1)]), carOf([filled(300_000, 2)]), carOf([filled(500, 3), filled(20, 4)])]
  const store = at.open({ ownSegmentBytesMin: 200_000 })
  for (const { bytes, piece } of cars)
    assert.deepEqual(await store.put({ name: piece, bytes: inParts(bytes) }, { signal }), piece)
  assert.equal(segmentsOf(at).length, 2)
  await at.close()
  const again = at.open()
  assert.deepEqual(again.lost, [])
  assert.equal(again.pieceCount, 3)
  for (const { bytes, piece, cids } of cars) {
    assert.deepEqual(await readWhole(again, piece), Buffer.from(bytes))
    for (const cid of cids) assert.ok(again.findBlock(cid) !== undefined)
  }
})

test('pieces that come at once are all kept, each whole', async () => {
  await using at = bench()
  const store = at.open()
  const cars = Array.from({ length: 12 }, (_, index) => carOf([filled(5000 + index, index)]))
  await Promise.all(
    [...cars, ...cars].map(({ bytes, piece }) => store.put({ name: piece, bytes: inParts(bytes, 700) }, { signal })),
  )
  assert.equal(store.pieceCount, 12)
  for (const { bytes, piece } of cars) assert.deepEqual(await readWhole(store, piece), Buffer.from(bytes))
})

test('a torn tail is cut, an orphan segment and half an upload are removed', async () => {
  await using at = bench()
  const { bytes, piece } = carOf([filled(1000, 7)])
  await at.open().put({ name: piece, bytes: inParts(bytes) }, { signal })
  await at.close()
  const [segment = ''] = segmentsOf(at)
  const file = path.join(at.folder, 'pieces', 'segments', segment)
  appendFileSync(file, filled(333, 9))
  writeFileSync(path.join(at.folder, 'pieces', 'segments', '00000042.segment'), filled(10, 1))
  writeFileSync(path.join(at.folder, 'pieces', 'incoming', 'half.part'), filled(10, 1))
  const store = at.open()
  assert.equal(statSync(file).size, piece.rawSizeBytes)
  assert.deepEqual(segmentsOf(at), [segment])
  assert.deepEqual(incomingOf(at), [])
  assert.deepEqual(await readWhole(store, piece), Buffer.from(bytes))
})

test('a segment that was torn at any byte keeps every piece that was acknowledged before the tear, and names the others', async () => {
  await using at = bench()
  const cars = [carOf([filled(4, 1)]), carOf([filled(6, 2)])]
  const store = at.open()
  for (const { bytes, piece } of cars) await store.put({ name: piece, bytes: inParts(bytes) }, { signal })
  await at.close()
  const [segment = ''] = segmentsOf(at)
  const whole = readFileSync(path.join(at.folder, 'pieces', 'segments', segment))
  const ends = cars.map((_, index) => cars.slice(0, index + 1).reduce((sum, { bytes }) => sum + bytes.length, 0))
  assert.equal(whole.length, ends.at(-1))
  for (let torn = 0; torn <= whole.length; torn += 1) {
    await using copy = bench()
    cpSync(at.folder, copy.folder, { recursive: true })
    truncateSync(path.join(copy.folder, 'pieces', 'segments', segment), torn)
    const opened = copy.open()
    const isKept = ends.map((end) => end <= torn)
    assert.deepEqual(
      cars.map(({ piece }) => opened.find(piece) !== undefined),
      isKept,
      `torn at ${torn}`,
    )
    assert.equal(opened.lost.length, isKept.filter((kept) => !kept).length)
    for (const [index, { bytes, piece }] of cars.entries())
      if (isKept[index] === true) assert.deepEqual(await readWhole(opened, piece), Buffer.from(bytes))
  }
})

test('an append that a crash cut at any byte, before its index row, leaves the segment as it was', async () => {
  await using at = bench()
  const [kept, next] = [carOf([filled(100, 1)]), carOf([filled(90, 2)])]
  await at.open().put({ name: kept.piece, bytes: inParts(kept.bytes) }, { signal })
  await at.close()
  const [segment = ''] = segmentsOf(at)
  const file = path.join(at.folder, 'pieces', 'segments', segment)
  for (let written = 0; written <= next.bytes.length; written += 1) {
    appendFileSync(file, next.bytes.subarray(0, written))
    const opened = at.open()
    assert.equal(statSync(file).size, kept.bytes.length)
    assert.deepEqual(opened.lost, [])
    assert.equal(opened.find(next.piece), undefined)
    await at.close()
  }
  await at.open().put({ name: next.piece, bytes: inParts(next.bytes) }, { signal })
})

test('an index that the disk had no room for leaves a segment number unused, and later pieces are kept', async () => {
  await using at = bench()
  const [large, small] = [carOf([filled(5000, 1)]), carOf([filled(50, 2)])]
  const store = at.open({ ownSegmentBytesMin: 1000 })
  at.run("CREATE TRIGGER full BEFORE INSERT ON storage_kept_pieces BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  await assert.rejects(store.put({ name: large.piece, bytes: inParts(large.bytes) }, { signal }), /disk full/)
  at.run('DROP TRIGGER full')
  await store.put({ name: small.piece, bytes: inParts(small.bytes) }, { signal })
  await store.put({ name: large.piece, bytes: inParts(large.bytes) }, { signal })
  for (const { bytes, piece } of [large, small]) assert.deepEqual(await readWhole(store, piece), Buffer.from(bytes))
})

test('a piece whose bytes are gone is named as lost and no longer found; the others stay', async () => {
  await using at = bench()
  const [first, second] = [carOf([filled(1000, 1)]), carOf([filled(2000, 2)])]
  const store = at.open()
  await store.put({ name: first.piece, bytes: inParts(first.bytes) }, { signal })
  await store.put({ name: second.piece, bytes: inParts(second.bytes) }, { signal })
  await at.close()
  const [segment = ''] = segmentsOf(at)
  truncateSync(path.join(at.folder, 'pieces', 'segments', segment), first.piece.rawSizeBytes + 10)
  const again = at.open()
  assert.deepEqual(
    again.lost.map(({ root }) => root),
    [second.piece.root],
  )
  assert.equal(again.find(second.piece), undefined)
  assert.deepEqual(await readWhole(again, first.piece), Buffer.from(first.bytes))
  await again.put({ name: second.piece, bytes: inParts(second.bytes) }, { signal })
  assert.deepEqual(await readWhole(again, second.piece), Buffer.from(second.bytes))
})

test('after pieces were put, removed and the store was reopened in any order, exactly the kept ones are there', async () => {
  const step = fc.record({ car: fc.nat(5), act: fc.constantFrom('put', 'put', 'remove', 'reopen') })
  const cars = Array.from({ length: 6 }, (_, index) =>
    carOf([filled(400 * index + 10, index), filled(30, 100 + index)]),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      await using at = bench()
      const options = { ownSegmentBytesMin: 1500, segmentBytesMax: 2000 }
      let store = at.open(options)
      const expected = new Set<number>()
      for (const { car, act } of steps) {
        const one = cars[car]
        assert.ok(one !== undefined)
        if (act === 'put') {
          await store.put({ name: one.piece, bytes: inParts(one.bytes) }, { signal })
          expected.add(car)
        } else if (act === 'remove') {
          await store.remove(one.piece, { signal })
          expected.delete(car)
        } else {
          await at.close()
          store = at.open(options)
        }
      }
      assert.deepEqual(store.lost, [])
      for (const [index, { piece, bytes }] of cars.entries()) {
        assert.equal(store.find(piece) !== undefined, expected.has(index))
        if (expected.has(index)) assert.deepEqual(await readWhole(store, piece), Buffer.from(bytes))
      }
      assert.equal(
        store.usedBytes,
        [...expected].reduce((sum, index) => sum + (cars[index]?.bytes.length ?? 0), 0),
      )
    }),
    { numRuns: 15 },
  )
})

test('one directory has one writer', async () => {
  await using at = bench()
  at.open()
  const database = openProviderDatabase({ path: ':memory:' })
  const folder = path.join(at.folder, 'pieces')
  assert.throws(() => openSegmentStore({ folder, database, hasher, sha256: nodeSha256, capacityBytes: 1 }), {
    code: 'GW_DIRECTORY_LOCKED',
  })
  database.close()
})

test('loose pieces are dropped by age, those in a set stay', async () => {
  await using at = bench()
  let nowMs = 1000
  const store = at.open({ nowMs: () => nowMs })
  const [bound, loose, young] = [carOf([filled(10, 1)]), carOf([filled(20, 2)]), carOf([filled(30, 3)])]
  await store.put({ name: bound.piece, bytes: inParts(bound.bytes) }, { signal })
  await store.put({ name: loose.piece, bytes: inParts(loose.bytes) }, { signal })
  nowMs = 5000
  await store.put({ name: young.piece, bytes: inParts(young.bytes) }, { signal })
  store.bindToSet([bound.piece])
  assert.equal(store.looseBytes, loose.bytes.length + young.bytes.length)
  assert.equal(await store.dropLoose({ beforeMs: 2000 }, { signal }), 1)
  assert.deepEqual(
    [bound, loose, young].map(({ piece }) => store.find(piece) !== undefined),
    [true, false, true],
  )
})

test('bytes of dropped pieces count as long as they are on the disk, and no longer', async () => {
  await using at = bench()
  const cars = [1, 2, 3].map((fill) => carOf([filled(1000, fill)]))
  const next = carOf([filled(1000, 4)])
  const sizeBytes = next.bytes.length
  const options = { capacityBytes: 3 * sizeBytes, segmentBytesMax: 2 * sizeBytes }
  const store = at.open(options)
  for (const { bytes, piece } of cars) await store.put({ name: piece, bytes: inParts(bytes) }, { signal })
  const putNext = async (to: SegmentStore): Promise<Piece> =>
    to.put({ name: next.piece, bytes: inParts(next.bytes) }, { signal })
  const [first, second] = cars
  assert.ok(first !== undefined && second !== undefined)
  await store.remove(first.piece, { signal })
  assert.equal(store.usedBytes, 2 * sizeBytes)
  await assert.rejects(putNext(store), { code: 'GW_NO_ROOM' })
  await store.remove(second.piece, { signal })
  await putNext(store)
  const taken = segmentsOf(at).map((file) => statSync(path.join(at.folder, 'pieces', 'segments', file)).size)
  assert.ok(taken.reduce((sum, size) => sum + size, 0) <= options.capacityBytes)
  for (const { piece } of [...cars, next]) await store.remove(piece, { signal })
  assert.deepEqual(segmentsOf(at), [], 'the open segment goes too, once nothing stands in it')
  for (const { bytes, piece } of cars) await store.put({ name: piece, bytes: inParts(bytes) }, { signal })
  for (const { bytes, piece } of cars) assert.deepEqual(await readWhole(store, piece), Buffer.from(bytes))
})

test('a piece that a set was signed for while old ones are dropped is not dropped', async () => {
  await using at = bench()
  const store = at.open({ nowMs: () => 1000 })
  const [first, second] = [carOf([filled(10, 1)]), carOf([filled(20, 2)])]
  await store.put({ name: first.piece, bytes: inParts(first.bytes) }, { signal })
  await store.put({ name: second.piece, bytes: inParts(second.bytes) }, { signal })
  const dropping = store.dropLoose({ beforeMs: 2000 }, { signal })
  store.bindToSet([second.piece])
  assert.equal(await dropping, 1)
  assert.equal(store.find(first.piece), undefined)
  assert.deepEqual(await readWhole(store, second.piece), Buffer.from(second.bytes))
})
