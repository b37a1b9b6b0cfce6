/**
 * Goal: a device joins once for each join that it sent, whoever copies, delays, replays or forges joins in its name; and one that lost
 * count of its nonces is not shut out for ever.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { memorySessions, pendingSessionsMax } from './memory-sessions.ts'
import { devEuiOf, networkFixture, type Fixture, type FixtureOptions } from './network-fixture.ts'
import { joinHeldMsMax } from './network-server.ts'
import {
  nonceRepair,
  repairAttemptMs,
  repairDevicesMax,
  repairEveryMs,
  repairForgetMs,
  repairRefusalsMin,
  repairSilenceMsMin,
} from './nonce-repair.ts'
import { radioPool } from './radio-pool.ts'
import { regionOf } from '../region/region-of.ts'
import { joinedRadio } from './join-server.ts'
import type { DeviceProfile } from '../model/device.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const drop = (one: Fixture, reason: string): number => one.server.drops().get(reason as never) ?? 0
const joins = (one: Fixture): number => one.messages.filter(({ kind }) => kind === 'join').length

test('copies of one join 4 ms apart are one join, and one that comes 20 s later reaches no nonce check', async () => {
  const one = networkFixture()
  const device = one.device(1)
  const frame = device.join()
  await one.heard(frame, { gateways: [1, 2, 3], apartMs: 4 })
  await one.pass(20_000)
  await one.heard(frame, { gateways: [4] })
  assert.equal(joins(one), 1)
  assert.equal(one.sent.length, 1)
  assert.equal(drop(one, 'late-copy'), 1)
  assert.equal(drop(one, 'dev-nonce-used'), 0)
  assert.equal(one.logs().length, 0)
})

test('an unsigned join in the name of a device says nothing to anyone, whatever it claims', async () => {
  let patch = {}
  const one = networkFixture({ patch: () => patch })
  const frame = one.device(1, { joinEui: '00000000000000ff' }).join()
  const unsigned = Uint8Array.from(frame.phyPayload)
  unsigned[unsigned.length - 1]! ^= 1
  await one.heard({ ...frame, phyPayload: unsigned })
  patch = { isDisabled: true }
  unsigned[unsigned.length - 2]! ^= 1
  await one.heard({ ...frame, phyPayload: unsigned })
  assert.equal(drop(one, 'wrong-mic'), 2)
  assert.deepEqual(one.messages, [])
  patch = {}
  await one.heard(frame)
  assert.equal(drop(one, 'other-join-eui'), 1)
  assert.equal(one.logs('other-join-eui').length, 1, 'a signed one is a device that was provisioned wrongly')
  assert.equal(joins(one), 0)
})

test('a join that was held until nobody can answer it spends no nonce', async () => {
  const one = networkFixture()
  const device = one.device(1)
  const frame = device.join()
  await one.heard(frame, { change: (uplink) => ({ ...uplink, heldMs: joinHeldMsMax + 1 }) })
  assert.equal(drop(one, 'join-too-late'), 1)
  assert.equal(one.verdicts.at(-1)?.kind, 'refused')
  assert.equal(joins(one), 0)
  await one.pass(120_000)
  await one.heard(frame, {
    gateways: [1, 2],
    change: (uplink, index) => (index === 0 ? { ...uplink, heldMs: joinHeldMsMax + 1 } : uplink),
  })
  assert.equal(joins(one), 1, 'one copy in time is enough')
})

test('a join that was under way for long displaces no session that the device has since agreed on', async () => {
  const one = networkFixture({ macVersion: '1.0.2' })
  const device = one.device(1)
  const slow = device.join()
  await one.pass(10_000)
  await one.heard(device.join())
  assert.equal(one.deliver(device)[0]?.kind, 'joined')
  await one.heard(slow)
  assert.equal(joins(one), 2)
  await one.heard(device.send({ fPort: 1, payload: text('a') }))
  assert.equal(one.uplinks().length, 1)
})

test('of sessions that were not heard yet the newest few stand, and the first word on one ends those before it', async () => {
  const sessions = memorySessions()
  const one = networkFixture({ macVersion: '1.0.2', sessions })
  const devices = []
  for (let index = 0; index < pendingSessionsMax + 1; index += 1) {
    const device = one.device(1, { devNonce: 10 * (index + 1) })
    await one.heard(device.join())
    one.deliver(device)
    devices.push(device)
    await one.pass(20_000)
  }
  const pending = sessions.table.pendingOf(devEuiOf(1))
  assert.equal(pending.length, pendingSessionsMax)
  const [lost, , chosen, newer] = devices
  assert.ok(lost !== undefined && chosen !== undefined && newer !== undefined)
  await one.heard(lost.send({ fPort: 1, payload: text('lost') }))
  assert.equal(one.uplinks().length, 0)
  await one.heard(chosen.send({ fPort: 1, payload: text('chosen') }))
  assert.equal(one.uplinks().length, 1)
  assert.equal(sessions.table.pendingOf(devEuiOf(1)).length, 2, 'those before the chosen one are over')
  await one.heard(newer.send({ fPort: 1, payload: text('newer') }))
  assert.equal(one.uplinks().length, 2)
  await one.heard(chosen.send({ fPort: 1, payload: text('again') }))
  assert.equal(one.uplinks().length, 2)
})

/** Joins of a device that lost its counter, until one is let in or the attempts end. */
async function stuck(one: Fixture, attempts: number, everyMs: number): Promise<number> {
  const device = one.device(1)
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const before = joins(one)
    await one.heard(device.join())
    if (joins(one) > before) {
      assert.equal(one.deliver(device)[0]?.kind, 'joined')
      await one.heard(device.send({ fPort: 1, payload: text('here again') }))
      return attempt
    }
    await one.pass(everyMs)
  }
  return 0
}

async function worn(options: FixtureOptions = {}): Promise<Fixture> {
  const one = networkFixture(options)
  const device = await one.joined(1, { devNonce: 500 })
  await one.heard(device.send({ fPort: 1, payload: text('before') }))
  await one.pass(1_000_000)
  return one
}

test('a device that lost count of its nonces is let in after a while, once, and said', async () => {
  const one = await worn()
  const attempt = await stuck(one, 20, 60_000)
  assert.ok(attempt > repairRefusalsMin, `at attempt ${attempt}`)
  assert.equal(one.uplinks().length, 2)
  assert.equal(one.logs('dev-nonce-repaired').length, 1)
  assert.ok(drop(one, 'dev-nonce-used') >= repairRefusalsMin - 1)
})

test('where the policy says so only a person lets it in', async () => {
  const one = await worn({ policy: { repairsNonces: false } })
  assert.equal(await stuck(one, 40, 60_000), 0)
  await one.sessions.forgetDevNonces(devEuiOf(1))
  assert.equal(await stuck(one, 1, 60_000), 1)
})

test('joins of a device that speaks, played again, are never let in', async () => {
  const one = networkFixture()
  const device = one.device(1)
  const recorded = []
  for (let index = 0; index < 5; index += 1) {
    const frame = device.join()
    recorded.push(frame)
    await one.heard(frame)
    one.deliver(device)
    await one.pass(100_000)
  }
  const before = joins(one)
  for (let round = 0; round < 60; round += 1) {
    await one.heard(recorded[round % recorded.length]!)
    await one.pass(60_000)
    await one.heard(device.send({ fPort: 1, payload: text('x') }))
  }
  assert.equal(joins(one), before)
  assert.equal(one.uplinks().length, 60)
})

test('joins of a silent device, played again, win an answer now and then, and never its session', async () => {
  const one = networkFixture()
  const device = one.device(1)
  const recorded = []
  for (let index = 0; index < 5; index += 1) {
    const frame = device.join()
    recorded.push(frame)
    await one.heard(frame)
    one.deliver(device)
    await one.pass(100_000)
  }
  const before = joins(one)
  const startMs = one.nowMs()
  for (let round = 0; round < 200; round += 1) {
    await one.heard(recorded[round % recorded.length]!)
    await one.pass(61_000)
  }
  const won = joins(one) - before
  assert.ok(won > pendingSessionsMax, 'more than can stand')
  assert.ok(won <= (one.nowMs() - startMs) / repairEveryMs + 1, `${won} in ${one.nowMs() - startMs} ms`)
  await one.heard(device.send({ fPort: 1, payload: text('still here') }))
  assert.equal(one.uplinks().length, 1, 'also when it had not said a word on its session yet')
})

test('a device that sends seldom is silent for longer before it counts as stuck', async () => {
  const often = await worn()
  const seldom = await worn({ profile: { uplinkIntervalSeconds: 3600 } })
  const [first, second] = [await stuck(often, 200, 60_000), await stuck(seldom, 200, 60_000)]
  assert.ok(second >= 120 && second > first * 4, `${first} and ${second}`)
})

test('what is known of refused joins is bounded, and old signs are none', () => {
  const repair = nonceRepair()
  const silenceMs = 0
  const at = (elapsedMs: number): boolean => repair.refused('a', { elapsedMs, silenceMs })
  assert.equal(at(0), false)
  assert.equal(at(repairAttemptMs - 1), false, 'one attempt')
  assert.equal(at(repairAttemptMs), false)
  assert.equal(at(repairSilenceMsMin), true)
  assert.equal(at(repairSilenceMsMin + 10_000), false)
  assert.equal(at(repairSilenceMsMin + 20_000), false)
  assert.equal(at(2 * repairSilenceMsMin + 20_000), false, 'not so soon again')
  assert.equal(at(repairSilenceMsMin + repairEveryMs), true)
  repair.spoke('a')
  const laterMs = 3 * repairForgetMs
  assert.equal(at(laterMs), false)
  assert.equal(at(laterMs + 10_000), false)
  repair.spoke('a')
  assert.equal(at(laterMs + repairSilenceMsMin), false, 'it spoke')
  assert.equal(at(laterMs + repairSilenceMsMin + repairForgetMs + 1), false, 'the signs are old')
  for (let index = 0; index <= repairDevicesMax; index += 1)
    repair.refused(`${index}`, { elapsedMs: laterMs, silenceMs })
  assert.equal(repair.refused('0', { elapsedMs: laterMs + repairSilenceMsMin, silenceMs }), false)
})

test('even a few addresses are shared evenly', async () => {
  const sessions = memorySessions()
  const one = networkFixture({ sessions, policy: { addresses: { first: 0x01000000, last: 0x01000007 } } })
  for (let number = 0; number < 160; number += 1) {
    const device = one.device(number)
    await one.heard(device.join(), { thenMs: 205 })
  }
  const counts = Array.from({ length: 8 }, (_, index) => sessions.sessionsFor(0x01000000 + index).length)
  assert.equal(
    counts.reduce((total, count) => total + count, 0),
    160,
  )
  assert.ok(Math.max(...counts) <= 22, counts.join(' '))
})

test('equal radio states are one value, and other ones are not', () => {
  const region = regionOf('EU868')
  const profile = { macVersion: '1.0.4', supportsClassC: false } as DeviceProfile
  const policy = {
    netId: 0,
    addresses: { first: 0, last: 1 },
    rxDelaySeconds: 1,
    rx1DataRateOffset: 0,
    extraChannelsHz: [867_100_000],
  }
  const pool = radioPool()
  const first = pool.same(joinedRadio(region, profile, policy))
  assert.equal(pool.same(joinedRadio(region, profile, policy)), first)
  const slower = pool.same({ ...joinedRadio(region, profile, policy), dataRate: 3 })
  assert.notEqual(slower, first)
  assert.equal(slower.channels, first.channels)
  assert.deepEqual(slower, { ...first, dataRate: 3 })
  const holed = { ...first, channels: [first.channels[0], undefined, first.channels[1]] }
  assert.deepEqual(pool.ofText(JSON.stringify(holed)), holed, 'a channel that was taken away comes back as none')
  assert.equal(pool.ofText(JSON.stringify(first)), first)
})

test('whatever joins are replayed, copied and delayed, a device that speaks is heard, and no JoinNonce comes twice', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('replay' as const),
      which: fc.nat(20),
      gateway: fc.nat(3),
      passMs: fc.constantFrom(0, 5, 300, 70_000),
    }),
    fc.record({
      kind: fc.constantFrom('send' as const, 'join' as const, 'lost-join' as const),
      passMs: fc.constantFrom(0, 300, 70_000),
    }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom('1.0.2' as const, '1.0.4' as const, '1.1.0' as const),
      async (steps, macVersion) => {
        const memory = memorySessions()
        const joinNonces: number[] = []
        const nextJoinNonce = async (devEui: string): Promise<number> => {
          const next = await memory.nextJoinNonce(devEui)
          joinNonces.push(next)
          return next
        }
        const one = networkFixture({ macVersion, sessions: { ...memory, nextJoinNonce } })
        const device = one.device(1)
        const recorded = [device.join()]
        await one.heard(recorded[0]!)
        one.deliver(device)
        let spoken = 0
        // A device that begins to join has given up the session that it had.
        let isJoined = true
        for (const taken of steps) {
          if (taken.kind === 'replay')
            await one.heard(recorded[taken.which % recorded.length]!, { gateways: [taken.gateway + 1] })
          else if (taken.kind === 'send') {
            if (!isJoined) continue
            await one.heard(device.send({ fPort: 1, payload: text('x') }))
            spoken += 1
            one.deliver(device)
          } else {
            const frame = device.join()
            recorded.push(frame)
            await one.heard(frame)
            // The answer to a lost one is on the air when nobody listens.
            const heard = one.deliver(taken.kind === 'join' ? device : one.device(2))
            isJoined = heard.some(({ kind }) => kind === 'joined')
          }
          await one.pass(taken.passMs)
        }
        assert.equal(one.uplinks().length, spoken)
        assert.equal(new Set(joinNonces).size, joinNonces.length)
        assert.deepEqual(one.troubles, [])
      },
    ),
    { numRuns: 150 },
  )
})
