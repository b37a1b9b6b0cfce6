/**
 * Goal: however often the watcher is killed, at whatever call, and wherever the chain goes back to, every epoch is posted and
 * finalised once, a wrong post is never finalised by it, and a report earns its reward.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOfPost } from '@groundwork/core/epoch/post.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { toyNetwork } from '@groundwork/core/epoch/toy-network.ts'
import { misbehave } from './misbehave.ts'
import { honestBundle, makeWorld, mine, postAs, simulatedDesks, simulatedSelf, type World } from './simulated-desks.ts'
import { makeWatcher, type StepDone } from './watcher.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} }
const other: Address = `0x${'22'.repeat(20)}`

/** Runs a new watcher, one pass a block, until `until`; killed at the call numbered `killAt`. @returns the calls made */
async function run(
  world: World,
  { until, isPoster = true, killAt = Infinity }: { until: bigint; isPoster?: boolean; killAt?: number },
): Promise<string[]> {
  const killer = new AbortController()
  const calls: string[] = []
  const around = (name: string, moment: string): void => {
    calls.push(`${moment} ${name}`)
    if (calls.length <= killAt) return
    killer.abort(new Error('killed'))
    killer.signal.throwIfAborted()
  }
  const watcher = makeWatcher({
    networks: [toyNetwork],
    isPoster,
    ...simulatedDesks(world, { around }),
    log: silent as never,
  })
  try {
    while (world.chain.block < until) {
      await watcher.pass({ signal: killer.signal })
      mine(world)
    }
  } catch (error) {
    assert.ok(killer.signal.aborted, String(error))
  }
  return calls
}

async function pass(world: World, options: { isPoster?: boolean } = {}): Promise<readonly StepDone[]> {
  const desks = simulatedDesks(world, { around: () => {} })
  const watcher = makeWatcher({
    networks: [toyNetwork],
    isPoster: options.isPoster ?? false,
    ...desks,
    log: silent as never,
  })
  return watcher.pass({ signal: new AbortController().signal })
}

/** A chain on which epoch 0 can be posted in the next block. */
function readyToPost(): World {
  const world = makeWorld()
  mine(world, 32n)
  world.chain = { ...world.chain, sealed: new Map([[0n, `0x${'77'.repeat(32)}` as const]]) }
  mine(world, 30n)
  return world
}

/** Somebody else has posted epoch 0, wrongly. */
function wrongPost({ hasJudge, isServed = true }: { hasJudge: boolean; isServed?: boolean }): World {
  const world = readyToPost()
  const honest = honestBundle(world.chain, 0n)
  assert.ok(honest !== undefined)
  const bundle = misbehave(honest.bundle, 'overpay')
  if (isServed) world.served.set(bundle.post.evidence, bundle)
  world.wrong.set(bundle.post.evidence, { hasJudge })
  assert.equal(postAs(world, other, { post: bundle.post, leaves: honest.leaves }), 'done')
  return world
}

const firstSixEpochs = 10n + 6n * 30n + 30n

test('every epoch with evidence is posted and finalised once, in order; one without is passed over', async () => {
  const world = makeWorld()
  await run(world, { until: firstSixEpochs })
  assert.deepEqual(world.chain.finalised, [0n, 1n, 2n, 3n, 5n])
  assert.deepEqual(
    world.chain.posted.map(({ epoch }) => epoch),
    world.chain.finalised,
  )
})

test('an epoch is finalised within 25 blocks of its close', async () => {
  const world = makeWorld()
  await run(world, { until: 10n + 30n + 25n })
  assert.deepEqual(world.chain.finalised, [0n])
})

test('killed around any call and started again, it posts nothing twice and misses nothing', async () => {
  const whole = await run(makeWorld(), { until: firstSixEpochs })
  const count = whole.filter((call) => !call.endsWith('view')).length
  assert.ok(count > 40, 'the run has calls to be killed at')
  const killPoints = whole.flatMap((call, index) => (call.endsWith('view') && index % 7 !== 0 ? [] : [index]))
  for (const killAt of killPoints) {
    const world = makeWorld()
    await run(world, { until: firstSixEpochs, killAt })
    await run(world, { until: firstSixEpochs + 30n })
    assert.deepEqual(
      world.chain.finalised.slice(0, 5),
      [0n, 1n, 2n, 3n, 5n],
      `killed at call ${killAt}: ${whole[killAt]}`,
    )
    assert.equal(
      new Set(world.chain.posted.map(({ epoch }) => epoch)).size,
      world.chain.posted.length,
      `killed at ${whole[killAt]}`,
    )
  }
})

test('wherever the chain goes back to, all epochs come to be finalised once on the chain that stands', async () => {
  const backs = fc.array(
    fc.record({ runBlocks: fc.bigInt({ min: 1n, max: 60n }), backTo: fc.double({ min: 0, max: 1, noNaN: true }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  await fc.assert(
    fc.asyncProperty(backs, async (steps) => {
      const world = makeWorld()
      const kept: World['chain'][] = [world.chain]
      for (const { runBlocks, backTo } of steps) {
        const end = world.chain.block + runBlocks
        while (world.chain.block < end) {
          await run(world, { until: world.chain.block + 1n })
          kept.push(world.chain)
        }
        kept.length = Math.floor(backTo * (kept.length - 1)) + 1
        world.chain = kept.at(-1) ?? world.chain
        world.fork += 1n
      }
      await run(world, { until: firstSixEpochs + 60n })
      assert.deepEqual(world.chain.finalised.slice(0, 5), [0n, 1n, 2n, 3n, 5n])
      assert.equal(new Set(world.chain.finalised).size, world.chain.finalised.length)
    }),
    { numRuns: 25 },
  )
})

test('a wrong post is reported in an earlier block and then rejected, also when the watcher is killed in between', async () => {
  const whole = await run(wrongPost({ hasJudge: true }), { until: 90n, isPoster: false })
  for (let killAt = 0; killAt < whole.length; killAt += 1) {
    const world = wrongPost({ hasJudge: true })
    await run(world, { until: 90n, isPoster: false, killAt })
    await run(world, { until: 90n, isPoster: false })
    assert.deepEqual(
      world.chain.rejected,
      [{ epoch: 0n, poster: other, isRewarded: true }],
      `killed at ${whole[killAt]}`,
    )
    assert.deepEqual(world.chain.finalised, [])
  }
})

test('a wrong post that no judge can be shown lapses, and an honest poster then posts the epoch', async () => {
  const world = wrongPost({ hasJudge: false })
  await run(world, { until: 150n })
  assert.deepEqual(world.chain.rejected, [])
  assert.deepEqual(world.chain.lapsed, [0n])
  assert.equal(world.chain.finalised[0], 0n)
  assert.equal(world.chain.posted.at(1)?.poster, simulatedSelf)
})

test('a post whose bundle nobody has is neither attested nor finalised: it lapses', async () => {
  const world = wrongPost({ hasJudge: true, isServed: false })
  await run(world, { until: 110n, isPoster: false })
  assert.deepEqual(world.chain.lapsed, [0n])
  assert.deepEqual(world.chain.finalised, [])
})

test('a judge that sees no fault is not asked again, and the post is still never finalised by us', async () => {
  const world = wrongPost({ hasJudge: true })
  const evidence = world.chain.pending?.post.evidence
  assert.ok(evidence !== undefined)
  const desks = simulatedDesks(world, { around: () => {} })
  let asked = 0
  const challenge = async (): Promise<'refused'> => {
    asked += 1
    return 'refused'
  }
  const watcher = makeWatcher({
    networks: [toyNetwork],
    isPoster: false,
    ...desks,
    chain: { ...desks.chain, challenge },
    log: silent as never,
  })
  for (; world.chain.block < 100n; mine(world)) await watcher.pass({ signal: new AbortController().signal })
  assert.equal(asked, 1)
  assert.deepEqual(world.chain.finalised, [])
})

test('when the poster of a right epoch dies, another watcher attests and finalises it', async () => {
  const world = readyToPost()
  const honest = honestBundle(world.chain, 0n)
  assert.ok(honest !== undefined)
  world.served.set(honest.bundle.post.evidence, honest.bundle)
  postAs(world, other, { post: honest.bundle.post, leaves: honest.leaves })
  await run(world, { until: world.chain.block + 20n, isPoster: false })
  assert.deepEqual(world.chain.finalised, [0n])
})

test('a watcher that does not post leaves an open epoch alone; one that does posts it at the first look', async () => {
  const world = readyToPost()
  const idle = await pass(world)
  assert.ok(!idle.some(({ step }) => step.do === 'post'))
  const done = await pass(world, { isPoster: true })
  assert.deepEqual(
    done.filter(({ step }) => step.do === 'post').map(({ result }) => result),
    ['done'],
  )
  assert.equal(world.chain.pending?.digest, digestOfPost(world.chain.pending?.post ?? assert.fail()))
})

test('a poster whose post was rejected does not insist on the epoch', async () => {
  const world = readyToPost()
  world.chain = { ...world.chain, rejected: [{ epoch: 0n, poster: simulatedSelf, isRewarded: true }] }
  const done = await pass(world, { isPoster: true })
  assert.ok(!done.some(({ step }) => step.do === 'post' && step.epoch === 0n))
})
