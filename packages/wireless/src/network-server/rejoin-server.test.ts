/**
 * Goal: a device of 1.1 gets another session when it asks for one with the right key and a new counter, and loses nothing when the answer
 * is lost.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { downlinkWorld, euiOf, gatewayOf, joinedWorld, text, type DownlinkWorld } from './downlink/downlink-world.ts'
import { forceRejoin, rejoinsWantedMax, rejoinTellsMax } from './mac/force-rejoin.ts'
import { macWorld } from './mac/mac-fixtures.ts'

const dropsOf = (world: DownlinkWorld, reason: string): number =>
  new Map<string, number>(world.server().drops()).get(reason) ?? 0

for (const rejoinType of [0, 1, 2] as const) {
  test(`a rejoin of type ${rejoinType} is answered once for all copies, five seconds later, and the device goes on on new keys`, async () => {
    const world = await joinedWorld({ macVersion: '1.1.0', heardBy: 2 })
    const [device] = world.devices
    const before = world.session()
    await world.air(device!.rejoin(rejoinType))
    assert.equal(world.asked.length, 1)
    const timing = world.asked[0]?.windows[0]?.timing
    assert.ok(timing?.kind === 'delay' && timing.delayMs === 5_000)
    assert.deepEqual(
      world.hear().map(({ kind }) => kind),
      ['joined'],
    )
    await world.pass(10_000)
    await world.air(device!.send({ fPort: 1, payload: text('new') }))
    const after = world.session()
    assert.notDeepEqual(after.keys, before.keys)
    assert.equal(after.fCntUp, 1)
    assert.ok(after.startedAtMs > before.startedAtMs)
    assert.ok(
      world.messages.some((message) => message.kind === 'up' && new TextDecoder().decode(message.payload) === 'new'),
    )
    assert.equal(world.messages.filter(({ kind }) => kind === 'join').length, 1)
    // RekeyInd is confirmed.
    assert.ok(
      world.hear().some((heard) => heard.kind === 'data' && heard.commands.some(({ name }) => name === 'RekeyConf')),
    )
  })
}

test('type 2 leaves the radio as it is, type 0 makes it anew', async () => {
  const world = await joinedWorld({ macVersion: '1.1.0', policy: { rxDelaySeconds: 1 } })
  world.policy({ rxDelaySeconds: 3 })
  await world.turn()
  await world.turn()
  await world.turn()
  assert.equal(world.session().radio.rx1DelaySeconds, 3)
  world.policy({ rxDelaySeconds: 1 })
  for (const [rejoinType, delaySeconds] of [
    [2, 3],
    [0, 1],
  ] as const) {
    await world.air(world.devices[0]!.rejoin(rejoinType))
    world.hear()
    await world.pass(10_000)
    const frame = world.devices[0]!.send({ fPort: 1, payload: text('x') })
    assert.equal(frame.rx1Seconds, delaySeconds)
    await world.air(frame)
    assert.equal(world.session().radio.rx1DelaySeconds, delaySeconds)
    world.hear()
    await world.pass(60_000)
    // The network asks for its own wish again; this test does not answer.
    world.asked.length = 0
  }
})

test('an answer that is lost loses nothing: the old session goes on, and the next rejoin is answered', async () => {
  const world = await joinedWorld({ macVersion: '1.1.0' })
  const [device] = world.devices
  await world.air(device!.rejoin(0))
  await world.pass(10_000)
  await world.air(device!.send({ fPort: 1, payload: text('old keys') }))
  assert.ok(world.messages.some((message) => message.kind === 'up' && message.fCnt === 1))
  world.asked.length = 0
  await world.air(device!.rejoin(0))
  assert.equal(world.asked.length, 1)
})

test('a rejoin that is played again, of another network, or signed by another is refused by name', async () => {
  const world = await joinedWorld({ macVersion: '1.1.0' })
  const [device] = world.devices
  const frame = device!.rejoin(0)
  await world.air(frame)
  await world.pass(120_000)
  await world.air(frame)
  assert.equal(dropsOf(world, 'rejoin-counter-used'), 1)
  await world.air(device!.rejoin(2, 0x123456))
  assert.equal(dropsOf(world, 'rejoin-of-other-network'), 1)
  const forged = device!.rejoin(2)
  const phyPayload = Uint8Array.from(forged.phyPayload)
  phyPayload[14] = phyPayload[14]! ^ 1
  const logs = world.messages.filter(({ kind }) => kind === 'log').length
  await world.air({ ...forged, phyPayload })
  assert.equal(dropsOf(world, 'wrong-mic'), 1)
  assert.equal(world.messages.filter(({ kind }) => kind === 'log').length, logs, 'a stranger fills nobody’s log')
  assert.equal(world.asked.length, 1)
})

test('counters of type 1 survive a restart, and new sessions', async () => {
  const world = await joinedWorld({ macVersion: '1.1.0' })
  const [device] = world.devices
  const frame = device!.rejoin(1)
  await world.air(frame)
  world.hear()
  await world.pass(10_000)
  await world.air(device!.send({ fPort: 1, payload: text('x') }))
  world.restart()
  await world.pass(120_000)
  await world.air(frame)
  assert.equal(dropsOf(world, 'rejoin-counter-used'), 1)
})

test('a device of 1.0 has no rejoin, and one without a session none of types 0 and 2', async () => {
  const known = await joinedWorld({ macVersion: '1.1.0' })
  const frame = known.devices[0]!.rejoin(0)
  const older = await joinedWorld({ macVersion: '1.0.4' })
  await older.air(frame)
  assert.equal(dropsOf(older, 'rejoin-not-known'), 1)
  const fresh = downlinkWorld({ macVersion: '1.1.0' })
  await fresh.air(frame)
  assert.equal(dropsOf(fresh, 'rejoin-without-session'), 1)
  assert.equal(fresh.asked.length + older.asked.length, 0)
})

test('a device that is to rejoin is told with its answers until it does', async () => {
  const world = await joinedWorld({ macVersion: '1.1.0' })
  world.server().askRejoin(euiOf(0), 2)
  const heard = await world.turn()
  const told = heard
    .flatMap((one) => (one.kind === 'data' ? one.commands : []))
    .find(({ name }) => name === 'ForceRejoinReq')
  assert.ok(told?.name === 'ForceRejoinReq' && told.rejoinType === 2)
  await world.air(world.devices[0]!.rejoin(2), [{ gatewayEui: gatewayOf(1) }])
  world.hear()
  await world.pass(10_000)
  const [next] = await world.turn()
  assert.ok(next?.kind !== 'data' || next.commands.every(({ name }) => name !== 'ForceRejoinReq'))
})

test('who never rejoins is told a bounded number of times, and so many are remembered', () => {
  const { session } = macWorld({ macVersion: '1.1.0' })
  const forced = forceRejoin()
  forced.ask(session.devEui, 0)
  let told = 0
  for (let turn = 0; turn < 50; turn += 1) told += forced.commandsFor(session).length
  assert.equal(told, rejoinTellsMax)
  forced.ask(session.devEui, 0)
  for (let index = 0; index < rejoinsWantedMax; index += 1) forced.ask(`device ${index}`, 0)
  assert.equal(forced.commandsFor(session).length, 0)
  forced.ask(session.devEui, 0)
  assert.equal(forced.commandsFor({ ...session, macVersion: '1.0.4' }).length, 0)
})
