/**
 * Goal: both hashers give every published piece commitment, however the bytes are cut, in bounded batches, and agree with
 * a slow reference that knows nothing of batches, caps or kernels.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import fc from 'fast-check'
import { hashtreeHasher } from '../adapters/hashtree-hasher.ts'
import { wasmHasher } from '../hasher/wasm-hasher.ts'
import { capHeight, capNodeCount, pieceSizes } from '../model.ts'
import { binaryTree, zeroNode } from '../possession/binary-tree.ts'
import { formatPieceCid, formatPieceCidV1 } from '../wire/piece-cid.ts'
import { PieceEmpty, PieceTooLarge } from './piece-errors.ts'
import { hashPiece, pieceHasher, type PieceDigest } from './piece-hasher.ts'

type Input =
  | { readonly kind: 'concat'; readonly parts: readonly { readonly byte: number; readonly count: number }[] }
  | { readonly kind: 'sha512-chain'; readonly count: number; readonly rawCid: string }
  | { readonly kind: 'file'; readonly file: string; readonly sha256: string }
  | { readonly kind: 'zeros-large'; readonly count: string }
  | { readonly kind: 'none' }

interface Vector {
  readonly id: string
  readonly input: Input
  readonly expect: {
    readonly v1?: string
    readonly v2?: string
    readonly padding?: number
    readonly height?: number
    readonly paddedSize?: number
  }
}

const folder = path.join(import.meta.dirname, '../../../../vectors/storage/commp')
const { cases } = JSON.parse(readFileSync(path.join(folder, 'vectors.json'), 'utf8')) as { cases: Vector[] }
const hashers = [hashtreeHasher(), wasmHasher()]
const [native] = hashers
assert.ok(native !== undefined)

/** Each 64 bytes are the SHA-512 of the 64 before, from SHA-512 of nothing on. */
function sha512Chain(sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(Math.ceil(sizeBytes / 64) * 64)
  let link = Buffer.alloc(0)
  for (let at = 0; at < bytes.length; at += 64) {
    link = createHash('sha512').update(link).digest()
    link.copy(bytes, at)
  }
  return bytes
}

const chain = sha512Chain(Math.max(...cases.map(({ input }) => (input.kind === 'sha512-chain' ? input.count : 0))))

function bytesOf(input: Input): Uint8Array | undefined {
  if (input.kind === 'concat') return Buffer.concat(input.parts.map(({ byte, count }) => Buffer.alloc(count, byte)))
  if (input.kind === 'sha512-chain') return chain.subarray(0, input.count)
  if (input.kind === 'file') return readFileSync(path.join(folder, input.file))
  return undefined
}

function inChunks(raw: Uint8Array, sizesBytes: readonly number[]): PieceDigest {
  assert.ok(native !== undefined)
  const piece = pieceHasher({ hasher: native })
  let at = 0
  for (const sizeBytes of sizesBytes) {
    piece.update(raw.slice(at, at + sizeBytes))
    at += sizeBytes
  }
  piece.update(raw.slice(at))
  return piece.digest()
}

/** Bits to leaves one by one, then pairs one by one: nothing of ours. */
function slowRoot(raw: Uint8Array): Uint8Array {
  let leafCount = 4
  while ((leafCount / 4) * 127 < raw.length) leafCount *= 2
  let level = Array.from({ length: leafCount }, () => new Uint8Array(32))
  for (let bit = 0; bit < raw.length * 8; bit++) {
    const leaf = level[Math.floor(bit / 254)]
    const place = bit % 254
    if (leaf !== undefined && ((raw[bit >> 3] ?? 0) >> (bit & 7)) & 1)
      leaf[place >> 3] = (leaf[place >> 3] ?? 0) | (1 << (place & 7))
  }
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, index) => {
      const hash = createHash('sha256')
      hash.update(level[index * 2] ?? '').update(level[index * 2 + 1] ?? '')
      const node = new Uint8Array(hash.digest())
      node[31] = (node[31] ?? 0) & 0x3f
      return node
    })
  }
  return level[0] ?? new Uint8Array(0)
}

for (const hasher of hashers) {
  test(`${hasher.name} gives every published piece commitment`, () => {
    let hashedCount = 0
    for (const { id, input, expect } of cases) {
      const raw = bytesOf(input)
      if (raw === undefined) continue
      if (input.kind === 'file') assert.equal(createHash('sha256').update(raw).digest('hex'), input.sha256, id)
      const digest = hashPiece({ raw, hasher })
      if (expect.v1 !== undefined) assert.equal(formatPieceCidV1(digest.root), expect.v1, id)
      if (expect.v2 !== undefined) assert.equal(formatPieceCid(digest), expect.v2, id)
      if (expect.paddedSize !== undefined) assert.equal(32 * 2 ** digest.height, expect.paddedSize, id)
      if (expect.padding !== undefined) assert.equal(digest.paddingBytes, expect.padding, id)
      if (expect.height !== undefined) assert.equal(digest.height, expect.height, id)
      hashedCount += 1
    }
    assert.equal(hashedCount, 65)
  })

  test(`${hasher.name} gives the published commitment of 32 GiB of zeros without hashing them`, () => {
    const large = cases.find(({ input }) => input.kind === 'zeros-large')
    assert.ok(large?.input.kind === 'zeros-large')
    const rawSizeBytes = Number(large.input.count)
    const height = large.expect.height ?? 0
    const sizes = pieceSizes({ height, rawSizeBytes })
    assert.equal(sizes?.paddingBytes, large.expect.padding)
    const root = zeroNode({ height, hasher })
    assert.equal(formatPieceCidV1(root), large.expect.v1)
    assert.equal(formatPieceCid({ root, height, paddingBytes: 0 }), large.expect.v2)
  })

  test(`${hasher.name} agrees with the slow reference on arbitrary bytes`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 1500 }), (raw) => {
        assert.deepEqual(hashPiece({ raw, hasher }).root, slowRoot(raw))
      }),
    )
  })

  test(`${hasher.name} agrees with the slow reference around the borders of blocks and batches`, () => {
    for (const sizeBytes of [65_023, 65_024, 65_025, 130_047, 130_048, 130_049, 195_073]) {
      const raw = chain.subarray(0, sizeBytes)
      assert.deepEqual(hashPiece({ raw, hasher }).root, slowRoot(raw), `${sizeBytes} bytes`)
    }
  })
}

test('any cutting of a stream gives the same digest', () => {
  const raw = chain.subarray(0, 400_001)
  const whole = inChunks(raw, [])
  const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(127, 65_024, 130_048)), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(sizes, (sizesBytes) => {
      assert.deepEqual(inChunks(raw, sizesBytes), whole)
    }),
    { numRuns: 60 },
  )
})

test('byte by byte is the same as at once', () => {
  const raw = chain.subarray(0, 1000)
  const ones = Array.from({ length: raw.length }, () => 1)
  assert.deepEqual(inChunks(raw, ones), inChunks(raw, []))
})

test('two pieces hashed in turns do not disturb each other', () => {
  const raws = [chain.subarray(0, 300_000), chain.subarray(300_000, 700_000)]
  const pieces = raws.map(() => pieceHasher({ hasher: native }))
  for (let at = 0; at < 400_000; at += 1000) {
    pieces.forEach((piece, index) => piece.update((raws[index] ?? chain).subarray(at, at + 1000)))
  }
  assert.deepEqual(
    pieces.map((piece) => piece.digest()),
    raws.map((raw) => hashPiece({ raw, hasher: native })),
  )
})

test('the cap has one node for each block with data, and folds to the root; a low piece’s cap is its root', () => {
  for (const sizeBytes of [1, 127, 65_024, 65_025, 130_048, 130_049, 1_000_000, 4_161_537]) {
    const { root, cap, height, leafCount } = hashPiece({ raw: chain.subarray(0, sizeBytes), hasher: native })
    assert.equal(cap.length, 32 * capNodeCount({ height, leafCount }), `${sizeBytes} bytes`)
    const baseHeight = Math.min(height, capHeight)
    assert.deepEqual(binaryTree({ nodes: cap, baseHeight, height, hasher: native }).root, root)
  }
})

test('a byte more than a piece may have is refused, the last one that fits is not', () => {
  const piece = pieceHasher({ hasher: native, rawSizeBytesMax: 1000 })
  piece.update(chain.subarray(0, 999))
  assert.throws(() => piece.update(chain.subarray(0, 2)), PieceTooLarge)
  piece.update(chain.subarray(999, 1000))
  assert.deepEqual(piece.digest(), hashPiece({ raw: chain.subarray(0, 1000), hasher: native }))
})

test('no bytes are no piece, and a digest ends the piece', () => {
  assert.throws(() => pieceHasher({ hasher: native }).digest(), PieceEmpty)
  const piece = pieceHasher({ hasher: native })
  piece.update(Uint8Array.of(1))
  piece.digest()
  assert.throws(() => piece.update(Uint8Array.of(2)), InvariantBroken)
  assert.throws(() => piece.digest(), InvariantBroken)
})
