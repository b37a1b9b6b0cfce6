import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { digestOfPost } from '@groundwork/core/epoch/post.ts'
import { toHex } from 'viem'
import { attestEpochSync } from '../attest-epoch.ts'
import { buyCreditsSync } from '../buy-credits.ts'
import type { Chain } from '../client.ts'
import { convertForCall } from '../convert-for.ts'
import { depositBondSync } from '../deposit-bond.ts'
import { mine, passTime } from '../devnet/anvil-control.ts'
import { fund } from '../devnet/faucet.ts'
import { type ScratchDevnet, scratchDevnet } from '../devnet/scratch-devnet.ts'
import type { EpochPost } from '../epoch-post.ts'
import { ChainRefused, NotRelayed } from '../errors.ts'
import { advanceIndex } from '../indexer/follow-chain.ts'
import { epochStepsIn } from '../indexer/index-queries.ts'
import { type ChainIndex, openIndex } from '../indexer/open-index.ts'
import { openStreamSync } from '../open-stream.ts'
import { postEpochSync } from '../post-epoch.ts'
import { postOfferForCall } from '../post-offer-for.ts'
import { readBalances } from '../read-balances.ts'
import { readCommittee } from '../read-committee.ts'
import { readHead } from '../read-head.ts'
import { readOperator, readOffer } from '../read-operator.ts'
import { readPending } from '../read-pending.ts'
import { readSeal } from '../read-seal.ts'
import { registerOperatorForCall } from '../register-operator-for.ts'
import { settleManyCall } from '../settle-many.ts'
import { signConvert, signPostOffer, signRegister, signTyped } from '../sign-typed.ts'
import { transferWorkCall } from '../transfer-work.ts'
import { availableMessage } from '../typed-data.ts'
import { type Keeper, makeKeeper } from './keeper.ts'
import { type SqliteOutbox, sqliteOutbox } from './outbox.ts'
import { makeSender } from './sender.ts'

const signal = AbortSignal.timeout(120_000)
const work = 10n ** 18n
const zero32 = toHex(0, { size: 32 })
const storage = 1
let devnet: ScratchDevnet
let chain: Chain
let index: ChainIndex
let outbox: SqliteOutbox
let keeper: Keeper

before(async () => {
  devnet = await scratchDevnet({ port: 23_040 }, { signal })
  chain = devnet.chain
  index = openIndex({ path: ':memory:', deployment: chain.deployment })
  outbox = sqliteOutbox({ path: ':memory:' })
  const sender = makeSender({ connection: devnet.as(9), outbox, topic: 'keeper', confirmations: 1 })
  keeper = makeKeeper({ chain: devnet.as(9), index, sender, networks: [storage], settleMinCredits: 10n })
})

after(async () => {
  index[Symbol.dispose]()
  outbox[Symbol.dispose]()
  await devnet[Symbol.asyncDispose]()
})

/** Two passes: what the first sends, the second sees mined. */
async function keep(): Promise<readonly string[]> {
  await advanceIndex(index, chain, { signal })
  const first = await keeper.pass({ signal })
  const second = await keeper.pass({ signal })
  await advanceIndex(index, chain, { signal })
  assert.deepEqual([...first.refused, ...second.refused], [])
  return [...first.done, ...second.done]
}

test('who owns no gas registers, offers and converts through the keeper, once each', async () => {
  const { account } = devnet.as(12)
  assert.equal((await readBalances(chain, { account: account.address })).gasWei, 0n)
  const deadline = Number((await chain.client.getBlock()).timestamp) + 3_600
  const register = await signRegister(chain, account, {
    nodeKey: toHex(7, { size: 32 }),
    cell: 5n,
    endpoint: 'http://12',
    deadline,
  })
  await keeper.relay(registerOperatorForCall(chain.deployment, register), { signal })
  await keeper.relay(registerOperatorForCall(chain.deployment, register), { signal })
  await keep()
  assert.equal((await readOperator(chain, { account: account.address })).endpoint, 'http://12')
  await assert.rejects(
    keeper.relay(registerOperatorForCall(chain.deployment, register), { signal }),
    ChainRefused,
    'its nonce is spent',
  )

  const offer = await signPostOffer(chain, account, {
    network: storage,
    capacity: 10n,
    priceNano: 3n,
    terms: zero32,
    open: true,
    deadline,
  })
  await keeper.relay(postOfferForCall(chain.deployment, offer), { signal })
  await keep()
  assert.equal((await readOffer(chain, { account: account.address, network: storage })).priceNano, 3n)
})

test('a keeper hands in nothing that lacks another’s signature', async () => {
  await assert.rejects(
    keeper.relay(transferWorkCall(chain.deployment, { to: zeroTo, amountAtto: 1n }), { signal }),
    NotRelayed,
  )
})

test('what anyone may send is handed in without a signature, once an epoch', async () => {
  const call = settleManyCall(chain.deployment, { ids: [toHex(99, { size: 32 })] })
  const key = await keeper.relay(call, { signal })
  assert.equal(await keeper.relay(call, { signal }), key, 'the same again is one promise')
  await keep()
  await mine(chain, { blocks: chain.deployment.parameters.epochBlocks })
  assert.notEqual(await keeper.relay(call, { signal }), key, 'a later epoch may have something to settle again')
  await keep()
})

const zeroTo = '0x0000000000000000000000000000000000000001'

test('a stream is settled when enough is due, and its pay converted by its payee’s signature', async () => {
  const payee = devnet.as(12).account
  await buyCreditsSync(chain, { workAtto: work, creditsMin: 0n }, { signal })
  const judge = chain.deployment.addresses.storageJudge
  const terms = {
    payee: payee.address,
    judge,
    rateNano: 10n ** 9n,
    termSeconds: 600,
    credits: 600n,
    coverMaxAtto: work,
    salt: zero32,
  }
  await openStreamSync(chain, terms, { signal })
  await passTime(chain, { seconds: 4 })
  await keep()
  assert.equal((await readBalances(chain, { account: payee.address })).earned.credits, 0n, 'too little is due')
  await passTime(chain, { seconds: 100 })
  await keep()
  const { credits } = (await readBalances(chain, { account: payee.address })).earned
  assert.ok(credits >= 100n)

  const deadline = Number((await chain.client.getBlock()).timestamp) + 3_600
  const convert = await signConvert(chain, payee, { credits, minOutAtto: 1n, deadline })
  await keeper.relay(convertForCall(chain.deployment, convert), { signal })
  await keep()
  const after = await readBalances(chain, { account: payee.address })
  assert.equal(after.earned.credits, 0n)
  assert.ok(after.workAtto > 0n)
  assert.equal(after.gasWei, 0n)
})

async function closeNextEpoch(): Promise<bigint> {
  const { startBlock, epochBlocks } = chain.deployment.parameters
  const head = await chain.client.getBlockNumber()
  const epoch = (head - startBlock) / BigInt(epochBlocks)
  const closeBlock = startBlock + (epoch + 1n) * BigInt(epochBlocks)
  await mine(chain, { blocks: Number(closeBlock + 1n - head) })
  return epoch
}

function emptyPost(epoch: bigint, evidence: number): EpochPost {
  return {
    epoch,
    root: zero32,
    totals: 0n,
    linesRoot: zero32,
    linesTotal: 0n,
    lineCount: 0,
    batchesRoot: zero32,
    batchCount: 0,
    evidence: toHex(evidence, { size: 32 }),
    rules: 1n,
  }
}

test('epochs are sealed as soon as they can be, and never twice', async () => {
  const epoch = await closeNextEpoch()
  await keep()
  const seal = await readSeal(chain, { network: storage, epoch })
  const sealedBlock =
    chain.deployment.parameters.startBlock + (epoch + 1n) * BigInt(chain.deployment.parameters.epochBlocks) + 1n
  assert.equal(seal.blockHash, (await chain.client.getBlock({ blockNumber: sealedBlock })).hash)
  assert.deepEqual(await keep(), [])
})

test('a pending epoch is finalised once available and its window over; one never available is dropped', async () => {
  const { evidenceBlocks, windowBlocks } = chain.deployment.parameters
  const operators = [4, 5, 6].map((one) => devnet.as(one))
  await fund(
    chain,
    operators.map(({ account }) => ({ to: account.address, workAtto: 500n * work })),
    { signal },
  )
  for (const operator of operators) {
    await depositBondSync(
      operator,
      { operator: operator.account.address, network: storage, amountAtto: 300n * work },
      { signal },
    )
  }
  const epoch = await closeNextEpoch()
  await keep()
  await mine(chain, { blocks: evidenceBlocks + 2 })
  const post = emptyPost(epoch, 11)
  await postEpochSync(devnet.as(4), { network: storage, post }, { signal })
  await mine(chain, { blocks: 2 })
  const drawn = await readCommittee(chain, { network: storage })
  const available = { network: storage, epoch, evidence: post.evidence, post: digestOfPost(post) }
  const message = availableMessage(chain.deployment, available)
  const signatures = await Promise.all(
    operators
      .filter(({ account }) => drawn.includes(account.address))
      .map(({ account }) => signTyped(account, message)),
  )
  const forAnother = availableMessage(chain.deployment, { ...available, post: digestOfPost({ ...post, rules: 2n }) })
  const strays = await Promise.all(operators.map(({ account }) => signTyped(account, forAnother)))
  await assert.rejects(
    attestEpochSync(chain, { network: storage, post, signatures: strays }, { signal }),
    (error) => error instanceof ChainRefused && error.errorName === 'NotAvailable',
  )
  const { events } = await attestEpochSync(
    chain,
    { network: storage, post, signatures: signatures.slice(0, 2) },
    { signal },
  )
  assert.equal(events.length, 1)
  assert.deepEqual(await keep(), [], 'its window is open')
  await mine(chain, { blocks: windowBlocks })
  await keep()
  assert.equal((await readHead(chain, { network: storage })).evidence, post.evidence)

  const next = await closeNextEpoch()
  await keep()
  await mine(chain, { blocks: evidenceBlocks + 2 })
  await postEpochSync(devnet.as(4), { network: storage, post: emptyPost(next, 12) }, { signal })
  await mine(chain, { blocks: 2 * windowBlocks + 2 })
  await keep()
  assert.equal((await readPending(chain, { network: storage })).poster, '0x0000000000000000000000000000000000000000')
  assert.equal((await readHead(chain, { network: storage })).epoch, epoch + 1n)
  const states = epochStepsIn(index, { network: storage })
    .filter((step) => step.epoch >= epoch)
    .map((step) => step.state)
  assert.deepEqual(
    states.filter((state) => state !== 'sealed'),
    ['posted', 'available', 'finalised', 'posted', 'lapsed'],
  )
})
