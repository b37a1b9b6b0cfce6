/**
 * Goal: a customer who looks away loses nothing. A provider goes silent, nobody asks for anything, and the customer's own gateway
 * notices the missing proof, demands a leaf, sees it missed, and has the copy repaired at another operator.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demandsIn, slashesIn } from '@groundwork/chain/indexer/index-queries.ts'
import { killPlan } from './kill-plan.ts'
import { copies, openKillableNetwork } from './killable-network.ts'
import { until } from './program.ts'

/** Two epochs of twelve blocks until the lack is final, a window to answer in, and a repair; several times that on a busy machine. */
const secondsMax = 300

interface Shown {
  readonly pieces: readonly { readonly providers: readonly string[] }[]
}

test('a provider that goes silent is demanded by the gateway, slashed, and its copy repaired', async () => {
  await using network = await openKillableNetwork()
  const object = await network.put(killPlan(401))
  await network.converge()
  const gateway = await network.gateway()
  const holdersNow = async (): Promise<readonly string[]> => {
    const { pieces } = await gateway.get<Shown>(`/v1/storage/objects/${object.cid}`, { signal: network.signal })
    return [...new Set(pieces.flatMap(({ providers }) => providers.map((one) => one.toLowerCase())))]
  }
  const [silent] = await holdersNow()
  assert.ok(silent !== undefined)
  const victim = network.steps.network().providers.find(({ operator }) => operator.toLowerCase() === silent)
  assert.ok(victim !== undefined)
  victim.child.kill('SIGKILL')
  await victim.child.exited

  await until('its lock is slashed', secondsMax, () =>
    slashesIn(network.view().index).find(({ operator }) => operator.toLowerCase() === silent),
  )
  const { customer } = network.steps.network()
  const missed = demandsIn(network.view().index).filter(({ state }) => state === 'missed')
  assert.ok(missed.length > 0)
  for (const { demander } of missed) assert.equal(demander.toLowerCase(), customer.toLowerCase(), 'the gateway asked')

  const holders = await until('the copy stands elsewhere', secondsMax, async () => {
    const now = await holdersNow()
    return now.length === copies && !now.includes(silent) ? now : undefined
  })
  assert.equal(holders.length, copies)
  await network.read(object)
})
