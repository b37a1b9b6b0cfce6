/**
 * Goal: what a provider signs it can prove: set, manifest and pieces are remembered together or not at all, and no two
 * versions go on from the same one.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import type { Piece, PieceSet } from '../model.ts'
import { hashPiece } from '../piece/piece-hasher.ts'
import type { AccountSigner, SetProposal } from '../ports.ts'
import { setTree } from '../possession/set-tree.ts'
import { carHeader, carSection, unknownRoot } from '../wire/car.ts'
import { encodeManifest } from '../wire/manifest.ts'
import { dataSetIdOf } from '../wire/piece-set.ts'
import { pieceOf, signSet } from '../work.ts'
import { openEvidenceStore, type EvidenceStore } from './evidence-store.ts'
import { hashtreeHasher } from './hashtree-hasher.ts'
import { nodeSha256 } from './node-sha256.ts'
import { openProviderDatabase } from './provider-database.ts'
import { openSegmentStore, type SegmentStore } from './segment-store.ts'
import { setKeeper, type SetKeeper } from './set-keeper.ts'

const hasher = hashtreeHasher()
const { signal } = new AbortController()
const domain: Domain = { chainId: 31337n, verifyingContract: `0x${'da'.repeat(20)}` }
const streamSalt: Hex = `0x${'01'.repeat(32)}`

const signerOf = (fill: number): AccountSigner => {
  const key = new Uint8Array(32).fill(fill)
  return { address: addressOf(key), sign: (digest) => Promise.resolve(sign(digest, key)) }
}
const customer = signerOf(7)
const provider = signerOf(9)

interface Bench extends AsyncDisposable {
  readonly database: DatabaseSync
  readonly store: SegmentStore
  readonly evidence: EvidenceStore
  readonly sets: SetKeeper
  keep(fill: number): Promise<Piece>
}

function bench(signer = provider): Bench {
  const folder = mkdtempSync(path.join(tmpdir(), 'set-keeper-'))
  const database = openProviderDatabase({ path: path.join(folder, 'storage.sqlite') })
  const store = openSegmentStore({
    folder: path.join(folder, 'pieces'),
    database,
    hasher,
    sha256: nodeSha256,
    capacityBytes: 2 ** 20,
    nowMs: () => 1000,
  })
  const evidence = openEvidenceStore({ database })
  const priceNanoPerGibSecond = (): bigint => 1n
  return {
    database,
    store,
    evidence,
    sets: setKeeper({ database, store, evidence, signer, domain, priceNanoPerGibSecond, lockAttoMax: 1n }),
    keep(fill) {
      const bytes = new Uint8Array(50).fill(fill)
      const cid = CID.createV1(0x55, Digest.create(0x12, nodeSha256(bytes)))
      const car = Buffer.concat([carHeader([unknownRoot]), carSection({ cid, bytes })])
      return store.put({ name: pieceOf(hashPiece({ raw: car, hasher })), bytes: inOnePart(car) }, { signal })
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function* inOnePart(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function proposalOf(pieces: readonly Piece[], version: bigint): Promise<SetProposal> {
  const manifest = encodeManifest(pieces)
  const { root } = setTree(pieces)
  const set: PieceSet = {
    customer: customer.address,
    provider: provider.address,
    streamSalt,
    root: root.hash,
    leafCount: root.sum,
    pieceCount: pieces.length,
    version,
    lockAtto: 1n,
    manifest: toHex(nodeSha256(manifest.bytes)),
  }
  const customerSignature = await signSet({ set, domain, signer: customer })
  return { set, customerSignature, manifest: manifest.bytes, rateNano: 10n }
}

test('a set is remembered with its manifest and its pieces, or not at all', async () => {
  await using at = bench()
  const piece = await at.keep(1)
  const proposal = await proposalOf([piece], 1n)
  const manifestCid = cidOfDigest(proposal.set.manifest).toString()
  for (const table of ['storage_kept_sets', 'storage_kept_evidence_blocks', 'storage_kept_pieces']) {
    const event = table === 'storage_kept_pieces' ? 'UPDATE' : 'INSERT'
    at.database.exec(`CREATE TRIGGER full BEFORE ${event} ON ${table} BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
    await assert.rejects(at.sets.sign(proposal), /disk full/, table)
    at.database.exec('DROP TRIGGER full')
    assert.deepEqual(at.sets.latest(), [], table)
    assert.equal(at.evidence.get(manifestCid), undefined, table)
    assert.equal(at.store.looseBytes, piece.rawSizeBytes, table)
  }
  const signed = await at.sets.sign(proposal)
  assert.deepEqual(await at.sets.sign(proposal), signed)
  assert.deepEqual(at.sets.piecesOfRoot({ id: dataSetIdOf(proposal.set), root: proposal.set.root }), [piece])
  assert.ok(at.evidence.get(manifestCid) !== undefined)
  assert.equal(at.store.looseBytes, 0)
})

test('a piece that is dropped while its set is being signed is not signed for', async () => {
  let whileSigning = (): Promise<unknown> => Promise.resolve()
  await using at = bench({
    ...provider,
    async sign(digest) {
      await whileSigning()
      return provider.sign(digest)
    },
  })
  const proposal = await proposalOf([await at.keep(1)], 1n)
  whileSigning = () => at.store.dropLoose({ beforeMs: 2000 }, { signal })
  await assert.rejects(at.sets.sign(proposal), { code: 'GW_SET_REFUSED', message: /piece-not-kept/ })
  assert.deepEqual(at.sets.latest(), [])
})

test('of two versions that go on from the same one, only the first is signed, however close they come', async () => {
  await using at = bench()
  const [a, b, c] = [await at.keep(1), await at.keep(2), await at.keep(3)]
  await at.sets.sign(await proposalOf([a], 1n))
  const proposals = [await proposalOf([a, b], 2n), await proposalOf([a, c], 3n)]
  const both = await Promise.allSettled(proposals.map(async (proposal) => at.sets.sign(proposal)))
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.deepEqual(at.sets.latest()[0]?.pieces, [a, b])
})
