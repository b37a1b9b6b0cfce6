/**
 * Goal: nothing that an endpoint or a disk does wrong ends the following of a chain; what is our own mistake does.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type Chain } from '../client.ts'
import { mine } from '../devnet/anvil-control.ts'
import { type Fault, type FaultyEndpoint, faultyEndpoint } from '../devnet/faulty-endpoint.ts'
import { type ScratchDevnet, scratchDevnet } from '../devnet/scratch-devnet.ts'
import { ChainFaulty, ChainUnreachable, IndexDamaged, IndexForeign, IndexUnwritable } from '../errors.ts'
import { advanceIndex, changesMax, followChain } from './follow-chain.ts'
import { logsIn } from './index-queries.ts'
import { type ChainIndex, openIndex } from './open-index.ts'

const signal = AbortSignal.timeout(120_000)
const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-faulty-'))
let devnet: ScratchDevnet
let endpoint: FaultyEndpoint
let chain: Chain

before(async () => {
  devnet = await scratchDevnet({ port: 23_045 }, { signal })
  endpoint = await faultyEndpoint(devnet.chain.rpcUrl)
  const connection = await connect({ rpcUrl: endpoint.rpcUrl, pollingIntervalMs: 20 }, { signal })
  chain = { ...connection, deployment: devnet.chain.deployment }
})

after(async () => {
  await endpoint[Symbol.asyncDispose]()
  await devnet[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const freshIndex = (): ChainIndex => openIndex({ path: ':memory:', deployment: chain.deployment })
const places = (index: ChainIndex): string[] =>
  logsIn(index, { afterBlock: -1n, afterLogIndex: -1, limit: 10_000 }).map((log) => `${log.block}/${log.logIndex}`)

const faults: readonly (readonly [string, string, Fault])[] = [
  [
    'a block that was asked for is not there yet',
    'eth_getBlockByNumber',
    { error: { code: -32602, message: 'BlockOutOfRangeError: block height is 3 but requested was 9' } },
  ],
  ['an error of the node’s own', 'eth_blockNumber', { error: { code: -32603, message: 'internal error' } }],
  ['a header it does not find', 'eth_getLogs', { error: { code: -32000, message: 'header not found' } }],
  ['an error without a known code', 'eth_getLogs', { error: { code: 7, message: 'no' } }],
  ['a page of HTML', 'eth_getLogs', 'garbage'],
  ['an answer without a result', 'eth_blockNumber', 'empty'],
  ['a number that is none', 'eth_blockNumber', { result: 'soon' }],
  ['logs that are no list', 'eth_getLogs', { result: { none: true } }],
  ['a log without a block', 'eth_getLogs', { result: [{ address: `0x${'11'.repeat(20)}`, topics: [], data: '0x' }] }],
  [
    'another block than was asked for',
    'eth_getBlockByNumber',
    { result: { number: '0x1', hash: null, parentHash: '0x', timestamp: '0x1', transactions: [] } },
  ],
  ['a connection that is cut', 'eth_getLogs', 'cut'],
  ['half an answer', 'eth_getBlockByNumber', 'half'],
  ['too many requests', 'eth_blockNumber', 'busy'],
]

test('following outlives every wrong answer, says so, and then has every log once', async (t) => {
  using whole = freshIndex()
  await advanceIndex(whole, chain, { signal })
  for (const [name, method, fault] of faults) {
    await t.test(name, async () => {
      using index = freshIndex()
      const stop = new AbortController()
      const troubles: unknown[] = []
      endpoint.spoil((question) => (question.method === method ? fault : undefined))
      await followChain(index, chain, {
        everyMs: 5,
        signal: AbortSignal.any([signal, stop.signal]),
        onTrouble: (error) => {
          troubles.push(error)
          endpoint.spoil(() => undefined)
        },
        onAdvance: () => stop.abort(),
      })
      assert.ok(troubles.length > 0)
      assert.ok(troubles.every((error) => error instanceof ChainFaulty || error instanceof ChainUnreachable))
      assert.deepEqual(places(index), places(whole))
    })
  }
})

test('an endpoint that gives only short ranges is asked for short ones', async () => {
  await mine(devnet.chain, { blocks: 40 })
  using whole = freshIndex()
  await advanceIndex(whole, devnet.chain, { signal })
  using index = freshIndex()
  endpoint.spoil(({ method, params }) => {
    const { fromBlock, toBlock } = (params[0] ?? {}) as { fromBlock?: string; toBlock?: string }
    const isLong = method === 'eth_getLogs' && Number(toBlock) - Number(fromBlock) >= 4
    return isLong ? { error: { code: -32005, message: 'query returned more than 10000 results' } } : undefined
  })
  const { tip } = await advanceIndex(index, chain, { signal })
  endpoint.spoil(() => undefined)
  assert.equal(tip, await chain.client.getBlockNumber({ cacheTime: 0 }))
  assert.deepEqual(places(index), places(whole))
})

test('a chain that changes at every look ends the pass after a bound, not never', async () => {
  using index = freshIndex()
  let looks = 0
  endpoint.spoil(({ method, params }) => {
    if (method !== 'eth_getBlockByNumber') return undefined
    looks += 1
    const hash = `0x${looks.toString(16).padStart(64, '0')}`
    return {
      result: { number: params[0], hash, parentHash: hash, timestamp: '0x1', transactions: [], baseFeePerGas: '0x1' },
    }
  })
  await assert.rejects(advanceIndex(index, chain, { signal }), ChainFaulty)
  endpoint.spoil(() => undefined)
  assert.ok(looks <= 8 * (changesMax + 1), `${looks} looks`)
  assert.equal(index.tip(), undefined)
})

test('a mistake of our own ends the following with its error', async () => {
  using index = freshIndex()
  const broken: ChainIndex = {
    ...index,
    append: () => {
      throw new TypeError('ours')
    },
  }
  await assert.rejects(followChain(broken, chain, { everyMs: 5, signal }), /ours/)
})

test('a full disk is waited for; a damaged file is named, and so is one of other tables', async () => {
  const full = path.join(folder, 'full.sqlite')
  {
    using index = openIndex({ path: full, deployment: chain.deployment })
    const { page_count: pages } = index.database.prepare('PRAGMA page_count').get() as { page_count: number }
    index.database.exec(`PRAGMA max_page_count = ${pages}`)
    const stop = new AbortController()
    await followChain(index, chain, {
      everyMs: 5,
      signal: AbortSignal.any([signal, stop.signal]),
      onTrouble: (error) => {
        assert.ok(error instanceof IndexUnwritable)
        index.database.exec('PRAGMA max_page_count = 1000000')
      },
      onAdvance: () => stop.abort(),
    })
    assert.ok(places(index).length > 0)
  }
  const damaged = path.join(folder, 'damaged.sqlite')
  writeFileSync(damaged, 'this is no database, whatever it is called'.repeat(100))
  assert.throws(() => openIndex({ path: damaged, deployment: chain.deployment }), IndexDamaged)

  const older = path.join(folder, 'older.sqlite')
  {
    using index = openIndex({ path: older, deployment: chain.deployment })
    index.database.exec("UPDATE meta SET value = 'version 0'; DROP TABLE offers; CREATE TABLE offers (other TEXT)")
  }
  assert.throws(() => openIndex({ path: older, deployment: chain.deployment }), IndexForeign)
})
