/**
 * Goal: a hold goes from accusation to release on a real chain while epochs go on: lines and roots are what they are without it, so
 * every auditor agrees whatever it has heard of holds; the accused's claim is put off; and released it is paid everything.
 * walks/hold of docs/walks.md
 *
 * @module
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { appealHoldSync } from '@groundwork/chain/appeal-hold.ts'
import { approveWorkSync } from '@groundwork/chain/approve-work.ts'
import { claimSync } from '@groundwork/chain/claim.ts'
import { decideHoldSync } from '@groundwork/chain/decide-hold.ts'
import { feedPrice } from '@groundwork/chain/devnet/feed-price.ts'
import { devnetSupply } from '@groundwork/chain/devnet/parameters.ts'
import { ChainRefused } from '@groundwork/chain/errors.ts'
import { placeHoldSync } from '@groundwork/chain/place-hold.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { readDeciders, readHold, readHoldDeposit, readHolds } from '@groundwork/chain/read-holds.ts'
import { readSeal } from '@groundwork/chain/read-seal.ts'
import { sealEpochSync } from '@groundwork/chain/seal-epoch.ts'
import { signVerdict } from '@groundwork/chain/sign-typed.ts'
import type { ClosedEpoch } from '@groundwork/core/epoch/close-epoch.ts'
import { buildLeafTree, proveLeaf } from '@groundwork/core/epoch/leaves.ts'
import { closeBlockOf, epochAt, evidenceDeadlineOf } from '@groundwork/core/epoch/timing.ts'
import { encodeStatement, type StatementRole } from '@groundwork/core/evidence/statement.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { encodeHoldReason } from '@groundwork/core/policy/hold-reason.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { heldAt, holdsIn } from '../../packages/groundwork/src/holds/holds-in.ts'
import { collectPay } from '../../packages/groundwork/src/provider/collect-pay.ts'
import { openSubmit } from '../../packages/groundwork/src/provider/submit.ts'
import { auditPost } from '../../packages/groundwork/src/watch/audit-post.ts'
import { libraryOf } from '../../packages/groundwork/src/watch/audit-context.ts'
import { timingOf } from '../../packages/groundwork/src/watch/chain-desk.ts'
import { postsIn } from '../../packages/groundwork/src/watch/epoch-history.ts'
import { network, openEpochWorld, type EpochWorld, type Party } from './epoch-world.ts'

let world: EpochWorld
const providers = ['ada', 'bea', 'cyd'] as const
const everyone = [...providers, 'poster', 'watcher']

before(async () => {
  world = await openEpochWorld(everyone, { port: 24_020 })
})
after(async () => world[Symbol.asyncDispose]())

/** A whole epoch with work of every provider in it, posted, audited and finalised by the poster. @returns what any auditor finds */
async function wholeEpoch(): Promise<ClosedEpoch> {
  const timing = timingOf(world.chain.deployment)
  const epoch = epochAt(timing, await world.blockNumber()) + 1n
  await world.mineTo(closeBlockOf(timing, epoch) + 1n)
  await feedPrice(world.chain, { priceUsd8: devnetSupply.priceUsd8 }, world)
  for (const [index, name] of providers.entries()) world.party(name).publish(epoch, [1_000n * BigInt(index + 1), 7n])
  const watcher = world.party('poster').watcher({ isPoster: true })
  await watcher.pass(world)
  await world.mineTo(evidenceDeadlineOf(timing, epoch) + 1n)
  for (let pass = 0; pass < 15; pass += 1) {
    await watcher.pass(world)
    await world.mine(1n)
  }
  return audited(world.party('watcher'), epoch)
}

async function audited({ context }: Party, epoch: bigint): Promise<ClosedEpoch> {
  await context.advance(world)
  const record = postsIn(context.index, network).findLast((one) => one.epoch === epoch)
  const [rules] = context.rules
  assert.ok(record !== undefined && rules !== undefined)
  assert.equal(record.outcome, 'finalised')
  const library = libraryOf({ ...context, store: undefined, self: undefined }, network)
  const { verdict } = await auditPost(context, { rules, record }, { ...world, library })
  assert.ok(verdict.tag === 'agrees', verdict.tag)
  return verdict.closed
}

function statement(role: StatementRole, text: string): Hex {
  const account = world.party('ada').operator
  const block = encodeStatement({ role, network, account, epochs: { from: 0n, to: 9n }, text, exhibits: [] })
  assert.ok(block !== undefined)
  return toHex(block.bytes)
}

/** The drawn are known once the deciding epoch is sealed; two of them say it. */
async function decide(id: Hex, upheld: boolean): Promise<void> {
  const epoch = BigInt((await readHold(world.chain, { id })).decideEpoch)
  await world.mineTo(closeBlockOf(timingOf(world.chain.deployment), epoch) + 2n)
  await feedPrice(world.chain, { priceUsd8: devnetSupply.priceUsd8 }, world)
  const { blockHash } = await readSeal(world.chain, { network, epoch })
  if (BigInt(blockHash) === 0n) await sealEpochSync(world.chain, { network, epoch }, world)
  const drawn = new Set((await readDeciders(world.chain, { id })).map((one) => one.toLowerCase() as Address))
  const signers = everyone.map(world.party).filter(({ operator }) => drawn.has(operator))
  assert.ok(!drawn.has(world.party('ada').operator) && !drawn.has(world.party('watcher').operator))
  assert.equal(signers.length, drawn.size)
  const instance = (await readHold(world.chain, { id })).state === 3 ? 2 : 1
  const terms = { id, instance, upheld, opinion: statement('opinion', 'we looked') }
  const { deployment } = world.chain
  const signatures = await Promise.all(signers.map(async ({ account }) => signVerdict(deployment, account, terms)))
  await decideHoldSync(world.chain, { ...terms, signatures }, world)
}

test('who is held is in every line and root, is put off, and released is paid everything', async () => {
  const [ada, watcher] = [world.party('ada'), world.party('watcher')]
  const collectOf = async (party: Party): Promise<ReturnType<typeof collectPay>> =>
    collectPay({
      network,
      context: party.context,
      account: party.account,
      submit: await openSubmit({ chain: party.chain, gatewayUrl: undefined }),
    })
  const [collectAda, collectBea] = [await collectOf(ada), await collectOf(world.party('bea'))]
  const first = await wholeEpoch()

  // Accused before it claimed, and heard.
  const { holds } = world.chain.deployment.addresses
  const amountAtto = await readHoldDeposit(world.chain)
  await approveWorkSync(watcher.chain, { spender: holds, amountAtto }, world)
  const accusation = { network, account: ada.operator, reason: encodeHoldReason('self-dealing') }
  const said = statement('accusation', 'it stores for itself')
  const { id } = (await placeHoldSync(watcher.chain, { ...accusation, statement: said }, world)).event
  await appealHoldSync(ada.chain, { id, statement: statement('answer', 'I do not') }, world)

  const wealth = async (): Promise<bigint> =>
    (await readBalances(world.chain, { account: ada.account.address })).workAtto
  const earlier = await wealth()
  const held = await collectAda(world)
  assert.equal(held?.bootstrapAtto, 0n)
  assert.equal(await collectAda(world), undefined, 'nothing new, and no gas spent on a claim that is put off')
  assert.ok(((await collectBea(world))?.bootstrapAtto ?? 0n) > 0n, 'others are paid')

  // Epochs go on, upheld or not: its lines are there, and every auditor agrees.
  await decide(id, true)
  const second = await wholeEpoch()
  for (const closed of [first, second]) {
    assert.deepEqual(
      closed.lines.filter(({ account }) => account === ada.operator).map(({ kind }) => kind),
      [1, 2],
    )
  }
  const { closeBlock } = second.facts
  assert.ok(heldAt(watcher.context.index, { network, block: closeBlock }).has(ada.operator))
  assert.ok(!heldAt(watcher.context.index, { network, block: first.facts.closeBlock }).has(ada.operator))
  for (const blockNumber of [first.facts.closeBlock, closeBlock]) {
    const fromIndex = holdsIn(watcher.context.index, { until: blockNumber })
    assert.deepEqual(fromIndex, await readHolds(world.chain, { blockNumber }), 'an index and a node say the same')
  }
  const proof = proveLeaf({ leaves: second.leaves, leafTree: buildLeafTree(second.leaves, network) }, ada.operator)
  assert.ok(proof !== undefined)
  const claim = { network, ...proof.leaf, path: proof.path }
  await assert.rejects(
    claimSync(ada.chain, claim, world),
    (error) => error instanceof ChainRefused && error.errorName === 'OnHold',
  )

  // Others decide again, and free it. The same leaf is paid whole; rebates wait for what the account retires, as always.
  await appealHoldSync(ada.chain, { id, statement: statement('answer', 'look at my customers') }, world)
  await decide(id, false)
  const paid = await collectAda(world)
  assert.equal(paid?.bootstrapAtto, proof.leaf.bootstrapAtto)
  assert.equal((await wealth()) - earlier, proof.leaf.bootstrapAtto)
  const bea = proveLeaf(
    { leaves: second.leaves, leafTree: buildLeafTree(second.leaves, network) },
    world.party('bea').operator,
  )
  assert.equal(proof.leaf.bootstrapAtto, bea?.leaf.bootstrapAtto, 'as much as one who was never held')
})
