/**
 * Goal: hotspots that are killed after they sent and heard, before anything of it is committed to or revealed, lose none of it.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devnetParameters } from '@groundwork/chain/devnet/parameters.ts'
import { pino } from 'pino'
import { networkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { openBeaconScene } from './beacon-scene.ts'
import { scratchFolder, until } from './program.ts'

const secondsMax = 240
// Long enough to start again before the evidence deadline.
const values = { ...devnetParameters, epochBlocks: 20, evidenceBlocks: 12, windowBlocks: 4 }

test('both hotspots are killed between beacon and commitment, and again before the reveal; both are confirmed', async () => {
  using folder = scratchFolder()
  const stopping = new AbortController()
  await using steps = await networkSteps({
    dataDir: folder.path,
    log: pino({ level: 'silent' }),
    signal: stopping.signal,
    values,
    plans: [],
  })
  await steps.startChain()
  await steps.startGateway()
  await steps.startHotspots()
  await using scene = await openBeaconScene(steps)
  const { owners, sent } = scene
  const { parameters } = steps.network().chain.deployment
  const blockNow = async (): Promise<bigint> => steps.network().chain.client.getBlockNumber({ cacheTime: 0 })
  const epochNow = async (): Promise<bigint> =>
    ((await blockNow()) - parameters.startBlock) / BigInt(parameters.epochBlocks)
  const killBoth = async (): Promise<void> => {
    const { hotspots } = steps.network()
    await Promise.all(
      hotspots.map(async ({ child, plan }) => {
        child.kill('SIGKILL')
        await child.exited
        await steps.restart(plan.name)
      }),
    )
  }
  let [seen, before] = [-1n, 0]
  const epoch = await until('both have sent in one epoch', secondsMax, async () => {
    const now = await epochNow()
    if (now !== seen) [seen, before] = [now, sent.length]
    return new Set(sent.slice(before).map(({ from }) => from)).size === owners.length ? now : undefined
  })
  const block = await blockNow()
  await until('the datagrams are there', secondsMax, async () => ((await blockNow()) > block ? true : undefined))
  await killBoth()
  const deadline =
    parameters.startBlock + (epoch + 1n) * BigInt(parameters.epochBlocks) + 1n + BigInt(parameters.evidenceBlocks)
  await until('the deadline of its notes', secondsMax, async () => ((await blockNow()) > deadline ? true : undefined))
  await killBoth()
  const said = await until('the epoch is revealed', secondsMax, async () => scene.audit(epoch))
  for (const owner of owners) {
    const beacon = said.beacons.find((one) => one.owner === owner) ?? assert.fail()
    assert.equal(beacon.reason, undefined, 'as drawn')
    assert.deepEqual(
      beacon.reports.map(({ owner: witness, reason }) => [witness === owner, reason]),
      [[false, undefined]],
    )
  }
  stopping.abort(new Error('the walk is over'))
})
