/**
 * A chain with contracts, operators that serve evidence over HTTP, and watchers: the stage of walks/epoch, on a real anvil.
 *
 * The network audited here has storage's number, kinds and prices, so that SumJudge judges it, but its entries stand on
 * nothing: what providers prove is another walk. Blocks are mined by the walk itself, so it waits for nothing.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect, makeChain, withAccount, type Chain } from '@groundwork/chain/client.ts'
import { deployerAccount, devnetAccount } from '@groundwork/chain/devnet/accounts.ts'
import { startAnvil } from '@groundwork/chain/devnet/anvil.ts'
import { deployDevnet } from '@groundwork/chain/devnet/deploy.ts'
import { fund } from '@groundwork/chain/devnet/faucet.ts'
import { openIndex } from '@groundwork/chain/indexer/open-index.ts'
import { buildBatch, encodeBatch } from '@groundwork/core/evidence/batch.ts'
import { comparePlaces, type EntryPlace } from '@groundwork/core/evidence/entry.ts'
import type { Audit, LineDraft } from '@groundwork/core/epoch/audit.ts'
import { closeBlockOf } from '@groundwork/core/epoch/timing.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { sign } from '@groundwork/core/identity/secp256k1.ts'
import { bytesOfBigint } from '@groundwork/core/units/bytes.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { pino } from 'pino'
import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { makeServer } from '../../packages/groundwork/src/http/make-server.ts'
import { indexAdvance, type AuditContext } from '../../packages/groundwork/src/watch/audit-context.ts'
import { chainDesk, timingOf } from '../../packages/groundwork/src/watch/chain-desk.ts'
import type { ChainDesk, EvidenceDesk } from '../../packages/groundwork/src/watch/desks.ts'
import { stakesIn } from '../../packages/groundwork/src/watch/epoch-history.ts'
import { evidenceDesk } from '../../packages/groundwork/src/watch/evidence-desk.ts'
import { evidenceDomain } from '../../packages/groundwork/src/watch/epoch-facts.ts'
import { keepBond } from '../../packages/groundwork/src/watch/keep-bond.ts'
import type { NetworkRules } from '../../packages/groundwork/src/watch/network-rules.ts'
import { makeWatcher, type Watcher } from '../../packages/groundwork/src/watch/watcher.ts'
import { serveEvidence } from '../../packages/groundwork/src/watch/watch-server.ts'
import { openWatchStore, type WatchStore } from '../../packages/groundwork/src/watch/watch-store.ts'

export const network = 1
const workAtto = 10n ** 18n
const bondAtto = 1_000n * workAtto
const log = pino({ level: 'silent' })

/** A party with an account, a bond and a server for evidence. */
export interface Party {
  readonly account: LocalAccount
  readonly operator: Address
  readonly chain: Chain
  readonly context: AuditContext & { readonly store: WatchStore }
  readonly desk: ChainDesk
  readonly evidence: EvidenceDesk
  readonly watcher: (options?: { readonly isPoster?: boolean }) => Watcher
  /** Publishes a signed batch with these quantities, one entry each. */
  publish(epoch: bigint, quantities: readonly bigint[]): void
  /** Stops serving blocks of evidence, or serves them again. */
  serve(isServing: boolean): void
}

export interface EpochWorld {
  readonly chain: Chain
  readonly rpcUrl: string
  readonly signal: AbortSignal
  readonly party: (name: string) => Party
  mine(blocks: bigint): Promise<void>
  /** Mines to a block. */
  mineTo(block: bigint): Promise<void>
  blockNumber(): Promise<bigint>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts everything; parties are bonded and registered. */
export async function openEpochWorld(
  names: readonly string[],
  { port }: { readonly port: number },
): Promise<EpochWorld> {
  const stopping = new AbortController()
  const { signal } = stopping
  const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-epoch-'))
  const anvil = await startAnvil({ port, signal })
  const deployer = await connect(
    { rpcUrl: anvil.rpcUrl, account: deployerAccount(), pollingIntervalMs: 10 },
    { signal },
  )
  const { deployment } = await deployDevnet(deployer, { path: path.join(folder, 'deployment.json'), signal })
  await deployer[Symbol.asyncDispose]()
  const chain = await makeChain(
    { rpcUrl: anvil.rpcUrl, account: devnetAccount(9), deployment, pollingIntervalMs: 10 },
    { signal },
  )
  const rules = plainRules()
  const closers: (() => Promise<void> | void)[] = []
  const parties = new Map<string, Party>()
  for (const [index, name] of names.entries()) {
    const secret = generatePrivateKey()
    const account = privateKeyToAccount(secret)
    await fund(chain, [{ to: account.address, gasWei: 10n ** 18n, workAtto: 5_000n * workAtto }], { signal })
    const own = withAccount(chain, account)
    parties.set(
      name,
      await openParty({
        chain: own,
        account,
        secret,
        rules,
        port: port + 1 + index,
        folder: path.join(folder, name),
        closers,
        signal,
      }),
    )
  }

  const blockNumber = async (): Promise<bigint> => chain.client.getBlockNumber({ cacheTime: 0 })
  const mine = async (blocks: bigint): Promise<void> => {
    if (blocks > 0n) await chain.client.request({ method: 'anvil_mine', params: [`0x${blocks.toString(16)}`] } as never)
  }
  return {
    chain,
    rpcUrl: anvil.rpcUrl,
    signal,
    party: (name) => parties.get(name) ?? missing(name),
    mine,
    mineTo: async (block) => mine(block - (await blockNumber())),
    blockNumber,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the walk is over'))
      for (const close of closers) await close()
      await chain[Symbol.asyncDispose]()
      await anvil.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function missing(name: string): never {
  throw new TypeError(`there is no party ${name}`)
}

interface PartyOptions {
  readonly chain: Chain
  readonly account: LocalAccount
  readonly secret: Hex
  readonly rules: NetworkRules
  readonly port: number
  readonly folder: string
  readonly closers: (() => Promise<void> | void)[]
  readonly signal: AbortSignal
}

async function openParty({
  chain,
  account,
  secret,
  rules,
  port,
  folder,
  closers,
  signal,
}: PartyOptions): Promise<Party> {
  const operator = account.address.toLowerCase() as Address
  const index = openIndex({ path: ':memory:', deployment: chain.deployment })
  const kept = openWatchStore(':memory:')
  const published = new Map<string, Uint8Array>()
  const batchesOf = new Map<bigint, string[]>()
  let isServing = true
  // What a party published itself and what it keeps for others are served alike.
  const store: WatchStore = {
    ...kept,
    get: (name) => (isServing ? (published.get(name) ?? kept.get(name)) : undefined),
    batches: ({ network: wanted, epoch }) => [
      ...(isServing ? (batchesOf.get(epoch) ?? []) : []),
      ...kept.batches({ network: wanted, epoch }),
    ],
  }
  const context = { chain, index, advance: indexAdvance(index, chain), rules: [rules], store, self: operator }
  const desk = chainDesk({ context, account })
  const app = await makeServer({ dataDir: await made(folder), log, title: 'party', version: '0' })
  serveEvidence(app, { context, account, signal })
  const endpoint = await app.listen({ host: '127.0.0.1', port })
  closers.push(
    () => app.close(),
    () => index[Symbol.dispose](),
    () => kept[Symbol.dispose](),
  )
  const nodeKey = toHex(bytesOfBigint(BigInt(port), 32))
  await keepBond({ chain, account, nodeKey, cell: 608693241335840767n, endpoint, network, bondAtto }, { signal })
  const evidence = evidenceDesk({ context, account })
  let previous: ReturnType<typeof buildBatch> | undefined

  return {
    account,
    operator,
    chain,
    context,
    desk,
    evidence,
    watcher: ({ isPoster = false } = {}) => makeWatcher({ networks: [network], isPoster, chain: desk, evidence, log }),
    publish(epoch, quantities) {
      const entries = quantities.map((quantity, at) => {
        const subject = toHex(bytesOfBigint(epoch * 1000n + BigInt(at), 32))
        return { kind: 1, account: operator, subject, quantity, detail: subject }
      })
      const draft = { network, epoch, signer: operator, entries, details: [], previous }
      const batch = buildBatch(draft, {
        domain: evidenceDomain(context),
        sign: (digest) => sign(digest, fromHex(secret, 32)),
      })
      previous = batch
      const { cid, bytes } = encodeBatch(batch)
      published.set(cid.toString(), bytes)
      batchesOf.set(epoch, [...(batchesOf.get(epoch) ?? []), cid.toString()])
    },
    serve: (yes) => {
      isServing = yes
    },
  }
}

async function made(folder: string): Promise<string> {
  const { mkdir } = await import('node:fs/promises')
  await mkdir(folder, { recursive: true })
  return folder
}

interface PlainFacts {
  readonly priceAtto: bigint
  readonly ready: ReadonlySet<Address>
}

/** Storage's lines without storage's proofs: kind 1 by quantity at RebatePrice.sol's price, kind 2 for everyone seated. */
function plainRules(): NetworkRules {
  const priceOf = (
    highUsd8: bigint,
    { epochBlocks, blockSeconds, referenceNanoPerGibSecond }: Chain['deployment']['parameters'],
  ): bigint =>
    (referenceNanoPerGibSecond * BigInt(epochBlocks * blockSeconds) * 32n * 10n ** 21n * 500n * 8000n) /
    (2n ** 30n * 10n ** 9n * 10n ** 8n * highUsd8)
  return {
    network,
    name: 'storage',
    rules: 1n,
    audit: plainAudit,
    stateOf: ({ index, deployment, epoch }) => {
      const stakes = stakesIn(index, { network, until: closeBlockOf(timingOf(deployment), epoch) })
      const ready = [...stakes]
        .filter(([, atto]) => atto >= deployment.parameters.seatAtto)
        .map(([operator]) => operator)
      return { ready: new Set(ready), price: (highUsd8: bigint) => priceOf(highUsd8, deployment.parameters) }
    },
    judgedPriceOf: ({ highUsd8 }, { parameters }) => ({ kind: 1, unitPriceAtto: priceOf(highUsd8, parameters) }),
  }
}

const plainAudit: Audit = ({ batches, facts }) => {
  const state = facts.state as { readonly ready: PlainFacts['ready']; readonly price: (highUsd8: bigint) => bigint }
  const used = new Map<Address, { place: EntryPlace; quantity: bigint }[]>()
  for (const { digest, entries } of batches) {
    for (const [index, { account, quantity }] of entries.entries()) {
      used.set(account, [...(used.get(account) ?? []), { place: { batchDigest: digest, index }, quantity }])
    }
  }
  const readyCount = BigInt([...used.keys()].filter((account) => state.ready.has(account)).length)
  const lines = [...used].flatMap(([account, some]): LineDraft[] => {
    const places = some.toSorted((a, b) => comparePlaces(a.place, b.place))
    const entries = places.map(({ place }) => place)
    const quantity = places.reduce((sum, one) => sum + one.quantity, 0n)
    const paid: LineDraft = {
      account,
      kind: 1,
      quantity,
      unitPriceAtto: state.price(facts.highUsd8),
      lane: 'rebate',
      entries,
    }
    const share = readyCount === 0n ? 0n : facts.allowanceAtto / readyCount
    const ready: LineDraft = {
      account,
      kind: 2,
      quantity: 1n,
      unitPriceAtto: share,
      lane: 'bootstrap',
      entries: entries.slice(0, 1),
    }
    return state.ready.has(account) ? [paid, ready] : [paid]
  })
  return { lines, refusedBatches: [] }
}
