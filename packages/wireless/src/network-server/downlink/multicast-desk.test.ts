/**
 * Goal: a payload for a group reaches every member that can be reached, under one counter that no other frame ever has, and each member's
 * application is told once.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keySchedule } from '../../crypto/aes-128.ts'
import { groupMembersMax, groupQueueName, type MulticastGroup } from '../../model/multicast-group.ts'
import type { TransmitRefusal } from '../../model/radio.ts'
import { cryptPayload, mic10 } from '../../wire/frame-crypto.ts'
import { parsePhyPayload } from '../../wire/phy-payload.ts'
import { groupsMax, memoryGroups } from '../memory-groups.ts'
import {
  downlinkWorld,
  euiOf,
  gatewayOf,
  joinedWorld,
  text,
  type DownlinkWorld,
  type WorldOptions,
} from './downlink-world.ts'

const group: MulticastGroup = {
  id: 'lamps',
  name: 'lamps',
  applicationId: 'a',
  region: 'EU868',
  parameterRevision: 'RP002-1.0.4',
  devAddr: 0x01f00001,
  mcNwkSKey: new Uint8Array(16).fill(3),
  mcAppSKey: new Uint8Array(16).fill(4),
  fCntDown: 65_534,
  deviceClass: 'C',
  frequencyHz: 869_525_000,
  dataRate: 3,
  pingSlotPeriodicity: 0,
  members: [euiOf(0), euiOf(1), euiOf(2)],
}

/** Three devices: the first and the second are heard by gateway 1, the second and the third by gateway 2. */
async function lamps(options: WorldOptions = {}, more: Partial<MulticastGroup> = {}): Promise<DownlinkWorld> {
  const world = downlinkWorld({ devices: 3, profile: { supportsClassC: true, supportsClassB: true }, ...options })
  world.behave(() => ['sent'])
  const heardBy = [[1], [1, 2], [2]]
  for (const [index, gateways] of heardBy.entries()) {
    const heard = gateways.map((gateway) => ({ gatewayEui: gatewayOf(gateway) }))
    await world.air(world.devices[index]!.join(), heard)
    world.hear()
    await world.pass(30_000)
    await world.air(world.devices[index]!.send({ fPort: 1, payload: text('x') }), heard)
    await world.pass(30_000)
  }
  await world.groups.put({ ...group, ...more })
  world.behave(options.behaviour ?? (() => ['sent']))
  world.messages.length = 0
  world.asked.length = 0
  world.aired.length = 0
  await world.pass(100_000)
  return world
}

const enqueue = async (world: DownlinkWorld, id: string, more: object = {}): Promise<void> => {
  await world.enqueue(id, { devEui: groupQueueName(group), ...more })
  world.server().groupChanged(group.id)
}

/** As a member reads it. */
function read(phyPayload: Uint8Array): { readonly fCnt: number; readonly payload: string; readonly isSigned: boolean } {
  const frame = parsePhyPayload(phyPayload)
  assert.ok(frame.kind === 'data' && !frame.isUp && !frame.isConfirmed && frame.devAddr === group.devAddr)
  assert.equal(frame.fCtrl & 0xef, 0, 'no ADR, no ACK, no options')
  const fCnt = frame.fCnt16 < 1000 ? 65_536 + frame.fCnt16 : frame.fCnt16
  const place = { isUp: false, devAddr: group.devAddr, fCnt }
  const plain = cryptPayload(keySchedule(group.mcAppSKey), place, frame.bytes, frame.payloadFrom, frame.payloadTo)
  const mic = mic10(keySchedule(group.mcNwkSKey), place, frame.bytes, frame.payloadTo)
  return { fCnt, payload: new TextDecoder().decode(plain), isSigned: mic === frame.mic }
}

test('one frame goes through as few gateways as reach all members, one after the other', async () => {
  const world = await lamps()
  await enqueue(world, 'on')
  await world.pass(30_000)
  assert.deepEqual(
    world.aired.map(({ gatewayEui }) => gatewayEui),
    [gatewayOf(1), gatewayOf(2)],
  )
  assert.deepEqual(world.aired[0]?.phyPayload, world.aired[1]?.phyPayload)
  assert.deepEqual(read(world.aired[0]!.phyPayload), { fCnt: 65_534, payload: 'on', isSigned: true })
  for (const index of [0, 1, 2]) {
    const ends = world.ends(euiOf(index), 'on')
    assert.equal(ends.length, 1)
    assert.ok(ends[0]?.kind === 'txack' && ends[0].isSent && ends[0].fCntDown === 65_534)
  }
  assert.equal(world.queue.count(groupQueueName(group)), 0)
  const [first, second] = world.messages.filter(({ kind }) => kind === 'txack').map(({ atMs }) => atMs)
  assert.equal(first, second, 'of one gateway')
})

test('the counter passes 16 bits, survives a restart, and never goes back', async () => {
  const world = await lamps()
  for (const id of ['a', 'b', 'c']) await enqueue(world, id)
  await world.pass(60_000)
  world.restart()
  assert.equal(world.groups.group(group.id)?.fCntDown, 65_537)
  assert.deepEqual([...new Set(world.aired.map(({ phyPayload }) => read(phyPayload).fCnt))], [65_534, 65_535, 65_536])
  assert.ok(world.aired.every(({ phyPayload }) => read(phyPayload).isSigned))
  assert.equal(await world.groups.put({ ...group, fCntDown: 65_000 }), false)
  const [mcNwkSKey, mcAppSKey] = [new Uint8Array(16), new Uint8Array(16)]
  assert.equal(await world.groups.put({ ...group, fCntDown: 0, mcNwkSKey }), false, 'payloads are still under one key')
  assert.equal(await world.groups.put({ ...group, fCntDown: 0, mcAppSKey }), false)
  assert.equal(
    await world.groups.put({ ...group, fCntDown: 0, mcNwkSKey, mcAppSKey }),
    true,
    'other keys, other frames',
  )
})

test('a gateway that refuses is replaced by others as far as they reach', async () => {
  const world = await lamps({ behaviour: ({ gatewayEui }) => (gatewayEui === gatewayOf(1) ? ['tx-freq'] : ['sent']) })
  await enqueue(world, 'on')
  await world.pass(60_000)
  const isSent = [0, 1, 2].map((index) => {
    const [end] = world.ends(euiOf(index), 'on')
    return end?.kind === 'txack' && end.isSent
  })
  assert.deepEqual(isSent, [false, true, true])
  const [missed] = world.ends(euiOf(0), 'on')
  assert.ok(missed?.kind === 'txack')
  assert.deepEqual(missed.timeline.flatMap(({ reason }) => reason ?? []).slice(0, 1), ['tx-freq'])
})

test('a member that was never heard is told of, and holds up nobody', async () => {
  const world = await lamps({}, { members: [euiOf(0), euiOf(7)] })
  await enqueue(world, 'on')
  await world.pass(60_000)
  const [missed] = world.ends(euiOf(7), 'on')
  assert.ok(missed?.kind === 'txack' && !missed.isSent && missed.timeline.at(-1)?.reason === 'not-heard-yet')
  const [reached] = world.ends(euiOf(0), 'on')
  assert.ok(reached?.kind === 'txack' && reached.isSent)
})

test('a gateway whose band rests is waited for', async () => {
  const world = await lamps()
  for (let index = 0; index < 6; index += 1) await enqueue(world, `p${index}`, { payload: new Uint8Array(100) })
  await world.pass(600_000)
  for (let index = 0; index < 6; index += 1)
    for (const member of [0, 1, 2]) {
      const ends = world.ends(euiOf(member), `p${index}`)
      assert.ok(ends.length === 1 && ends[0]?.kind === 'txack' && ends[0].isSent, `p${index} of ${member}`)
    }
})

test('class B groups are sent in their own slots', async () => {
  const world = await lamps({}, { deviceClass: 'B', frequencyHz: 0, pingSlotPeriodicity: 2 })
  await enqueue(world, 'on')
  await world.pass(60_000)
  assert.equal(world.aired.length, 2)
  assert.ok(world.aired.every(({ deviceClass, windows }) => deviceClass === 'B' && windows[0]?.timing.kind === 'gps'))
  const slots = world.aired.map(({ windows }) => (windows[0]?.timing.kind === 'gps' ? windows[0].timing.gpsTimeMs : 0))
  assert.ok(slots[1]! > slots[0]!)
})

test('what is too long, or has waited too long, ends for all members, and the next one goes', async () => {
  const world = await lamps()
  await world.enqueue('big', { devEui: groupQueueName(group), payload: new Uint8Array(200) })
  await world.enqueue('old', { devEui: groupQueueName(group), expiresAtMs: world.nowMs() - 1 })
  await enqueue(world, 'on')
  await world.pass(60_000)
  const reasonOf = (id: string): unknown[] =>
    [0, 1, 2].map((index) => {
      const ends = world.ends(euiOf(index), id)
      return ends.length === 1 && ends[0]?.kind === 'txack' ? ends[0].timeline.at(-1)?.reason : ends.length
    })
  assert.deepEqual(reasonOf('big'), ['too-long-for-data-rate', 'too-long-for-data-rate', 'too-long-for-data-rate'])
  assert.deepEqual(reasonOf('old'), ['expired', 'expired', 'expired'])
  assert.equal(world.aired.length, 2)
})

test('groups and their members are bounded', async () => {
  const groups = memoryGroups()
  for (let index = 0; index < groupsMax; index += 1) assert.ok(await groups.put({ ...group, id: `g${index}` }))
  assert.equal(await groups.put({ ...group, id: 'one-more' }), false)
  assert.ok(await groups.put({ ...group, id: 'g0', name: 'changed' }))
  const members = Array.from({ length: groupMembersMax + 1 }, (_, index) => `m${index}`)
  assert.equal(await groups.put({ ...group, id: 'g1', members }), false)
})

test('a server without groups sends to none', async () => {
  const world = await joinedWorld()
  world.server().groupChanged('lamps')
  await world.pass(1_000)
  assert.equal(world.asked.length, 0)
})

test('whatever gateways do, a counter carries one content, and each member of each payload is told once', async () => {
  const refusals: readonly TransmitRefusal[] = ['too-late', 'collision-packet', 'gateway-away', 'no-answer', 'tx-freq']
  const outcome = fc.array(fc.constantFrom<TransmitRefusal | 'sent'>('sent', ...refusals), { maxLength: 1 })
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(outcome),
      fc.array(fc.nat(40_000), { maxLength: 8 }),
      async (outcomes, pauses) => {
        const world = await lamps({ behaviour: () => outcomes.next().value })
        for (const [index, pauseMs] of pauses.entries()) {
          await enqueue(world, `q${index}`)
          await world.pass(pauseMs)
        }
        await world.pass(900_000)
        const byCounter = new Map<number, string>()
        for (const { phyPayload } of world.asked) {
          const { fCnt, isSigned } = read(phyPayload)
          assert.ok(isSigned)
          assert.equal(byCounter.get(fCnt) ?? String(phyPayload), String(phyPayload))
          byCounter.set(fCnt, String(phyPayload))
        }
        for (const index of pauses.keys())
          for (const member of [0, 1, 2]) assert.equal(world.ends(euiOf(member), `q${index}`).length, 1)
        assert.equal(world.queue.count(groupQueueName(group)), 0)
      },
    ),
    { numRuns: 20 },
  )
})

test('a payload for a group that waited while the program was away is sent after its start', async () => {
  const world = await lamps()
  await world.enqueue('late', { devEui: groupQueueName(group) })
  world.restart()
  await world.pass(120_000)
  assert.deepEqual(
    world.aired.map(({ phyPayload }) => read(phyPayload).payload),
    ['late', 'late'],
  )
  assert.equal(world.ends(euiOf(0), 'late').length, 1)
})

test('a group waits for gateways that are off line', async () => {
  const world = await lamps()
  world.away.add(gatewayOf(1)).add(gatewayOf(2))
  await enqueue(world, 'on')
  await world.pass(300_000)
  assert.equal(world.ends(euiOf(0), 'on').length, 0)
  world.away.clear()
  await world.pass(60_000)
  assert.ok([0, 1, 2].every((index) => world.ends(euiOf(index), 'on').length === 1))
  assert.equal(world.aired.length, 2)
})
