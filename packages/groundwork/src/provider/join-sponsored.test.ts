import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { approveWorkSync } from '@groundwork/chain/approve-work.ts'
import { depositBondSync } from '@groundwork/chain/deposit-bond.ts'
import { type ScratchDevnet, scratchDevnet } from '@groundwork/chain/devnet/scratch-devnet.ts'
import { openIndex, type ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { makeKeeper, runKeeper } from '@groundwork/chain/keeper/keeper.ts'
import { sqliteOutbox, type SqliteOutbox } from '@groundwork/chain/keeper/outbox.ts'
import { makeSender } from '@groundwork/chain/keeper/sender.ts'
import { placeHoldSync } from '@groundwork/chain/place-hold.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { readHoldDeposit, readHolds } from '@groundwork/chain/read-holds.ts'
import { readOffer, readOperator } from '@groundwork/chain/read-operator.ts'
import { settleManyCall } from '@groundwork/chain/settle-many.ts'
import { transferWorkCall } from '@groundwork/chain/transfer-work.ts'
import { encodeHoldReason } from '@groundwork/core/policy/hold-reason.ts'
import { offer } from '@groundwork/storage'
import { answerHold } from '../holds/answer-hold.ts'
import { makeServer, type Api } from '../http/make-server.ts'
import { sponsorApi } from '../http/sponsor-api.ts'
import { makeLog } from '../log.ts'
import { freePort } from '../up/free-port.ts'
import { GatewayFailed } from '../gateway/gateway-errors.ts'
import { joinSponsored, nextStep, type Place, type WantedPlace } from './join-sponsored.ts'
import { openSubmit } from './submit.ts'

const signal = AbortSignal.timeout(120_000)
const work = 10n ** 18n
const storage = 1
const someone = '0x00000000000000000000000000000000000000aa'

const wanted: WantedPlace = {
  nodeKey: `0x${'07'.repeat(32)}`,
  cell: 5n,
  endpoint: 'http://10.0.0.2:9000',
  bondAtto: 1_000n * work,
  offer: offer({ operator: someone, capacityBytes: 2n ** 30n, priceNanoPerGibSecond: 9n }),
}
const kept: Place = { operator: wanted, stakeAtto: wanted.bondAtto, offer: wanted.offer }

test('the first thing that is not as wanted is the next step', () => {
  assert.equal(nextStep(kept, wanted), 'joined')
  assert.equal(nextStep({ ...kept, operator: { ...wanted, endpoint: 'http://10.0.0.3:9000' } }, wanted), 'register')
  assert.equal(nextStep({ ...kept, operator: { ...wanted, cell: 6n } }, wanted), 'register')
  assert.equal(
    nextStep({ ...kept, operator: { ...wanted, nodeKey: `0x${'08'.repeat(32)}` }, stakeAtto: 0n }, wanted),
    'register',
  )
  assert.equal(nextStep({ ...kept, stakeAtto: wanted.bondAtto - 1n }, wanted), 'await-bond')
  assert.equal(
    nextStep({ ...kept, stakeAtto: 0n, offer: { ...wanted.offer, open: false } }, wanted),
    'await-bond',
    'nothing is offered without a stake',
  )
  assert.equal(nextStep({ ...kept, offer: { ...wanted.offer, open: false } }, wanted), 'offer')
  assert.equal(nextStep({ ...kept, offer: { ...wanted.offer, priceNano: 10n } }, wanted), 'offer')
  assert.equal(nextStep({ ...kept, offer: { ...wanted.offer, capacity: 1n } }, wanted), 'offer')
  assert.equal(
    nextStep({ ...kept, stakeAtto: 0n }, { ...wanted, bondAtto: 0n }),
    'joined',
    'a bond of nothing is there',
  )
})

let folder: string
let devnet: ScratchDevnet
let index: ChainIndex
let outbox: SqliteOutbox
let app: Api
let gatewayUrl: string
const keeping = new AbortController()
let keeperRun: Promise<void>

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'groundwork-join-'))
  devnet = await scratchDevnet({ port: await freePort() }, { signal })
  const chain = devnet.as(9)
  index = openIndex({ path: ':memory:', deployment: chain.deployment })
  outbox = sqliteOutbox({ path: ':memory:' })
  const sender = makeSender({ connection: chain, outbox, topic: 'keeper', confirmations: 1 })
  const keeper = makeKeeper({ chain, index, sender, networks: [], settleMinCredits: 1n })
  app = await makeServer({
    dataDir: folder,
    log: makeLog({ name: 'test', level: 'silent' }),
    title: 'test',
    version: '0',
  })
  sponsorApi(app, { chain, keeper, signal })
  gatewayUrl = await app.listen({ host: '127.0.0.1', port: 0 })
  keeperRun = runKeeper(keeper, { everyMs: 50, onError: () => undefined, signal: keeping.signal })
})

after(async () => {
  keeping.abort(new Error('the test is over'))
  await keeperRun
  await app.close()
  index[Symbol.dispose]()
  outbox[Symbol.dispose]()
  await devnet[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('who owns nothing is registered by a gateway, bonded by another, and offers', async () => {
  const chain = devnet.as(31)
  const { account } = chain
  const submit = await openSubmit({ chain, gatewayUrl, sponsorMs: 30_000 })
  assert.equal(await submit.way({ signal }), 'sponsored')
  const options = {
    chain,
    account,
    submit,
    wanted: { ...wanted, offer: { ...wanted.offer, operator: account.address } },
  }

  assert.equal(await joinSponsored(options, { signal }), 'registered')
  assert.equal((await readOperator(chain, { account: account.address })).endpoint, wanted.endpoint)
  assert.equal(await joinSponsored(options, { signal }), 'bond-missing')
  assert.equal(
    (await readOffer(chain, { account: account.address, network: storage })).open,
    false,
    'nothing is offered yet',
  )

  await depositBondSync(
    devnet.chain,
    { operator: account.address, network: storage, amountAtto: wanted.bondAtto },
    { signal },
  )
  assert.equal(await joinSponsored(options, { signal }), 'joined')
  assert.equal((await readOffer(chain, { account: account.address, network: storage })).priceNano, 9n)
  assert.equal(await joinSponsored(options, { signal }), 'joined', 'and nothing more is to be done')

  const moved = { ...options, wanted: { ...options.wanted, endpoint: 'http://10.0.0.9:9000' } }
  assert.equal(await joinSponsored(moved, { signal }), 'registered', 'a second signature is good too')
  assert.equal((await readBalances(chain, { account: account.address })).gasWei, 0n)
})

test('a gateway hands in what anyone may send, and refuses what would move its own money', async () => {
  const chain = devnet.as(32)
  const submit = await openSubmit({ chain, gatewayUrl, sponsorMs: 30_000 })
  await submit.send(settleManyCall(chain.deployment, { ids: [`0x${'11'.repeat(32)}`] }), { signal })
  await assert.rejects(
    submit.send(transferWorkCall(chain.deployment, { to: someone, amountAtto: 1n }), { signal }),
    GatewayFailed,
  )
})

test('who owns nothing answers an accusation through a gateway', async () => {
  const chain = devnet.as(33)
  const { account } = chain
  const submit = await openSubmit({ chain, gatewayUrl, sponsorMs: 30_000 })
  const amountAtto = await readHoldDeposit(chain)
  await approveWorkSync(devnet.chain, { spender: chain.deployment.addresses.holds, amountAtto }, { signal })
  const terms = {
    network: storage,
    account: account.address,
    reason: encodeHoldReason('location'),
    statement: '0x01',
  } as const
  const { id, endBlock } = (await placeHoldSync(devnet.chain, terms, { signal })).event
  const answer = { id, instance: 1, statement: '0x02' } as const
  assert.equal(await answerHold({ chain, account, submit, signal }, answer), endBlock)
  const [record] = await readHolds(chain)
  assert.deepEqual(
    record?.answers.map(({ statement }) => statement),
    [answer.statement],
  )
  assert.equal((await readBalances(chain, { account: account.address })).gasWei, 0n)
})

test('with coin of its own it asks no gateway', async () => {
  const submit = await openSubmit({ chain: devnet.as(5), gatewayUrl: 'http://127.0.0.1:1' })
  assert.equal(await submit.way({ signal }), 'own')
  await submit.send(settleManyCall(devnet.chain.deployment, { ids: [`0x${'11'.repeat(32)}`] }), { signal })
})
