/**
 * Goal: a device that behaves joins, is heard once whatever the number of copies, and is answered; one that is forged or replayed is not.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PacketVerdict } from '../carry/buy.ts'
import type { Device, DeviceProfile, MacVersion, RootKeys } from '../model/device.ts'
import type { DeviceMessage, UplinkMessage } from '../model/message.ts'
import type { RadioDownlink, RadioUplink } from '../model/radio.ts'
import { regionOf } from '../region/region-of.ts'
import { regionNames, type RegionName } from '../region/region.ts'
import { simulatedDevice, type SentFrame, type SimulatedDevice } from '../simulate/simulated-device.ts'
import { activate } from './activate.ts'
import { memoryQueue } from './memory-queue.ts'
import { memorySessions } from './memory-sessions.ts'
import { networkServer, type NetworkServer } from './network-server.ts'
import type { NetworkPolicy } from './join-server.ts'
import { plainProfile } from '../provision/plain-profile.ts'

const devEui = '70b3d57ed0000001'
const joinEui = '0000000000000001'
const appKey = new Uint8Array(16).fill(7)
const nwkKey = new Uint8Array(16).fill(9)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

interface World {
  readonly server: NetworkServer
  readonly device: SimulatedDevice
  readonly messages: DeviceMessage[]
  readonly sent: RadioDownlink[]
  readonly verdicts: PacketVerdict[]
  readonly sessions: ReturnType<typeof memorySessions>
  readonly queue: ReturnType<typeof memoryQueue>
  pass(ms: number): Promise<void>
  /** Hands a frame to the server as so many gateways heard it, and lets the window end. */
  air(frame: SentFrame, gateways?: readonly string[]): Promise<void>
  /** What the gateways were asked to send since the last time, as the device hears it. */
  hear(): ReturnType<SimulatedDevice['receive']>[]
  uplinks(): UplinkMessage[]
}

interface WorldOptions {
  readonly macVersion?: MacVersion
  readonly region?: RegionName
  readonly policy?: Partial<NetworkPolicy>
  readonly supportsClassC?: boolean
  readonly patch?: Partial<Device>
  readonly dataRate?: number
}

function world({
  macVersion = '1.0.4',
  region: name = 'EU868',
  policy,
  supportsClassC = false,
  patch,
  dataRate,
}: WorldOptions = {}): World {
  const region = regionOf(name)
  let nowMs = 1_800_000_000_000
  const waiting = new Set<{ atMs: number; run: () => void }>()
  const messages: DeviceMessage[] = []
  const sent: RadioDownlink[] = []
  const verdicts: PacketVerdict[] = []
  let taken = 0
  const sessions = memorySessions()
  const queue = memoryQueue()
  const profile = plainProfile(regionOf(name), { macVersion, supportsClassC })
  const record: Device = {
    devEui,
    joinEui,
    name: 'd',
    description: '',
    applicationId: 'a',
    profileId: 'p',
    isDisabled: false,
    skipsFrameCounter: false,
    tags: {},
    variables: {},
    ...patch,
  }
  const keys: RootKeys = macVersion === '1.1.0' ? { appKey, nwkKey } : { appKey }
  let randomByte = 0
  const server = networkServer({
    radio: { send: (downlink) => void sent.push(downlink), isReachable: () => true },
    broker: { publish: (message) => void messages.push(message) },
    devices: {
      device: (eui) => (eui === devEui ? record : undefined),
      rootKeys: (eui) => (eui === devEui ? keys : undefined),
      profile: () => profile,
      application: () => undefined,
    },
    sessions,
    queue,
    clock: { nowMs: () => nowMs, elapsedMs: () => nowMs },
    timers: {
      after(delayMs, run) {
        const one = { atMs: nowMs + delayMs, run }
        waiting.add(one)
        return () => void waiting.delete(one)
      },
    },
    random: { bytes: (size) => new Uint8Array(size).map(() => (randomByte = (randomByte * 5 + 3) & 255)) },
    policyOf: () => ({
      netId: 0,
      addresses: { first: 0x01000000, last: 0x0100ffff },
      rxDelaySeconds: 1,
      rx1DataRateOffset: 0,
      extraChannelsHz: [],
      ...policy,
    }),
    judge: { admit: () => true, judged: (_bytes, verdict) => void verdicts.push(verdict) },
  })
  const device = simulatedDevice({
    devEui,
    joinEui,
    appKey,
    ...(macVersion === '1.1.0' ? { nwkKey } : {}),
    macVersion,
    region,
    ...(dataRate === undefined ? {} : { dataRate }),
  })

  const pass = async (ms: number): Promise<void> => {
    const endMs = nowMs + ms
    for (;;) {
      const due = [...waiting].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      waiting.delete(due)
      nowMs = Math.max(nowMs, due.atMs)
      due.run()
      await Promise.resolve()
    }
    nowMs = endMs
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  }
  return {
    server,
    device,
    messages,
    sent,
    verdicts,
    sessions,
    queue,
    pass,
    async air(frame, gateways = ['aa00000000000001']) {
      for (const [index, gatewayEui] of gateways.entries()) {
        server.heard(uplinkOf(frame, gatewayEui, { heardAtMs: nowMs, snrDb: 9 - index }))
        await pass(4)
      }
      await pass(210)
    },
    hear() {
      const fresh = sent.slice(taken)
      taken = sent.length
      for (const { id, gatewayEui } of fresh) server.outcome({ id, gatewayEui, windowIndex: 0, atMs: nowMs })
      return fresh.map(({ phyPayload }) => device.receive(phyPayload))
    },
    uplinks: () => messages.flatMap((message) => (message.kind === 'up' ? [message] : [])),
  }
}

const uplinkOf = (
  { phyPayload, frequencyHz, modulation, channel }: SentFrame,
  gatewayEui: string,
  { heardAtMs, snrDb }: { heardAtMs: number; snrDb: number },
): RadioUplink => ({
  gatewayEui,
  phyPayload,
  frequencyHz,
  modulation,
  rssiDbm: -80,
  snrDb,
  channel,
  heardAtMs,
  context: Uint8Array.of(1, 2, 3, 4),
})

const two = ['aa00000000000001', 'aa00000000000002']

async function joinedWorld(options: WorldOptions = {}): Promise<World> {
  const one = world(options)
  await one.air(one.device.join(), two)
  assert.deepEqual(
    one.hear().map(({ kind }) => kind),
    ['joined'],
  )
  return one
}

for (const macVersion of ['1.0.0', '1.0.2', '1.0.3', '1.0.4', '1.1.0'] as const) {
  test(`a device of ${macVersion} joins, is heard once of two copies, and its payload reads`, async () => {
    const one = await joinedWorld({ macVersion })
    await one.air(one.device.send({ fPort: 10, payload: text('hello') }), two)
    const [up] = one.uplinks()
    assert.equal(one.uplinks().length, 1)
    assert.equal(new TextDecoder().decode(up?.payload), 'hello')
    assert.equal(up?.copies.length, 2)
    assert.equal(up?.fCnt, 0)
    assert.deepEqual(one.messages[0]?.kind, 'join')
  })
}

for (const region of regionNames) {
  test(`in ${region} a join and an uplink are answered where the device listens`, async () => {
    const one = await joinedWorld({ region, ...(region.startsWith('CN470-') ? { dataRate: 3 } : {}) })
    await one.air(one.device.send({ fPort: 1, payload: text('x'), isConfirmed: true }), two)
    const [first] = one.sent.slice(-1)
    assert.ok(first !== undefined && first.windows.length >= 1)
    const heard = one.hear()
    assert.ok(
      heard.every((downlink) => downlink.kind === 'data'),
      JSON.stringify(heard),
    )
    assert.ok(heard.some((downlink) => downlink.kind === 'data' && downlink.isAck))
  })
}

test('copies of one join some milliseconds apart are one join', async () => {
  const one = world()
  await one.air(one.device.join(), [...two, 'aa00000000000003'])
  assert.equal(one.messages.filter(({ kind }) => kind === 'join').length, 1)
  assert.equal(one.sent.length, 1)
  await one.pass(3000)
  assert.equal(one.server.drops().get('dev-nonce-used'), undefined)
})

test('a join that is played again is refused, and said', async () => {
  const one = world()
  const frame = one.device.join()
  await one.air(frame)
  await one.pass(60_000)
  await one.air(frame)
  assert.equal(one.server.drops().get('dev-nonce-used'), 1)
  assert.ok(one.messages.some((message) => message.kind === 'log' && message.code === 'dev-nonce-used'))
  await one.sessions.forgetDevNonces(devEui)
  await one.pass(60_000)
  await one.air(frame)
  assert.equal(
    one.messages.filter(({ kind }) => kind === 'join').length,
    2,
    'once its nonces are forgotten it may join',
  )
})

test('until the device is heard on its new session the old one goes on', async () => {
  const one = await joinedWorld()
  await one.air(one.device.send({ fPort: 1, payload: text('old') }))
  const other = simulatedDevice({
    devEui,
    joinEui,
    appKey,
    macVersion: '1.0.4',
    region: regionOf('EU868'),
    devNonce: 50,
  })
  await one.air(other.join())
  await one.air(one.device.send({ fPort: 1, payload: text('still old') }))
  assert.equal(one.uplinks().length, 2)
})

test('a forged frame is dropped by reason and reaches nobody', async () => {
  const one = await joinedWorld()
  const frame = one.device.send({ fPort: 1, payload: text('x') })
  const forged = Uint8Array.from(frame.phyPayload)
  forged[9] = forged[9]! ^ 1
  await one.air({ ...frame, phyPayload: forged })
  assert.equal(one.uplinks().length, 0)
  assert.equal(one.server.drops().get('wrong-mic'), 1)
  assert.equal(one.verdicts.at(-1)?.kind, 'mic-failed')
})

test('a confirmed frame sent again is acknowledged again and published once', async () => {
  const one = await joinedWorld()
  const frame = one.device.send({ fPort: 1, payload: text('x'), isConfirmed: true })
  await one.air(frame)
  await one.pass(15_000)
  await one.air(frame)
  assert.equal(one.uplinks().length, 1)
  const acks = one.hear().filter((downlink) => downlink.kind === 'data' && downlink.isAck)
  assert.equal(acks.length, 2)
})

test('a device that begins to count again is told of, and its frame is not published', async () => {
  const one = await joinedWorld()
  const first = one.device.send({ fPort: 1, payload: text('a') })
  await one.air(first)
  for (let count = 0; count < 3; count += 1) await one.air(one.device.send({ fPort: 1, payload: text('b') }))
  await one.pass(15_000)
  await one.air(first)
  assert.equal(one.server.drops().get('counter-reset'), 1)
  assert.equal(one.uplinks().length, 4)
})

test('a queued payload goes with the next answer, and its end is told once', async () => {
  const one = await joinedWorld()
  await one.queue.add({ id: 'q1', devEui, fPort: 5, payload: text('open'), isConfirmed: true })
  await one.air(one.device.send({ fPort: 1, payload: text('x') }))
  const [down] = one.hear()
  assert.ok(down?.kind === 'data')
  assert.equal(new TextDecoder().decode(down.payload), 'open')
  assert.equal(down.fPort, 5)
  await one.pass(100)
  const ended = one.messages.filter((message) => message.kind === 'txack' && message.queueItemId === 'q1')
  assert.equal(ended.length, 1)
  assert.equal(one.queue.count(devEui), 1, 'it waits for its acknowledgement')
  await one.air(one.device.send({ fPort: 1, payload: text('y') }))
  const ack = one.messages.find((message) => message.kind === 'ack')
  assert.ok(ack?.kind === 'ack' && ack.isAcknowledged && ack.queueItemId === 'q1')
  assert.equal(one.queue.count(devEui), 0)
})

test('a payload that no window can carry ends with its reason, and the next one goes', async () => {
  const one = await joinedWorld({ dataRate: 0 })
  await one.queue.add({ id: 'big', devEui, fPort: 5, payload: new Uint8Array(240), isConfirmed: false })
  await one.queue.add({ id: 'small', devEui, fPort: 5, payload: text('ok'), isConfirmed: false })
  await one.air(one.device.send({ fPort: 1, payload: text('x') }))
  const [down] = one.hear()
  assert.ok(down?.kind === 'data')
  assert.equal(new TextDecoder().decode(down.payload), 'ok')
  const big = one.messages.find((message) => message.kind === 'txack' && message.queueItemId === 'big')
  assert.ok(big?.kind === 'txack' && !big.isSent && big.timeline[0]?.reason === 'too-long-for-data-rate')
})

test('a payload that no gateway sends is tried with later answers, and at last given up with the whole story', async () => {
  const one = await joinedWorld()
  await one.queue.add({ id: 'q', devEui, fPort: 5, payload: text('x'), isConfirmed: false })
  for (let turn = 0; turn < 6; turn += 1) {
    await one.air(one.device.send({ fPort: 1, payload: text('x') }))
    for (const { id, gatewayEui, windows } of one.sent.slice(1))
      for (const windowIndex of windows.keys())
        one.server.outcome({ id, gatewayEui, windowIndex, refusal: 'too-late', atMs: 1_800_000_000_000 })
    await one.pass(20_000)
  }
  const ends = one.messages.filter((message) => message.kind === 'txack' && message.queueItemId === 'q')
  assert.equal(ends.length, 1)
  assert.ok(ends[0]?.kind === 'txack' && !ends[0].isSent)
  assert.ok(ends[0].timeline.some(({ reason }) => reason === 'too-late'))
})

test('a device that always listens is sent its payload at once', async () => {
  const one = await joinedWorld({ supportsClassC: true })
  await one.air(one.device.send({ fPort: 1, payload: text('x') }))
  one.hear()
  await one.queue.add({ id: 'c', devEui, fPort: 5, payload: text('now'), isConfirmed: false })
  one.server.queueChanged(devEui)
  await one.pass(5)
  assert.equal(one.sent.at(-1)?.deviceClass, 'A', 'the sub-band still rests')
  await one.pass(15_000)
  const last = one.sent.at(-1)
  assert.equal(last?.deviceClass, 'C')
  assert.deepEqual(
    last?.windows.map(({ timing }) => timing.kind),
    ['immediate'],
  )
  const [down] = one.hear()
  assert.ok(down?.kind === 'data' && new TextDecoder().decode(down.payload) === 'now')
})

test('what the network wants of the radio is asked until the device holds it, and then no more', async () => {
  const one = await joinedWorld({
    policy: { extraChannelsHz: [867_100_000, 867_300_000], rx2: { hz: 869_525_000, dataRate: 3 }, rxDelaySeconds: 5 },
  })
  for (let turn = 0; turn < 12; turn += 1) {
    await one.air(one.device.send({ fPort: 1, payload: text('x') }))
    one.hear()
    await one.pass(30_000)
  }
  const radio = one.sessions.sessionOf(devEui)?.radio
  assert.equal(radio?.rx2DataRate, 3)
  assert.equal(radio?.rx1DelaySeconds, 5)
  assert.deepEqual(radio?.enabledChannels, [0, 1, 2, 3, 4])
  assert.deepEqual(
    one.device.enabledChannels.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4],
  )
  assert.deepEqual(
    one.sessions.sessionOf(devEui)?.requests.filter(({ commands }) => commands.length > 0),
    [],
  )
})

test('a device that is heard well is moved to a faster rate and less power', async () => {
  const one = await joinedWorld({ dataRate: 0 })
  for (let turn = 0; turn < 25; turn += 1) {
    await one.air(one.device.send({ fPort: 1, payload: text('x') }))
    one.hear()
    await one.pass(120_000)
  }
  assert.equal(one.device.dataRate, 5)
  assert.ok(one.device.txPowerIndex > 0)
})

test('in US915 only the channels that gateways listen on stay enabled', async () => {
  const enabledChannels = [8, 9, 10, 11, 12, 13, 14, 15, 65]
  const one = await joinedWorld({ region: 'US915', policy: { enabledChannels } })
  assert.deepEqual(one.device.enabledChannels, enabledChannels)
  await one.air(one.device.send({ fPort: 1, payload: text('x') }))
  assert.equal(one.uplinks().length, 1)
})

test('a link check and the time are answered', async () => {
  const one = await joinedWorld()
  await one.air(
    one.device.send({ fPort: 1, payload: text('x'), commands: [{ name: 'LinkCheckReq' }, { name: 'DeviceTimeReq' }] }),
    two,
  )
  const [down] = one.hear()
  assert.ok(down?.kind === 'data')
  const check = down.commands.find(({ name }) => name === 'LinkCheckAns')
  assert.ok(check?.name === 'LinkCheckAns' && check.gatewayCount === 2)
  assert.ok(down.commands.some(({ name }) => name === 'DeviceTimeAns'))
})

test('a device without join is heard with the keys that it was made with', async () => {
  const one = world()
  const keys = { fNwkSIntKey: appKey, sNwkSIntKey: appKey, nwkSEncKey: appKey, appSKey: nwkKey }
  const profile = {
    region: 'EU868',
    parameterRevision: 'RP002-1.0.4',
    macVersion: '1.0.3',
    supportsClassC: false,
  } as DeviceProfile
  const abp = {
    rx1DelaySeconds: 1,
    rx1DataRateOffset: 0,
    rx2DataRate: 0,
    rx2FrequencyHz: 869_525_000,
    factoryFrequenciesHz: [],
  }
  const policy = {
    netId: 0,
    addresses: { first: 1, last: 2 },
    rxDelaySeconds: 1,
    rx1DataRateOffset: 0,
    extraChannelsHz: [],
  }
  const record = { devEui, joinEui } as Device
  const session = activate(
    record,
    { ...profile, abp },
    { devAddr: 0x01020304, keys, fCntUp: 0, nFCntDown: 0, aFCntDown: 0 },
    { policy, atMs: 0 },
  )
  await one.sessions.put(session)
  assert.equal(one.sessions.sessionsFor(0x01020304).length, 1)
})

test('whatever copies, repetitions and replays come, each counter is published once and counters only rise', async () => {
  const step = fc.record({ frame: fc.nat(8), gateway: fc.nat(3), passMs: fc.constantFrom(0, 3, 30, 250, 12_000) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, isConfirmed) => {
      const one = await joinedWorld()
      const frames: SentFrame[] = []
      let expected = 0
      for (const { frame, gateway, passMs } of steps) {
        while (frames.length <= frame) frames.push(one.device.send({ fPort: 1, payload: text('x'), isConfirmed }))
        one.server.heard(uplinkOf(frames[frame]!, `aa0000000000000${gateway}`, { heardAtMs: 1, snrDb: 3 }))
        await one.pass(passMs)
        const now = one.sessions.sessionOf(devEui)?.fCntUp ?? 0
        assert.ok(now >= expected, 'a counter never goes back')
        expected = now
      }
      await one.pass(1000)
      const counters = one.uplinks().map(({ fCnt }) => fCnt)
      assert.equal(new Set(counters).size, counters.length, 'each once')
      const down = one.sent.slice(1).map(({ phyPayload }) => ((phyPayload[7] ?? 0) << 8) | (phyPayload[6] ?? 0))
      assert.equal(new Set(down).size, down.length, 'no downlink counter twice')
    }),
    { numRuns: 40 },
  )
})
