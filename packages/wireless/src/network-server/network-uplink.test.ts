/**
 * Goal: a frame is read as its device meant it, whatever gateways say of it, how late they bring it, and who plays it again; and what
 * is refused costs little and fills nobody's log.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keySchedule } from '../crypto/aes-128.ts'
import type { DeviceSession } from '../model/session.ts'
import type { SentFrame } from '../simulate/simulated-device.ts'
import { cryptOptions, cryptPayload, mic10, setMic, uplinkMic11 } from '../wire/frame-crypto.ts'
import { buildDataFrame, micBytes, parsePhyPayload } from '../wire/phy-payload.ts'
import { addressBudget, addressTriesPerSecondMax, countedAddressesMax, floodedTries } from './address-budget.ts'
import { makeSchedules } from './key-schedules.ts'
import { lastFrames, lastFramesMax } from './last-frames.ts'
import { logGate, saidMax, sayEveryMs } from './log-gate.ts'
import { memorySessions } from './memory-sessions.ts'
import { devEuiOf, networkFixture, type Fixture } from './network-fixture.ts'
import { micTriesMax, readUplink, type UplinkVerdict } from './read-uplink.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const drop = (one: Fixture, reason: string): number => one.server.drops().get(reason as never) ?? 0

/** A frame of a session of 1.0 as its device would make it. */
function signed10(
  session: DeviceSession,
  { fCnt, fCtrl = 0, fOpts = new Uint8Array(0), fPort, payload = new Uint8Array(0), isConfirmed = false }: Making,
): Uint8Array {
  const bytes = buildDataFrame({
    isUp: true,
    isConfirmed,
    devAddr: session.devAddr,
    fCtrl,
    fCnt,
    fOpts,
    fPort,
    payload,
  })
  const place = { isUp: true, devAddr: session.devAddr, fCnt }
  setMic(bytes, mic10(keySchedule(session.keys.fNwkSIntKey), place, bytes, bytes.length - micBytes))
  return bytes
}

interface Making {
  readonly fCnt: number
  readonly fCtrl?: number
  readonly fOpts?: Uint8Array
  readonly fPort?: number
  readonly payload?: Uint8Array
  readonly isConfirmed?: boolean
}

const onAir = (phyPayload: Uint8Array): SentFrame => ({
  phyPayload,
  frequencyHz: 868_100_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
  channel: 0,
  dataRate: 5,
  eirpDbm: 14,
  isJoin: false,
  rx1Seconds: 1,
})

test('in 1.1 a gateway that is wrong about channel or rate, and comes first, spoils nothing', async () => {
  const one = networkFixture({ macVersion: '1.1.0' })
  const device = await one.joined(1)
  await one.heard(device.send({ fPort: 1, payload: text('a') }), {
    gateways: [1, 2],
    change: (uplink, index) => (index === 0 ? { ...uplink, frequencyHz: 868_300_100 } : uplink),
  })
  await one.heard(device.send({ fPort: 1, payload: text('b') }), {
    gateways: [1, 2],
    change: (uplink, index) =>
      index === 0 ? { ...uplink, modulation: { kind: 'lora', spreadingFactor: 12, bandwidthHz: 125_000 } } : uplink,
  })
  assert.equal(one.uplinks().length, 2)
  assert.equal(drop(one, 'wrong-mic'), 0)
})

test('in 1.1 the repetition of a frame that acknowledged something is the same frame, not a forged one', async () => {
  const one = networkFixture({ macVersion: '1.1.0' })
  const device = await one.joined(1)
  await one.queue.add({ id: 'q', devEui: devEuiOf(1), fPort: 3, payload: text('x'), isConfirmed: true })
  await one.heard(device.send({ fPort: 1, payload: text('a') }))
  const heard = one.deliver(device)
  assert.ok(heard.some((downlink) => downlink.kind === 'data' && downlink.isConfirmed))
  const acknowledging = device.send({ fPort: 1, payload: text('b'), isConfirmed: true })
  await one.heard(acknowledging)
  one.deliver(device)
  await one.pass(15_000)
  await one.heard(acknowledging)
  assert.equal(drop(one, 'wrong-mic'), 0)
  assert.equal(one.verdicts.at(-1)?.kind, 'replayed')
  assert.equal(one.uplinks().length, 2)
  assert.ok(
    one.deliver(device).some((downlink) => downlink.kind === 'data' && downlink.isAck),
    'answered again',
  )
})

test('a copy that a slow gateway brings late is not answered; what the device sent again is', async () => {
  const one = networkFixture()
  const device = await one.joined(1)
  const frame = device.send({ fPort: 1, payload: text('a'), isConfirmed: true })
  const firstMs = one.nowMs()
  await one.heard(frame)
  const answers = one.sent.length
  await one.pass(4_000)
  await one.heard(frame, { gateways: [2], change: (uplink) => ({ ...uplink, heardAtMs: firstMs + 30 }) })
  assert.equal(one.sent.length, answers)
  assert.equal(drop(one, 'late-copy'), 1)
  await one.pass(4_000)
  await one.heard(frame, { gateways: [2] })
  assert.equal(one.sent.length, answers + 1)
  assert.equal(one.uplinks().length, 1)
})

test('a frame that was under way for long, and overtaken, is no device that begins to count again', async () => {
  const one = networkFixture()
  const device = await one.joined(1)
  await one.heard(device.send({ fPort: 1, payload: text('a') }))
  const slow = device.send({ fPort: 1, payload: text('b') })
  const slowMs = one.nowMs()
  await one.pass(60_000)
  await one.heard(device.send({ fPort: 1, payload: text('c') }))
  await one.heard(slow, { gateways: [2], change: (uplink) => ({ ...uplink, heardAtMs: slowMs, heldMs: 60_000 }) })
  assert.equal(drop(one, 'overtaken'), 1)
  assert.equal(one.verdicts.at(-1)?.kind, 'refused')
  assert.deepEqual(one.logs(), [])
  assert.equal(one.uplinks().length, 2, 'a counter that was passed is not accepted any more')
})

test('a bench device that counts from 0 after each start is published each time, whatever the number of copies', async () => {
  const one = networkFixture({ patch: () => ({ skipsFrameCounter: true }) })
  await one.joined(1)
  const device = await one.joined(1, { devNonce: 20 })
  await one.heard(device.send({ fPort: 1, payload: text('zero') }))
  const session = one.sessions.sessionOf(devEuiOf(1)) ?? assert.fail()
  for (const word of ['one', 'two']) {
    const payload = cryptPayload(
      keySchedule(session.keys.appSKey),
      { isUp: true, devAddr: session.devAddr, fCnt: 0 },
      text(word),
    )
    const frame = onAir(signed10(session, { fCnt: 0, fPort: 1, payload }))
    await one.heard(frame, { gateways: [1, 2, 3] })
    await one.pass(10_000)
    await one.heard(frame, { gateways: [3] })
  }
  assert.deepEqual(
    one.uplinks().map(({ payload }) => new TextDecoder().decode(payload)),
    ['zero', 'one', 'two'],
  )
})

test('a device that sends other frames under one counter is told of, once in a while', async () => {
  const one = networkFixture()
  const device = await one.joined(1)
  await one.heard(device.send({ fPort: 1, payload: text('a') }))
  const session = one.sessions.sessionOf(devEuiOf(1)) ?? assert.fail()
  for (let byte = 0; byte < 4; byte += 1) {
    await one.heard(onAir(signed10(session, { fCnt: 0, fPort: 1, payload: Uint8Array.of(byte) })))
    await one.pass(10_000)
  }
  assert.equal(one.uplinks().length, 1)
  assert.equal(one.logs('frame-counter-reset').length, 1)
  assert.equal(drop(one, 'not-told-again'), 3)
})

test('whoever plays recorded frames again fills no log, and no counter moves', async () => {
  const one = networkFixture()
  const device = await one.joined(1)
  const frames = Array.from({ length: 12 }, () => device.send({ fPort: 1, payload: text('x') }))
  for (const frame of frames) await one.heard(frame)
  await one.pass(20_000)
  const before = one.sessions.sessionOf(devEuiOf(1))
  for (const frame of frames.slice(0, -1)) await one.heard(frame)
  assert.equal(one.logs().length, 1)
  assert.equal(one.uplinks().length, 12)
  assert.equal(drop(one, 'counter-reset'), 11)
  assert.deepEqual(one.sessions.sessionOf(devEuiOf(1)), before)
  await one.pass(sayEveryMs)
  await one.heard(frames[0]!)
  assert.equal(one.logs().length, 2)
})

test('what is held against who carried a frame is a wrong MIC alone', async () => {
  let isDisabled = false
  const one = networkFixture({ patch: () => ({ isDisabled }) })
  const device = await one.joined(1)
  const good = device.send({ fPort: 1, payload: text('a') })
  const forged = Uint8Array.from(good.phyPayload)
  forged[9]! ^= 1
  const stranger = Uint8Array.from(good.phyPayload)
  stranger[2]! ^= 0x55
  const kindOf = async (frame: SentFrame): Promise<string | undefined> => {
    await one.heard(frame)
    return one.verdicts.at(-1)?.kind
  }
  assert.equal(await kindOf({ ...good, phyPayload: forged }), 'mic-failed')
  assert.equal(await kindOf({ ...good, phyPayload: stranger }), 'unknown-device')
  assert.equal(await kindOf(good), 'accepted')
  isDisabled = true
  assert.equal(await kindOf(device.send({ fPort: 1, payload: text('b') })), 'refused')
  assert.equal(one.logs('disabled').length, 1)
  isDisabled = false
  assert.equal(await kindOf(device.send({ fPort: 1, payload: text('c') })), 'accepted')
  const count = one.verdicts.length
  assert.equal(await kindOf({ ...good, phyPayload: Uint8Array.of(0x40, 1, 2) }), 'refused')
  assert.equal(await kindOf({ ...good, phyPayload: new Uint8Array(17).fill(0x20) }), 'refused')
  assert.equal(one.verdicts.length, count + 2, 'nobody waits for a word that never comes')
})

/** So many sessions on one address; counters as they fall. */
function crowd(count: number, macVersion: '1.0.4' | '1.1.0' = '1.0.4'): DeviceSession[] {
  let state = 7
  return Array.from({ length: count }, (_, index): DeviceSession => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const key = (kind: number): Uint8Array =>
      Uint8Array.from({ length: 16 }, (_unused, at) => (at === 0 ? index : at === 1 ? index >> 8 : kind))
    const first = key(1)
    const is11 = macVersion === '1.1.0'
    return {
      devEui: devEuiOf(index),
      devAddr: 0x01000001,
      joinEui: '0000000000000001',
      keys: {
        fNwkSIntKey: first,
        sNwkSIntKey: is11 ? key(2) : first,
        nwkSEncKey: is11 ? key(3) : first,
        appSKey: key(4),
      },
      macVersion,
      startedAtMs: 1,
      fCntUp: state % 60_000,
      nFCntDown: 0,
      aFCntDown: 0,
      radio: { deviceClass: 'A', channels: [], enabledChannels: [] } as unknown as DeviceSession['radio'],
      requests: [],
    }
  })
}

function readOf(phyPayload: Uint8Array, candidates: readonly DeviceSession[], triesMax?: number): UplinkVerdict {
  const frame = parsePhyPayload(phyPayload)
  assert.ok(frame.kind === 'data')
  return readUplink({
    frame,
    candidates,
    schedulesOf: makeSchedules(),
    sentWith: () => [{ txDataRate: 5, txChannel: 0 }],
    skipsFrameCounter: () => false,
    isLastFrame: () => true,
    isDisabled: () => false,
    ...(triesMax === undefined ? {} : { triesMax }),
  })
}

test('of a thousand sessions on one address the right one is found, nearly always at the first tries', () => {
  const sessions = crowd(1000)
  let total = 0
  for (const session of sessions) {
    const read = readOf(signed10(session, { fCnt: session.fCntUp + 2, fPort: 1, payload: text('x') }), sessions)
    assert.ok(read.tag === 'accepted')
    assert.equal(read.session.devEui, session.devEui)
    total += read.tries
  }
  assert.ok(total / sessions.length < 4, `${total / sessions.length} tries a frame`)
})

test('a device that was not heard for long is found too, at more tries', () => {
  const sessions = crowd(300)
  const last = sessions.at(-1) ?? assert.fail()
  const read = readOf(signed10(last, { fCnt: last.fCntUp + 9_000, fPort: 1, payload: text('x') }), sessions)
  assert.equal(read.tag, 'accepted')
  assert.ok(read.tries > 10)
})

test('tries for one frame are bounded, and the bound says so instead of calling the frame forged', () => {
  const sessions = crowd(micTriesMax + 10)
  const forged = signed10(sessions[0]!, { fCnt: 1, fPort: 1, payload: text('x') })
  forged[9]! ^= 1
  const read = readOf(forged, sessions)
  assert.ok(read.tag === 'refused' && read.reason === 'too-many-tries')
  assert.equal(read.tries, micTriesMax)
  const few = readOf(forged, sessions.slice(0, 5), 3)
  assert.ok(few.tag === 'refused' && few.reason === 'too-many-tries' && few.tries === 3)
})

test('sessions of 1.1 on one address are told apart by half of the MIC', () => {
  const sessions = crowd(200, '1.1.0')
  const session = sessions[150] ?? assert.fail()
  const { fCntUp: fCnt, devAddr, keys } = session
  const bytes = buildDataFrame({
    isUp: true,
    isConfirmed: false,
    devAddr,
    fCtrl: 0,
    fCnt,
    fOpts: cryptOptions(
      keySchedule(keys.nwkSEncKey),
      { isUp: true, devAddr, fCnt, isApplicationCounter: false },
      Uint8Array.of(2),
    ),
    fPort: 1,
    payload: cryptPayload(keySchedule(keys.appSKey), { isUp: true, devAddr, fCnt }, text('x')),
  })
  const frame = parsePhyPayload(bytes)
  assert.ok(frame.kind === 'data')
  setMic(
    bytes,
    uplinkMic11(
      { sNwkSIntKey: keySchedule(keys.sNwkSIntKey), fNwkSIntKey: keySchedule(keys.fNwkSIntKey) },
      frame,
      fCnt,
      { confFCnt: 0, txDataRate: 5, txChannel: 0 },
    ),
  )
  const read = readOf(bytes, sessions)
  assert.ok(read.tag === 'accepted' && read.session.devEui === session.devEui)
  assert.deepEqual(read.commands.commands, [{ name: 'LinkCheckReq' }])
  bytes[bytes.length - 4]! ^= 1
  const wrong = readOf(bytes, sessions)
  assert.ok(wrong.tag === 'refused' && wrong.reason === 'wrong-mic', 'the other half counts too')
})

test('when 32 bits are at their end old frames are not new ones', () => {
  const [session] = crowd(1)
  assert.ok(session !== undefined)
  const old = signed10(session, { fCnt: 3, fPort: 1, payload: text('x') })
  for (const fCntUp of [4_294_967_290, 4_294_967_296]) {
    const read = readOf(old, [{ ...session, fCntUp }])
    assert.ok(read.tag === 'refused' && read.reason === 'counter-reset')
  }
  const last = signed10(session, { fCnt: 4_294_967_295, fPort: 1, payload: text('x') })
  const read = readOf(last, [{ ...session, fCntUp: 4_294_967_290 }])
  assert.ok(read.tag === 'accepted' && read.session.fCntUp === 4_294_967_296)
})

test('a flood of forged frames on a crowded address costs no more than its budget, and devices on it are still heard', async () => {
  const sessions = memorySessions()
  const members = crowd(200)
  for (const session of members) await sessions.put(session)
  const one = networkFixture({ sessions })
  const [victim] = members
  assert.ok(victim !== undefined)
  for (let number = 0; number < 250; number += 1) {
    const forged = signed10(victim, { fCnt: 61_000 + number, fPort: 1, payload: Uint8Array.of(number, 1) })
    forged[forged.length - 1]! ^= 1
    await one.heard(onAir(forged), { thenMs: 0 })
  }
  // All of them go in the same moment.
  await one.pass(210)
  assert.ok(drop(one, 'wrong-mic') > 50)
  assert.ok(drop(one, 'address-flooded') > 50)
  assert.ok(drop(one, 'wrong-mic') * members.length <= addressTriesPerSecondMax + members.length)
  const payload = text('x')
  const genuine = members.slice(10, 30)
  for (const session of genuine)
    await one.heard(onAir(signed10(session, { fCnt: session.fCntUp, fPort: 1, payload })), { thenMs: 0 })
  await one.pass(210)
  assert.equal(one.uplinks().length, genuine.length)
})

test('the budget of an address is bounded in all it holds', () => {
  const budget = addressBudget()
  assert.equal(budget.triesFor(1, 0), micTriesMax)
  budget.spent(1, addressTriesPerSecondMax - 20)
  assert.equal(budget.triesFor(1, 999), 20)
  budget.spent(1, 20)
  assert.equal(budget.triesFor(1, 999), floodedTries)
  assert.equal(budget.triesFor(1, 1000), micTriesMax)
  for (let devAddr = 0; devAddr < countedAddressesMax; devAddr += 1) budget.spent(devAddr, 2)
  assert.equal(budget.triesFor(countedAddressesMax, 1001), floodedTries, 'one that finds no room is held to be flooded')
  assert.equal(budget.triesFor(5, 1001), micTriesMax)
})

test('last frames and said things are bounded', () => {
  const last = lastFrames()
  for (let index = 0; index <= lastFramesMax; index += 1) last.note(`${index}`, { mic: index, fCnt: 0, copies: [] })
  assert.equal(last.isLast('0', 0), undefined)
  assert.equal(last.isLast('1', 1), true)
  const gate = logGate()
  for (let index = 0; index <= saidMax; index += 1) gate.mayTell(`${index}`, 'x', 0)
  assert.equal(gate.mayTell('1', 'x', 1), false)
  assert.equal(gate.mayTell('0', 'x', 1), true, 'it was forgotten')
})

test('a frame that could not be kept is neither published nor answered, and is told', async () => {
  let isFull = false
  const memory = memorySessions()
  const put = async (session: DeviceSession): Promise<void> => {
    // As the one on disk does: in memory it is at once.
    await memory.put(session)
    if (isFull) throw new Error('the disk is full')
  }
  const one = networkFixture({ sessions: { ...memory, put } })
  const device = await one.joined(1)
  isFull = true
  const lost = device.send({ fPort: 1, payload: text('a'), isConfirmed: true })
  await one.heard(lost)
  assert.equal(one.uplinks().length, 0)
  assert.equal(one.verdicts.at(-1)?.kind, 'refused', 'and not paid')
  assert.equal(one.sent.length, 1, 'the answer to the join alone')
  assert.equal(drop(one, 'not-kept'), 1)
  assert.equal(one.troubles.length, 1)
  isFull = false
  await one.pass(15_000)
  await one.heard(lost)
  assert.equal(one.uplinks().length, 1, 'sent again it is new')
  assert.equal(one.verdicts.at(-1)?.kind, 'accepted')
  assert.ok(one.deliver(device).some((downlink) => downlink.kind === 'data' && downlink.isAck))
  await one.pass(15_000)
  await one.heard(lost)
  assert.equal(one.uplinks().length, 1, 'and then a repetition')
  await one.heard(device.send({ fPort: 1, payload: text('b') }))
  assert.equal(one.uplinks().length, 2)
})

test('what a device sends beyond its budget is not delivered, not answered, told once, and stops nothing after it', async () => {
  let isSpent = false
  const asked: number[] = []
  const one = networkFixture({
    patch: (number) => (number === 1 ? { unitsPerDayMax: 7 } : {}),
    admits: ({ unitsPerDayMax }) => {
      asked.push(unitsPerDayMax)
      return !isSpent
    },
  })
  const [bounded, free] = [await one.joined(1), await one.joined(2)]
  await one.heard(bounded.send({ fPort: 1, payload: text('a') }))
  isSpent = true
  for (let turn = 0; turn < 2; turn += 1)
    await one.heard(bounded.send({ fPort: 1, payload: text('b'), isConfirmed: true }))
  await one.heard(free.send({ fPort: 1, payload: text('c') }))
  assert.equal(one.uplinks().length, 2)
  assert.equal(drop(one, 'over-budget'), 2)
  assert.equal(one.logs('over-budget').length, 1)
  assert.equal(one.deliver(bounded).filter((heard) => heard.kind === 'data').length, 0)
  isSpent = false
  await one.heard(bounded.send({ fPort: 1, payload: text('d') }))
  assert.equal(one.uplinks(devEuiOf(1)).length, 2)
  assert.deepEqual(asked, [7, 7, 7, 7])
})

test('a mistake of ours about one frame stops no other', async () => {
  const memory = memorySessions()
  const broken = (session: DeviceSession): Promise<void> => {
    if (session.devEui === devEuiOf(1)) throw new TypeError('ours')
    return memory.put(session)
  }
  const one = networkFixture({ sessions: { ...memory, put: broken } })
  const [first, second] = [await one.joined(1), await one.joined(2)]
  await one.heard(first.send({ fPort: 1, payload: text('a') }))
  assert.equal(drop(one, 'our-fault'), 1)
  assert.equal(one.troubles.length, 1)
  await one.heard(second.send({ fPort: 1, payload: text('b') }))
  assert.equal(one.uplinks().length, 1)
})

test('whatever a device with keys says, nobody falls over it', async () => {
  const said = fc.record({
    fCtrl: fc.nat(15).map((bits) => bits << 4),
    fOpts: fc.uint8Array({ maxLength: 15 }),
    fPort: fc.option(fc.constantFrom(0, 1, 224, 255), { nil: undefined }),
    payload: fc.uint8Array({ maxLength: 60 }),
    isConfirmed: fc.boolean(),
    skipped: fc.nat(3),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(said, { maxLength: 12 }), async (frames) => {
      const one = networkFixture({ profile: { supportsClassB: true, supportsClassC: true, adr: 'on' } })
      const device = await one.joined(1)
      await one.heard(device.send({ fPort: 1, payload: text('a') }))
      let fCnt = 1
      for (const { skipped, fPort, payload, ...rest } of frames) {
        const session = one.sessions.sessionOf(devEuiOf(1)) ?? assert.fail()
        fCnt += skipped
        const making = fPort === undefined ? rest : { ...rest, fPort, payload }
        await one.heard(onAir(signed10(session, { fCnt, ...making })))
        fCnt += 1
      }
      assert.deepEqual(one.troubles, [])
    }),
    { numRuns: 150 },
  )
})

test('devices that share a few addresses are never taken for each other, whatever comes twice, late, or in which order', async () => {
  const step = fc.record({
    device: fc.nat(11),
    kind: fc.constantFrom('send' as const, 'send' as const, 'again' as const, 'join' as const),
    gateways: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
    apartMs: fc.constantFrom(0, 3, 70),
    thenMs: fc.constantFrom(0, 30, 210, 2_000),
    isHeard: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('1.0.2' as const, '1.0.4' as const, '1.1.0' as const),
      fc.array(step, { minLength: 10, maxLength: 60 }),
      async (macVersion, steps) => {
        const one = networkFixture({ macVersion, policy: { addresses: { first: 0x01000000, last: 0x01000002 } } })
        const devices = []
        for (let number = 0; number < 12; number += 1) {
          const device = await one.joined(number)
          devices.push({ device, isJoined: device.isJoined, last: undefined as SentFrame | undefined, sentMs: 0 })
          // Duty cycles of the gateway rest.
          await one.pass(20_000)
        }
        const said: string[] = []
        for (const { device: number, kind, isHeard, ...how } of steps) {
          const member = devices[number] ?? assert.fail()
          const { device } = member
          if (kind === 'join') {
            await one.heard(device.join(), { ...how, thenMs: 300 })
            const heard = one.deliver(device)
            member.isJoined = heard.some((downlink) => downlink.kind === 'joined')
            member.last = undefined
          } else if (kind === 'send' && member.isJoined) {
            // A device listens for a second or more before it sends again.
            await one.pass(Math.max(0, 1_000 - (one.nowMs() - member.sentMs)))
            member.sentMs = one.nowMs()
            const word = `${number}:${said.length}`
            said.push(word)
            member.last = device.send({ fPort: 1, payload: text(word), isConfirmed: isHeard })
            await one.heard(member.last, how)
            if (isHeard) one.deliver(device)
          } else if (member.last !== undefined) await one.heard(member.last, how)
        }
        await one.pass(1_000)
        const read = one.uplinks().map(({ devEui, payload }) => [devEui, new TextDecoder().decode(payload)] as const)
        for (const [devEui, word] of read) assert.equal(devEui, devEuiOf(Number(word.split(':')[0])))
        assert.deepEqual(read.map(([, word]) => word).toSorted(), said.toSorted(), 'each word once')
        assert.deepEqual(one.troubles, [])
      },
    ),
    { numRuns: 60 },
  )
})
