import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { keccak256, toHex } from 'viem'
import { buyCreditsSync } from '../buy-credits.ts'
import type { Chain } from '../client.ts'
import { mine, reorg, rollBack, snapshot } from '../devnet/anvil-control.ts'
import { type ScratchDevnet, scratchDevnet } from '../devnet/scratch-devnet.ts'
import { IndexForeign } from '../errors.ts'
import { openStreamSync } from '../open-stream.ts'
import { postOfferSync } from '../post-offer.ts'
import { registerOperatorSync } from '../register-operator.ts'
import { settleSync } from '../settle.ts'
import { advanceIndex, followChain } from './follow-chain.ts'
import { logsIn, offersIn, openStreamsIn, operatorsIn, paymentsIn } from './index-queries.ts'
import { type ChainIndex, openIndex } from './open-index.ts'
import { eventTables } from './schema.ts'

const signal = AbortSignal.timeout(120_000)
const zero32 = toHex(0, { size: 32 })
let devnet: ScratchDevnet

before(async () => {
  devnet = await scratchDevnet({ port: 23_020 }, { signal })
})

after(async () => {
  await devnet[Symbol.asyncDispose]()
})

const work = 10n ** 18n
const freshIndex = (): ChainIndex => openIndex({ path: ':memory:', deployment: devnet.chain.deployment })

/** Every row of every table that comes from logs. */
function contentOf({ database }: ChainIndex): Record<string, unknown> {
  const ordered = (table: string): unknown => database.prepare(`SELECT * FROM ${table} ORDER BY block, log_index`).all()
  return Object.fromEntries(eventTables.map((table) => [table, ordered(table)]))
}

async function register(chain: Chain, { endpoint }: { endpoint: string }): Promise<void> {
  const operator = chain.account?.address ?? '0x'
  await registerOperatorSync(
    chain,
    { operator, nodeKey: keccak256(operator), cell: 0x871fb4670ffffffn, endpoint },
    { signal },
  )
}

async function offer(chain: Chain, { priceNano, open }: { priceNano: bigint; open: boolean }): Promise<void> {
  const operator = chain.account?.address ?? '0x'
  await postOfferSync(chain, { operator, network: 1, capacity: 2n ** 30n, priceNano, terms: zero32, open }, { signal })
}

/** A stream of the deployer that has earned something, settled. */
async function paidStream(salt: number): Promise<void> {
  const { chain } = devnet
  await buyCreditsSync(chain, { workAtto: work, creditsMin: 0n }, { signal })
  const { event } = await openStreamSync(
    chain,
    {
      payee: devnet.as(6).account.address,
      judge: chain.deployment.addresses.storageJudge,
      rateNano: 10n ** 9n,
      termSeconds: 600,
      credits: 600n,
      coverMaxAtto: work,
      salt: toHex(salt, { size: 32 }),
    },
    { signal },
  )
  await mine(chain, { blocks: 1, intervalSeconds: 5 })
  await settleSync(chain, { id: event.id }, { signal })
}

test('the index holds what the logs say: the last word of each, and every payment', async () => {
  const { chain } = devnet
  using index = freshIndex()
  await register(devnet.as(4), { endpoint: 'http://127.0.0.1:1' })
  await register(devnet.as(5), { endpoint: 'http://127.0.0.1:2' })
  await register(devnet.as(4), { endpoint: 'http://127.0.0.1:3' })
  await offer(devnet.as(4), { priceNano: 7n, open: true })
  await offer(devnet.as(5), { priceNano: 9n, open: true })
  await offer(devnet.as(5), { priceNano: 9n, open: false })
  await paidStream(1)
  const { tip, rewoundTo } = await advanceIndex(index, chain, { signal })
  assert.equal(tip, await chain.client.getBlockNumber())
  assert.equal(rewoundTo, undefined)

  const endpoints = operatorsIn(index).map(({ operator, endpoint }) => [operator, endpoint])
  assert.deepEqual(
    new Map(endpoints as [string, string][]),
    new Map([
      [devnet.as(4).account.address, 'http://127.0.0.1:3'],
      [devnet.as(5).account.address, 'http://127.0.0.1:2'],
    ]),
  )
  assert.deepEqual(
    offersIn(index, { network: 1 }).map(({ operator, priceNano }) => ({ operator, priceNano })),
    [{ operator: devnet.as(4).account.address, priceNano: 7n }],
  )
  const [payment, ...more] = paymentsIn(index)
  assert.equal(more.length, 0)
  assert.ok(payment !== undefined && payment.kind === 'stream' && payment.credits >= 5n)
  assert.equal(payment.payer, devnet.as(0).account.address)
  assert.equal(payment.payee, devnet.as(6).account.address)
  assert.equal(openStreamsIn(index).length, 1)
})

test('after a rollback the index is what a fresh one would be', async () => {
  const { chain } = devnet
  using index = freshIndex()
  const before = await snapshot(chain)
  const atBlock = await chain.client.getBlockNumber()
  await register(devnet.as(7), { endpoint: 'http://gone' })
  await paidStream(2)
  await mine(chain, { blocks: 3 })
  await advanceIndex(index, chain, { signal })
  assert.ok(operatorsIn(index).some(({ endpoint }) => endpoint === 'http://gone'))

  await rollBack(chain, before)
  const lower = await advanceIndex(index, chain, { signal })
  assert.ok(lower.rewoundTo !== undefined && lower.rewoundTo <= atBlock, 'a lower head is a rollback')
  assert.ok(!operatorsIn(index).some(({ endpoint }) => endpoint === 'http://gone'))

  await register(devnet.as(8), { endpoint: 'http://after' })
  await mine(chain, { blocks: 9 })
  await advanceIndex(index, chain, { signal })
  using again = freshIndex()
  await advanceIndex(again, chain, { signal })
  assert.deepEqual(contentOf(index), contentOf(again))
  assert.ok(operatorsIn(index).some(({ endpoint }) => endpoint === 'http://after'))
})

test('blocks that were replaced at the same height are seen by their hash', async () => {
  const { chain } = devnet
  using index = freshIndex()
  await register(devnet.as(9), { endpoint: 'http://replaced' })
  const head = await chain.client.getBlockNumber()
  await advanceIndex(index, chain, { signal })
  assert.ok(operatorsIn(index).some(({ endpoint }) => endpoint === 'http://replaced'))
  await reorg(chain, { depth: 1 })
  assert.ok((await chain.client.getBlockNumber()) >= head)
  const { rewoundTo } = await advanceIndex(index, chain, { signal })
  assert.ok(rewoundTo !== undefined && rewoundTo < head)
  using again = freshIndex()
  await advanceIndex(again, chain, { signal })
  assert.deepEqual(contentOf(index), contentOf(again))
})

test('a file keeps its place, and is refused for another deployment', async () => {
  const { chain, folder } = devnet
  const file = path.join(folder, 'index.sqlite')
  let tip: bigint
  {
    using index = openIndex({ path: file, deployment: chain.deployment })
    tip = (await advanceIndex(index, chain, { signal })).tip
  }
  using index = openIndex({ path: file, deployment: chain.deployment })
  assert.equal(index.tip()?.number, tip)
  assert.equal((await advanceIndex(index, chain, { signal })).events, 0)
  const other = { ...chain.deployment, startBlock: chain.deployment.startBlock + 1n }
  assert.throws(() => openIndex({ path: file, deployment: other }), IndexForeign)
})

test('following hands on every log once, in order, until it is told to stop', async () => {
  const { chain } = devnet
  using index = freshIndex()
  const stop = new AbortController()
  const seen: string[] = []
  let [block, logIndex] = [0n, -1]
  const following = followChain(index, chain, {
    everyMs: 10,
    signal: stop.signal,
    onAdvance: () => {
      for (const log of logsIn(index, { afterBlock: block, afterLogIndex: logIndex, limit: 1_000 })) {
        seen.push(`${log.contract}.${log.event}`)
        block = log.block
        logIndex = log.logIndex
      }
      if (seen.filter((name) => name === 'credits.Bought').length >= 3) stop.abort()
    },
  })
  await buyCreditsSync(chain, { workAtto: work, creditsMin: 0n }, { signal })
  await buyCreditsSync(chain, { workAtto: work, creditsMin: 0n }, { signal })
  await buyCreditsSync(chain, { workAtto: work, creditsMin: 0n }, { signal })
  await following
  assert.equal(seen[0], 'guard.JudgeChanged')
  assert.deepEqual(seen.length, logsIn(index, { afterBlock: 0n, afterLogIndex: -1, limit: 1_000 }).length)
})

test('passes that are asked for at once follow each other, and every log is in once', async () => {
  const { chain } = devnet
  using index = freshIndex()
  const passes = await Promise.all(Array.from({ length: 8 }, async () => advanceIndex(index, chain, { signal })))
  assert.equal(passes.filter(({ events }) => events > 0).length, 1)
  using again = freshIndex()
  await advanceIndex(again, chain, { signal })
  assert.deepEqual(contentOf(index), contentOf(again))
})
