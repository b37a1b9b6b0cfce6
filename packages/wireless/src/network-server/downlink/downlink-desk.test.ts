/**
 * Goal: whatever gateways and devices do, no counter is used for two frames, and each queued payload ends once and with its reason.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DeviceMessage, DownlinkEvent } from '../../model/message.ts'
import { gpsMsOf } from '../../gps-time.ts'
import type { TransmitRefusal } from '../../model/radio.ts'
import { fCtrlBits } from '../../wire/phy-payload.ts'
import { nextPingSlotMs } from '../class-b.ts'
import { queuePerDeviceMax } from '../memory-queue.ts'
import { confirmedSendsMax, itemTriesMax, repeatsAnsweredMax } from './downlink-desk.ts'
import { keptGateways, lastHeard } from './last-heard.ts'
import { downlinkWorld, euiOf, gatewayOf, joinedWorld, text, type Behaviour, type Heard } from './downlink-world.ts'

const device = euiOf(0)
const payloadsOf = (heard: readonly Heard[]): string[] =>
  heard.flatMap((one) => (one.kind === 'data' && one.payload.length > 0 ? [new TextDecoder().decode(one.payload)] : []))
const reasonsOf = (message: DeviceMessage | undefined): string[] =>
  message?.kind === 'txack' ? message.timeline.flatMap(({ reason }) => reason ?? []) : []
const unsent = (messages: readonly DeviceMessage[]): DownlinkEvent[] =>
  messages.flatMap((message) => (message.kind === 'txack' && !message.isSent ? [message] : []))

/** What of each queued payload is its last word: unconfirmed the txack, confirmed the ack, and what was never sent a txack. */
function lastWords(messages: readonly DeviceMessage[], isConfirmed: boolean): readonly DeviceMessage[] {
  return messages.filter(
    (message) => message.kind === 'ack' || (message.kind === 'txack' && (!isConfirmed || !message.isSent)),
  )
}

for (const macVersion of ['1.0.4', '1.1.0'] as const) {
  test(`whatever becomes of downlinks, ${macVersion} uses no counter twice and ends each payload once`, async () => {
    const refusals: readonly TransmitRefusal[] = [
      'too-late',
      'collision-packet',
      'gateway-away',
      'duty-cycle',
      'no-answer',
    ]
    const outcome = fc.array(fc.constantFrom<TransmitRefusal | 'sent'>('sent', ...refusals), { maxLength: 2 })
    const act = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ does: fc.constant('up' as const), isConfirmed: fc.boolean(), isHeard: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('repeat' as const) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          does: fc.constant('queue' as const),
          isConfirmed: fc.boolean(),
          size: fc.nat(60),
          inMs: fc.nat(300_000),
        }),
      },
      { weight: 2, arbitrary: fc.record({ does: fc.constant('pass' as const), ms: fc.nat(90_000) }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('restart' as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({ does: fc.constant('away' as const), gateway: fc.integer({ min: 1, max: 2 }) }),
      },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 30 }),
        fc.infiniteStream(outcome),
        fc.boolean(),
        async (acts, outcomes, isClassC) => {
          const world = await joinedWorld({ macVersion, heardBy: 2, profile: { supportsClassC: isClassC } })
          if (macVersion === '1.1.0' && isClassC)
            await world.turn(0, { commands: [{ name: 'DeviceModeInd', deviceClass: 2 }] })
          const said: Behaviour = () => outcomes.next().value
          world.behave(said)
          const queued = new Map<string, boolean>()
          let last = world.devices[0]!.send({ fPort: 1, payload: text('first') })
          for (const [index, one] of acts.entries()) {
            if (one.does === 'up') {
              last = world.devices[0]!.send({ fPort: 1, payload: text('x'), isConfirmed: one.isConfirmed })
              await world.air(last, [{}, { snrDb: -3 }])
              if (one.isHeard) world.hear()
            } else if (one.does === 'repeat') await world.air(last)
            else if (one.does === 'queue') {
              const { isConfirmed, size, inMs } = one
              const id = `q${index}`
              const isKept = await world.enqueue(id, {
                payload: new Uint8Array(size),
                isConfirmed,
                expiresAtMs: world.nowMs() + inMs,
              })
              if (isKept) queued.set(id, isConfirmed)
              world.server().queueChanged(device)
            } else if (one.does === 'pass') await world.pass(one.ms)
            else if (one.does === 'restart') {
              // What was already decided is also done: a kill between is a payload that is told of twice.
              await world.pass(0)
              world.restart()
            } else if (world.away.has(gatewayOf(one.gateway))) world.away.delete(gatewayOf(one.gateway))
            else world.away.add(gatewayOf(one.gateway))
          }
          // Then the world becomes kind, until all is over.
          world.behave(() => ['sent'])
          world.away.clear()
          for (let round = 0; round < 12 && world.queue.count(device) > 0; round += 1) {
            await world.pass(120_000)
            world.hear()
            await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
            world.hear()
          }
          await world.pass(400_000)
          await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))

          const byCounter = new Map<string, string>()
          for (const { phyPayload } of world.asked) {
            const isApplication = macVersion === '1.1.0' && portOf(phyPayload) > 0
            const counter = `${isApplication} ${phyPayload[6]! + 256 * phyPayload[7]!}`
            const bytes = String(phyPayload)
            assert.equal(byCounter.get(counter) ?? bytes, bytes, 'a counter carries one content')
            byCounter.set(counter, bytes)
          }
          for (const [id, isConfirmed] of queued) {
            const ends = world.ends(device, id)
            assert.equal(lastWords(ends, isConfirmed).length, 1, `${id}: ${JSON.stringify(ends)}`)
          }
          assert.equal(world.server().counts().awaited, 0)
        },
      ),
      { numRuns: 40 },
    )
  })
}

const portOf = (phyPayload: Uint8Array): number => {
  const at = 8 + (phyPayload[5]! & 15)
  return at < phyPayload.length - 4 ? phyPayload[at]! : -1
}

test('a confirmed payload is sent again under another counter until the device says that it came', async () => {
  const world = await joinedWorld()
  await world.enqueue('c', { isConfirmed: true })
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
  // The device did not hear it, and says nothing of it.
  await world.pass(10_000)
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
  assert.equal(world.ends(device, 'c').filter(({ kind }) => kind === 'ack').length, 0)
  world.hear()
  await world.pass(10_000)
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
  const acks = world.ends(device, 'c').filter(({ kind }) => kind === 'ack')
  assert.deepEqual(
    acks.map((ack) => ack.kind === 'ack' && ack.isAcknowledged),
    [true],
  )
  const counters = world.asked.map(({ phyPayload }) => phyPayload[6])
  assert.equal(new Set(counters).size, counters.length)
  assert.equal(world.queue.count(device), 0)
})

test('a confirmed payload that is never acknowledged ends as that, and the next one goes', async () => {
  const world = await joinedWorld()
  await world.enqueue('c', { isConfirmed: true })
  await world.enqueue('next')
  const frames: number[] = []
  for (let turn = 0; turn < confirmedSendsMax + 2; turn += 1) {
    const before = world.asked.length
    await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
    frames.push(world.asked.length - before)
    await world.pass(20_000)
  }
  const acks = world.ends(device, 'c').filter(({ kind }) => kind === 'ack')
  assert.deepEqual(
    acks.map((ack) => ack.kind === 'ack' && ack.isAcknowledged),
    [false],
  )
  assert.equal(world.ends(device, 'next').length, 1)
  assert.deepEqual(frames, [1, 1, 1, 1, 0])
})

test('a repetition of an unconfirmed frame says nothing about a confirmed downlink, and takes nothing out of the queue', async () => {
  const world = await joinedWorld()
  await world.enqueue('c', { isConfirmed: true })
  const frame = world.devices[0]!.send({ fPort: 1, payload: text('x') })
  await world.air(frame)
  const asked = world.asked.length
  world.policy({ rxDelaySeconds: 3 })
  for (let turn = 0; turn < 5; turn += 1) {
    await world.pass(5_000)
    await world.air(frame)
  }
  assert.equal(world.asked.length, asked)
  assert.equal(world.messages.filter(({ kind }) => kind === 'ack').length, 0)
  world.hear()
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('y') }))
  assert.deepEqual(
    world.messages.flatMap((message) => (message.kind === 'ack' ? [message.isAcknowledged] : [])),
    [true],
  )
})

test('a confirmed frame that is played again is answered so many times and no more', async () => {
  const world = await joinedWorld()
  const frame = world.devices[0]!.send({ fPort: 1, payload: text('x'), isConfirmed: true })
  for (let turn = 0; turn < repeatsAnsweredMax + 10; turn += 1) {
    await world.air(frame)
    await world.pass(30_000)
  }
  assert.equal(world.asked.length, repeatsAnsweredMax + 1)
})

test('two devices may have payloads of one id', async () => {
  const world = await joinedWorld({ devices: 2 })
  await world.enqueue('same')
  await world.enqueue('same', { devEui: euiOf(1) })
  // Both are in the air at once: the first one's gateway has not said anything yet.
  world.behave(() => [])
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
  world.behave(() => ['sent'])
  await world.air(world.devices[1]!.send({ fPort: 1, payload: text('x') }), [{ gatewayEui: gatewayOf(9) }])
  assert.equal(world.ends(euiOf(1), 'same').length, 1)
  assert.equal(world.ends(device, 'same').length, 0)
})

test('a payload that fits without options waits for them to go first, and is not given up', async () => {
  const world = await joinedWorld({ device: { dataRate: 0 } })
  // DR0 holds 51 bytes: not together with an answer.
  await world.enqueue('full', { payload: new Uint8Array(51) })
  const first = await world.turn(0, { commands: [{ name: 'LinkCheckReq' }] })
  assert.ok(first.some((one) => one.kind === 'data' && one.commands.some(({ name }) => name === 'LinkCheckAns')))
  assert.equal(world.ends(device, 'full').length, 0)
  const [second] = await world.turn(0)
  assert.ok(second?.kind === 'data' && second.payload.length === 51)
  assert.equal(world.ends(device, 'full').length, 1)
})

test('what has waited too long ends with that reason, and no longer fills the queue', async () => {
  const world = await joinedWorld()
  for (let index = 0; index < queuePerDeviceMax; index += 1)
    assert.ok(await world.enqueue(`old${index}`, { expiresAtMs: world.nowMs() + 1_000 }))
  assert.equal(await world.enqueue('new'), false)
  await world.pass(2_000)
  world.server().queueChanged(device)
  assert.equal(await world.enqueue('new'), true)
  for (let index = 0; index < queuePerDeviceMax; index += 1) {
    const ends = world.ends(device, `old${index}`)
    assert.equal(ends.length, 1)
    assert.deepEqual(reasonsOf(ends[0]), ['expired'])
  }
})

test('a gateway that refuses is followed by the next best, with the same frame', async () => {
  const world = await joinedWorld({
    heardBy: 2,
    behaviour: ({ gatewayEui }) => (gatewayEui === gatewayOf(1) ? ['too-late', 'tx-freq'] : ['sent']),
  })
  await world.enqueue('q')
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }), [{ snrDb: 9 }, { snrDb: 2 }])
  assert.deepEqual(
    world.asked.map(({ gatewayEui }) => gatewayEui),
    [gatewayOf(1), gatewayOf(2)],
  )
  assert.deepEqual(world.asked[0]?.phyPayload, world.asked[1]?.phyPayload)
  const [end] = world.ends(device, 'q')
  assert.ok(end?.kind === 'txack' && end.isSent && end.gatewayEui === gatewayOf(2))
  assert.deepEqual(reasonsOf(end), ['too-late', 'tx-freq'])
  assert.deepEqual(payloadsOf(world.hear()), ['q'])
})

test('a downlink that nobody can send spends no counter, and is told with the reasons of all gateways', async () => {
  const world = await joinedWorld({ heardBy: 2 })
  world.away.add(gatewayOf(1)).add(gatewayOf(2))
  const before = world.session().nFCntDown
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x'), isConfirmed: true }), [{}, {}])
  assert.equal(world.session().nFCntDown, before)
  const [told] = unsent(world.messages)
  assert.deepEqual(reasonsOf(told), ['gateway-away', 'gateway-away'])
})

test('frames that a gateway held while it was off line are not answered, and no payload is lost by them', async () => {
  const world = await joinedWorld()
  await world.enqueue('q')
  for (let turn = 0; turn < itemTriesMax + 3; turn += 1)
    await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }), [{ heldMs: 3_600_000 }])
  assert.equal(world.asked.length, 0)
  assert.equal(world.ends(device, 'q').length, 0)
  assert.equal(unsent(world.messages).length, 0)
  assert.deepEqual(payloadsOf(await world.turn()), ['q'])
})

test('a join-accept that no gateway sends is told with its reasons', async () => {
  const world = downlinkWorld({ behaviour: () => ['too-late', 'too-late'] })
  await world.air(world.devices[0]!.join())
  const [told] = unsent(world.messages)
  assert.deepEqual(reasonsOf(told), ['too-late', 'too-late'])
  assert.equal(told?.queueItemId, undefined)
})

test('a payload that gateways refuse is tried so many times, and its story is told whole', async () => {
  const world = await joinedWorld({ behaviour: () => ['too-late', 'collision-packet'] })
  await world.enqueue('q')
  for (let turn = 0; turn < itemTriesMax; turn += 1) {
    assert.equal(world.ends(device, 'q').length, 0)
    await world.turn()
  }
  const [end] = world.ends(device, 'q')
  assert.ok(end?.kind === 'txack' && !end.isSent)
  assert.deepEqual(reasonsOf(end), Array.from({ length: itemTriesMax }, () => ['too-late', 'collision-packet']).flat())
  assert.ok(end.timeline.every(({ atMs }, index, all) => index === 0 || atMs >= all[index - 1]!.atMs))
})

test('a device that always listens is sent one payload after the other, without being heard between', async () => {
  const world = await joinedWorld({ profile: { supportsClassC: true } })
  await world.pass(120_000)
  for (const id of ['a', 'b', 'c']) {
    await world.enqueue(id)
    world.server().queueChanged(device)
  }
  await world.pass(300_000)
  assert.deepEqual(payloadsOf(world.hear()), ['a', 'b', 'c'])
  assert.ok(
    world.asked.every(({ deviceClass, windows }) => deviceClass === 'C' && windows[0]?.timing.kind === 'immediate'),
  )
  assert.equal(world.queue.count(device), 0)
})

test('a device that always listens has its time to acknowledge, and then is sent the payload again', async () => {
  const world = await joinedWorld({ profile: { supportsClassC: true, classC: { timeoutSeconds: 40 } } })
  await world.pass(120_000)
  await world.enqueue('c', { isConfirmed: true })
  await world.enqueue('d')
  world.server().queueChanged(device)
  await world.pass(20_000)
  world.server().queueChanged(device)
  await world.pass(10_000)
  assert.equal(world.asked.length, 1, 'the next one waits')
  await world.pass(30_000)
  assert.equal(world.asked.length, 2)
  assert.deepEqual(payloadsOf(world.hear()), ['c', 'c'])
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
  await world.pass(60_000)
  assert.ok(world.ends(device, 'c').some((end) => end.kind === 'ack' && end.isAcknowledged))
  assert.deepEqual(payloadsOf(world.hear()), ['d'])
})

test('a sub-band that rests puts a payload off until it is free, and costs no try', async () => {
  const world = await joinedWorld({ profile: { supportsClassC: true } })
  await world.pass(120_000)
  for (let index = 0; index < 20; index += 1) {
    await world.enqueue(`q${index}`, { payload: new Uint8Array(50) })
    world.server().queueChanged(device)
  }
  await world.pass(2_000_000)
  // 50 bytes at SF12 take 2.8 s of a band that may be used a tenth of the time.
  const times = world.messages.flatMap((message) => (message.kind === 'txack' ? [message.atMs] : []))
  assert.equal(times.length, 20)
  assert.ok(world.messages.every((message) => message.kind !== 'txack' || message.isSent))
  assert.ok(times.every((atMs, index) => index === 0 || atMs - times[index - 1]! >= 20_000))
})

test('a request that waits for its answer is not forgotten when a payload is sent between', async () => {
  const world = await joinedWorld({ profile: { supportsClassC: true } })
  world.policy({ rxDelaySeconds: 5 })
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
  world.hear()
  await world.enqueue('between')
  world.server().queueChanged(device)
  await world.pass(200_000)
  world.hear()
  await world.turn()
  assert.equal(world.session().radio.rx1DelaySeconds, 5)
})

test('a device of class B that has not said how often it listens is reached as its kind is, and loses nothing', async () => {
  const world = await joinedWorld({ profile: { supportsClassB: true } })
  const session = world.session()
  await world.sessions.put({ ...session, radio: { ...session.radio, deviceClass: 'B', isBeaconLocked: true } })
  await world.enqueue('b')
  world.server().queueChanged(device)
  await world.pass(1_000)
  const [frame] = world.asked
  assert.equal(frame?.deviceClass, 'B')
  const timing = frame?.windows[0]?.timing
  const every8s = { devAddr: session.devAddr, periodicity: 3 }
  assert.ok(timing?.kind === 'gps' && nextPingSlotMs(every8s, timing.gpsTimeMs) === timing.gpsTimeMs)
  assert.equal(nextPingSlotMs(every8s, gpsMsOf(world.nowMs())), timing.gpsTimeMs, 'the very next one')
  assert.deepEqual(payloadsOf(world.hear()), ['b'])
})

test('the frame that asks for an acknowledgement of 1.1 names the counter that it acknowledges', async () => {
  const world = await joinedWorld({ macVersion: '1.1.0' })
  await world.enqueue('c', { isConfirmed: true })
  const heard = await world.turn(0, { isConfirmed: true })
  assert.ok(heard.some((one) => one.kind === 'data' && one.isAck && one.isConfirmed))
  await world.turn()
  assert.ok(world.ends(device, 'c').some((end) => end.kind === 'ack' && end.isAcknowledged))
  assert.equal(world.session().aFCntDown, 1, 'payloads have a counter of their own')
})

test('in CN470-20A the second window of a device stays where that of its join was', async () => {
  const world = downlinkWorld({ region: 'CN470-20A', device: { dataRate: 3 } })
  const join = world.devices[0]!.join()
  // Join channel 2: RX2 at 488.5 MHz (RP002-1.0.4, table of section 3.9.2).
  await world.air({ ...join, frequencyHz: 474_100_000 })
  const hzOf = (): number[] => world.asked.at(-1)?.windows.map(({ frequencyHz }) => frequencyHz) ?? []
  assert.deepEqual(hzOf(), [487_700_000, 488_500_000])
  world.hear()
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x'), isConfirmed: true }))
  assert.equal(hzOf()[1], 488_500_000)
  await world.pass(10_000)
  assert.equal(world.session().requests.length, 0, 'and it is not asked to listen elsewhere')
})

test('when gateways rest for others again and again, a payload waits and costs no try', async () => {
  const count = itemTriesMax + 4
  const world = await joinedWorld({ devices: count, profile: { supportsClassC: true } })
  await world.pass(120_000)
  for (let index = 0; index < count; index += 1) {
    await world.enqueue('q', { devEui: euiOf(index), payload: new Uint8Array(50) })
    world.server().queueChanged(euiOf(index))
  }
  // One gateway, 28 s for each: the last one has waited for all the others.
  await world.pass(600_000)
  for (let index = 0; index < count; index += 1) {
    const [end] = world.ends(euiOf(index), 'q')
    assert.ok(end?.kind === 'txack' && end.isSent, `device ${index}`)
  }
})

test('asking again and again while a gateway rests neither tries nor gives up', async () => {
  const world = await joinedWorld({ profile: { supportsClassC: true } })
  await world.pass(120_000)
  for (const id of ['a', 'b']) await world.enqueue(id, { payload: new Uint8Array(50) })
  world.server().queueChanged(device)
  await world.pass(4_000)
  for (let count = 0; count < 200; count += 1) {
    world.server().queueChanged(device)
    await world.pass(10)
  }
  await world.pass(60_000)
  const [end] = world.ends(device, 'b')
  assert.ok(end?.kind === 'txack' && end.isSent)
  assert.equal(end.timeline.filter(({ reason }) => reason === 'duty-cycle').length, 1)
})

test('an acknowledgement that a gateway took and refused is told', async () => {
  const world = await joinedWorld({ behaviour: () => ['too-late', 'too-early'] })
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x'), isConfirmed: true }))
  await world.pass(5_000)
  assert.deepEqual(unsent(world.messages).map(reasonsOf), [['too-late', 'too-early']])
})

test('a device that repeats an answer is told something, so that it stops, and is not asked the same in that', async () => {
  const world = await joinedWorld()
  world.policy({ rxDelaySeconds: 3 })
  await world.turn()
  // It answers, and the operator thinks again.
  world.policy({ rxDelaySeconds: 4 })
  const before = world.asked.length
  const [told] = await world.turn()
  assert.equal(world.asked.length, before + 1)
  assert.ok(told?.kind === 'data' && told.commands.length === 0)
  assert.equal(world.session().radio.rx1DelaySeconds, 3)
  const [asked] = await world.turn()
  assert.ok(asked?.kind === 'data' && asked.commands.some(({ name }) => name === 'RXTimingSetupReq'))
  await world.turn()
  assert.equal(world.session().radio.rx1DelaySeconds, 4)
})

test('a frame says whether more waits, and whether the network sets the rate', async () => {
  const world = await joinedWorld({ profile: { adr: 'on' } })
  await world.enqueue('a')
  await world.enqueue('b')
  await world.turn()
  await world.turn()
  const flags = world.asked.map(({ phyPayload }) => phyPayload[5]! & (fCtrlBits.fPendingOrClassB | fCtrlBits.adr))
  assert.deepEqual(flags, [fCtrlBits.fPendingOrClassB | fCtrlBits.adr, fCtrlBits.adr])
})

test('after a confirmed payload that did not come, another gateway is tried', async () => {
  const world = await joinedWorld({ heardBy: 2 })
  await world.enqueue('c', { isConfirmed: true })
  for (let turn = 0; turn < 2; turn += 1) {
    await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }), [{ snrDb: 1 }, { snrDb: 0 }])
    await world.pass(15_000)
  }
  assert.deepEqual(
    world.asked.map(({ gatewayEui }) => gatewayEui),
    [gatewayOf(1), gatewayOf(2)],
  )
})

test('a session that could not be kept sends nothing, and leaves its payload to the next frame', async () => {
  const world = await joinedWorld()
  await world.enqueue('q')
  const { put } = world.sessions
  world.sessions.put = async () => {
    throw new Error('the disk is full')
  }
  await world.air(world.devices[0]!.send({ fPort: 1, payload: text('x') }))
  assert.equal(world.asked.length, 0)
  assert.equal(world.server().drops().get('not-kept'), 1)
  world.sessions.put = put
  assert.deepEqual(payloadsOf(await world.turn()), ['q'])
})

test('after a restart a device that always listens is sent what waits, by the gateways that heard it before', async () => {
  const world = await joinedWorld({ profile: { supportsClassC: true } })
  await world.pass(120_000)
  await world.enqueue('late')
  world.restart()
  await world.pass(60_000)
  assert.deepEqual(payloadsOf(world.hear()), ['late'])
  assert.equal(world.asked.at(-1)?.gatewayEui, gatewayOf(1))
})

test('a gateway that is off line for some minutes costs a payload no try', async () => {
  const world = await joinedWorld({ profile: { supportsClassC: true } })
  await world.pass(120_000)
  world.away.add(gatewayOf(1))
  await world.enqueue('q')
  world.server().queueChanged(device)
  await world.pass(600_000)
  assert.equal(world.ends(device, 'q').length, 0)
  world.away.clear()
  await world.pass(60_000)
  const [end] = world.ends(device, 'q')
  assert.ok(end?.kind === 'txack' && end.isSent)
})

test('a session names the gateways of a device that listens, and is written anew only when a better one comes', () => {
  const by = (gatewayEui: string, snrDb: number) => ({
    gatewayEui,
    snrDb,
    modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 } as const,
  })
  const first = keptGateways(undefined, [by('a', 1), by('b', 5)])
  assert.deepEqual(first, ['b', 'a'])
  assert.equal(keptGateways(first, [by('a', 9)]), first)
  assert.deepEqual(keptGateways(first, [by('c', 9), by('d', 1), by('e', 0)]), ['c', 'd', 'e', 'b'])
  assert.equal(keptGateways(first, []), first)
})

test('devices whose gateways are remembered are bounded', () => {
  const known = lastHeard({ keptOf: (devEui) => (devEui === 'kept' ? ['g'] : undefined), devicesMax: 2 })
  const heard = [
    { gatewayEui: 'a', snrDb: 1, modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 } as const },
  ]
  for (const devEui of ['1', '2', '3']) known.note(devEui, heard)
  assert.deepEqual(
    ['1', '2', '3', 'kept'].map((devEui) => known.of(devEui).map(({ gatewayEui }) => gatewayEui)),
    [[], ['a'], ['a'], ['g']],
  )
})
