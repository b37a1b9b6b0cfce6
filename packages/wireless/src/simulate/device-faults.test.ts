/**
 * Goal: devices that are not heard back off as the specification says, count their joins as they were told, and foreign frames come
 * at the rate that was asked for.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keySchedule } from '../crypto/aes-128.ts'
import type { MacVersion } from '../model/device.ts'
import { regionOf } from '../region/region-of.ts'
import { encodeJoinAccept, joinAcceptMic10, sealJoinAccept } from '../wire/join-accept.ts'
import { backOff } from './adr-backoff.ts'
import { devNonces } from './dev-nonces.ts'
import { initialRadioState, type DeviceRadioState } from './device-radio-state.ts'
import { eventQueue, passTime } from './event-queue.ts'
import { foreignFrames, foreignFramesPerSecondMax, type ForeignTraffic } from './foreign-traffic.ts'
import { simulatedDevice } from './simulated-device.ts'

const eu = regionOf('EU868')
const appKey = new Uint8Array(16).fill(6)
const made = { devEui: '70b3d57ed0000001', joinEui: '0000000000000001', appKey, region: eu }

function joinAcceptFor({ joinNonce }: { joinNonce: number }): Uint8Array {
  const settings = {
    netId: 0,
    devAddr: 0x01020304,
    optNeg: false,
    rx1DataRateOffset: 0,
    rx2DataRate: 0,
    rxDelaySeconds: 1,
  }
  const plain = encodeJoinAccept({ joinNonce, ...settings })
  const key = keySchedule(appKey)
  return sealJoinAccept(key, plain, joinAcceptMic10(key, plain))
}
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** So many uplinks that nobody answers: what the device is like before each of them. */
function silence(
  count: number,
  macVersion: MacVersion,
  state: DeviceRadioState,
): { state: DeviceRadioState; asks: boolean }[] {
  let now = state
  return range(count).map((silentUplinks) => {
    const next = backOff(now, silentUplinks, { region: eu, macVersion })
    now = next.state
    return next
  })
}

const quiet: DeviceRadioState = { ...initialRadioState(eu, 2), txPowerIndex: 3, nbTrans: 3, enabled: [1] }

test('a device of 1.0.4 asks after 64 uplinks, then is louder, then slower, then on all channels', () => {
  const steps = silence(64 + 32 * 4 + 1, '1.0.4', quiet)
  assert.deepEqual([steps[63]?.asks, steps[64]?.asks, steps.at(-1)?.asks], [false, true, true])
  const at = (uplinks: number): unknown[] => {
    const { state } = steps[uplinks]!
    return [state.txPowerIndex, state.dataRate, state.enabled, state.nbTrans]
  }
  assert.deepEqual(at(95), [3, 2, [1], 3])
  assert.deepEqual(at(96), [0, 2, [1], 3])
  assert.deepEqual(at(127), [0, 2, [1], 3])
  assert.deepEqual(at(128), [0, 1, [1], 3])
  assert.deepEqual(at(160), [0, 0, [1], 3])
  assert.deepEqual(at(192), [0, 0, [0, 1, 2], 1])
})

test('an older device is louder and slower at once, and at its slowest does not ask', () => {
  const steps = silence(64 + 32 * 2 + 1, '1.0.2', quiet)
  assert.deepEqual([steps[96]?.state.txPowerIndex, steps[96]?.state.dataRate], [0, 1])
  assert.deepEqual([steps[127]?.asks, steps[128]?.state.dataRate, steps[128]?.asks], [true, 0, false])
})

test('under a dwell time no device backs off to a rate that carries nothing', () => {
  const as = regionOf('AS923-1')
  let state = initialRadioState(as, 3)
  for (const silentUplinks of range(400))
    state = backOff(state, silentUplinks, { region: as, macVersion: '1.0.4' }).state
  assert.equal(state.dataRate, 2)
})

test('a device that has not joined sends no data, and listens for its join after five and six seconds', () => {
  const device = simulatedDevice({ ...made, macVersion: '1.0.4' })
  assert.throws(() => device.send({ fPort: 1, payload: new Uint8Array(1) }), /joined/)
  const [first, second] = device.windows(device.join())
  assert.deepEqual([first?.afterSeconds, second?.afterSeconds], [5, 6])
  assert.deepEqual([second?.hz, second?.dataRate], [869_525_000, 0])
})

test('a join-accept that was recorded makes no session anew in a device of 1.0.4, and does in an older one', () => {
  const outcomes = (['1.0.4', '1.0.3'] as const).map((macVersion) => {
    const device = simulatedDevice({ ...made, macVersion, nonces: 'forgets' })
    device.join()
    const accept = joinAcceptFor({ joinNonce: 5 })
    const first = device.receive(accept)
    device.powerCycle()
    device.join()
    return [first.kind, device.receive(accept)]
  })
  assert.deepEqual(outcomes, [
    ['joined', { kind: 'ignored', reason: 'replayed' }],
    ['joined', { kind: 'joined', devAddr: 0x01020304 }],
  ])
})

test('nonces rise over a power cycle, begin again in a device that forgets, and are anything by chance', () => {
  const after = (policy: 'rises' | 'forgets' | 'random'): number[] => {
    const nonces = devNonces(policy, { first: 0xffff, seed: 4 })
    const before = [nonces.next(), nonces.next()]
    nonces.powerCycle()
    return [...before, nonces.next()]
  }
  assert.deepEqual(after('rises'), [0xffff, 0, 1])
  assert.deepEqual(after('forgets'), [0xffff, 0, 0xffff])
  assert.equal(new Set(after('random')).size, 3)
})

const traffic: ForeignTraffic = {
  framesPerSecond: 20,
  from: { eastM: 0, northM: 0 },
  to: { eastM: 1000, northM: 500 },
  channelsHz: [868_100_000, 868_300_000],
  modulations: [{ kind: 'lora', spreadingFactor: 9, bandwidthHz: 125_000 }],
  phyPayloadBytes: 23,
  eirpDbm: 14,
}

test('foreign frames come at their rate, by chance, and do not depend on how time is cut', () => {
  const all = foreignFrames(traffic, 3, { fromUs: 0, untilUs: 600_000_000 })
  assert.ok(Math.abs(all.length - 12_000) < 400, String(all.length))
  const gaps = all.slice(1).map(({ startUs }, index) => startUs - all[index]!.startUs)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  assert.ok(Math.abs(deviation / mean - 1) < 0.05, 'times between them are exponential')
  const cut = range(40).flatMap((index) =>
    foreignFrames(traffic, 3, { fromUs: index * 15_000_001, untilUs: Math.min((index + 1) * 15_000_001, 600_000_000) }),
  )
  assert.deepEqual(cut, all)
  assert.ok(all.every(({ sender }) => sender.kind === 'stranger' && sender.place.northM <= 500))
})

test('there is a most of foreign frames in a second', () => {
  const flood = foreignFrames({ ...traffic, framesPerSecond: 1e9 }, 1, { fromUs: 0, untilUs: 1_000_000 })
  assert.ok(flood.length > foreignFramesPerSecondMax * 0.9 && flood.length <= foreignFramesPerSecondMax)
  assert.deepEqual(foreignFrames({ ...traffic, framesPerSecond: 0 }, 1, { fromUs: 0, untilUs: 1_000_000 }), [])
})

test('events happen in the order of their time, then of their asking, and not when they were called off', async () => {
  const queue = eventQueue()
  const told: string[] = []
  queue.at(30, () => told.push('c'))
  queue.at(10, () => {
    told.push('a')
    queue.at(5, () => told.push(`late at ${queue.nowUs}`))
  })
  queue.at(20, () => told.push('b'))
  queue.at(20, () => told.push('b again'))
  const cancel = queue.at(25, () => told.push('never'))
  cancel()
  await passTime(queue, 29)
  assert.deepEqual(told, ['a', 'late at 10', 'b', 'b again'])
  assert.equal(queue.nowUs, 29)
  assert.equal(queue.runNext(30), true)
  assert.equal(queue.waitingCount, 0)
  const clock = queue.clock(1_000)
  assert.equal(clock.nowMs(), 1_000.03)
})

test('a thousand events in any order come out sorted', () => {
  const queue = eventQueue()
  const seen: number[] = []
  for (const index of range(1000)) {
    const atUs = (index * 7919) % 1009
    queue.at(atUs, () => seen.push(atUs))
  }
  while (queue.runNext(2000));
  assert.equal(seen.length, 1000)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
})

test('an event more than may wait is a mistake of ours', () => {
  const queue = eventQueue(3)
  for (const atUs of range(3)) queue.at(atUs, () => undefined)
  assert.throws(() => queue.at(1, () => undefined), /bounded/)
})
