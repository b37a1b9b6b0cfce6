/**
 * Goal: whatever a stranger sends, the server answers with a GW_* code by its table, keeps nothing of it, and lives; what a
 * customer with a good signature sends is kept once and receipted.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { nodeRequestHeader, signNodeRequest } from '@groundwork/core/identity/node-request.ts'
import { softwareNodeSigner, verifyNode } from '@groundwork/core/identity/node-signer.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import { contentGate, type ContentGate } from '@groundwork/core/policy/content-gate.ts'
import { parseDenylist } from '@groundwork/core/policy/denylist.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { pieceSizes, type Piece, type PieceSet } from '../model.ts'
import { rateNanoOf } from '../pay.ts'
import { hashPiece } from '../piece/piece-hasher.ts'
import type { AccountSigner, Clock } from '../ports.ts'
import { setTree } from '../possession/set-tree.ts'
import { carHeader, carReader, carSection, unknownRoot } from '../wire/car.ts'
import { encodeManifest } from '../wire/manifest.ts'
import { formatPieceCid } from '../wire/piece-cid.ts'
import { encodeProposal, pieceSetDigest, pieceSetSigner } from '../wire/piece-set.ts'
import { receiptFromJson, receiptSigner } from '../wire/receipt.ts'
import { pieceOf } from '../work.ts'
import { openEvidenceStore } from './evidence-store.ts'
import { hashtreeHasher } from './hashtree-hasher.ts'
import { misbehaviourOf } from './misbehaviour.ts'
import { nodeSha256 } from './node-sha256.ts'
import { healthBytes, pieceServer, proposalBytesMax } from './piece-server.ts'
import { openProviderDatabase } from './provider-database.ts'
import { openSegmentStore, type SegmentStore } from './segment-store.ts'
import { setKeeper } from './set-keeper.ts'

const hasher = hashtreeHasher()
const providerKey = new Uint8Array(32).fill(1)
const customerKey = new Uint8Array(32).fill(2)
const provider = addressOf(providerKey)
const customer = addressOf(customerKey)
const providerNode = softwareNodeSigner(new Uint8Array(32).fill(3))
const customerNode = softwareNodeSigner(new Uint8Array(32).fill(4))
const domain: Domain = { chainId: 31337n, verifyingContract: `0x${'da'.repeat(20)}` }
const clock: Clock = { nowMs: () => Date.now(), elapsedMs: () => performance.now() }
const signer: AccountSigner = { address: provider, sign: (digest) => Promise.resolve(sign(digest, providerKey)) }
const priceNanoPerGibSecond = 10n ** 9n

interface Bench extends AsyncDisposable {
  readonly url: string
  readonly store: SegmentStore
  readonly incoming: () => string[]
}

async function bench({
  capacityBytes = 2 ** 24,
  looseBytesMax = capacityBytes,
  allow,
}: {
  readonly capacityBytes?: number
  readonly looseBytesMax?: number
  readonly allow?: ContentGate
} = {}): Promise<Bench> {
  const folder = mkdtempSync(path.join(tmpdir(), 'piece-server-'))
  const database = openProviderDatabase({ path: ':memory:' })
  const gated = allow === undefined ? {} : { allow }
  const store = openSegmentStore({ folder, database, hasher, sha256: nodeSha256, capacityBytes, ...gated })
  const evidence = openEvidenceStore({ database })
  const sets = setKeeper({
    database,
    store,
    evidence,
    signer,
    domain,
    priceNanoPerGibSecond: () => priceNanoPerGibSecond,
    lockAttoMax: 1000n,
  })
  const misbehaviour = misbehaviourOf(undefined)
  const server = pieceServer({
    store,
    evidence,
    sets,
    signer,
    nodeSigner: providerNode,
    domain,
    clock,
    sha256: nodeSha256,
    misbehaviour,
    looseBytesMax,
    ...gated,
  })
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    store,
    incoming: () => readdirSync(path.join(folder, 'incoming')),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Car {
  readonly bytes: Buffer
  readonly piece: Piece
  readonly name: string
  readonly cids: readonly CID[]
}

function carOf(contents: readonly Uint8Array[]): Car {
  const cids = contents.map((bytes) => CID.createV1(0x55, Digest.create(0x12, nodeSha256(bytes))))
  const bytes = Buffer.concat([
    carHeader([unknownRoot]),
    ...contents.map((block, index) => carSection({ cid: cids[index] ?? unknownRoot, bytes: block })),
  ])
  const piece = pieceOf(hashPiece({ raw: bytes, hasher }))
  return { bytes, piece, name: nameOf(piece), cids }
}

function gateOf(rules: string): ContentGate {
  const parsed = parseDenylist(rules)
  assert.ok(parsed.tag === 'denylist')
  return contentGate([parsed.list])
}

function nameOf({ root, height, rawSizeBytes }: Piece): string {
  return formatPieceCid({
    root: fromHex(root),
    height,
    paddingBytes: pieceSizes({ height, rawSizeBytes })?.paddingBytes ?? 0,
  })
}

async function authorised(method: string, target: string, body?: Uint8Array): Promise<Record<string, string>> {
  const hash = body === undefined ? 'UNSIGNED' : toHex(nodeSha256(body))
  const request = {
    method,
    path: target,
    body: hash,
    nonce: toHex(randomBytes(16)),
    expiresAtMs: Date.now() + 30_000,
    audience: providerNode.nodeKey,
  } as const
  return { [nodeRequestHeader]: await signNodeRequest(request, customerNode) }
}

async function putPiece({ url }: Bench, { name, bytes }: { name: string; bytes: Uint8Array }): Promise<Response> {
  const target = `/v1/pieces/${name}?customer=${customer}`
  return fetch(`${url}${target}`, {
    method: 'PUT',
    headers: await authorised('PUT', target),
    body: bytes as Uint8Array<ArrayBuffer>,
  })
}

async function postSet({ url }: Bench, body: Uint8Array, signed: Uint8Array = body): Promise<Response> {
  return fetch(`${url}/v1/sets`, {
    method: 'POST',
    headers: await authorised('POST', '/v1/sets', signed),
    body: body as Uint8Array<ArrayBuffer>,
  })
}

async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: string } }
  return `${response.status} ${error.code}`
}

test('a piece is kept, receipted under the provider’s account, and served whole and in ranges', async () => {
  await using at = await bench()
  const car = carOf([new Uint8Array(3000).fill(1), new Uint8Array(20).fill(2)])
  for (const round of ['first', 'again']) {
    const response = await putPiece(at, car)
    assert.equal(response.status, 201, round)
    const signed = receiptFromJson(await response.json())
    assert.ok(signed !== undefined)
    assert.equal(receiptSigner({ signed, domain }), provider)
    assert.equal(signed.receipt.customer, customer)
    assert.equal(signed.receipt.pieceRoot, car.piece.root)
  }
  assert.equal(at.store.pieceCount, 1)
  const get = async (range?: string): Promise<[number, Buffer, string | null]> => {
    const response = await fetch(`${at.url}/v1/pieces/${car.name}`, { headers: range === undefined ? {} : { range } })
    return [response.status, Buffer.from(await response.arrayBuffer()), response.headers.get('content-range')]
  }
  assert.deepEqual(await get(), [200, car.bytes, null])
  assert.deepEqual(await get('bytes=10-19'), [206, car.bytes.subarray(10, 20), `bytes 10-19/${car.bytes.length}`])
  assert.deepEqual((await get('bytes=-5'))[1], car.bytes.subarray(-5))
  assert.equal((await get(`bytes=${car.bytes.length}-`))[0], 416)
})

test('blocks come as they are, or as a CAR whose blocks match', async () => {
  await using at = await bench()
  const contents = [new Uint8Array(3000).fill(1), new Uint8Array(20).fill(2)]
  const car = carOf(contents)
  await putPiece(at, car)
  for (const [index, cid] of car.cids.entries()) {
    const raw = await fetch(`${at.url}/ipfs/${cid.toString()}?format=raw`)
    assert.equal(raw.headers.get('content-type'), 'application/vnd.ipld.raw')
    assert.deepEqual(Buffer.from(await raw.arrayBuffer()), Buffer.from(contents[index] ?? []))
    const asCar = await fetch(`${at.url}/ipfs/${cid.toString()}`, { headers: { accept: 'application/vnd.ipld.car' } })
    const found: string[] = []
    const reader = carReader({ sha256: nodeSha256, onBlock: (block) => found.push(block.cid.toString()) })
    assert.equal(reader.push(new Uint8Array(await asCar.arrayBuffer())) ?? reader.end(), undefined)
    assert.deepEqual(found, [cid.toString()])
    assert.equal(reader.roots?.[0]?.toString(), cid.toString())
  }
  const absent = CID.createV1(0x55, Digest.create(0x12, nodeSha256(Uint8Array.of(9)))).toString()
  assert.equal(await codeOf(await fetch(`${at.url}/ipfs/${absent}?format=raw`)), '404 GW_NOT_FOUND')
  assert.equal(await codeOf(await fetch(`${at.url}/ipfs/${String(car.cids[0])}`)), '400 GW_FORMAT_UNSUPPORTED')
  assert.equal(await codeOf(await fetch(`${at.url}/ipfs/nonsense?format=raw`)), '400 GW_CID_MALFORMED')
})

test('a piece with one listed block is refused on its way in, by the rule, and leaves nothing', async () => {
  const contents = Array.from({ length: 40 }, (_, index) => new Uint8Array(20_000).fill(index))
  const car = carOf(contents)
  await using at = await bench({ allow: gateOf(`/ipfs/${String(car.cids[33])} reason:spam`) })
  assert.equal(await codeOf(await putPiece(at, car)), '451 GW_CONTENT_DENIED')
  assert.equal(at.store.pieceCount, 0)
  assert.deepEqual(at.incoming(), [])
  assert.equal(at.store.findBlock(car.cids[0] ?? unknownRoot), undefined)
  assert.equal((await putPiece(at, carOf(contents.slice(0, 33)))).status, 201)
})

test('what was kept before a list named it is served no more: not the block, not its piece, not below another block', async () => {
  let gate: ContentGate = () => undefined
  await using at = await bench({ allow: (cid) => gate(cid) })
  const [innocent, listed] = [new Uint8Array(30).fill(1), new Uint8Array(30).fill(2)]
  const leaves = [innocent, listed].map((bytes) => CID.createV1(0x55, Digest.create(0x12, nodeSha256(bytes))))
  const parent = dagCbor.encode(leaves)
  const parentCid = CID.createV1(dagCbor.code, Digest.create(0x12, nodeSha256(parent)))
  const many = Array.from({ length: 600 }, (_, index) => new Uint8Array(40).fill(index).fill(index >> 8, 20))
  const bad = carOf([parent, innocent, listed, ...many])
  const good = carOf([innocent])
  for (const one of [bad, good]) assert.equal((await putPiece(at, one)).status, 201)
  gate = gateOf(`/ipfs/${String(leaves[1])} gateway_status:410`)
  const get = async (target: string): Promise<Response> => fetch(`${at.url}${target}`)
  assert.equal(await codeOf(await get(`/ipfs/${String(leaves[1])}?format=raw`)), '410 GW_CONTENT_GONE')
  assert.equal(await codeOf(await get(`/v1/pieces/${bad.name}`)), '410 GW_CONTENT_GONE')
  assert.equal(await codeOf(await putPiece(at, bad)), '410 GW_CONTENT_GONE')
  const target = `/v1/pieces/${bad.name}/receipt?customer=${customer}`
  const asked = { method: 'POST', headers: await authorised('POST', target) }
  assert.equal(await codeOf(await fetch(`${at.url}${target}`, asked)), '410 GW_CONTENT_GONE')
  await assert.rejects(get(`/ipfs/${String(parentCid)}?format=car`).then(async (response) => response.arrayBuffer()))
  assert.equal((await get(`/ipfs/${String(parentCid)}?format=car&dag-scope=block`)).status, 200)
  assert.equal((await get(`/ipfs/${String(leaves[0])}?format=raw`)).status, 200)
  assert.equal((await get(`/v1/pieces/${good.name}`)).status, 200)
})

test('health is answered under the node key, for this nonce', async () => {
  await using at = await bench()
  const nonce: Hex = `0x${'ab'.repeat(16)}`
  const health = (await fetch(`${at.url}/v1/health?nonce=${nonce}`).then((response) => response.json())) as {
    operator: Hex
    atMs: number
    signature: Hex
  }
  assert.equal(health.operator, provider)
  const message = healthBytes({ nonce, operator: provider, atMs: health.atMs })
  assert.ok(verifyNode({ nodeKey: providerNode.nodeKey, message, signature: fromHex(health.signature) }))
  assert.equal(await codeOf(await fetch(`${at.url}/v1/health?nonce=1`)), '400 GW_BODY_MALFORMED')
})

test('a write without a good signature is refused and leaves nothing', async () => {
  await using at = await bench()
  const car = carOf([new Uint8Array(100).fill(1)])
  const target = `/v1/pieces/${car.name}?customer=${customer}`
  const put = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${at.url}${target}`, { method: 'PUT', headers, body: car.bytes as Uint8Array<ArrayBuffer> })
  assert.equal(await codeOf(await put({})), '401 GW_NOT_AUTHENTICATED')
  assert.equal(await codeOf(await put(await authorised('PUT', '/v1/pieces/other'))), '401 GW_NOT_AUTHENTICATED')
  const once = await authorised('PUT', target)
  assert.equal((await put(once)).status, 201)
  assert.equal(await codeOf(await put(once)), '401 GW_NOT_AUTHENTICATED')
  const body = Uint8Array.of(1)
  assert.equal(await codeOf(await postSet(at, body, Uint8Array.of(2))), '401 GW_NOT_AUTHENTICATED')
})

test('any bytes under any name are refused by code, and nothing of them stays', async () => {
  await using at = await bench({ capacityBytes: 2 ** 20 })
  const some = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 3000 }),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.concat([carHeader([unknownRoot]), bytes])),
  )
  await fc.assert(
    fc.asyncProperty(some, fc.boolean(), async (bytes, isOwnName) => {
      const name = isOwnName ? nameOf(pieceOf(hashPiece({ raw: bytes, hasher }))) : carOf([Uint8Array.of(1, 2, 3)]).name
      const response = await putPiece(at, { name, bytes })
      if (response.status === 201) {
        const reader = carReader({ sha256: nodeSha256, onBlock: () => undefined })
        assert.equal(reader.push(bytes) ?? reader.end(), undefined)
        return
      }
      assert.match(await codeOf(response), /^4\d\d GW_(CAR_MALFORMED|PIECE_MISMATCH|BODY_TOO_LARGE)$/)
      assert.deepEqual(at.incoming(), [])
    }),
    { numRuns: 40 },
  )
  assert.equal(
    await codeOf(await putPiece(at, { name: 'bafkzcibnonsense', bytes: Uint8Array.of(1) })),
    '400 GW_CID_MALFORMED',
  )
  const large = carOf([new Uint8Array(2 ** 20).fill(1)])
  assert.equal(await codeOf(await putPiece(at, large)), '503 GW_NO_ROOM')
})

test('uploads at one time share the room for pieces that nobody has paid for', async () => {
  await using at = await bench({ looseBytesMax: 5000 })
  const cars = [1, 2, 3].map((fill) => carOf([new Uint8Array(2000).fill(fill)]))
  const statuses = await Promise.all(cars.map(async (car) => (await putPiece(at, car)).status))
  assert.deepEqual(
    statuses.toSorted((a, b) => a - b),
    [201, 201, 503],
  )
  assert.ok(at.store.looseBytes <= 5000)
  at.store.bindToSet(cars.map(({ piece }) => piece))
  assert.equal((await putPiece(at, carOf([new Uint8Array(4000).fill(9)]))).status, 201)
})

test('an upload that breaks off leaves nothing', async () => {
  await using at = await bench()
  const car = carOf([new Uint8Array(50_000).fill(1)])
  const target = `/v1/pieces/${car.name}?customer=${customer}`
  const headers = { ...(await authorised('PUT', target)), 'content-length': car.bytes.length }
  await new Promise<void>((resolve) => {
    const request = httpRequest(`${at.url}${target}`, { method: 'PUT', headers })
    request.on('error', () => resolve())
    request.write(car.bytes.subarray(0, 20_000), () => request.destroy())
  })
  assert.equal((await putPiece(at, carOf([Uint8Array.of(5)]))).status, 201)
  while (at.incoming().length > 0) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(at.store.find(car.piece), undefined)
})

function proposalOf(
  pieces: readonly Piece[],
  over: Partial<PieceSet> = {},
  rateNano?: bigint,
): { bytes: Uint8Array; set: PieceSet } {
  const manifest = encodeManifest(pieces)
  const { root } = setTree(pieces)
  const set: PieceSet = {
    customer,
    provider,
    streamSalt: `0x${'01'.repeat(32)}`,
    root: root.hash,
    leafCount: root.sum,
    pieceCount: pieces.length,
    version: 1n,
    lockAtto: 10n,
    manifest: toHex(createHash('sha256').update(manifest.bytes).digest()),
    ...over,
  }
  const customerSignature = sign(pieceSetDigest({ set, domain }), customerKey)
  const rate = rateNano ?? rateNanoOf({ leafCount: set.leafCount, priceNanoPerGibSecond })
  return { bytes: encodeProposal({ set, customerSignature, manifest: manifest.bytes, rateNano: rate }), set }
}

test('a set is signed when it is what the provider keeps, at its price; each other one is refused by its reason', async () => {
  await using at = await bench()
  const cars = [carOf([new Uint8Array(300).fill(1)]), carOf([new Uint8Array(90_000).fill(2)])]
  for (const car of cars) await putPiece(at, car)
  const [first, second] = cars.map(({ piece }) => piece)
  assert.ok(first !== undefined && second !== undefined)
  const good = proposalOf([first])
  const reasonOf = async (bytes: Uint8Array): Promise<string> => {
    const response = await postSet(at, bytes)
    const answer = (await response.json()) as {
      providerSignature?: Hex
      error?: { code: string; facts: { reason?: string } }
    }
    return answer.error === undefined ? 'signed' : `${answer.error.code} ${answer.error.facts.reason ?? ''}`
  }
  const refusal = (reason: string): string => `GW_SET_REFUSED ${reason}`
  const absent = carOf([new Uint8Array(77).fill(7)]).piece
  const other: Hex = `0x${'0d'.repeat(20)}`
  assert.equal(await reasonOf(proposalOf([first], { provider: other }).bytes), refusal('for-another-provider'))
  assert.equal(await reasonOf(proposalOf([first], { customer: other }).bytes), refusal('customer-signature-differs'))
  assert.equal(
    await reasonOf(proposalOf([first], { manifest: `0x${'00'.repeat(32)}` }).bytes),
    refusal('manifest-differs'),
  )
  assert.equal(await reasonOf(proposalOf([first], { root: `0x${'00'.repeat(32)}` }).bytes), refusal('root-differs'))
  assert.equal(await reasonOf(proposalOf([first], { pieceCount: 2 }).bytes), refusal('size-differs'))
  assert.equal(await reasonOf(proposalOf([first, absent]).bytes), refusal('piece-not-kept'))
  assert.equal(await reasonOf(proposalOf([first], {}, 0n).bytes), refusal('rate-too-low'))
  assert.equal(await reasonOf(proposalOf([first], { lockAtto: 1001n }).bytes), refusal('lock-too-large'))
  assert.equal(await reasonOf(proposalOf([]).bytes), refusal('set-empty'))

  const answer = (await postSet(at, good.bytes).then((response) => response.json())) as { providerSignature: Hex }
  assert.equal(pieceSetSigner({ set: good.set, signature: answer.providerSignature, domain }), provider)
  const again = (await postSet(at, good.bytes).then((response) => response.json())) as { providerSignature: Hex }
  assert.equal(again.providerSignature, answer.providerSignature)
  assert.equal(await reasonOf(proposalOf([second]).bytes), refusal('version-old'))
  assert.equal(await reasonOf(proposalOf([second, first], { version: 2n }).bytes), refusal('pieces-not-appended'))
  assert.equal(await reasonOf(proposalOf([first, second], { version: 2n }).bytes), 'signed')
  assert.equal(
    await reasonOf(proposalOf([second], { version: 3n, streamSalt: `0x${'02'.repeat(32)}` }).bytes),
    'signed',
  )
})

test('arbitrary and oversized bodies of a set are refused by code', async () => {
  await using at = await bench()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      assert.equal(await codeOf(await postSet(at, bytes)), '400 GW_BODY_MALFORMED')
    }),
    { numRuns: 20 },
  )
  assert.equal(await codeOf(await postSet(at, new Uint8Array(proposalBytesMax + 1))), '413 GW_BODY_TOO_LARGE')
})

test('arbitrary paths get a code and never stop the server', async () => {
  await using at = await bench()
  await fc.assert(
    fc.asyncProperty(fc.webPath(), fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'), async (where, method) => {
      const response = await fetch(`${at.url}/v1${where}`, { method })
      assert.ok(response.status >= 400 && response.status < 500)
      assert.match(await codeOf(response), / GW_[A-Z_]+$/)
    }),
    { numRuns: 40 },
  )
  assert.equal(await codeOf(await fetch(`${at.url}/v1/evidence/batches?network=1&epoch=x`)), '400 GW_BODY_MALFORMED')
  assert.equal(await codeOf(await fetch(`${at.url}/v1/evidence/bafkqaaa`)), '404 GW_NOT_FOUND')
})
