/**
 * Goal: programs are killed at random moments of a walk and started again, and nothing that was acknowledged is lost, nobody is
 * paid twice, and the network goes on. Three seeds here, twenty in kill.long.test.ts.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killPlan, victims } from './kill-plan.ts'
import { openKillableNetwork } from './killable-network.ts'
import { moneyDifferences } from './money-of-chain.ts'
import { assertNothingLost, walkThrough } from './kill-walk.ts'

/** Chosen so that between them every program is killed, once while the customer acts and once while an epoch goes its way. */
const seeds = [1, 2, 3]

test('a provider, the gateway, a watcher and the chain are killed: nothing acknowledged is lost, nobody is paid twice', async (t) => {
  const plans = seeds.map(killPlan)
  const killed = new Set(plans.flatMap(({ own, chain }) => [own.victim, chain.victim]))
  assert.deepEqual([...killed].toSorted(), [...victims].toSorted(), 'these seeds kill every kind of program')

  await using network = await openKillableNetwork()
  const objects = []
  for (const plan of plans) objects.push(await walkThrough(network, plan, (text) => t.diagnostic(text)))
  const epoch = await network.converge()
  t.diagnostic(`epoch ${epoch} was finalised after the last kill`)
  await assertNothingLost(network, objects)

  // And the check is no formality: a conversion that happened twice would show.
  const { chain, index } = network.view()
  index.database.exec(
    "INSERT INTO logs SELECT contract, event, args, block, log_index + 1000000, tx FROM logs WHERE event = 'Converted' LIMIT 1",
  )
  assert.match((await moneyDifferences(chain, index)).join('; '), /WORK minted is/)
})
