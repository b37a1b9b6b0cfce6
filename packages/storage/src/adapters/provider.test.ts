/**
 * Goal: four providers over HTTP, a customer and an auditor, on a chain in memory: what was acknowledged is read back from
 * whoever lives, proven, audited and paid by the line; each lie and loss is caught and named.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import type { EpochFacts } from '@groundwork/core/epoch/audit.ts'
import { closeEpoch, type ClosedEpoch } from '@groundwork/core/epoch/close-epoch.ts'
import { epochAt } from '@groundwork/core/epoch/timing.ts'
import { decodeBatch, type Batch } from '@groundwork/core/evidence/batch.ts'
import type { PreviousEpoch } from '@groundwork/core/evidence/bundle.ts'
import { cidOf, cidOfDigest } from '@groundwork/core/evidence/block.ts'
import { addressOf, recover, sign } from '@groundwork/core/identity/secp256k1.ts'
import { softwareNodeSigner } from '@groundwork/core/identity/node-signer.ts'
import { foldPath } from '@groundwork/core/merkle/sum-tree.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { digestOfAvailable } from '@groundwork/core/evidence/availability.ts'
import { closeBundle } from '@groundwork/core/epoch/close-bundle.ts'
import { CID } from 'multiformats/cid'
import { storageNetwork, type Offer, type Piece } from '../model.ts'
import { audit, rebateAttoPerLeafEpoch, type StorageFacts } from '../pay.ts'
import type { AccountSigner, Clock, Peers } from '../ports.ts'
import { placeOfLeaf, pieceNode, setLayout } from '../possession/set-tree.ts'
import { pieceSizeBytesMin, type FileSource } from '../work.ts'
import { openCustomerRecords, type CustomerRecords } from './customer-records.ts'
import { customer, type Customer } from './customer.ts'
import { fakeChain, type FakeChain } from './fake-chain.ts'
import { hashtreeHasher } from './hashtree-hasher.ts'
import { httpPeers } from './http-peer.ts'
import type { Misbehave } from './misbehaviour.ts'
import { nodeSha256 } from './node-sha256.ts'
import {
  openStorageProvider,
  type ProviderEvent,
  type StorageProvider,
  type StorageProviderOptions,
} from './provider.ts'
import { openReader, type ReadReport } from './read-object.ts'

const hasher = hashtreeHasher()
const { signal } = new AbortController()
const clock: Clock = { nowMs: () => Date.now(), elapsedMs: () => performance.now() }

const keyOf = (index: number): Uint8Array => new Uint8Array(32).fill(index + 1)
const signerOf = (index: number): AccountSigner => ({
  address: addressOf(keyOf(index)),
  sign: (digest) => Promise.resolve(sign(digest, keyOf(index))),
})

interface Running {
  readonly provider: StorageProvider
  readonly offer: Offer
  readonly options: StorageProviderOptions
  readonly events: ProviderEvent[]
}

interface Network extends AsyncDisposable {
  readonly chain: FakeChain
  readonly running: Running[]
  readonly customer: Customer
  readonly records: CustomerRecords
  readonly peers: Peers
  readonly audited: string[]
  kill(index: number): Promise<void>
  restart(index: number): Promise<void>
  offersOf(operators: readonly Hex[]): Promise<readonly Offer[]>
}

/** Digest of the post that providers take for the pending one. */
const pendingPost: Hex = `0x${'22'.repeat(32)}`

async function startNetwork({
  misbehave = [],
  count = 4,
}: { readonly misbehave?: readonly (Misbehave | undefined)[]; readonly count?: number } = {}): Promise<Network> {
  const folder = mkdtempSync(path.join(tmpdir(), 'storage-network-'))
  const chain = fakeChain()
  const running: Running[] = []
  const audited: string[] = []
  const start = async (index: number): Promise<Running> => {
    const events: ProviderEvent[] = []
    const wrong = misbehave[index]
    const options: StorageProviderOptions = {
      folder: path.join(folder, `provider-${index}`),
      chain,
      signer: signerOf(index),
      nodeSigner: softwareNodeSigner(new Uint8Array(32).fill(100 + index)),
      hasher,
      clock,
      capacityBytes: 2 ** 28,
      priceNanoPerGibSecond: BigInt(1000 + index),
      lockAttoMax: 10n ** 21n,
      epochAt: (block) => (block < chain.timing.startBlock ? undefined : epochAt(chain.timing, block)),
      auditBundle: ({ available, blocks }) => {
        audited.push(`${available.epoch} ${blocks.size > 0}`)
        if (available.post !== pendingPost) return Promise.resolve('the post that it is for is not pending')
        return Promise.resolve(available.epoch === 99n ? 'the posted lines differ' : undefined)
      },
      onEvent: (event) => events.push(event),
      ...(wrong === undefined ? {} : { misbehave: wrong }),
    }
    const provider = openStorageProvider(options)
    const { url } = await provider.server.listen({ host: '127.0.0.1', port: 0 })
    const offer: Offer = {
      operator: options.signer.address,
      nodeKey: options.nodeSigner.nodeKey,
      endpoint: url,
      cell: cellAt({ latitude: 10 * index, longitude: 15 * index }) ?? 0n,
      capacityBytes: 2n ** 28n,
      usedBytes: 0n,
      priceNanoPerGibSecond: options.priceNanoPerGibSecond,
      open: true,
      record: { keptCount: 0, faultedCount: 0 },
    }
    chain.offer(offer)
    return { provider, offer, options, events }
  }
  for (let index = 0; index < count; index += 1) running.push(await start(index))
  const peers = httpPeers({ nodeSigner: softwareNodeSigner(new Uint8Array(32).fill(200)), clock, sha256: nodeSha256 })
  const records = openCustomerRecords({ path: path.join(folder, 'customer.sqlite') })
  const spoolFolder = path.join(folder, 'spool')
  return {
    chain,
    running,
    records,
    peers,
    audited,
    customer: customer({
      records,
      chain,
      peers,
      signer: signerOf(50),
      hasher,
      sha256: nodeSha256,
      clock,
      spoolFolder,
      pieceSizeBytesMax: pieceSizeBytesMin,
    }),
    kill: async (index) => running[index]?.provider[Symbol.asyncDispose](),
    restart: async (index) => {
      running[index] = await start(index)
    },
    offersOf: async (operators) =>
      (await chain.offers({ signal })).filter(({ operator }) => operators.includes(operator)),
    async [Symbol.asyncDispose]() {
      records[Symbol.dispose]()
      for (const { provider } of running) await provider[Symbol.asyncDispose]().catch(() => undefined)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function patterned(sizeBytes: number, step: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let index = 0; index < sizeBytes; index += 1) bytes[index] = index * step + (index >> 8)
  return bytes
}

const files: readonly (readonly [string, Uint8Array])[] = [
  ['a.txt', new TextEncoder().encode('a stranger keeps this')],
  ['deep/b.bin', patterned(3_000_000, 7)],
  ['deep/c.bin', patterned(2_500_000, 13)],
]

async function* sources(): AsyncGenerator<FileSource> {
  for (const [name, bytes] of files) yield { path: name, content: [bytes] }
}

async function put(
  network: Network,
  copies = 3,
): Promise<{ cid: CID; pieces: readonly { piece: Piece; providers: readonly Hex[] }[] }> {
  const { object, pieces } = await network.customer.put(sources(), {
    isDirectory: true,
    copies,
    sizeBytes: 6_000_000,
    signal,
  })
  return { cid: CID.parse(object.cid), pieces }
}

async function readBack(network: Network, cid: CID, holders: readonly Hex[]): Promise<ReadReport> {
  const reader = await openReader({
    cid,
    holders: await network.offersOf(holders),
    peers: network.peers,
    sha256: nodeSha256,
    signal,
  })
  const found = new Map<string, Buffer>()
  for await (const { path: name, content } of reader.files()) {
    const parts: Uint8Array[] = []
    for await (const part of content) parts.push(part)
    found.set(name, Buffer.concat(parts))
  }
  assert.deepEqual([...found.keys()].toSorted(), files.map(([name]) => name).toSorted())
  for (const [name, bytes] of files) assert.deepEqual(found.get(name), Buffer.from(bytes))
  return reader.report()
}

/** Closes and seals the epoch that runs, and lets every provider look. */
async function passEpoch(network: Network): Promise<bigint> {
  const { chain } = network
  const epoch = epochAt(chain.timing, (await chain.head({ signal })).blockNumber)
  chain.mine(Number(chain.closeBlock(epoch) - (await chain.head({ signal })).blockNumber) + 2)
  chain.seal(epoch)
  for (const { provider } of network.running) await provider.turn({ signal }).catch(() => undefined)
  return epoch
}

async function auditEpoch(
  network: Network,
  epoch: bigint,
  change: (cid: string, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes,
): Promise<ClosedEpoch> {
  const { chain } = network
  const blocks = new Map<string, Uint8Array>()
  const batches: Batch[] = []
  for (const { offer } of network.running) {
    const list = (await fetch(`${offer.endpoint}/v1/evidence/batches?network=1&epoch=${epoch}`)
      .then((response) => response.json())
      .catch(() => ({ batches: [] }))) as { batches: string[] }
    for (const name of list.batches) {
      const batch = decodeBatch(await evidenceBlock(offer, name))
      assert.ok(batch !== undefined)
      batches.push(batch)
      for (const cid of batch.details)
        blocks.set(cid.toString(), change(cid.toString(), await evidenceBlock(offer, cid.toString())))
    }
  }
  const sealedHash = await chain.sealedHash(epoch, { signal })
  assert.ok(sealedHash !== undefined)
  const state: StorageFacts = {
    epochSeconds: 30n,
    referenceNanoPerGibSecond: 10n ** 12n,
    seatAtto: 100n,
    stakes: network.running.map(({ offer }, index) => ({
      operator: offer.operator,
      totalAtto: index === 0 ? 99n : 100n,
    })),
    epochs: [{ epoch, sealedHash, sets: await chain.dataSetsAt({ blockNumber: chain.closeBlock(epoch) }, { signal }) }],
  }
  const facts: EpochFacts = {
    domain: { chainId: chain.chainId, verifyingContract: chain.epochsAddress },
    rules: 1n,
    closeBlock: chain.closeBlock(epoch),
    sealedHash,
    highUsd8: 10n ** 8n,
    allowanceAtto: 1000n,
    excluded: new Map(),
    state,
  }
  const closed = closeEpoch({
    network: storageNetwork,
    epoch,
    audits: { [storageNetwork]: audit({ hasher }) },
    batches,
    blocks,
    facts,
    previousLeaves: [],
  })
  if (closed.batches.length > 0) {
    const previous: PreviousEpoch = {
      next: 0n,
      root: `0x${'00'.repeat(32)}`,
      totals: 0n,
      evidence: `0x${'00'.repeat(32)}`,
    }
    assert.deepEqual(closeBundle(closed, { previous, blocks }).missing, [])
  }
  return closed
}

async function evidenceBlock({ endpoint }: Offer, cid: string): Promise<Uint8Array> {
  const response = await fetch(`${endpoint}/v1/evidence/${cid}`)
  assert.equal(response.status, 200)
  return new Uint8Array(await response.arrayBuffer())
}

test('a directory is stored with three operators, read back without one of them, proven, audited and repaired', async () => {
  await using network = await startNetwork()
  const { chain } = network
  const { cid, pieces } = await put(network)
  assert.ok(pieces.length >= 2)
  for (const { providers } of pieces) assert.equal(new Set(providers).size, 3)
  assert.equal((await network.customer.flush({ signal })).length, 3)
  assert.deepEqual(await network.customer.flush({ signal }), [])
  const holders = pieces[0]?.providers ?? []
  const report = await readBack(network, cid, holders)
  assert.ok(report.servedBy.length > 0)
  assert.deepEqual(report.wrongBytes, [])

  const epoch = await passEpoch(network)
  assert.equal(chain.batches.length, 3)
  const closed = await auditEpoch(network, epoch)
  assert.deepEqual(closed.refusedBatches, [])
  const unitPriceAtto = rebateAttoPerLeafEpoch({
    epochSeconds: 30n,
    referenceNanoPerGibSecond: 10n ** 12n,
    highUsd8: 10n ** 8n,
  })
  const sets = await chain.dataSetsAt({ blockNumber: chain.closeBlock(epoch) }, { signal })
  const rebates = closed.lines.filter(({ kind }) => kind === 1)
  assert.deepEqual(
    rebates.map(({ account, quantity, unitPriceAtto: price }) => [account, quantity, price]),
    sets
      .toSorted((a, b) => (a.provider < b.provider ? -1 : 1))
      .map((set) => [set.provider, set.leafCount, unitPriceAtto]),
  )
  const ready = sets.filter(({ provider }) => provider !== network.running[0]?.offer.operator).length
  const readiness = closed.lines.filter(({ kind }) => kind === 2)
  assert.equal(readiness.length, ready)
  assert.ok(readiness.every((line) => line.unitPriceAtto === 1000n / BigInt(ready)))

  const dead = network.running.findIndex(({ offer }) => offer.operator === holders[0])
  await network.kill(dead)
  const without = await readBack(network, cid, holders)
  assert.ok(without.servedBy.every(({ provider }) => provider !== holders[0]))

  const lostSet = sets.find(({ provider }) => provider === holders[0])
  assert.ok(lostSet !== undefined)
  chain.fault(lostSet.id)
  const readPiece = (piece: Piece, from: readonly Hex[]): AsyncIterable<Uint8Array> => {
    const offer = network.running.map((one) => one.offer).find(({ operator }) => operator === from[0])
    assert.ok(offer !== undefined)
    return network.peers.peerOf(offer).getPiece({ piece }, { signal })
  }
  const by = await network.customer.replace(holders[0] ?? '0x', { readPiece, signal })
  assert.equal(by.length, 1)
  assert.ok(!holders.includes(by[0] ?? '0x'))
  await network.customer.flush({ signal })
  const next = await passEpoch(network)
  const after = await auditEpoch(network, next)
  assert.deepEqual(
    after.lines.filter(({ kind }) => kind === 1).map(({ account }) => account),
    [...holders.slice(1), ...by].toSorted(),
  )
})

test('an epoch is proven once, also by a provider that was killed in between, and anew when a rollback gave it another seal', async () => {
  await using network = await startNetwork()
  const { chain } = network
  await put(network)
  await network.customer.flush({ signal })
  const epoch = await passEpoch(network)
  assert.equal(chain.batches.length, 3)
  const holder = network.running.findIndex(({ events }) => events.some(({ kind }) => kind === 'proven'))
  await network.kill(holder)
  await network.restart(holder)
  await network.running[holder]?.provider.turn({ signal })
  assert.equal(chain.batches.length, 3)
  chain.seal(epoch, 'after a rollback')
  for (const { provider } of network.running) await provider.turn({ signal })
  assert.equal(chain.batches.length, 6)
  const closed = await auditEpoch(network, epoch)
  assert.equal(closed.refusedBatches.length, 3)
  for (const { reason } of closed.refusedBatches) assert.ok(reason === 'leaf-differs' || reason === 'set-twice')
  assert.equal(closed.lines.filter(({ kind }) => kind === 1).length, 3)
  for (const { header } of closed.batches) assert.equal(header.counter, 1n)
})

test('one changed byte of evidence refuses its batch by name, and only that one', async () => {
  await using network = await startNetwork()
  await put(network)
  await network.customer.flush({ signal })
  const epoch = await passEpoch(network)
  const { batches } = await auditEpoch(network, epoch)
  const proofs = batches.flatMap(({ details }) => details.map(String))
  let changedName = ''
  const closed = await auditEpoch(network, epoch, (name, bytes) => {
    const isProof = bytes.length > 2000 && (changedName === '' || changedName === name)
    if (!isProof) return bytes
    changedName = name
    const changed = Uint8Array.from(bytes)
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    return changed
  })
  assert.ok(proofs.includes(changedName))
  assert.equal(closed.refusedBatches.length, 1)
  assert.match(closed.refusedBatches[0]?.reason ?? '', /^(leaf|cap|set-root|manifest|proof)-/)
})

test('a named leaf is answered so that it folds to the set on chain; a silent provider proves and answers nothing', async () => {
  await using network = await startNetwork({ misbehave: ['skip-proof'], count: 3 })
  const { chain } = network
  await put(network)
  await network.customer.flush({ signal })
  const sets = await chain.dataSetsAt({ blockNumber: 10n ** 6n }, { signal })
  const demands = sets.map(({ id, leafCount }) => chain.demand({ dataSet: id, leafIndex: leafCount - 1n }))
  for (const { provider } of network.running) await provider.turn({ signal })
  for (const [index, set] of sets.entries()) {
    const demand = demands[index]
    assert.ok(demand !== undefined)
    const answer = chain.answers.get(demand.id)
    const isSilent = set.provider === network.running[0]?.offer.operator
    assert.equal(answer === undefined, isSilent)
    if (answer === undefined) continue
    const record = network.records.set(set.provider)
    assert.ok(record !== undefined)
    const layout = setLayout(record.pieces)
    const piece = record.pieces[placeOfLeaf(layout, Number(demand.leafIndex)).pieceIndex]
    assert.ok(piece !== undefined)
    assert.equal(foldPath(pieceNode(piece), answer.setPath)?.root.hash, set.root)
  }
  await passEpoch(network)
  assert.equal(chain.batches.length, 2)
})

test('a demand is answered once, and again when the chain lost the answer, until its deadline', async () => {
  await using network = await startNetwork({ count: 1 })
  const { chain } = network
  await put(network, 1)
  await network.customer.flush({ signal })
  const [set] = await chain.dataSetsAt({ blockNumber: 10n ** 6n }, { signal })
  const [running] = network.running
  assert.ok(set !== undefined && running !== undefined)
  const { id } = chain.demand({ dataSet: set.id, leafIndex: 0n })
  const answeredCount = (): number => running.events.filter(({ kind }) => kind === 'answered').length
  await running.provider.turn({ signal })
  assert.equal(answeredCount(), 1)
  chain.loseAnswer(id)
  chain.mine(2)
  await running.provider.turn({ signal })
  assert.equal(answeredCount(), 1, 'it may still be on its way')
  chain.mine(1)
  await running.provider.turn({ signal })
  assert.equal(answeredCount(), 2)
  await running.provider.turn({ signal })
  assert.equal(answeredCount(), 2, 'the chain has it')
  chain.loseAnswer(id)
  await running.provider.turn({ signal })
  assert.equal(answeredCount(), 3, 'the chain had it and lost it')
  chain.loseAnswer(id)
  chain.mine(8)
  await running.provider.turn({ signal })
  assert.equal(answeredCount(), 3, 'its deadline is over')
})

test('a wrong byte of the nearest moves the read to another provider, and its server is named', async () => {
  await using network = await startNetwork({ misbehave: ['serve-wrong-byte'], count: 3 })
  const { cid, pieces } = await put(network)
  const liar = network.running[0]?.offer.operator
  const nearLiar: Peers = {
    peerOf(offer) {
      const peer = network.peers.peerOf(offer)
      return { ...peer, probe: () => Promise.resolve(offer.operator === liar ? 1 : 2) }
    },
  }
  const report = await readBack({ ...network, peers: nearLiar }, cid, pieces[0]?.providers ?? [])
  assert.ok(report.wrongBytes.length > 0)
  assert.ok(report.wrongBytes.every(({ provider }) => provider === liar))
  assert.ok(report.servedBy.every(({ provider }) => provider !== liar))
})

test('a provider that dies before the upload is replaced by the next best', async () => {
  await using network = await startNetwork()
  await network.kill(0)
  const { pieces } = await put(network)
  const dead = network.running[0]?.offer.operator ?? '0x'
  for (const { providers } of pieces) {
    assert.equal(providers.length, 3)
    assert.ok(!providers.includes(dead))
  }
})

test('a drawn keeper keeps the bundle that it audited and signs for its post; another root or post, or a wrong audit, gets no signature', async () => {
  await using network = await startNetwork({ count: 3 })
  const { chain } = network
  await put(network)
  await network.customer.flush({ signal })
  const epoch = await passEpoch(network)
  const closed = await auditEpoch(network, epoch)
  const blocks = new Map<string, Uint8Array>()
  for (const { details } of closed.batches)
    for (const cid of details)
      for (const { provider } of network.running) {
        const bytes = provider.evidence.get(cid.toString())
        if (bytes !== undefined) blocks.set(cid.toString(), bytes)
      }
  const previous: PreviousEpoch = {
    next: 0n,
    root: `0x${'00'.repeat(32)}`,
    totals: 0n,
    evidence: `0x${'00'.repeat(32)}`,
  }
  const { car, post, root } = closeBundle(closed, { previous, blocks })
  const ask = (index: number, evidence: Hex, at: bigint, named = `&post=${pendingPost}`): Promise<Response> =>
    fetch(
      `${network.running[index]?.offer.endpoint}/v1/evidence/bundles?network=1&epoch=${at}&evidence=${evidence}${named}`,
      {
        method: 'POST',
        body: car as Uint8Array<ArrayBuffer>,
      },
    )
  const good = await ask(0, post.evidence, epoch)
  const { signature } = (await good.json()) as { signature: Hex }
  const domain = { chainId: chain.chainId, verifyingContract: chain.epochsAddress }
  const available = { network: 1, epoch, evidence: post.evidence, post: pendingPost }
  assert.equal(recover(digestOfAvailable(available, domain), signature), network.running[0]?.offer.operator)
  assert.deepEqual(
    Buffer.from(await evidenceBlock(network.running[0]?.offer ?? assert.fail(), cidOfDigest(post.evidence).toString())),
    Buffer.from(root.bytes),
  )
  const wrongRoot = await ask(1, `0x${'11'.repeat(32)}`, epoch)
  assert.equal(wrongRoot.status, 400)
  assert.equal(((await wrongRoot.json()) as { error: { code: string } }).error.code, 'GW_BUNDLE_REFUSED')
  assert.equal((await ask(1, post.evidence, 99n)).status, 400)
  const auditedCount = network.audited.length
  for (const [named, code] of [
    [`&post=0x${'33'.repeat(32)}`, 'GW_BUNDLE_REFUSED'],
    ['&post=0x33', 'GW_BODY_MALFORMED'],
    ['', 'GW_BODY_MALFORMED'],
  ] as const) {
    const refused = await ask(1, post.evidence, epoch, named)
    assert.equal(refused.status, 400)
    assert.equal(((await refused.json()) as { error: { code: string } }).error.code, code)
  }
  assert.equal(network.audited.length, auditedCount + 1, 'only the first of the three names a post at all')
  assert.equal(network.running[1]?.provider.evidence.get(cidOf(root.bytes).toString()), undefined)
})
