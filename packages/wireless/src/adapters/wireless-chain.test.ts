/**
 * Goal: vouchers as the router signs them are paid by the contracts, allotments are filled as they are drawn, and doing anything
 * again changes nothing.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fund } from '@groundwork/chain/devnet/faucet.ts'
import { scratchDevnet, type ScratchDevnet } from '@groundwork/chain/devnet/scratch-devnet.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { voucherDigest } from '../wire/voucher.ts'
import { AllotmentTooDear } from './carry-errors.ts'
import { wirelessChain } from './wireless-chain.ts'

const signal = AbortSignal.timeout(120_000)
const work = 10n ** 18n
const signerKey = new Uint8Array(32).fill(0x71)
let devnet: ScratchDevnet

before(async () => {
  devnet = await scratchDevnet({ port: 23_570 }, { signal })
  const [payer, payee] = [4, 5].map((one) => devnet.as(one).account.address)
  assert.ok(payer !== undefined && payee !== undefined)
  await fund(
    devnet.chain,
    [payer, payee].map((to) => ({ to, workAtto: 1000n * work })),
    { signal },
  )
})

after(async () => {
  await devnet[Symbol.asyncDispose]()
})

test('an allotment is opened, drawn by a voucher of ours once, filled again, and converted', async () => {
  const accountOf = (one: number): Hex => devnet.as(one).account.address.toLowerCase() as Hex
  const [router, owner] = [accountOf(4), accountOf(5)]
  const terms = { allotmentCredits: 1000n, workAttoMax: 100n * work }
  const routers = wirelessChain({ chain: devnet.as(4), account: router, ...terms })
  const owners = wirelessChain({ chain: devnet.as(5), account: owner, ...terms })
  assert.equal(await owners.allotment({ router, owner }, { signal }), undefined)

  const filling = { owner, voucherSigner: addressOf(signerKey), total: 0n }
  await routers.ensureAllotment(filling, { signal })
  await routers.ensureAllotment(filling, { signal })
  const opened = { signer: addressOf(signerKey), credits: 1000n, redeemed: 0n, isNoticed: false }
  assert.deepEqual(await owners.allotment({ router, owner }, { signal }), opened)

  const domain = { chainId: routers.chainId, verifyingContract: routers.railsAddress }
  const signature = sign(voucherDigest({ payer: router, payee: owner, total: 600n }, domain), signerKey)
  const voucher = { router, total: 600n, signature }
  await owners.redeem([voucher, voucher], { signal })
  await owners.redeem([voucher], { signal })
  assert.deepEqual(await owners.allotment({ router, owner }, { signal }), { ...opened, credits: 400n, redeemed: 600n })
  const forged = sign(
    voucherDigest({ payer: router, payee: owner, total: 700n }, domain),
    new Uint8Array(32).fill(0x72),
  )
  await assert.rejects(owners.redeem([{ router, total: 700n, signature: forged }], { signal }), /BadSignature/)

  await routers.ensureAllotment({ ...filling, total: 600n }, { signal })
  assert.deepEqual(await owners.allotment({ router, owner }, { signal }), { ...opened, credits: 1000n, redeemed: 600n })

  await owners.convert(10_000n, { signal })
  const { earned } = await readBalances(devnet.chain, { account: owner })
  assert.equal(earned.credits, 0n, 'no more than there is')
})

test('an allotment that costs more than is allowed is not opened', async () => {
  const account = devnet.as(4).account.address.toLowerCase() as Hex
  const mean = wirelessChain({ chain: devnet.as(4), account, allotmentCredits: 10n ** 6n, workAttoMax: 1n })
  const stranger: Hex = `0x${'77'.repeat(20)}`
  const filling = { owner: stranger, voucherSigner: addressOf(signerKey), total: 0n }
  await assert.rejects(mean.ensureAllotment(filling, { signal }), AllotmentTooDear)
  assert.equal(await mean.allotment({ router: account, owner: stranger }, { signal }), undefined)
})
