/**
 * What every `PieceStore` must do, whatever it keeps pieces on. Run by piece-store.test.ts against each adapter.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  capHeight,
  carHeader,
  carSection,
  hashPiece,
  pieceOf,
  unknownRoot,
  type Hasher,
  type Piece,
  type PieceStore,
} from '@groundwork/storage'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

export interface PieceStoreUnderTest extends AsyncDisposable {
  readonly store: PieceStore
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const cidOf = (bytes: Uint8Array): CID => CID.createV1(0x55, Digest.create(0x12, sha256(bytes)))

/** @param open a store with room for `capacityBytes`, empty */
export function pieceStoreConformance({
  name,
  hasher,
  open,
}: {
  readonly name: string
  readonly hasher: Hasher
  readonly open: (capacityBytes: number) => Promise<PieceStoreUnderTest>
}): void {
  const { signal } = new AbortController()
  const room = 2 ** 24

  function carOf(contents: readonly Uint8Array[]): { bytes: Buffer; piece: Piece; cids: readonly CID[] } {
    const sections = contents.map((bytes) => carSection({ cid: cidOf(bytes), bytes }))
    const bytes = Buffer.concat([carHeader([unknownRoot]), ...sections])
    return { bytes, piece: pieceOf(hashPiece({ raw: bytes, hasher })), cids: contents.map(cidOf) }
  }
  async function* parts(bytes: Uint8Array, partBytes: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes)
  }
  const put = (
    store: PieceStore,
    { bytes, piece }: { bytes: Uint8Array; piece: Piece },
    partBytes = 4096,
  ): Promise<Piece> => store.put({ name: piece, bytes: parts(bytes, partBytes) }, { signal })

  test(`${name}: a piece comes back whole, in ranges and by its blocks`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(),
        fc.nat(),
        async (contents, partBytes, a, b) => {
          await using under = await open(room)
          const { store } = under
          const car = carOf(contents)
          assert.deepEqual(await put(store, car, partBytes), car.piece)
          assert.deepEqual(store.find(car.piece), car.piece)
          assert.equal(store.usedBytes, car.bytes.length)
          const startBytes = a % car.bytes.length
          const range = { startBytes, sizeBytes: b % (car.bytes.length - startBytes + 1) }
          const [read] = await store.readRanges({ piece: car.piece, ranges: [range] }, { signal })
          assert.deepEqual(Buffer.from(read ?? []), car.bytes.subarray(startBytes, startBytes + range.sizeBytes))
          const streamed: Uint8Array[] = []
          for await (const part of store.read({ piece: car.piece, range }, { signal })) streamed.push(part)
          assert.deepEqual(Buffer.concat(streamed), car.bytes.subarray(startBytes, startBytes + range.sizeBytes))
          for (const [index, cid] of car.cids.entries()) {
            const place = store.findBlock(cid)
            assert.ok(place !== undefined)
            const [block] = await store.readRanges({ piece: place.piece, ranges: [place.range] }, { signal })
            assert.deepEqual(Buffer.from(block ?? []), Buffer.from(contents[index] ?? []))
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  test(`${name}: a high piece has the cap that it folds from`, async () => {
    await using under = await open(room)
    const car = carOf([new Uint8Array(300_000).fill(5)])
    const piece = await put(under.store, car)
    assert.ok(piece.height > capHeight)
    assert.deepEqual(
      Buffer.from(await under.store.cap(piece, { signal })),
      Buffer.from(hashPiece({ raw: car.bytes, hasher }).cap),
    )
  })

  test(`${name}: what is not the announced piece, or no CAR, is refused by name and leaves nothing`, async () => {
    await using under = await open(room)
    const { store } = under
    const car = carOf([new Uint8Array(2000).fill(1)])
    const other = carOf([new Uint8Array(2000).fill(2)])
    const refused = (bytes: Uint8Array, piece: Piece, code: string): Promise<void> =>
      assert.rejects(store.put({ name: piece, bytes: parts(bytes, 500) }, { signal }), { code })
    await refused(other.bytes, car.piece, 'GW_PIECE_MISMATCH')
    await refused(car.bytes.subarray(0, 900), car.piece, 'GW_CAR_MALFORMED')
    await refused(Buffer.concat([car.bytes, other.bytes]), car.piece, 'GW_BODY_TOO_LARGE')
    const noise = Buffer.alloc(car.bytes.length, 7)
    await refused(noise, pieceOf(hashPiece({ raw: noise, hasher })), 'GW_CAR_MALFORMED')
    const spoiled = Buffer.from(car.bytes)
    spoiled[spoiled.length - 1] = 9
    await refused(spoiled, pieceOf(hashPiece({ raw: spoiled, hasher })), 'GW_CAR_MALFORMED')
    assert.equal(store.pieceCount, 0)
    assert.equal(store.usedBytes, 0)
    for (const cid of [...car.cids, ...other.cids]) assert.equal(store.findBlock(cid), undefined)
    await put(store, car)
    assert.equal(store.pieceCount, 1)
  })

  test(`${name}: no more is taken than there is room for, to the byte`, async () => {
    const car = carOf([new Uint8Array(5000).fill(1)])
    await using exact = await open(car.bytes.length)
    await put(exact.store, car)
    await using less = await open(car.bytes.length - 1)
    await assert.rejects(put(less.store, car), { code: 'GW_NO_ROOM' })
  })

  test(`${name}: the same piece twice is one piece; a removed one is gone`, async () => {
    await using under = await open(room)
    const { store } = under
    const car = carOf([new Uint8Array(700).fill(3)])
    await put(store, car)
    await put(store, car)
    assert.equal(store.pieceCount, 1)
    await store.remove(car.piece, { signal })
    assert.equal(store.find(car.piece), undefined)
    assert.equal(store.usedBytes, 0)
    await assert.rejects(
      store.readRanges({ piece: car.piece, ranges: [{ startBytes: 0, sizeBytes: 1 }] }, { signal }),
      { code: 'GW_NOT_FOUND' },
    )
    for (const cid of car.cids) assert.equal(store.findBlock(cid), undefined)
  })

  test(`${name}: an upload that ends with an error leaves nothing, and its error comes through`, async () => {
    await using under = await open(room)
    const car = carOf([new Uint8Array(9000).fill(4)])
    const cause = new Error('the line broke')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield car.bytes.subarray(0, 4000)
      throw cause
    }
    await assert.rejects(under.store.put({ name: car.piece, bytes: broken() }, { signal }), cause)
    assert.equal(under.store.pieceCount, 0)
    await put(under.store, car)
  })
}
