/**
 * Goal: whatever the files, work() gives pieces within their bound that hold every block once, the same ones each time, with
 * bounded memory; accept() takes a set only with this provider's own fresh receipts for exactly its pieces.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { exporter } from 'ipfs-unixfs-exporter'
import type { CID } from 'multiformats/cid'
import { hashtreeHasher } from './adapters/hashtree-hasher.ts'
import type { Piece, PieceSet, SignedReceipt } from './model.ts'
import { hashPiece } from './piece/piece-hasher.ts'
import { setTree } from './possession/set-tree.ts'
import { carReader } from './wire/car.ts'
import { decodeProposal, encodeProposal, pieceSetDigest, pieceSetSigner } from './wire/piece-set.ts'
import { receiptDigest, receiptFromJson, receiptToJson } from './wire/receipt.ts'
import { accept, pieceOf, pieceSizeBytesMin, work, type Cut, type FileSource } from './work.ts'

const hasher = hashtreeHasher()
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const { signal } = new AbortController()

async function* sourcesOf(files: readonly (readonly [string, Uint8Array])[]): AsyncGenerator<FileSource> {
  for (const [path, bytes] of files) yield { path, content: [bytes] }
}

interface Done {
  readonly pieces: readonly Piece[]
  readonly cars: readonly Uint8Array[]
  readonly root: CID
  readonly paths: readonly string[]
}

async function cutAll(cuts: AsyncIterable<Cut>): Promise<Done> {
  const pieces: Piece[] = []
  const cars: Uint8Array[] = []
  const paths: string[] = []
  let parts: Uint8Array[] = []
  let root: CID | undefined
  for await (const cut of cuts) {
    if (cut.kind === 'bytes') parts.push(cut.bytes)
    else if (cut.kind === 'file') paths.push(cut.path)
    else if (cut.kind === 'root') root = cut.cid
    else {
      pieces.push(cut.piece)
      cars.push(Buffer.concat(parts))
      parts = []
    }
  }
  assert.equal(parts.length, 0)
  assert.ok(root !== undefined)
  return { pieces, cars, root, paths }
}

function blocksOf(cars: readonly Uint8Array[]): Map<string, Uint8Array> {
  const blocks = new Map<string, Uint8Array>()
  for (const car of cars) {
    const reader = carReader({ sha256, onBlock: ({ cid, bytes }) => blocks.set(cid.toString(), bytes) })
    assert.equal(reader.push(car) ?? reader.end(), undefined)
  }
  return blocks
}

async function readBack(root: CID, path: string, blocks: ReadonlyMap<string, Uint8Array>): Promise<Buffer> {
  const entry = await exporter(path === '' ? root.toString() : `${root.toString()}/${path}`, {
    async *get(cid: CID) {
      yield blocks.get(cid.toString()) ?? assert.fail(`block ${cid.toString()} is missing`)
    },
  })
  const parts: Uint8Array[] = []
  assert.ok(entry.type === 'file' || entry.type === 'raw')
  for await (const part of entry.content()) parts.push(part)
  return Buffer.concat(parts)
}

test('files come back from the pieces, byte for byte, and the same files give the same pieces', async () => {
  const name = fc.stringMatching(/^[a-z]{1,6}$/)
  const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 2000 })), {
    minLength: 1,
    maxLength: 8,
    selector: ([path]) => path,
  })
  await fc.assert(
    fc.asyncProperty(files, async (some) => {
      const options = { hasher, isDirectory: true, signal }
      const done = await cutAll(work(sourcesOf(some), options))
      const blocks = blocksOf(done.cars)
      for (const [path, bytes] of some) assert.deepEqual(await readBack(done.root, path, blocks), Buffer.from(bytes))
      assert.deepEqual(done.paths.toSorted(), some.map(([path]) => path).toSorted())
      const again = await cutAll(work(sourcesOf(some), options))
      assert.deepEqual(again.pieces, done.pieces)
      assert.equal(again.root.toString(), done.root.toString())
    }),
    { numRuns: 30 },
  )
})

test('a large file becomes several pieces, none over the bound, and its bytes come as they are read', async () => {
  const chunk = new Uint8Array(2 ** 20)
  let readCount = 0
  async function* content(): AsyncGenerator<Uint8Array> {
    for (readCount = 0; readCount < 12; readCount += 1) yield chunk.fill(readCount).slice()
  }
  async function* one(): AsyncGenerator<FileSource> {
    yield { path: 'large.bin', content: content() }
  }
  let outBytes = 0
  let aheadMax = 0
  async function* watched(): AsyncGenerator<Cut> {
    for await (const cut of work(one(), { hasher, isDirectory: false, pieceSizeBytesMax: 2 ** 22, signal })) {
      if (cut.kind === 'bytes') outBytes += cut.bytes.length
      aheadMax = Math.max(aheadMax, readCount - outBytes / 2 ** 20)
      yield cut
    }
  }
  const { pieces, cars, root } = await cutAll(watched())
  assert.ok(pieces.length >= 4)
  assert.ok(pieces.every(({ rawSizeBytes }) => rawSizeBytes <= 2 ** 22))
  assert.ok(aheadMax < 12)
  for (const [index, car] of cars.entries()) {
    assert.deepEqual(pieceOf(hashPiece({ raw: car, hasher })), pieces[index])
  }
  assert.equal((await readBack(root, '', blocksOf(cars))).length, 12 * 2 ** 20)
})

test('an abort ends the work with its own reason', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  await assert.rejects(async () => {
    for await (const cut of work(
      sourcesOf([
        ['a', new Uint8Array(5000)],
        ['b', new Uint8Array(10)],
      ]),
      { hasher, isDirectory: true, signal: controller.signal },
    )) {
      if (cut.kind === 'bytes') controller.abort(reason)
    }
  }, reason)
})

test('files that fail while the blocks before are still being taken fail the reading, and nothing beside it', async () => {
  const bad = async function* (): AsyncGenerator<FileSource> {
    yield { path: 'good', content: [new Uint8Array(3 * 2 ** 20)] }
    throw new Error('the rest is bad')
  }
  const taking = async (): Promise<void> => {
    // Whoever takes the bytes is slower than the failure.
    for await (const _cut of work(bad(), { hasher, isDirectory: true, signal })) await new Promise(setImmediate)
  }
  await assert.rejects(taking, /the rest is bad/)
})

test('a consumer that leaves ends the reading', async () => {
  let isReturned = false
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      for (let turn = 0; ; turn += 1) yield new Uint8Array(2 ** 20).fill(turn)
    } finally {
      isReturned = true
    }
  }
  async function* one(): AsyncGenerator<FileSource> {
    yield { path: 'endless', content: content() }
  }
  for await (const cut of work(one(), { hasher, isDirectory: false, pieceSizeBytesMax: pieceSizeBytesMin, signal })) {
    if (cut.kind === 'piece') break
  }
  assert.equal(isReturned, true)
})

const providerKey = new Uint8Array(32).fill(7)
const provider = addressOf(providerKey)
const customer: Hex = `0x${'c0'.repeat(20)}`
const domain: Domain = { chainId: 31337n, verifyingContract: `0x${'da'.repeat(20)}` }
const nowSeconds = 1_800_000_000n
const pieces = [1000, 200_000].map((sizeBytes) =>
  pieceOf(hashPiece({ raw: new Uint8Array(sizeBytes).fill(9), hasher })),
)

function receiptFor(piece: Piece, over: Partial<SignedReceipt['receipt']> = {}): SignedReceipt {
  const { root: pieceRoot, height } = piece
  const receipt = {
    pieceRoot,
    height,
    rawSize: BigInt(piece.rawSizeBytes),
    customer,
    provider,
    atSeconds: nowSeconds,
    ...over,
  }
  return { receipt, signature: sign(receiptDigest({ receipt, domain }), providerKey) }
}

function setOf(some: readonly Piece[]): PieceSet {
  const { root } = setTree(some)
  return {
    customer,
    provider,
    streamSalt: `0x${'01'.repeat(32)}`,
    root: root.hash,
    leafCount: root.sum,
    pieceCount: some.length,
    version: 1n,
    lockAtto: 5n,
    manifest: `0x${'02'.repeat(32)}`,
  }
}

test('accept() takes a set whose every new piece has its receipt, and names what is wrong otherwise', () => {
  const [first, second] = pieces
  assert.ok(first !== undefined && second !== undefined)
  const good = {
    set: setOf(pieces),
    pieces,
    keptCount: 0,
    receipts: pieces.map((piece) => receiptFor(piece)),
    domain,
    nowSeconds,
  }
  assert.equal(accept(good), undefined)
  assert.equal(accept({ ...good, keptCount: 1, receipts: [receiptFor(second)] }), undefined)
  assert.equal(accept({ ...good, receipts: [receiptFor(first)] }), 'no-receipt')
  assert.equal(accept({ ...good, nowSeconds: nowSeconds + 86_401n }), 'receipt-too-old')
  const other: Hex = `0x${'0d'.repeat(20)}`
  assert.equal(
    accept({ ...good, receipts: [receiptFor(first, { customer: other }), receiptFor(second)] }),
    'receipt-of-another-customer',
  )
  assert.equal(
    accept({ ...good, receipts: [receiptFor(first, { provider: other }), receiptFor(second)] }),
    'receipt-of-another-provider',
  )
  assert.equal(
    accept({ ...good, receipts: [receiptFor(first, { rawSize: 1n }), receiptFor(second)] }),
    'receipt-of-another-size',
  )
  const forged = {
    ...receiptFor(first),
    signature: sign(receiptDigest({ receipt: receiptFor(first).receipt, domain }), new Uint8Array(32).fill(8)),
  }
  assert.equal(accept({ ...good, receipts: [forged, receiptFor(second)] }), 'signature-differs')
  assert.equal(accept({ ...good, set: { ...good.set, root: `0x${'00'.repeat(32)}` } }), 'set-root-differs')
  assert.equal(accept({ ...good, set: { ...good.set, leafCount: 1n } }), 'set-size-differs')
})

test('receipts and proposals read back what was written, and arbitrary bytes are undefined', () => {
  const [first] = pieces
  assert.ok(first !== undefined)
  assert.deepEqual(receiptFromJson(JSON.parse(JSON.stringify(receiptToJson(receiptFor(first))))), receiptFor(first))
  const set = setOf(pieces)
  const customerSignature = sign(pieceSetDigest({ set, domain }), providerKey)
  const proposal = { set, customerSignature, manifest: Uint8Array.of(1, 2), rateNano: 77n }
  assert.deepEqual(decodeProposal(encodeProposal(proposal)), proposal)
  assert.equal(pieceSetSigner({ set, signature: customerSignature, domain }), provider)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.equal(decodeProposal(bytes), undefined)))
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(receiptFromJson(value), undefined)))
})
