/**
 * Goal: a hold on a real chain, from accusation to release, as every reader sees it at every block: it puts claims off and
 * takes nothing, and whoever is released is paid the whole cumulative leaf.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildLeafTree, proveLeaf, type Leaf } from '@groundwork/core/epoch/leaves.ts'
import { digestOfPost } from '@groundwork/core/epoch/post.ts'
import { packLanes } from '@groundwork/core/merkle/lanes.ts'
import { encodeHoldReason } from '@groundwork/core/policy/hold-reason.ts'
import { standsAt } from '@groundwork/core/policy/hold-record.ts'
import { type Address, type Hex, stringToHex, toHex } from 'viem'
import { appealHoldSync } from './appeal-hold.ts'
import { appealHoldForSync } from './appeal-hold-for.ts'
import { approveWorkSync } from './approve-work.ts'
import { attestEpochSync } from './attest-epoch.ts'
import { claimSync } from './claim.ts'
import type { Chain } from './client.ts'
import { decideHoldSync } from './decide-hold.ts'
import { depositBondSync } from './deposit-bond.ts'
import { mine } from './devnet/anvil-control.ts'
import { fund } from './devnet/faucet.ts'
import { type ScratchDevnet, scratchDevnet } from './devnet/scratch-devnet.ts'
import type { EpochPost } from './epoch-post.ts'
import { ChainRefused } from './errors.ts'
import { finaliseEpochSync } from './finalise-epoch.ts'
import { type ChainIndex, openIndex } from './indexer/open-index.ts'
import { makeKeeper } from './keeper/keeper.ts'
import { sqliteOutbox } from './keeper/outbox.ts'
import { makeSender } from './keeper/sender.ts'
import type { LeafClaim } from './leaf-claim.ts'
import { placeHoldSync } from './place-hold.ts'
import { postEpochSync } from './post-epoch.ts'
import { readBalances } from './read-balances.ts'
import { readCommittee } from './read-committee.ts'
import { readDeciders, readHeldBefore, readHold, readHoldDeposit, readHolds, readInstance } from './read-holds.ts'
import { readPending } from './read-pending.ts'
import { releaseHoldSync } from './release-hold.ts'
import { sealEpochSync } from './seal-epoch.ts'
import { signAppeal, signTyped, signVerdict } from './sign-typed.ts'
import { availableMessage } from './typed-data.ts'

const signal = AbortSignal.timeout(180_000)
const work = 10n ** 18n
const network = 2
const reason = encodeHoldReason('self-dealing')
const statement = stringToHex('paid by itself')
const zero32 = toHex(0, { size: 32 })
let devnet: ScratchDevnet
let chain: Chain
let index: ChainIndex

type Signer = ReturnType<ScratchDevnet['as']>
const operators = (): Signer[] => [4, 5, 6, 7].map((one) => devnet.as(one))
const accuser = (): Signer => devnet.as(8)
/** owns no gas */
const accused = (): Signer => devnet.as(13)

before(async () => {
  devnet = await scratchDevnet({ port: 23_066 }, { signal })
  chain = devnet.chain
  index = openIndex({ path: ':memory:', deployment: chain.deployment })
  const funded = [...operators(), accuser()].map(({ account }) => ({ to: account.address, workAtto: 2_000n * work }))
  await fund(chain, funded, { signal })
  for (const operator of operators()) {
    const terms = { operator: operator.account.address, network, amountAtto: 1_000n * work }
    await depositBondSync(operator, terms, { signal })
  }
})

after(async () => {
  index[Symbol.dispose]()
  await devnet[Symbol.asyncDispose]()
})

const head = async (): Promise<bigint> => chain.client.getBlockNumber({ cacheTime: 0 })
const closeBlockOf = (epoch: bigint): bigint =>
  chain.deployment.parameters.startBlock + (epoch + 1n) * BigInt(chain.deployment.parameters.epochBlocks)
const epochNow = async (): Promise<bigint> =>
  ((await head()) - chain.deployment.parameters.startBlock) / BigInt(chain.deployment.parameters.epochBlocks)

async function mineTo(block: bigint): Promise<void> {
  const now = await head()
  if (block > now) await mine(chain, { blocks: Number(block - now) })
}

async function place(text: Hex = statement): Promise<Hex> {
  const { account } = accused()
  const terms = { network, account: account.address, reason, statement: text }
  return (await placeHoldSync(accuser(), terms, { signal })).event.id
}

/** Seals the deciding epoch, and has a quorum of the drawn say it. */
async function decide(id: Hex, upheld: boolean): Promise<void> {
  const epoch = BigInt((await readHold(chain, { id })).decideEpoch)
  assert.deepEqual(await readDeciders(chain, { id }), [], 'nobody is drawn before the seal')
  await mineTo(closeBlockOf(epoch) + 2n)
  await sealEpochSync(chain, { network, epoch }, { signal })
  const drawn = await readDeciders(chain, { id })
  assert.equal(drawn.length, chain.deployment.parameters.committeeSize)
  const terms = { id, instance: await readInstance(chain, { id }), upheld, opinion: stringToHex('we looked') }
  const signers = operators().filter(({ account }) => drawn.includes(account.address))
  const signatures = await Promise.all(
    signers.slice(0, 2).map(async ({ account }) => signVerdict(chain.deployment, account, terms)),
  )
  const refusesOne = decideHoldSync(chain, { ...terms, signatures: signatures.slice(0, 1) }, { signal })
  await assert.rejects(refusesOne, refusedWith('TooFewSigned'))
  await decideHoldSync(chain, { ...terms, signatures }, { signal })
}

const refusedWith =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof ChainRefused && error.errorName === name

/** Finalises an epoch with one leaf of made-up lines, and gives the claim. */
async function finaliseLeaf(leaf: Leaf, before: Omit<Leaf, 'account'>): Promise<LeafClaim> {
  const epoch = await epochNow()
  await mineTo(closeBlockOf(epoch) + 2n)
  await sealEpochSync(chain, { network, epoch }, { signal })
  await mineTo(closeBlockOf(epoch) + 2n + BigInt(chain.deployment.parameters.evidenceBlocks))
  const leafTree = buildLeafTree([leaf], network)
  const post: EpochPost = {
    epoch,
    root: leafTree.root.hash,
    totals: leafTree.root.sum,
    linesRoot: zero32,
    linesTotal: packLanes(leaf.rebateAtto - before.rebateAtto, leaf.bootstrapAtto - before.bootstrapAtto),
    lineCount: 1,
    batchesRoot: zero32,
    batchCount: 1,
    evidence: toHex(epoch, { size: 32 }),
    rules: 1n,
  }
  await postEpochSync(devnet.as(4), { network, post }, { signal })
  await mine(chain, { blocks: 2 })
  const drawn = await readCommittee(chain, { network })
  const available = { network, epoch, evidence: post.evidence, post: digestOfPost(post) }
  const message = availableMessage(chain.deployment, available)
  const signers = operators().filter(({ account }) => drawn.includes(account.address))
  const signatures = await Promise.all(signers.map(async ({ account }) => signTyped(account, message)))
  await attestEpochSync(chain, { network, post, signatures }, { signal })
  await mineTo(BigInt((await readPending(chain, { network })).windowEnd) + 1n)
  await finaliseEpochSync(chain, { network, post }, { signal })
  const proof = proveLeaf({ leaves: [leaf], leafTree }, leaf.account)
  assert.ok(proof !== undefined)
  return { network, ...leaf, path: proof.path }
}

/** What the logs and the contract say of the accused are one. */
async function agree(): Promise<{ isHeld: boolean; states: string[] }> {
  const block = await head()
  const account = accused().account.address
  const records = await readHolds(chain)
  for (const { id, endBlock, state } of records) {
    const hold = await readHold(chain, { id })
    assert.equal(['none', 'placed', 'upheld', 'appealed', 'final', 'ended'][hold.state], state)
    if (state !== 'ended') assert.equal(hold.endBlock, endBlock)
  }
  const heldBefore = await readHeldBefore(chain, { network, account })
  if (records.some((record) => standsAt(record, block))) assert.ok(heldBefore > block)
  return { isHeld: heldBefore > block, states: records.map(({ state }) => state) }
}

test('an accuser allows the deposit first, and loses it when nobody decides in time', async () => {
  const before = await head()
  const depositAtto = await readHoldDeposit(chain)
  assert.equal(depositAtto, chain.deployment.parameters.seatAtto)
  await assert.rejects(place(), (error) => error instanceof ChainRefused)
  const spender = chain.deployment.addresses.holds
  await approveWorkSync(accuser(), { spender, amountAtto: 10n * depositAtto }, { signal })
  const id = await place()
  assert.deepEqual(await agree(), { isHeld: true, states: ['placed'] })
  const [record] = await readHolds(chain)
  assert.deepEqual(
    [record?.account, record?.accuser, record?.reason, record?.statement],
    [accused().account.address, accuser().account.address, reason, statement],
  )
  assert.deepEqual(await readHolds(chain, { blockNumber: before }), [], 'as of an earlier block there was none')

  await assert.rejects(releaseHoldSync(chain, { id }, { signal }), refusedWith('StillStands'))
  await mineTo(BigInt((await readHold(chain, { id })).endBlock))
  assert.deepEqual(await agree(), { isHeld: false, states: ['placed'] }, 'it is over without anybody’s call')
  await releaseHoldSync(chain, { id }, { signal })
  assert.deepEqual(await agree(), { isHeld: false, states: ['ended'] })
  assert.equal((await readBalances(chain, { account: accused().account.address })).workAtto, depositAtto)
})

test('claims are put off while a hold stands, and release pays everything', async () => {
  const { account } = accused()
  const nothing = { rebateAtto: 0n, bootstrapAtto: 0n }
  const first: Leaf = { account: account.address.toLowerCase() as Address, rebateAtto: 0n, bootstrapAtto: 5n * work }
  const early = await finaliseLeaf(first, nothing)
  const before = (await readBalances(chain, { account: account.address })).workAtto
  const id = await place(stringToHex('again'))
  await assert.rejects(claimSync(chain, early, { signal }), refusedWith('OnHold'))
  using outbox = sqliteOutbox({ path: ':memory:' })
  const sender = makeSender({ connection: devnet.as(9), outbox, topic: 'keeper', confirmations: 1 })
  const keeper = makeKeeper({ chain: devnet.as(9), index, sender, networks: [], settleMinCredits: 1n })
  assert.deepEqual(await keeper.claim([early], { epoch: 0n, signal }), [], 'a keeper spends no gas on it')

  // It answers without gas; a quorum upholds; it appeals; others free it.
  const answer = { id, statement: stringToHex('others paid too') }
  const signature = await signAppeal(chain.deployment, account, { ...answer, instance: 1 })
  await appealHoldForSync(chain, { ...answer, signature }, { signal })
  await decide(id, true)
  assert.deepEqual(await agree(), { isHeld: true, states: ['ended', 'upheld'] })

  // Epochs go on meanwhile, and its lines are in them as everyone's are.
  const second: Leaf = { ...first, bootstrapAtto: 14n * work }
  const late = await finaliseLeaf(second, first)
  await assert.rejects(claimSync(chain, late, { signal }), refusedWith('OnHold'))

  const appeal = { id, statement: stringToHex('look at these') }
  const signed = await signAppeal(chain.deployment, account, { ...appeal, instance: 2 })
  await appealHoldForSync(chain, { ...appeal, signature: signed }, { signal })
  assert.deepEqual(await agree(), { isHeld: true, states: ['ended', 'appealed'] })
  await decide(id, false)
  assert.deepEqual(await agree(), { isHeld: false, states: ['ended', 'ended'] })

  assert.equal((await keeper.claim([late], { epoch: 1n, signal })).length, 1)
  const { events } = await claimSync(chain, late, { signal })
  assert.equal(events[0]?.bootstrapAtto, 14n * work)
  assert.equal((await readBalances(chain, { account: account.address })).workAtto, before + 14n * work)
  const record = (await readHolds(chain)).find((one) => one.id === id)
  assert.deepEqual(
    record?.answers.map(({ instance, statement: said }) => [instance, said]),
    [
      [1, answer.statement],
      [2, appeal.statement],
    ],
  )
  assert.deepEqual(
    record?.verdicts.map(({ instance, upheld }) => [instance, upheld]),
    [
      [1, true],
      [2, false],
    ],
  )
})

test('nobody speaks for the accused', async () => {
  const id = await place(stringToHex('once more'))
  const terms = { id, statement: stringToHex('I confess') }
  await assert.rejects(appealHoldSync(accuser(), terms, { signal }), refusedWith('NotAccused'))
  const signature = await signAppeal(chain.deployment, accuser().account, { ...terms, instance: 1 })
  await assert.rejects(appealHoldForSync(chain, { ...terms, signature }, { signal }), refusedWith('BadSignature'))
  await releaseHoldSync(accuser(), { id }, { signal })
  assert.equal((await agree()).isHeld, false, 'the accuser took it back')
})
