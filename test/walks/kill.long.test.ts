/**
 * Goal: what kill.test.ts shows for three seeds holds for twenty, and through rollbacks past a finalised epoch and past the
 * deployment itself.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochStepsIn } from '@groundwork/chain/indexer/index-queries.ts'
import { killPlan } from './kill-plan.ts'
import { openKillableNetwork, storage, type Acknowledged } from './killable-network.ts'
import { assertNothingLost, walkThrough } from './kill-walk.ts'

const seeds = Array.from({ length: 20 }, (_, index) => 1 + index)

test('twenty seeds of kills in one network: nothing acknowledged is lost, nobody is paid twice', async (t) => {
  await using network = await openKillableNetwork()
  const objects: Acknowledged[] = []
  for (const seed of seeds) objects.push(await walkThrough(network, killPlan(seed), (text) => t.diagnostic(text)))
  await network.converge()
  await assertNothingLost(network, objects)
})

test('the chain goes back past a finalised epoch, and the network finalises it again', async (t) => {
  await using network = await openKillableNetwork()
  const first = await network.put(killPlan(201))
  await network.converge()
  const dump = await network.keepDump()
  const second = await network.put(killPlan(202))
  const lost = await network.converge()

  assert.equal(await network.rollBack(dump), 'reused')
  const { index } = network.view()
  t.diagnostic(`epoch ${lost} was finalised, and is gone with the blocks after the dump`)
  const again = await network.converge()
  assert.ok(again >= lost, `epoch ${again} is finalised after epoch ${lost} was lost`)
  assert.ok(
    epochStepsIn(index, { network: storage }).some(({ state, epoch }) => state === 'finalised' && epoch >= lost),
  )
  await assertNothingLost(network, [first, second])
})

test('the chain goes back past the deployment: contracts are deployed again and every acknowledged object is still kept and paid for', async () => {
  await using network = await openKillableNetwork()
  const objects = [await network.put(killPlan(301))]
  await network.converge()

  assert.equal(await network.rollBack(undefined), 'redeployed')
  objects.push(await network.put(killPlan(302)))
  await network.converge()
  await assertNothingLost(network, objects)
})
