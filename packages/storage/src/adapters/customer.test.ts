/**
 * Goal: a customer that died, or whose provider did, between a provider's signature and its own record goes on afterwards; and
 * puts at one time do not take each other's place in a set.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { softwareNodeSigner } from '@groundwork/core/identity/node-signer.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import { ContentDenied } from '@groundwork/core/errors/policy-errors.ts'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Piece } from '../model.ts'
import type { AccountSigner, Chain, Clock, Peers } from '../ports.ts'
import { pieceSizeBytesMin, type FileSource } from '../work.ts'
import { openCustomerRecords } from './customer-records.ts'
import { customer, type Customer, type StoredPieces } from './customer.ts'
import { fakeChain, type FakeChain } from './fake-chain.ts'
import { hashtreeHasher } from './hashtree-hasher.ts'
import { httpPeers } from './http-peer.ts'
import { nodeSha256 } from './node-sha256.ts'
import { openStorageProvider, type StorageProvider } from './provider.ts'

const { signal } = new AbortController()
const clock: Clock = { nowMs: () => Date.now(), elapsedMs: () => performance.now() }
const hasher = hashtreeHasher()
const capacityBytes = 2 ** 28

function signerOf(number: number): AccountSigner {
  const key = new Uint8Array(32).fill(number)
  return { address: addressOf(key), sign: (digest) => Promise.resolve(sign(digest, key)) }
}

interface World extends AsyncDisposable {
  /** A new customer over the same records, as after a start; the lock that it wants is `lockAtto`. */
  begin(options: {
    readonly peers?: (peers: Peers) => Peers
    readonly allow?: ContentGate
    readonly lockAtto: bigint
  }): Customer
  /** Another chain with contracts elsewhere; only some of the providers are back, each with what it kept. */
  redeploy(options: {
    readonly back: readonly number[]
  }): Promise<{ readonly chain: FakeChain; open(number: number): Promise<void> }>
  readonly versions: () => readonly bigint[]
  /** Reads a piece from any of its holders. */
  readPiece(piece: Piece, from: readonly Hex[]): AsyncIterable<Uint8Array>
}

async function openWorld({ providers: count = 1 }: { readonly providers?: number } = {}): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'storage-customer-'))
  let chain = fakeChain()
  let providers: StorageProvider[] = []
  const openProvider = async (number: number): Promise<void> => {
    const nodeSigner = softwareNodeSigner(new Uint8Array(32).fill(100 + number))
    const priceNanoPerGibSecond = 1_000n + BigInt(number)
    const provider = openStorageProvider({
      folder: path.join(folder, `provider-${number}`),
      chain,
      signer: signerOf(number),
      nodeSigner,
      hasher,
      clock,
      capacityBytes,
      priceNanoPerGibSecond,
      lockAttoMax: 10n ** 21n,
      epochAt: () => undefined,
    })
    const { url } = await provider.server.listen({ host: '127.0.0.1', port: 0 })
    chain.offer({
      operator: signerOf(number).address,
      nodeKey: nodeSigner.nodeKey,
      endpoint: url,
      cell: 0n,
      capacityBytes: BigInt(capacityBytes),
      usedBytes: 0n,
      priceNanoPerGibSecond,
      open: true,
      record: { keptCount: 0, faultedCount: 0 },
    })
    providers.push(provider)
  }
  for (let number = 1; number <= count; number += 1) await openProvider(number)
  const records = openCustomerRecords({ path: path.join(folder, 'customer.sqlite') })
  const plain = httpPeers({ nodeSigner: softwareNodeSigner(new Uint8Array(32).fill(200)), clock, sha256: nodeSha256 })
  return {
    begin({ peers = (one) => one, allow, lockAtto }) {
      const priced: Chain = { ...chain, lockFor: () => Promise.resolve(lockAtto) }
      const spoolFolder = path.join(folder, 'spool')
      return customer({
        records,
        chain: priced,
        peers: peers(plain),
        signer: signerOf(50),
        hasher,
        sha256: nodeSha256,
        clock,
        spoolFolder,
        pieceSizeBytesMax: pieceSizeBytesMin,
        ...(allow === undefined ? {} : { allow }),
      })
    },
    async redeploy({ back }) {
      for (const provider of providers) await provider[Symbol.asyncDispose]()
      providers = []
      chain = fakeChain({ dataSetsAddress: `0x${'db'.repeat(20)}` })
      for (const number of back) await openProvider(number)
      return { chain, open: openProvider }
    },
    versions: () => records.sets().map(({ signed }) => signed.set.version),
    async *readPiece(piece, from) {
      const [offer] = (await chain.offers({ signal })).filter(({ operator }) => from.includes(operator))
      if (offer === undefined) throw new Error('nobody has it')
      yield* plain.peerOf(offer).getPiece({ piece }, { signal })
    },
    async [Symbol.asyncDispose]() {
      records[Symbol.dispose]()
      for (const provider of providers) await provider[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function* fileOf(text: string): AsyncGenerator<FileSource> {
  yield { path: 'a.txt', content: [new TextEncoder().encode(text)] }
}

const put = async (one: Customer, text: string, copies = 1): Promise<StoredPieces> =>
  one.put(fileOf(text), { isDirectory: true, copies, sizeBytes: 100, signal })

/** The provider signs, and its answer is lost. */
const lastWordLost = (peers: Peers): Peers => ({
  peerOf: (offer) => {
    const peer = peers.peerOf(offer)
    return {
      ...peer,
      putSet: async (proposal, waiting) => {
        await peer.putSet(proposal, waiting)
        throw new Error('the line broke')
      },
    }
  },
})

test('a set that a provider signed and the customer never recorded does not stop the next put, whatever it costs or holds', async () => {
  await using world = await openWorld()
  await put(world.begin({ lockAtto: 5n }), 'before')
  await assert.rejects(put(world.begin({ lockAtto: 6n, peers: lastWordLost }), 'lost'), /the line broke/)
  assert.deepEqual(world.versions(), [1n], 'nothing is recorded of what was not acknowledged')

  const again = world.begin({ lockAtto: 7n })
  const lost = await put(again, 'lost')
  assert.equal(lost.pieces[0]?.providers.length, 1)
  const other = await put(again, 'another object')
  assert.equal(other.pieces[0]?.providers.length, 1)
  assert.deepEqual(world.versions(), [4n])
  assert.equal((await again.flush({ signal })).length, 1)
})

test('puts at one time extend the set one after the other', async () => {
  await using world = await openWorld()
  const one = world.begin({ lockAtto: 5n })
  const stored = await Promise.all(['one', 'two', 'three', 'four'].map(async (text) => put(one, text)))
  for (const { pieces } of stored) assert.equal(pieces[0]?.providers.length, 1)
  assert.deepEqual(world.versions(), [4n])
})

test('a repair that broke off goes on where it was, and ends when there are copies enough', async () => {
  await using world = await openWorld({ providers: 3 })
  const { readPiece } = world
  const before = world.begin({ lockAtto: 5n })
  const { pieces } = await put(before, 'kept', 2)
  const [stored] = pieces
  const lost = stored?.providers[0]
  assert.ok(stored !== undefined && lost !== undefined)

  const failing = world.begin({ lockAtto: 5n, peers: lastWordLost })
  await assert.rejects(failing.replace(lost, { readPiece, signal }), /the line broke/)
  assert.deepEqual(failing.unfinished(), [lost])
  assert.equal(failing.holdersOf(stored.piece).length, 1)

  const after = world.begin({ lockAtto: 6n })
  const by = await after.replace(lost, { readPiece, signal })
  assert.equal(by.length, 1)
  assert.ok(!stored.providers.includes(by[0] ?? lost), 'the copy is at a new operator')
  assert.deepEqual(after.unfinished(), [])
  assert.deepEqual(await after.replace(lost, { readPiece, signal }), [], 'nothing is copied twice')
})

test('a repair reads on from the next holder when the first gives other bytes, fewer, more or none', async () => {
  const wrongs: readonly (readonly [string, (good: Uint8Array) => Uint8Array])[] = [
    ['other', (good) => good.map((byte) => byte ^ 1)],
    ['fewer', (good) => good.subarray(1)],
    ['more', (good) => Buffer.concat([good, good])],
    ['none', () => new Uint8Array(0)],
  ]
  for (const [name, spoil] of wrongs) {
    await using world = await openWorld({ providers: 4 })
    const one = world.begin({ lockAtto: 5n })
    const { pieces } = await put(one, name, 3)
    const [stored] = pieces
    assert.ok(stored !== undefined)
    const [lost, liar] = stored.providers
    assert.ok(lost !== undefined && liar !== undefined)
    const asked: Hex[] = []
    const readPiece = async function* (piece: Piece, from: readonly Hex[]): AsyncGenerator<Uint8Array> {
      asked.push(...from)
      for await (const bytes of world.readPiece(piece, from)) yield from.includes(liar) ? spoil(bytes) : bytes
    }
    assert.equal((await one.replace(lost, { readPiece, signal })).length, 1, name)
    assert.ok(asked.includes(liar), name)
    assert.deepEqual(one.unfinished(), [], name)
  }
})

test('what a list names is not put: the refusal is the list’s, and nothing is acknowledged', async () => {
  await using world = await openWorld()
  const seen: string[] = []
  const looking = world.begin({ lockAtto: 5n, allow: (cid) => void seen.push(cid.toString()) })
  const { object } = await put(looking, 'innocent')
  assert.ok(seen.includes(object.cid), 'the root is asked for too')
  const facts = { content: '', list: 'house', author: '@us', line: 1, reason: 'spam' }
  const [leaf] = seen
  const refusing = world.begin({
    lockAtto: 5n,
    allow(cid) {
      if (cid.toString() === leaf) throw new ContentDenied({ ...facts, content: leaf })
    },
  })
  await assert.rejects(put(refusing, 'innocent'), { code: 'GW_CONTENT_DENIED' })
  await put(refusing, 'something else')
  assert.deepEqual(world.versions(), [2n])
})

test('after a deployment elsewhere every acknowledged piece is signed for anew and posted, also by a provider that comes later', async () => {
  await using world = await openWorld({ providers: 2 })
  const before = world.begin({ lockAtto: 5n })
  const { pieces } = await put(before, 'kept through everything', 2)
  await before.flush({ signal })
  assert.deepEqual(world.versions(), [1n, 1n])

  const { chain, open } = await world.redeploy({ back: [1] })
  const after = world.begin({ lockAtto: 6n })
  const postedNow = async (): Promise<readonly (readonly [string, bigint])[]> =>
    (await chain.dataSetsAt({ blockNumber: 1n }, { signal })).map(
      ({ provider, version }) => [provider, version] as const,
    )
  await after.flush({ signal })
  assert.deepEqual(await postedNow(), [[signerOf(1).address, 2n]])
  await open(2)
  await after.flush({ signal })
  assert.deepEqual(new Map(await postedNow()), new Map([1, 2].map((number) => [signerOf(number).address, 2n])))
  assert.deepEqual(after.holdersOf(pieces[0]?.piece as Piece).length, 2)
  await after.flush({ signal })
  assert.deepEqual(world.versions(), [2n, 2n], 'what is signed for these contracts is not signed again')
})
