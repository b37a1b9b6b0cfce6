/**
 * Goal: every gateway sends what it was drawn to send, at its moment or not at all; what is heard is kept within its bound, and
 * nobody fills that bound alone.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '@groundwork/core/units/hex.ts'
import { openBeaconStore } from '../adapters/beacon-store.ts'
import { timeFixture } from '../adapters/time-fixture.ts'
import type { RadioDownlink, RadioUplink } from '../model/radio.ts'
import { regionOf } from '../region/region-of.ts'
import { notedReportsMax } from '../wire/coverage-note.ts'
import { beaconDesk, type BeaconDesk } from './beacon-desk.ts'
import { beaconAirtimeMs, beaconChoices, beaconDataOf, beaconFrame } from './beacon-frame.ts'
import { drawBeacon } from './draw-beacon.ts'
import { windowOf, type BeaconWindow } from './judge-round.ts'

const owner = `0x${'11'.repeat(20)}` as const
const gatewayEui = '00800000a0000001'
const secret = new Uint8Array(32).fill(7)
const frequenciesHz = [868_100_000, 868_300_000, 868_500_000]
const antennaGainDbi = 3
const sealedMs = 1_800_000_000_000
const window: BeaconWindow = {
  epoch: 12n,
  sealed: `0x${'5e'.repeat(32)}`,
  sealedMs,
  previousSealedMs: sealedMs - 3_600_000,
}
const { startMs, lengthMs } = windowOf(window)
const drawn = drawBeacon(
  { sealed: new Uint8Array(32).fill(0x5e), secret, hotspot: `${owner}/${gatewayEui}` },
  beaconChoices(regionOf('EU868'), { frequenciesHz, antennaGainDbi, windowMs: lengthMs }),
)
const atMs = startMs + drawn.offsetMs

interface Setup {
  readonly desk: BeaconDesk
  readonly sent: RadioDownlink[]
  readonly store: ReturnType<typeof openBeaconStore>
  readonly time: ReturnType<typeof timeFixture>
  readonly troubles: unknown[]
  open(): BeaconDesk
}

function setup({ isReachable = true }: { readonly isReachable?: boolean } = {}): Setup {
  const store = openBeaconStore({ path: ':memory:' })
  const time = timeFixture(sealedMs)
  const sent: RadioDownlink[] = []
  const troubles: unknown[] = []
  let drawnBytes = 1
  const open = (): BeaconDesk =>
    beaconDesk({
      owner,
      antennaGainDbi,
      store,
      radio: { send: (downlink) => void sent.push(downlink), isReachable: () => isReachable },
      clock: time.clock,
      timers: time.timers,
      onTrouble: (error) => void troubles.push(error),
      random: {
        bytes(size) {
          // A small generator: what it gives is spread evenly, and the same in every run.
          return Uint8Array.from({ length: size }, () => {
            drawnBytes = (Math.imul(drawnBytes, 1_664_525) + 1_013_904_223) >>> 0
            return drawnBytes >>> 24
          })
        },
      },
    })
  store.plan(12n, { gatewayEui, secret, region: 'EU868', frequenciesHz })
  return { desk: open(), sent, store, time, troubles, open }
}

test('a gateway sends what it was drawn to send at its moment, once, and reveals it when it was sent', () => {
  const { desk, sent, store, time } = setup()
  desk.schedule(window)
  desk.schedule(window)
  time.pass(atMs - sealedMs - 1)
  assert.equal(sent.length, 0)
  time.pass(1)
  const [downlink = assert.fail()] = sent
  const [{ frequencyHz, modulation, powerDbm } = assert.fail()] = downlink.windows
  assert.deepEqual(beaconDataOf(downlink.phyPayload), drawn.data)
  assert.deepEqual([frequencyHz, powerDbm], [drawn.frequencyHz, drawn.powerDbm + antennaGainDbi])
  assert.deepEqual(modulation, { kind: 'lora', spreadingFactor: drawn.spreadingFactor, bandwidthHz: 125_000 })
  assert.equal(downlink.isLikeUplink, true)
  assert.equal(store.plansOf(12n)[0]?.endedMs, undefined, 'not before the gateway says so')
  assert.equal(desk.outcome({ id: downlink.id, gatewayEui, windowIndex: 0, atMs }), true)
  assert.equal(store.plansOf(12n)[0]?.endedMs, Math.round(atMs + beaconAirtimeMs(drawn)))
  time.pass(lengthMs)
  assert.equal(sent.length, 1)
  assert.equal(desk.outcome({ id: 7, gatewayEui, windowIndex: 0, atMs }), false, 'that one is a router’s')
})

test('a beacon that cannot be sent is not, and its reason is counted', () => {
  const away = setup({ isReachable: false })
  away.desk.schedule(window)
  away.time.pass(atMs - sealedMs)
  assert.deepEqual([away.sent.length, away.desk.counts()], [0, { 'gateway-away': 1 }])

  const late = setup()
  late.time.pass(atMs - sealedMs)
  late.desk.schedule(window)
  assert.deepEqual([late.sent.length, late.desk.counts()], [0, { 'too-late': 1 }])

  const refused = setup()
  refused.desk.schedule(window)
  refused.time.pass(atMs - sealedMs)
  refused.desk.outcome({ id: refused.sent[0]?.id ?? 0, gatewayEui, windowIndex: 0, atMs, refusal: 'tx-freq' })
  assert.deepEqual(refused.desk.counts(), { refused: 1 })
  assert.equal(refused.store.plansOf(12n)[0]?.endedMs, undefined)

  // The next epoch comes so soon that the band still rests.
  const busy = setup()
  busy.desk.schedule(window)
  busy.time.pass(atMs - sealedMs)
  busy.store.plan(13n, { gatewayEui, secret, region: 'EU868', frequenciesHz: [drawn.frequencyHz] })
  const soonMs = busy.time.clock.nowMs() + 5
  busy.desk.schedule({ ...window, epoch: 13n, sealedMs: soonMs, previousSealedMs: soonMs - 400 })
  for (let passedMs = 0; passedMs < 500; passedMs += 1) busy.time.pass(1)
  assert.deepEqual([busy.sent.length, busy.desk.counts()], [1, { 'duty-cycle': 1 }])
})

test('a timer that fires late, or early, does not make a beacon of another moment', () => {
  const late = setup()
  late.desk.schedule(window)
  late.time.pass(atMs - sealedMs + 300)
  assert.deepEqual([late.sent.length, late.desk.counts()], [0, { 'too-late': 1 }], 'the program stood still')

  const little = setup()
  little.desk.schedule(window)
  little.time.pass(atMs - sealedMs + 40)
  little.desk.outcome({ id: little.sent[0]?.id ?? 0, gatewayEui, windowIndex: 0, atMs })
  assert.equal(little.store.plansOf(12n)[0]?.endedMs, Math.round(atMs + 40 + beaconAirtimeMs(drawn)), 'as it was sent')
})

test('a desk that is opened again sends what is still to come, and nothing twice', () => {
  const before = setup()
  before.desk.schedule(window)
  before.desk[Symbol.dispose]()
  const again = before.open()
  again.schedule(window)
  before.time.pass(atMs - sealedMs)
  assert.equal(before.sent.length, 1)
  again.outcome({ id: before.sent[0]?.id ?? 0, gatewayEui, windowIndex: 0, atMs })
  const third = before.open()
  third.schedule(window)
  before.time.pass(lengthMs)
  assert.equal(before.sent.length, 1)
})

const heard = (number: number, change: Partial<RadioUplink> = {}): RadioUplink => {
  const data = new Uint8Array(32)
  new DataView(data.buffer).setUint32(0, number)
  return {
    gatewayEui,
    phyPayload: beaconFrame(data),
    frequencyHz: 868_100_000,
    modulation: { kind: 'lora', spreadingFactor: 9, bandwidthHz: 125_000 },
    rssiDbm: -104.26,
    snrDb: 4.24,
    channel: 0,
    heardAtMs: startMs + 1000.4,
    context: new Uint8Array(4),
    ...change,
  }
}

test('what is heard is kept in whole numbers, each content of a gateway once; other frames are not ours', () => {
  const { desk, store } = setup()
  assert.equal(desk.hear(heard(1), 12n), true)
  assert.equal(desk.hear(heard(1, { rssiDbm: -50 }), 12n), true)
  assert.equal(desk.hear(heard(1, { gatewayEui: '00800000a0000002' }), 12n), true)
  assert.equal(desk.hear(heard(2, { phyPayload: heard(2).phyPayload.slice(1) }), 12n), false)
  assert.equal(desk.hear(heard(2, { phyPayload: heard(2).phyPayload.with(0, 0x40) }), 12n), false)
  const kept = store.heardIn(12n).map(({ report }) => report)
  assert.deepEqual(
    kept.map(({ rssiTenths, snrTenths, heardMs }) => [rssiTenths, snrTenths, heardMs]),
    [
      [-1043, 42, startMs + 1000],
      [-1043, 42, startMs + 1000],
    ],
  )
  assert.deepEqual(desk.counts(), { heard: 2, known: 1 })
})

test('a beacon without what a report takes is nobody’s to carry, and is counted', () => {
  const { desk, store } = setup()
  const { snrDb: _snr, ...silent } = heard(1)
  assert.equal(desk.hear(silent, 12n), true)
  assert.equal(desk.hear(heard(2, { modulation: { kind: 'fsk', bitRate: 50_000 } }), 12n), true)
  // One that no note may hold would spoil the note for all others.
  assert.equal(desk.hear(heard(3, { rssiDbm: -1e6 }), 12n), true)
  const wide = { kind: 'lora', spreadingFactor: 7, bandwidthHz: 812_500 } as const
  assert.equal(desk.hear(heard(4, { modulation: wide }), 12n), true)
  assert.deepEqual([store.heardIn(12n).length, desk.counts()], [0, { 'no-report': 4 }])
})

test('outside its window no beacon of an epoch can be, so none is kept', () => {
  const { desk, store } = setup()
  desk.schedule(window)
  for (const heardAtMs of [startMs - 1000, startMs + lengthMs + 3000])
    assert.equal(desk.hear(heard(1, { heardAtMs }), 12n), true)
  assert.deepEqual([store.heardIn(12n).length, desk.counts()], [0, { 'out-of-window': 2 }])
  desk.hear(heard(1), 12n)
  assert.equal(store.heardIn(12n).length, 1)
})

test('who sends noise that looks like beacons takes others’ places in proportion, not all of them', () => {
  const { desk, store } = setup()
  for (let number = 0; number < 2 * notedReportsMax; number += 1) desk.hear(heard(number), 12n)
  const real = new Set<string>()
  for (let number = 0; number < 2 * notedReportsMax; number += 1) {
    const frame = heard(100_000 + number)
    real.add(toHex(frame.phyPayload.slice(1)))
    desk.hear(frame, 12n)
  }
  const kept = store.heardIn(12n)
  assert.equal(kept.length, notedReportsMax)
  const realCount = kept.filter(({ report }) => real.has(toHex(report.data))).length
  assert.ok(realCount > notedReportsMax / 3 && realCount < (2 * notedReportsMax) / 3, `${realCount} of the second half`)
  assert.equal(desk.counts()['crowded-out'], 3 * notedReportsMax)
})

test('a disk that takes nothing more loses beacons and reports by name, and no radio', () => {
  const { desk, sent, store, time, troubles } = setup()
  desk.schedule(window)
  time.pass(atMs - sealedMs)
  store[Symbol.dispose]()
  assert.equal(desk.hear(heard(1), 12n), true)
  assert.equal(desk.outcome({ id: sent[0]?.id ?? 0, gatewayEui, windowIndex: 0, atMs }), true)
  assert.deepEqual([desk.counts(), troubles.length], [{ 'not-written': 2 }, 2])
})
