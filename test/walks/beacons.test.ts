/**
 * Goal: two strangers' hotspots send beacons that nobody could foresee, hear each other over their forwarders, say so before either
 * reveals, and a third party who has an RPC address finds both confirmed; a frame that somebody makes up confirms nothing.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devnetParameters } from '@groundwork/chain/devnet/parameters.ts'
import { pino } from 'pino'
import { networkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { openBeaconScene } from './beacon-scene.ts'
import { scratchFolder, until } from './program.ts'

const secondsMax = 150
const values = { ...devnetParameters, epochBlocks: 10, evidenceBlocks: 5, windowBlocks: 4 }

test('beacons are drawn, sent, heard, committed to, revealed and audited', async () => {
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
  const said = await until('both are confirmed', secondsMax, async () => {
    // Before the beacons of a second epoch are sent nothing of the first is revealed.
    const found = sent.length < 3 ? undefined : await scene.audit()
    const isDone = owners.every((owner) => found?.trust.some((one) => one.owner === owner && one.confirmedBy === 1))
    return isDone ? found : undefined
  })
  for (const owner of owners) {
    const beacon = said.beacons.find((one) => one.owner === owner) ?? assert.fail()
    assert.equal(beacon.reason, undefined, 'as drawn')
    assert.deepEqual(
      beacon.reports.map(({ owner: witness, reason }) => [witness === owner, reason]),
      [[false, undefined]],
    )
  }
  assert.deepEqual(new Set(said.strays.map(({ reason }) => reason)), new Set(['unknown-beacon']))
  assert.ok(
    said.trust.every(({ trust }) => trust === 200),
    'nobody paid either of them',
  )
  const contents = sent.map(({ frame }) => Buffer.from(frame.phyPayload).toString('hex'))
  assert.equal(new Set(contents).size, contents.length, 'no two beacons are the same')
  stopping.abort(new Error('the walk is over'))
})
