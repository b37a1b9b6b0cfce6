import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { toHex } from 'viem'
import { connect, type Chain } from '../client.ts'
import { mine, raiseBaseFee, rollBack, setAutomine, snapshot } from '../devnet/anvil-control.ts'
import { faultyEndpoint } from '../devnet/faulty-endpoint.ts'
import { type ScratchDevnet, scratchDevnet } from '../devnet/scratch-devnet.ts'
import { buyCreditsCall } from '../buy-credits.ts'
import { railsBatchCall, readKeyUsed } from '../rails-batch.ts'
import { openStreamCall } from '../open-stream.ts'
import { readBalances } from '../read-balances.ts'
import { transferWorkCall, transferWorkSync } from '../transfer-work.ts'
import { decodeRefusal, decodeSent, encodeSent } from './outgoing-call.ts'
import { type SqliteOutbox, sqliteOutbox } from './outbox.ts'
import { entriesPerPassMax, makeSender, type Promised, type Sender } from './sender.ts'

const signal = AbortSignal.timeout(120_000)
const work = 10n ** 18n
const to = '0x00000000000000000000000000000000000000c1'
let devnet: ScratchDevnet
let chain: Chain
let outbox: SqliteOutbox
let sender: Sender
let files = 0

before(async () => {
  devnet = await scratchDevnet({ port: 23_030 }, { signal })
  chain = devnet.chain
})

after(async () => {
  await devnet[Symbol.asyncDispose]()
})

beforeEach(() => {
  files += 1
  outbox = sqliteOutbox({ path: path.join(devnet.folder, `outbox-${files}.sqlite`) })
  sender = makeSender({ connection: chain, outbox, topic: 'chain', confirmations: 1 })
})

const pay = (key: string, amountAtto = work): Promised => ({
  key,
  call: transferWorkCall(chain.deployment, { to, amountAtto }),
})
const paid = async (): Promise<bigint> => (await readBalances(chain, { account: to })).workAtto
const stateOf = async (key: string): Promise<string | undefined> => (await outbox.get(key, { signal }))?.state

async function untilDone(keys: readonly string[]): Promise<void> {
  for (let passes = 0; passes < 8; passes += 1) {
    await sender.pass({ signal })
    const states = await Promise.all(keys.map(stateOf))
    if (states.every((state) => state === 'done' || state === 'refused')) return
  }
  assert.fail(`still not done: ${(await Promise.all(keys.map(stateOf))).join(' ')}`)
}

test('what is promised is sent once, in order, however often it is promised', async () => {
  const before = await paid()
  await sender.promise([pay('a'), pay('b')], { signal })
  await sender.promise([pay('b'), pay('a')], { signal })
  await untilDone(['a', 'b'])
  await sender.promise([pay('a')], { signal })
  await untilDone(['a'])
  assert.equal((await paid()) - before, 2n * work)
})

test('after a rollback the same bytes are handed in again, and count once', async () => {
  const before = await paid()
  const earlier = await snapshot(chain)
  await sender.promise([pay('x'), pay('y')], { signal })
  await untilDone(['x', 'y'])
  const [first] = await Promise.all(
    ['x', 'y'].map(async (key) => decodeSent((await outbox.get(key, { signal }))?.note ?? new Uint8Array())),
  )
  assert.equal((await paid()) - before, 2n * work)

  await rollBack(chain, earlier)
  assert.equal(await paid(), before, 'the rollback took it')
  const { resubmitted } = await sender.pass({ signal })
  assert.deepEqual(new Set(resubmitted), new Set(['x', 'y']))
  await untilDone(['x', 'y'])
  assert.equal((await paid()) - before, 2n * work)
  const again = decodeSent((await outbox.get('x', { signal }))?.note ?? new Uint8Array())
  assert.equal(again.hash, first?.hash)
})

test('when the nonce went to something else meanwhile, the call is signed anew and still counts once', async () => {
  const before = await paid()
  const earlier = await snapshot(chain)
  await sender.promise([pay('p')], { signal })
  await untilDone(['p'])
  await rollBack(chain, earlier)
  await transferWorkSync(chain, { to: '0x00000000000000000000000000000000000000c2', amountAtto: 1n }, { signal })
  await untilDone(['p'])
  await mine(chain, { blocks: 2 })
  await untilDone(['p'])
  assert.equal((await paid()) - before, work)
})

test('a crash between writing down and sending, or between sending and noting, repeats nothing', async () => {
  const before = await paid()
  await sender.promise([pay('m')], { signal })
  await sender.pass({ signal })
  // The process ends here; another opens the same file and knows no more than it.
  const second = makeSender({ connection: chain, outbox, topic: 'chain', confirmations: 1 })
  await second.promise([pay('m')], { signal })
  await second.pass({ signal })
  await second.pass({ signal })
  assert.equal(await stateOf('m'), 'done')
  assert.equal((await paid()) - before, work)

  await setAutomine(chain, { on: false })
  await sender.promise([pay('n')], { signal })
  await sender.pass({ signal })
  assert.equal(await stateOf('n'), 'sent')
  await makeSender({ connection: chain, outbox, topic: 'chain', confirmations: 1 }).pass({ signal })
  await setAutomine(chain, { on: true })
  await mine(chain, { blocks: 1 })
  await untilDone(['n'])
  assert.equal((await paid()) - before, 2n * work)
})

test('what the contracts refuse is given up with the reason, and stops nobody else', async () => {
  const before = await paid()
  const greedy = { key: 'greedy', call: buyCreditsCall(chain.deployment, { workAtto: work, creditsMin: 10n ** 30n }) }
  await sender.promise([greedy, pay('fine')], { signal })
  await untilDone(['greedy', 'fine'])
  assert.equal(await stateOf('greedy'), 'refused')
  assert.match(
    decodeRefusal((await outbox.get('greedy', { signal }))?.note ?? new Uint8Array()).reason,
    /^TooFewCredits\(/,
  )
  assert.equal((await paid()) - before, work)
})

test('a call over which the node stumbles stays pending, and nobody waits behind it', async () => {
  await using endpoint = await faultyEndpoint(chain.rpcUrl)
  const account = chain.account
  assert.ok(account !== undefined)
  const connection = await connect({ rpcUrl: endpoint.rpcUrl, account, pollingIntervalMs: 20 }, { signal })
  const marked = 4_444n
  const isMarked = (params: readonly unknown[]): boolean =>
    JSON.stringify(params).includes(marked.toString(16).padStart(8, '0'))
  endpoint.spoil(({ method, params }) =>
    method === 'eth_estimateGas' && isMarked(params)
      ? { error: { code: -32000, message: 'exceeds block gas limit' } }
      : undefined,
  )
  const own = makeSender({ connection, outbox, topic: 'chain', confirmations: 1 })
  const before = await paid()
  await own.promise([pay('bad', marked), pay('behind')], { signal })
  const { failed, sent } = await own.pass({ signal })
  assert.deepEqual([failed.map(({ key }) => key), sent], [['bad'], ['behind']])
  assert.equal(await stateOf('bad'), 'pending')
  endpoint.spoil(() => undefined)
  await untilDone(['bad', 'behind'])
  assert.equal((await paid()) - before, work + marked)
})

test('an answer that is lost on the way is no reason to pay again', async () => {
  await using endpoint = await faultyEndpoint(chain.rpcUrl)
  const account = chain.account
  assert.ok(account !== undefined)
  const connection = await connect({ rpcUrl: endpoint.rpcUrl, account, pollingIntervalMs: 20 }, { signal })
  let cuts = 0
  endpoint.spoil(({ method }) => (method === 'eth_sendRawTransaction' && (cuts += 1) === 1 ? 'late' : undefined))
  const own = makeSender({ connection, outbox, topic: 'chain', confirmations: 1 })
  const before = await paid()
  await own.promise([pay('once')], { signal })
  await own.pass({ signal })
  await untilDone(['once'])
  await mine(chain, { blocks: 2 })
  assert.equal(endpoint.spoiled(), 1)
  assert.equal((await paid()) - before, work)
})

test('a transaction that offers less than the chain asks now is signed again at its nonce, and counts once', async () => {
  const before = await paid()
  await setAutomine(chain, { on: false })
  try {
    await sender.promise([pay('cheap'), pay('after')], { signal })
    await sender.pass({ signal })
    const cheap = decodeSent((await outbox.get('cheap', { signal }))?.note ?? new Uint8Array())
    await raiseBaseFee(chain, { wei: 10n ** 12n })
    await mine(chain, { blocks: 1 })
    assert.equal(await paid(), before, 'too cheap to be mined')
    const { resubmitted } = await sender.pass({ signal })
    assert.deepEqual(new Set(resubmitted), new Set(['cheap', 'after']))
    const dearer = decodeSent((await outbox.get('cheap', { signal }))?.note ?? new Uint8Array())
    assert.equal(dearer.nonce, cheap.nonce)
    assert.deepEqual(dearer.earlier, [cheap.hash])
    await mine(chain, { blocks: 1 })
  } finally {
    await setAutomine(chain, { on: true })
  }
  await untilDone(['cheap', 'after'])
  assert.equal((await paid()) - before, 2n * work)
  await mine(chain, { blocks: 200 })
})

test('what was refused by a block that is gone is tried again after the rollback', async () => {
  const used = toHex(78, { size: 32 })
  const open = openStreamCall(chain.deployment, {
    payee: devnet.as(6).account.address,
    judge: chain.deployment.addresses.storageJudge,
    rateNano: 10n ** 9n,
    termSeconds: 600,
    credits: 600n,
    coverMaxAtto: work,
    salt: used,
  })
  await sender.promise([{ key: 'more', call: buyCreditsCall(chain.deployment, { workAtto: work, creditsMin: 0n }) }], {
    signal,
  })
  await untilDone(['more'])
  const earlier = await snapshot(chain)
  await sender.promise(
    [
      { key: 'first', call: open },
      { key: 'second', call: open },
    ],
    { signal },
  )
  await untilDone(['first', 'second'])
  assert.deepEqual([await stateOf('first'), await stateOf('second')], ['done', 'refused'])

  await rollBack(chain, earlier)
  const { resubmitted } = await sender.pass({ signal })
  assert.ok(resubmitted.includes('second'))
  await untilDone(['first', 'second'])
  assert.deepEqual(
    [await stateOf('first'), await stateOf('second')],
    ['done', 'refused'],
    'and it is refused for the same reason',
  )
})

test('a keyed batch that was done is skipped by the contract, whoever sends it again', async () => {
  const key = toHex(77, { size: 32 })
  const open = openStreamCall(chain.deployment, {
    payee: devnet.as(6).account.address,
    judge: chain.deployment.addresses.storageJudge,
    rateNano: 10n ** 9n,
    termSeconds: 600,
    credits: 600n,
    coverMaxAtto: work,
    salt: toHex(77, { size: 32 }),
  })
  const buy = { key: 'buy', call: buyCreditsCall(chain.deployment, { workAtto: work, creditsMin: 0n }) }
  await sender.promise([buy, { key: 'batch', call: railsBatchCall(chain.deployment, [{ key, call: open }]) }], {
    signal,
  })
  await untilDone(['buy', 'batch'])
  const sent = { sender: chain.account?.address ?? '0x', key } as const
  assert.equal(await readKeyUsed(chain, sent), true)
  const { credits } = (await readBalances(chain, { account: sent.sender })).bought
  await sender.promise([{ key: 'again', call: railsBatchCall(chain.deployment, [{ key, call: open }]) }], { signal })
  await untilDone(['again'])
  assert.equal((await readBalances(chain, { account: sent.sender })).bought.credits, credits)
})

test('what is done is remembered until no rollback reaches it, then forgotten', async () => {
  const deep = `0x${'00'.repeat(32)}` as const
  const keys = Array.from({ length: entriesPerPassMax }, (_, at) => `old ${at}`)
  const body = new TextEncoder().encode('{}')
  await outbox.put(
    keys.map((key) => ({ topic: 'old', key, body })),
    { signal },
  )
  await mine(chain, { blocks: 50 })
  const head = await chain.client.getBlockNumber({ cacheTime: 0 })
  const { hash } = await chain.client.getBlock({ blockNumber: head })
  for (const [at, key] of keys.entries()) {
    const blockNumber = at < 3 ? 1n : head
    const blockHash = at < 3 ? (await chain.client.getBlock({ blockNumber })).hash : hash
    const note = encodeSent({ hash: deep, nonce: 0, raw: '0x', blockNumber, blockHash })
    await outbox.mark({ key, state: 'done', note }, { signal })
  }
  await makeSender({ connection: chain, outbox, topic: 'old', confirmations: 1, rememberBlocks: 40n }).pass({ signal })
  const left = await outbox.list({ topic: 'old', state: 'done', limit: entriesPerPassMax }, { signal })
  assert.deepEqual(
    left.map(({ key }) => key),
    keys.slice(3),
  )
})

test('done means as deep as was asked for', async () => {
  const patient = makeSender({ connection: chain, outbox, topic: 'deep', confirmations: 3 })
  await patient.promise([pay('deep')], { signal })
  await patient.pass({ signal })
  await patient.pass({ signal })
  assert.equal(await stateOf('deep'), 'sent')
  await mine(chain, { blocks: 2 })
  await patient.pass({ signal })
  assert.equal(await stateOf('deep'), 'done')
})
