/**
 * Goal: an epoch goes from evidence to a claim on a real chain, and none of the wrong ones gets there: they are challenged, or
 * lapse, and where a judge can show the fault the poster's lock is taken. walks/epoch of docs/walks.md
 *
 * @module
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { claimSync } from '@groundwork/chain/claim.ts'
import { feedPrice } from '@groundwork/chain/devnet/feed-price.ts'
import { devnetSupply } from '@groundwork/chain/devnet/parameters.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { readHead } from '@groundwork/chain/read-head.ts'
import { readPending } from '@groundwork/chain/read-pending.ts'
import { readLock } from '@groundwork/chain/read-stake.ts'
import type { ClosedBundle } from '@groundwork/core/epoch/close-bundle.ts'
import { buildLeafTree, proveLeaf } from '@groundwork/core/epoch/leaves.ts'
import { digestOfPost, type EpochPost } from '@groundwork/core/epoch/post.ts'
import { closeBlockOf, epochAt, evidenceDeadlineOf } from '@groundwork/core/epoch/timing.ts'
import { digestOfAvailable, type Available } from '@groundwork/core/evidence/availability.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { recover } from '@groundwork/core/identity/secp256k1.ts'
import { addLanes, packLanes } from '@groundwork/core/merkle/lanes.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { timingOf, posterLockId } from '../../packages/groundwork/src/watch/chain-desk.ts'
import { auditPost, auditPostedBundle, type Audited } from '../../packages/groundwork/src/watch/audit-post.ts'
import { bundleBlocks } from '../../packages/groundwork/src/watch/bundle-blocks.ts'
import { evidenceDomain } from '../../packages/groundwork/src/watch/epoch-facts.ts'
import { libraryOf } from '../../packages/groundwork/src/watch/audit-context.ts'
import { postsIn } from '../../packages/groundwork/src/watch/epoch-history.ts'
import { misbehave, withLines } from '../../packages/groundwork/src/watch/misbehave.ts'
import { recompute } from '../../packages/groundwork/src/watch/recompute.ts'
import type { StepDone } from '../../packages/groundwork/src/watch/watcher.ts'
import { network, openEpochWorld, type EpochWorld, type Party } from './epoch-world.ts'

let world: EpochWorld
const providers = ['ada', 'bea', 'cyd'] as const

before(async () => {
  world = await openEpochWorld([...providers, 'poster', 'watcher', 'liar'], { port: 24_000 })
})
after(async () => world[Symbol.asyncDispose]())

/** Lets the present epoch close with evidence in it, sealed, one block before it may be posted. @returns its number */
async function closedEpoch(): Promise<bigint> {
  const timing = timingOf(world.chain.deployment)
  const epoch = epochAt(timing, await world.blockNumber()) + 1n
  await world.mineTo(closeBlockOf(timing, epoch) + 1n)
  await feedPrice(world.chain, { priceUsd8: devnetSupply.priceUsd8 }, world)
  for (const [index, name] of providers.entries()) world.party(name).publish(epoch, [1_000n * BigInt(index + 1), 7n])
  await passes(world.party('poster'), { blocks: 1, isPoster: true })
  await world.mineTo(evidenceDeadlineOf(timing, epoch))
  return epoch
}

/** Passes of one party's watcher, a block mined after each. */
async function passes(
  party: Party,
  { blocks, isPoster = false }: { blocks: number; isPoster?: boolean },
): Promise<StepDone[]> {
  const watcher = party.watcher({ isPoster })
  const done: StepDone[] = []
  for (let pass = 0; pass < blocks; pass += 1) {
    done.push(...(await watcher.pass(world)))
    await world.mine(1n)
  }
  return done
}

const headOf = async (): Promise<Awaited<ReturnType<typeof readHead>>> => readHead(world.chain, { network })
const resultsOf = (done: readonly StepDone[]): string[] => done.map(({ step, result }) => `${step.do} ${result}`)

async function honestBundle(party: Party, epoch: bigint): Promise<ClosedBundle> {
  const [rules] = party.context.rules
  assert.ok(rules !== undefined)
  const recomputed = await recompute(party.context, { rules, epoch }, world)
  assert.ok(recomputed.tag === 'closed', recomputed.tag)
  return recomputed.bundle
}

/** Audits the last post of an epoch as a stranger does. */
async function auditOf(party: Party, epoch: bigint): Promise<Audited> {
  await party.context.advance(world)
  const record = postsIn(party.context.index, network).findLast((one) => one.epoch === epoch)
  const [rules] = party.context.rules
  assert.ok(record !== undefined && rules !== undefined)
  const library = libraryOf({ ...party.context, store: undefined, self: undefined }, network)
  return auditPost(party.context, { rules, record }, { ...world, library })
}

test('an epoch is posted, kept by drawn operators, finalised in its window, and claimed', async () => {
  const epoch = await closedEpoch()
  const poster = world.party('poster')
  const postable = await world.blockNumber()
  const done = await passes(poster, { blocks: 14, isPoster: true })
  assert.deepEqual(
    resultsOf(done).filter((result) => result.endsWith('done')),
    ['post done', 'attest done', 'finalise done'],
  )
  const head = await headOf()
  assert.equal(head.epoch, epoch + 1n)
  assert.ok((await world.blockNumber()) - postable <= 20n, 'it was final within 20 blocks of the evidence deadline')

  const audited = await auditOf(world.party('watcher'), epoch)
  assert.ok(audited.verdict.tag === 'agrees', audited.verdict.tag)
  const { closed } = audited.verdict
  assert.equal(closed.post.root, head.root)
  const ada = world.party('ada')
  const proof = proveLeaf({ leaves: closed.leaves, leafTree: buildLeafTree(closed.leaves, network) }, ada.operator)
  assert.ok(proof !== undefined && proof.leaf.bootstrapAtto > 0n)
  const earlier = await readBalances(world.chain, { account: ada.account.address })
  await claimSync(ada.chain, { network, ...proof.leaf, path: proof.path }, world)
  const later = await readBalances(world.chain, { account: ada.account.address })
  // Rebates wait for what the account retires by converting; the bootstrap share is paid at once.
  assert.equal(later.workAtto - earlier.workAtto, proof.leaf.bootstrapAtto)
})

const wrongs: readonly { readonly name: string; readonly make: (honest: ClosedBundle) => ClosedBundle }[] = [
  { name: 'a line raised', make: (honest) => misbehave(honest, 'overpay') },
  { name: 'a line dropped', make: (honest) => misbehave(honest, 'drop-line') },
  {
    name: 'a line duplicated',
    make: (honest) => {
      const [first, ...rest] = honest.bundle.lines
      assert.ok(first !== undefined)
      return withLines(honest, [first, first, ...rest])
    },
  },
  {
    name: 'a sum off by one',
    make: (honest) => {
      const { linesTotal, totals } = honest.post
      const one = packLanes(1n, 0n)
      return {
        ...honest,
        post: { ...honest.post, linesTotal: addLanes(linesTotal, one), totals: addLanes(totals, one) },
      }
    },
  },
]

for (const { name, make } of wrongs) {
  test(`a post with ${name} is rejected, its poster loses its lock, and the reporter is paid`, async () => {
    const epoch = await closedEpoch()
    const { liar, watcher, poster } = {
      liar: world.party('liar'),
      watcher: world.party('watcher'),
      poster: world.party('poster'),
    }
    const bundle = make(await honestBundle(liar, epoch))
    await liar.evidence.publish({ network, bundle }, world)
    assert.equal(await liar.desk.post({ network, post: bundle.post }, world), 'done')
    const { postedBlock } = await readPending(world.chain, { network })
    const { epoch: next } = await headOf()
    await world.mine(2n)
    const signatures = await liar.evidence.askKeepers(
      { network, post: bundle.post, committee: await liar.desk.committee(network, world) },
      world,
    )
    assert.ok(signatures.length <= 1, 'no honest operator signs for it')

    const wealth = await readBalances(world.chain, { account: watcher.account.address })
    const done = await passes(watcher, { blocks: 4 })
    assert.deepEqual(
      resultsOf(done).filter((result) => /challenge|inspect/.test(result)),
      ['inspect differs', 'challenge done', 'challenge done'],
    )
    const lock = await readLock(world.chain, {
      lockId: posterLockId({ network, epoch, postedBlock: BigInt(postedBlock) }),
    })
    assert.equal(lock.slashed, true)
    assert.equal((await headOf()).epoch, next, 'the head has not moved')
    const richer = await readBalances(world.chain, { account: watcher.account.address })
    assert.equal(richer.workAtto - wealth.workAtto, world.chain.deployment.parameters.posterBondMinAtto / 10n)

    await passes(poster, { blocks: 14, isPoster: true })
    assert.equal((await headOf()).epoch, epoch + 1n, 'an honest post takes its place')
  })
}

test('a drawn operator signs for the pending post and for no other with the same evidence', async () => {
  const epoch = await closedEpoch()
  const { liar, watcher } = { liar: world.party('liar'), watcher: world.party('watcher') }
  const honest = await honestBundle(liar, epoch)
  await liar.evidence.publish({ network, bundle: honest }, world)
  const evidence = honest.post.evidence
  const secret = { ...misbehave(honest, 'overpay').post, evidence }
  const domain = evidenceDomain(watcher.context)
  const kept = bundleBlocks(libraryOf(liar.context, network), { network, evidence })
  assert.ok(kept !== undefined)
  const blocks = new Map(kept.blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
  const availableOf = (post: EpochPost): Available => ({ network, epoch, evidence, post: digestOfPost(post) })
  const foundOf = async (post: EpochPost): Promise<string> =>
    (await auditPostedBundle(watcher.context, { available: availableOf(post), blocks }, world)).tag
  const others = async (): Promise<readonly Address[]> =>
    (await liar.desk.committee(network, world)).filter((operator) => operator !== liar.operator)
  const ask = async (post: EpochPost): Promise<readonly Hex[]> =>
    liar.evidence.askKeepers({ network, post, committee: await others() }, world)

  assert.equal(await liar.desk.post({ network, post: secret }, world), 'done')
  await world.mine(2n)
  assert.ok((await others()).length >= 2)
  assert.deepEqual(await ask(honest.post), [], 'right, but not the one that is pending')
  assert.deepEqual(await ask(secret), [], 'pending, but its evidence gives other lines')
  assert.equal(await foundOf(honest.post), 'not-pending')
  assert.equal(await foundOf(secret), 'differs')
  await passes(watcher, { blocks: 26 })

  assert.equal(await liar.desk.post({ network, post: honest.post }, world), 'done')
  await world.mine(2n)
  assert.equal(await foundOf(secret), 'not-pending')
  assert.equal(await foundOf(honest.post), 'agrees')
  const signers = (await ask(honest.post)).map((signature) =>
    recover(digestOfAvailable(availableOf(honest.post), domain), signature),
  )
  assert.deepEqual(signers, await others())
  await passes(world.party('poster'), { blocks: 14 })
})

test('a post whose bundle is withheld is attested by nobody and lapses', async () => {
  const epoch = await closedEpoch()
  const { liar, watcher } = { liar: world.party('liar'), watcher: world.party('watcher') }
  const { post } = misbehave(await honestBundle(liar, epoch), 'overpay')
  assert.equal(await liar.desk.post({ network, post }, world), 'done')
  const { epoch: next } = await headOf()
  const done = await passes(watcher, { blocks: 26 })
  assert.equal(resultsOf(done)[0], 'inspect unavailable')
  assert.equal(resultsOf(done).at(-1), 'lapse done')
  assert.equal((await headOf()).epoch, next)
})

test('a right post whose evidence is gone is not said to agree, and lapses', async () => {
  const epoch = await closedEpoch()
  const { liar, watcher } = { liar: world.party('liar'), watcher: world.party('watcher') }
  const bundle = await honestBundle(liar, epoch)
  await liar.evidence.publish({ network, bundle }, world)
  assert.equal(await liar.desk.post({ network, post: bundle.post }, world), 'done')
  for (const name of [...providers, 'liar']) world.party(name).serve(false)
  const audited = await auditOf(world.party('poster'), epoch)
  const done = await passes(watcher, { blocks: 26 })
  for (const name of [...providers, 'liar']) world.party(name).serve(true)
  assert.equal(audited.verdict.tag, 'unavailable')
  assert.equal(resultsOf(done).at(-1), 'lapse done')
  assert.equal(
    (await auditOf(watcher, epoch)).verdict.tag,
    'agrees',
    'with the evidence back, the same post is found right',
  )
})
