/**
 * Goal: what the network server keeps of devices is bounded, and at its bound what is least needed goes.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceSession, RadioState, SessionKeys } from '../model/session.ts'
import { makeSchedules } from './key-schedules.ts'
import { memorySessions, sessionsPerAddrMax, sessionTable } from './memory-sessions.ts'
import { devEuiOf, networkFixture } from './network-fixture.ts'
import { joinsAtOnceMax } from './network-server.ts'
import { pooledListsMax, pooledStatesMax, radioPool } from './radio-pool.ts'

const keysOf = (fill: number): SessionKeys => {
  const first = new Uint8Array(16).fill(fill)
  return { fNwkSIntKey: first, sNwkSIntKey: first, nwkSEncKey: first, appSKey: new Uint8Array(16) }
}
const radioOf = (dataRate: number, enabledChannels: readonly number[] = []): RadioState =>
  ({ dataRate, channels: [], enabledChannels }) as unknown as RadioState
const sessionOf = (number: number): DeviceSession =>
  ({ devEui: devEuiOf(number), devAddr: 7, keys: keysOf(number & 255), fCntUp: 0 }) as DeviceSession

test('of the sessions on one address the one that was silent longest is not looked for any more', () => {
  const table = sessionTable()
  for (let number = 0; number < sessionsPerAddrMax; number += 1) table.set(sessionOf(number))
  const [first] = [table.sessionOf(devEuiOf(0))]
  assert.ok(first !== undefined)
  table.set({ ...first, fCntUp: 1 })
  table.set(sessionOf(sessionsPerAddrMax))
  const listed = table.sessionsFor(7)
  assert.equal(listed.length, sessionsPerAddrMax)
  assert.equal(listed[0]?.devEui, devEuiOf(sessionsPerAddrMax))
  assert.equal(listed[1]?.devEui, devEuiOf(0), 'the last heard first')
  assert.ok(!listed.some(({ devEui }) => devEui === devEuiOf(1)))
  table.delete(devEuiOf(0))
  assert.equal(table.sessionsFor(7).length, sessionsPerAddrMax - 1)
})

test('key schedules are kept while they are used, and of the others no more than the bound', () => {
  const schedulesOf = makeSchedules({ keptMax: 8 })
  const used = keysOf(1)
  const first = schedulesOf(used)
  const idle = keysOf(2)
  const idleFirst = schedulesOf(idle)
  for (let number = 3; number < 40; number += 1) {
    schedulesOf(keysOf(number))
    assert.equal(schedulesOf(used), first)
  }
  assert.notEqual(schedulesOf(idle), idleFirst, 'it was made anew')
  assert.deepEqual(schedulesOf(idle), idleFirst)
})

test('states that find no room in the pool stand for themselves', () => {
  const pool = radioPool()
  for (let number = 0; number < Math.max(pooledStatesMax, pooledListsMax); number += 1)
    pool.same(radioOf(number, [number]))
  const known = pool.same(radioOf(5, [5]))
  assert.equal(pool.same(radioOf(5, [5])), known)
  const late = radioOf(pooledStatesMax, [pooledListsMax])
  assert.deepEqual(pool.same(late), late)
  assert.notEqual(pool.same({ ...late }), pool.same({ ...late }))
})

test('joins that are worked on at once are bounded, and the rest is refused and counted', async () => {
  const memory = memorySessions()
  const { promise, resolve } = Promise.withResolvers<void>()
  const one = networkFixture({
    sessions: {
      ...memory,
      async spendDevNonce(spent) {
        await promise
        return memory.spendDevNonce(spent)
      },
    },
  })
  for (let number = 0; number <= joinsAtOnceMax; number += 1)
    await one.heard(one.device(number).join(), { thenMs: number % 64 === 0 ? 205 : 0 })
  await one.pass(210)
  assert.equal(one.server.drops().get('joins-busy'), 1)
  resolve()
  await one.pass(100)
  assert.equal(one.server.counts().joined, joinsAtOnceMax)
})
