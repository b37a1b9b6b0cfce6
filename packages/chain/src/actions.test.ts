/**
 * The actions against the contracts themselves: every message that is signed off chain is accepted on chain, and every
 * refusal comes back by its name. What the contracts do is tested in contracts/test.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { toHex } from 'viem'
import { buyCredits, buyCreditsSync } from './buy-credits.ts'
import type { Chain } from './client.ts'
import { commitReportSync } from './commit-report.ts'
import { convertSync } from './convert.ts'
import { cutRateSync } from './cut-rate.ts'
import { depositBondSync } from './deposit-bond.ts'
import { passTime } from './devnet/anvil-control.ts'
import { fund } from './devnet/faucet.ts'
import { type ScratchDevnet, scratchDevnet } from './devnet/scratch-devnet.ts'
import { AccountMissing, ChainRefused, ChainUnreachable, GasMissing } from './errors.ts'
import { connect, makeChain, withAccount } from './client.ts'
import { devnetAccount } from './devnet/accounts.ts'
import { finishStreamSync } from './finish-stream.ts'
import { errorsAbi } from './decode-error.ts'
import { noticeStreamSync } from './notice-stream.ts'
import { openAllotmentSync } from './open-allotment.ts'
import { openStreamSync } from './open-stream.ts'
import { payFeeSync } from './pay-fee.ts'
import { postDataSetsSync } from './post-data-sets.ts'
import type { PieceSet } from './piece-set.ts'
import { raiseRateSync } from './raise-rate.ts'
import { readAllotment } from './read-allotment.ts'
import { readBalances } from './read-balances.ts'
import { readDataSet, readDataSetId, readDataSetStream } from './read-data-set.ts'
import { readOffers, readOperators } from './read-operators.ts'
import { readFreeStake, readStake } from './read-stake.ts'
import { readStream, readStreamId } from './read-stream.ts'
import { redeemSync } from './redeem.ts'
import { registerOperatorSync } from './register-operator.ts'
import { postOfferSync } from './post-offer.ts'
import { reportCommitment, signCutRate, signPieceSet, signVoucher } from './sign-typed.ts'
import { topUpSync } from './top-up.ts'
import { withdrawBondSync } from './withdraw-bond.ts'
import { demandSync } from './demand.ts'
import { readDemand } from './read-demand.ts'
import { transferCoinSync } from './transfer-coin.ts'

const signal = AbortSignal.timeout(120_000)
const work = 10n ** 18n
const zero32 = toHex(0, { size: 32 })
let devnet: ScratchDevnet
let chain: Chain

before(async () => {
  devnet = await scratchDevnet({ port: 23_050 }, { signal })
  chain = devnet.chain
  await fund(
    chain,
    [4, 5].map((one) => ({ to: devnet.as(one).account.address, workAtto: 1_000n * work })),
    { signal },
  )
})

after(async () => {
  await devnet[Symbol.asyncDispose]()
})

const payer = (): ReturnType<ScratchDevnet['as']> => devnet.as(4)
const payee = (): ReturnType<ScratchDevnet['as']> => devnet.as(5)

async function openedStream(salt: number): Promise<`0x${string}`> {
  await buyCreditsSync(payer(), { workAtto: 10n * work, creditsMin: 0n }, { signal })
  const { event } = await openStreamSync(
    payer(),
    {
      payee: payee().account.address,
      judge: chain.deployment.addresses.storageJudge,
      rateNano: 10n ** 9n,
      termSeconds: 600,
      credits: 600n,
      coverMaxAtto: work,
      salt: toHex(salt, { size: 32 }),
    },
    { signal },
  )
  return event.id
}

test('a stream is topped up, raised, cut with its payee’s signature, noticed and finished', async () => {
  const id = await openedStream(1)
  assert.equal(
    id,
    await readStreamId(chain, {
      payer: payer().account.address,
      payee: payee().account.address,
      salt: toHex(1, { size: 32 }),
    }),
  )
  await topUpSync(payer(), { id, credits: 600n, coverMaxAtto: work }, { signal })
  await raiseRateSync(payer(), { id, rateNano: 2n * 10n ** 9n, credits: 600n, coverMaxAtto: work }, { signal })
  const { start } = await readStream(chain, { id })
  const payeeSignature = await signCutRate(chain.deployment, payee().account, { id, rateNano: 10n ** 8n, start })
  const { event } = await cutRateSync(payer(), { id, rateNano: 10n ** 8n, payeeSignature }, { signal })
  assert.equal(event.rateNano, 10n ** 8n)
  await noticeStreamSync(payee(), { id }, { signal })
  await passTime(chain, { seconds: chain.deployment.parameters.noticeSeconds + 1 })
  const closed = await finishStreamSync(chain, { id }, { signal })
  assert.ok(closed.event.creditsBack > 0n)
})

test('a voucher pays its total once', async () => {
  const [from, to] = [payer().account.address, payee().account.address]
  await buyCreditsSync(payer(), { workAtto: 10n * work, creditsMin: 0n }, { signal })
  await openAllotmentSync(payer(), { payee: to, signer: from, credits: 500n, coverMaxAtto: work }, { signal })
  const voucher = { payer: from, payee: to, total: 200n }
  const signature = await signVoucher(chain.deployment, payer().account, voucher)
  const first = await redeemSync(payee(), { ...voucher, signature }, { signal })
  assert.equal(first.events[0]?.credits, 200n)
  await redeemSync(payee(), { ...voucher, signature }, { signal })
  assert.equal((await readAllotment(chain, { payer: from, payee: to })).redeemed, 200n)
  const { event } = await convertSync(payee(), { credits: 200n, minOutAtto: 0n }, { signal })
  assert.ok(event.mintedAtto > 0n && event.mintedAtto <= event.workAtto)
})

test('stake goes in and out, a report is committed, a fee is paid', async () => {
  const operator = payee().account.address
  await depositBondSync(payee(), { operator, network: 1, amountAtto: 300n * work }, { signal })
  assert.equal((await readStake(chain, { operator, network: 1 })).totalAtto, 300n * work)
  await withdrawBondSync(payee(), { network: 1, amountAtto: 50n * work }, { signal })
  assert.equal(await readFreeStake(chain, { operator, network: 1 }), 250n * work)
  const commitment = reportCommitment({ reporter: operator, lockId: zero32, salt: toHex(3, { size: 32 }) })
  assert.equal((await commitReportSync(payee(), { commitment }, { signal })).event.commitment, commitment)
  const paid = await payFeeSync(
    payer(),
    { fromEarned: false, credits: 10n, reference: toHex('seat', { size: 32 }) },
    { signal },
  )
  assert.equal(paid.event.credits, 10n)
})

test('a data set that both signed is recorded, and a leaf of it can be demanded', async () => {
  const [customer, provider] = [payer().account, payee().account]
  const id = await openedStream(2)
  const set: PieceSet = {
    customer: customer.address,
    provider: provider.address,
    streamSalt: toHex(2, { size: 32 }),
    root: toHex(99, { size: 32 }),
    leafCount: 64n,
    pieceCount: 1,
    version: 1n,
    lockAtto: 20n * work,
    manifest: toHex(98, { size: 32 }),
  }
  const [customerSignature, providerSignature] = await Promise.all([
    signPieceSet(chain.deployment, customer, set),
    signPieceSet(chain.deployment, provider, set),
  ])
  const forged = { ...set, leafCount: 65n }
  const { events } = await postDataSetsSync(
    chain,
    {
      sets: [forged, set],
      customerSignatures: [customerSignature, customerSignature],
      providerSignatures: [providerSignature, providerSignature],
    },
    { signal },
  )
  assert.deepEqual(
    events.map(({ leafCount }) => leafCount),
    [64n],
  )
  const setId = await readDataSetId(chain, { customer: customer.address, provider: provider.address })
  assert.equal((await readDataSet(chain, { id: setId })).root, set.root)
  assert.equal(await readDataSetStream(chain, { id: setId }), id)
  const { event } = await demandSync(payer(), { dataSet: setId, leafIndex: 63n }, { signal })
  assert.equal((await readDemand(chain, { demandId: event.demandId })).leafIndex, 63n)
  await assert.rejects(
    demandSync(payer(), { dataSet: setId, leafIndex: 64n }, { signal }),
    isRefusal('LeafOutOfSet', [64n, 64n]),
  )
})

test('operators and offers are read from the logs: the last word of each, closed ones left out', async () => {
  for (const one of [payer(), payee()]) {
    const operator = one.account.address
    await registerOperatorSync(
      one,
      { operator, nodeKey: toHex(5, { size: 32 }), cell: 1n, endpoint: 'http://a' },
      { signal },
    )
    await postOfferSync(
      one,
      { operator, network: 1, capacity: 1n, priceNano: 1n, terms: zero32, open: true },
      { signal },
    )
  }
  const operator = payer().account.address
  await registerOperatorSync(
    payer(),
    { operator, nodeKey: toHex(6, { size: 32 }), cell: 1n, endpoint: 'http://b' },
    { signal },
  )
  await postOfferSync(
    payer(),
    { operator, network: 1, capacity: 1n, priceNano: 1n, terms: zero32, open: false },
    { signal },
  )
  const operators = await readOperators(chain)
  assert.deepEqual(operators.map(({ endpoint }) => endpoint).toSorted(), ['http://a', 'http://b'])
  assert.deepEqual(
    (await readOffers(chain, { network: 1 })).map((offer) => offer.operator),
    [payee().account.address],
  )
  assert.deepEqual(await readOffers(chain, { network: 2 }), [])
})

function isRefusal(errorName: string, args?: readonly unknown[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ChainRefused, String(error))
    assert.equal(error.errorName, errorName)
    if (args !== undefined) assert.deepEqual(error.args, args)
    return true
  }
}

test('what goes wrong has one class each, and a refusal keeps the contract’s error', async () => {
  const terms = { workAtto: work, creditsMin: 10n ** 30n }
  await assert.rejects(buyCreditsSync(chain, terms, { signal }), isRefusal('TooFewCredits'))
  const poor = withAccount(chain, devnetAccount(30))
  await assert.rejects(transferCoinSync(poor, { to: zero20, valueWei: 1n }, { signal }), GasMissing)
  await using reader = await makeChain({ rpcUrl: devnet.anvil.rpcUrl, deployment: chain.deployment }, { signal })
  await assert.rejects(buyCredits(reader, terms, { signal }), AccountMissing)
  await assert.rejects(connect({ rpcUrl: 'http://127.0.0.1:23099' }, { signal }), ChainUnreachable)
  await assert.rejects(connect({ rpcUrl: 'ws://127.0.0.1:23099' }, { signal }), ChainUnreachable)
  const reason = new Error('enough')
  await assert.rejects(
    buyCreditsSync(chain, { ...terms, creditsMin: 0n }, { signal: AbortSignal.abort(reason) }),
    reason,
  )
})

const zero20 = '0x0000000000000000000000000000000000000001'

test('what many send at once from one account is all mined, without a gap', async () => {
  const before = (await readBalances(chain, { account: payer().account.address })).bought.credits
  const sent = await Promise.all(
    Array.from({ length: 12 }, () => buyCreditsSync(payer(), { workAtto: work, creditsMin: 0n }, { signal })),
  )
  const bought = sent.reduce((sum, { event }) => sum + event.credits, 0n)
  assert.equal((await readBalances(chain, { account: payer().account.address })).bought.credits - before, bought)
})

test('every custom error of the contracts is known by name', () => {
  const names = new Set(errorsAbi.map((item) => ('name' in item ? item.name : '')))
  for (const name of ['TooFewCredits', 'NotFullCover', 'EpochOutOfOrder', 'NoFault', 'StillThawing', 'BreakerOpen']) {
    assert.ok(names.has(name), name)
  }
})
