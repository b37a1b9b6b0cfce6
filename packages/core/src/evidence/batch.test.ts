/**
 * Goal: a batch survives its block unchanged, every change of it is refused with a reason, and no bytes make a decoder throw.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { toyBatch, toyEntry, toyFacts, toyKey } from '../epoch/toy-network.ts'
import { deviceOf, signAsDevice } from '../identity/p256.ts'
import { addressOf, sign } from '../identity/secp256k1.ts'
import { laneMax } from '../merkle/lanes.ts'
import { toHex } from '../units/hex.ts'
import { buildBatch, decodeBatch, encodeBatch, verifyBatch, type Batch } from './batch.ts'
import { digestOfHeader, isNextHeader, noDigest } from './batch-header.ts'
import { blockBytesMax, decodeBlock, encodeBlock, isNamed } from './block.ts'

const where = { domain: toyFacts.domain, network: 1, epoch: 1n }
const reasonOf = (batch: Batch, place = where): string => {
  const verdict = verifyBatch(batch, place)
  return verdict.tag === 'refused' ? verdict.reason : 'verified'
}

test('a batch is verified, and comes back from its block as it was', () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 120n }), { maxLength: 20 }),
      (signer, quantities) => {
        const batch = toyBatch({ signer, quantities })
        const block = encodeBatch(batch)
        assert.equal(isNamed(block.cid, block.bytes), true)
        const decoded = decodeBatch(block.bytes)
        assert.ok(decoded)
        const { header, signature, entries, details } = batch
        assert.deepEqual(decoded, { header, signature, entries, details })
        assert.equal(reasonOf(decoded), 'verified')
      },
    ),
    { numRuns: 20 },
  )
})

test('a batch that a device signs is verified, and comes back from its block as it was', () => {
  const secretKey = toyKey(3)
  const signature = signAsDevice(noDigest, secretKey)
  const signer = deviceOf(noDigest, signature) ?? noDigest
  const { header, entries } = toyBatch({ signer: 1, quantities: [5n, 6n] })
  const batch = buildBatch(
    { network: 1, epoch: header.epoch, signer, entries, details: [] },
    { domain: toyFacts.domain, sign: (digest) => signAsDevice(digest, secretKey) },
  )
  assert.equal(reasonOf(batch), 'verified')
  const decoded = decodeBatch(encodeBatch(batch).bytes)
  assert.ok(decoded)
  assert.equal(decoded.signature, batch.signature)
  assert.equal(reasonOf(decoded), 'verified')
  assert.equal(reasonOf({ ...batch, signature: signAsDevice(batch.digest, toyKey(2)) }), 'bad-signature')
  assert.equal(reasonOf({ ...batch, signature: sign(batch.digest, secretKey) }), 'bad-signature')
})

test('whatever is changed in a batch has its own reason', () => {
  const batch = toyBatch({ signer: 1, quantities: [5n, 6n] })
  const { header, entries } = batch
  assert.equal(reasonOf({ ...batch, entries: entries.slice(1) }), 'wrong-count')
  assert.equal(
    reasonOf({ ...batch, entries: entries.map((entry) => ({ ...entry, quantity: entry.quantity + 1n })) }),
    'wrong-sum',
  )
  assert.equal(reasonOf({ ...batch, entries: entries.toReversed() }), 'wrong-root')
  assert.equal(reasonOf({ ...batch, header: { ...header, counter: 9n } }), 'bad-signature')
  assert.equal(reasonOf({ ...batch, signature: sign(batch.digest, toyKey(2)) }), 'bad-signature')
  assert.equal(reasonOf(batch, { ...where, network: 2 }), 'wrong-network')
  assert.equal(reasonOf(batch, { ...where, epoch: 0n }), 'wrong-epoch')
  assert.equal(reasonOf(batch, { ...where, epoch: 8n }), 'verified')
  assert.equal(reasonOf(batch, { ...where, epoch: 9n }), 'wrong-epoch')
  assert.equal(reasonOf(batch, { ...where, domain: { ...where.domain, chainId: 1 } }), 'bad-signature')
})

test('quantities that overflow their lane are refused and do not throw', () => {
  const account = addressOf(toyKey(1))
  const entries = [toyEntry({ account, id: 1, quantity: laneMax }), toyEntry({ account, id: 2, quantity: laneMax })]
  const { header, signature } = toyBatch({ signer: 1, quantities: [1n, 2n] })
  assert.equal(reasonOf({ header, signature, entries, details: [] }), 'wrong-sum')
})

test('headers of a signer form a chain, and a second header with one counter does not follow', () => {
  const first = toyBatch({ signer: 1, quantities: [1n] })
  const second = toyBatch({ signer: 1, quantities: [2n], previous: first })
  assert.equal(isNextHeader(first.header, undefined), true)
  assert.equal(isNextHeader(second.header, first), true)
  assert.equal(isNextHeader(second.header, undefined), false)
  assert.equal(isNextHeader(first.header, second), false)
  const other = toyBatch({ signer: 1, quantities: [3n], previous: first })
  assert.equal(other.header.counter, second.header.counter)
  assert.notEqual(digestOfHeader(other.header, toyFacts.domain), second.digest)
})

test('details are linked, and only blocks of evidence can be', () => {
  const detail = encodeBlock({ proof: 1 })
  const key = toyKey(3)
  const account = addressOf(key)
  const draft = {
    network: 1,
    epoch: 1n,
    signer: account,
    entries: [toyEntry({ account, id: 1, quantity: 1n })],
    details: [detail.cid],
  }
  const batch = buildBatch(draft, { domain: toyFacts.domain, sign: (digest) => sign(digest, key) })
  assert.equal(decodeBatch(encodeBatch(batch).bytes)?.details[0]?.toString(), detail.cid.toString())
})

test('no bytes make the decoder throw, and a changed byte is never the same batch', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.equal(decodeBatch(bytes), undefined)))
  const { bytes } = encodeBatch(toyBatch({ signer: 1, quantities: [5n, 6n] }))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (offset, flip) => {
      const changed = bytes.with(offset, (bytes[offset] ?? 0) ^ flip)
      const decoded = decodeBatch(changed)
      if (decoded !== undefined) assert.notEqual(toHex(encodeBatch(decoded).bytes), toHex(bytes))
      if (decoded !== undefined) assert.notEqual(reasonOf(decoded), 'verified')
    }),
    { numRuns: 300 },
  )
})

test('values that a hostile encoder may choose are no batch', () => {
  fc.assert(
    fc.property(
      fc.object({ maxDepth: 3, values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.uint8Array()] }),
      (value) => {
        assert.equal(decodeBatch(dagCbor.encode(value)), undefined)
        assert.equal(
          decodeBatch(dagCbor.encode({ version: 1, header: value, signature: value, entries: value, details: value })),
          undefined,
        )
      },
    ),
  )
})

test('a block that is too large, not canonical or deep beyond reason is undefined', () => {
  assert.equal(decodeBlock(new Uint8Array(blockBytesMax + 1)), undefined)
  // {"b": 1, "a": 2}: keys out of order
  assert.equal(decodeBlock(Uint8Array.of(0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x02)), undefined)
  // 1 in two bytes
  assert.equal(decodeBlock(Uint8Array.of(0x18, 0x01)), undefined)
  assert.equal(decodeBlock(new Uint8Array(blockBytesMax).fill(0x81)), undefined)
})
