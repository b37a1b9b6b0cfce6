/**
 * Goal: no bytes of a stranger make a decoder of this network throw or answer with what is not in them, be they noise, good
 * bytes that were changed, cut or grown, or maps nested beyond reason.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { pieceSizes, proofBytesMax, type Piece } from '../model.ts'
import { decodeCap, encodeCap } from './cap-block.ts'
import { dagLinks, isPlainDirectory } from './dag-links.ts'
import { decodeManifest, encodeManifest } from './manifest.ts'
import { decodePieceCid, encodePieceCid } from './piece-cid.ts'
import { decodeProposal, encodeProposal } from './piece-set.ts'
import { decodeProofBlock, encodeProofBlock } from './proof-block.ts'

const hex = (fill: number, sizeBytes: number): Hex => toHex(new Uint8Array(sizeBytes).fill(fill))
const cid = CID.createV1(dagCbor.code, Digest.create(0x12, new Uint8Array(32).fill(6)))

function pieceOf(height: number, rawSizeBytes: number): Piece {
  const sizes = pieceSizes({ height, rawSizeBytes })
  assert.ok(sizes !== undefined)
  const piece = { root: hex(height, 32), height, rawSizeBytes, leafCount: sizes.leafCount }
  return height > 11 ? { ...piece, capDigest: hex(9, 32) } : piece
}

const pieces = [pieceOf(2, 1), pieceOf(2, 127), pieceOf(12, 130_048), pieceOf(3, 128)]
const manifest = encodeManifest(pieces).bytes
const proposal = {
  set: {
    customer: hex(1, 20),
    provider: hex(2, 20),
    streamSalt: hex(3, 32),
    root: hex(4, 32),
    leafCount: 77n,
    pieceCount: 4,
    version: 2n ** 64n - 1n,
    lockAtto: 2n ** 128n - 1n,
    manifest: hex(5, 32),
  },
  customerSignature: hex(6, 65),
  manifest,
  rateNano: 1n,
}
const proof = { dataSet: hex(1, 32), epoch: 7n, leaves: new Uint8Array(64), nodes: new Uint8Array(96) }
const directory = dagPb.encode({
  Data: new UnixFS({ type: 'directory' }).marshal(),
  Links: [{ Name: 'a', Tsize: 1, Hash: CID.createV1(dagPb.code, cid.multihash) }],
})

interface Decoder {
  readonly good: Uint8Array
  /** @returns what was read, written again; undefined when nothing was read or it has no one form */
  again(bytes: Uint8Array): Uint8Array | undefined
}

const decoders: Readonly<Record<string, Decoder>> = {
  manifest: {
    good: manifest,
    again: (bytes) => {
      const read = decodeManifest(bytes)
      return read === undefined ? undefined : encodeManifest(read).bytes
    },
  },
  'proof block': {
    good: encodeProofBlock(proof),
    again: (bytes) => {
      const read = decodeProofBlock(bytes)
      return read === undefined ? undefined : encodeProofBlock(read)
    },
  },
  cap: {
    good: encodeCap(new Uint8Array(64)).bytes,
    again: (bytes) => {
      const read = decodeCap(bytes)
      return read === undefined ? undefined : encodeCap(read).bytes
    },
  },
  'piece CID': {
    good: encodePieceCid({ root: new Uint8Array(32), height: 5, paddingBytes: 300 }),
    again: (bytes) => {
      const read = decodePieceCid(bytes)
      return read === undefined ? undefined : encodePieceCid(read)
    },
  },
  proposal: {
    good: encodeProposal(proposal),
    again: (bytes) => {
      const read = decodeProposal(bytes)
      return read === undefined ? undefined : encodeProposal(read)
    },
  },
  'links of dag-pb': {
    good: directory,
    again: (bytes) => {
      const pb = CID.createV1(dagPb.code, cid.multihash)
      assert.ok(Array.isArray(dagLinks({ cid: pb, bytes })))
      assert.equal(typeof isPlainDirectory({ cid: pb, bytes }), 'boolean')
      return undefined
    },
  },
  'links of dag-cbor': {
    good: dagCbor.encode({ a: [cid, { b: cid }], c: new Uint8Array(3) }),
    again: (bytes) => {
      assert.ok(Array.isArray(dagLinks({ cid, bytes })))
      return undefined
    },
  },
}

/** Good bytes with a few bits changed, a part cut out, or some put in. */
const spoiled = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = good.slice()
        for (const [at, change] of changes) bytes[at] = (bytes[at] ?? 0) ^ change
        return bytes
      }),
    fc.tuple(fc.nat(good.length), fc.nat(good.length)).map(([a, b]) => {
      const [from, to] = a < b ? [a, b] : [b, a]
      return new Uint8Array(Buffer.concat([good.subarray(0, from), good.subarray(to)]))
    }),
    fc
      .tuple(fc.nat(good.length), fc.uint8Array({ minLength: 1, maxLength: 20 }))
      .map(([at, more]) => new Uint8Array(Buffer.concat([good.subarray(0, at), more, good.subarray(at)]))),
  )

for (const [name, { good, again }] of Object.entries(decoders)) {
  test(`${name}: noise and spoiled bytes are undefined, or read as exactly what they say`, () => {
    fc.assert(
      fc.property(fc.oneof(spoiled(good), fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const written = again(bytes)
        // A proposal is signed by its fields and not by its bytes, so another encoding of it may be read.
        if (written !== undefined && name !== 'proposal') assert.deepEqual(Buffer.from(written), Buffer.from(bytes))
      }),
      { numRuns: 500 },
    )
    const nested = (open: number): Uint8Array => new Uint8Array(200_000).fill(open)
    for (const bytes of [nested(0x81), nested(0xd8), nested(0x0a), new Uint8Array(0)])
      assert.equal(again(bytes), undefined)
  })
}

test('a proof block and a manifest are read up to their bounds and not beyond', () => {
  const room = proofBytesMax - encodeProofBlock({ ...proof, leaves: new Uint8Array(0) }).length
  const nodes = (sizeBytes: number): Uint8Array => new Uint8Array(Math.floor(sizeBytes / 32) * 32)
  const largest = encodeProofBlock({ ...proof, leaves: nodes(room - 32) })
  assert.ok(largest.length <= proofBytesMax && decodeProofBlock(largest) !== undefined)
  const larger = encodeProofBlock({ ...proof, leaves: nodes(room + 64) })
  assert.ok(larger.length > proofBytesMax)
  assert.equal(decodeProofBlock(larger), undefined)
  const raw = (items: readonly unknown[]): Uint8Array => dagCbor.encode({ version: 1, pieces: items })
  const item = [new Uint8Array(32), 2, 1]
  assert.equal(decodeManifest(raw([]))?.length, 0)
  assert.equal(decodeManifest(raw(Array.from({ length: 8192 }, () => item)))?.length, 8192)
  assert.equal(decodeManifest(raw(Array.from({ length: 8193 }, () => item))), undefined)
  for (const bad of [
    [new Uint8Array(31), 2, 1],
    [new Uint8Array(32), 2, 0],
    [new Uint8Array(32), 2, 128],
    [new Uint8Array(32), 3, 127],
    [new Uint8Array(32), 2, 1, new Uint8Array(32)],
    [new Uint8Array(32), 12, 130_048],
    [new Uint8Array(32), 36, 2 ** 45],
    [new Uint8Array(32), 2, -1],
    [new Uint8Array(32), 2, 1.5],
  ])
    assert.equal(decodeManifest(raw([bad])), undefined, String(bad))
})
