/**
 * Goal: a world receives what it should and names what it lost; each effect is seen alone, against its formula, and the whole is the
 * same for the same seed, however its time is cut.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Modulation } from '../model/modulation.ts'
import { airtimeUs } from '../region/airtime.ts'
import { outagesMax, transmissionsMax } from './gateway-receiver.ts'
import { pathLossDb, town } from './path-loss.ts'
import {
  townRadio,
  type DeviceRadio,
  type Emission,
  type GatewayRadio,
  type LossReason,
  type RadioModel,
  type Reception,
} from './radio-model.ts'
import {
  airtimeUsMax,
  emissionsInFlightMax,
  radioWorld,
  type RadioWorld,
  type RadioWorldOptions,
} from './radio-world.ts'
import { noiseFloorDbm } from './receiver.ts'
import { randomStream } from './seeded-random.ts'
import { noShadowing } from './shadowing.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const channelsHz = range(8).map((index) => 867_100_000 + 200_000 * index)
const channels = channelsHz.map((hz) => ({ hz, bandwidthHz: 125_000 }))
const hz = channelsHz[0]!
const lora = (spreadingFactor: number): Modulation => ({ kind: 'lora', spreadingFactor, bandwidthHz: 125_000 })
const airtime = (modulation: Modulation): number => airtimeUs({ phyPayloadBytes: 20, modulation, hasCrc: true })

/** No chance but the step of the receiver. */
const plain: RadioModel = { pathLoss: town, shadowing: noShadowing, fading: { kind: 'none' }, hz: 868_000_000 }
const gatewayAt = (eastM: number, more: Partial<GatewayRadio> = {}): GatewayRadio => ({
  place: { eastM, northM: 0 },
  channels,
  ...more,
})
const deviceAt = (eastM: number, more: Partial<DeviceRadio> = {}): DeviceRadio => ({
  place: { eastM, northM: 0 },
  ...more,
})

interface Lost {
  readonly emission: number
  readonly gateway: number
  readonly reason: LossReason
}

interface Scene {
  readonly world: RadioWorld<string>
  readonly lost: Lost[]
  send(device: number, more?: Partial<Emission<string>>): number
  end(): readonly Reception<string>[]
}

function scene(options: Partial<RadioWorldOptions> = {}): Scene {
  const lost: Lost[] = []
  const world = radioWorld<string>({
    seed: 1,
    model: plain,
    gateways: [gatewayAt(0)],
    devices: [deviceAt(500), deviceAt(600), deviceAt(700)],
    onLoss: (loss) => void lost.push(loss),
    ...options,
  })
  return {
    world,
    lost,
    send(device, more = {}) {
      const modulation = more.modulation ?? lora(7)
      const number = world.emit({
        sender: { kind: 'device', index: device },
        startUs: 0,
        airtimeUs: airtime(modulation),
        hz,
        modulation,
        eirpDbm: 14,
        payload: `from ${device}`,
        ...more,
      })
      assert.equal(typeof number, 'number')
      return number as number
    },
    end: () => world.advance(60_000_000),
  }
}

test('signal and noise at a gateway are those of the link budget', () => {
  const { send, end } = scene({
    devices: [deviceAt(1000, { indoorLossDb: 10 })],
    gateways: [gatewayAt(0, { antennaGainDbi: 3 })],
  })
  send(0, { modulation: lora(10) })
  const [heard] = end()
  const signalDbm = 14 + 3 - 10 - pathLossDb(town, { distanceM: 1000, hz })
  const noiseDbm = noiseFloorDbm(125_000)
  assert.ok(heard !== undefined)
  assert.ok(Math.abs(heard.snrDb - (signalDbm - noiseDbm)) < 0.01)
  assert.ok(Math.abs(heard.rssiDbm - 10 * Math.log10(10 ** (signalDbm / 10) + 10 ** (noiseDbm / 10))) < 0.01)
})

test('the counter of a reception is that of its end, with the way of the wave', () => {
  const clock = { driftPpm: 10, bootUs: -5_000_000 }
  const { send, end } = scene({ gateways: [gatewayAt(0, { clock })] })
  send(0, { startUs: 1_000_000 })
  const endUs = 1_000_000 + airtime(lora(7)) + (500 / 2.998e8) * 1e6
  assert.equal(end()[0]?.counterUs, Math.floor((endUs + 5_000_000) * (1 + 10e-6)))
})

test('each spreading factor is heard up to the distance of its floor', () => {
  for (const [spreadingFactor, floorDb] of [
    [7, -7.5],
    [10, -15],
    [12, -20],
  ] as const) {
    const lossDb = 14 - noiseFloorDbm(125_000) - floorDb
    const reachM = 10 ** ((lossDb - 7.7) / 37.6)
    const sharesAt = (metres: number): number => {
      const { send, end } = scene({ devices: [deviceAt(metres)] })
      for (const turn of range(200)) send(0, { modulation: lora(spreadingFactor), startUs: turn * 2_000_000 })
      return end().length / range(200).filter((turn) => turn * 2_000_000 < 58_000_000).length
    }
    assert.ok(sharesAt(reachM * 0.9) > 0.99, `SF${spreadingFactor}`)
    assert.ok(sharesAt(reachM * 1.1) < 0.01, `SF${spreadingFactor}`)
    assert.ok(Math.abs(sharesAt(reachM) - 0.5) < 0.3, `SF${spreadingFactor}`)
  }
})

test('of two frames that meet on one channel the one that is 6 dB stronger is received', () => {
  const [near, far] = [500, 500 * 10 ** (6.2 / 37.6)]
  const { world, send, lost, end } = scene({ devices: [deviceAt(near), deviceAt(-far)] })
  const [strong, weak] = [send(0), send(1, { startUs: 1000 })]
  assert.deepEqual(
    end().map(({ emission }) => emission),
    [strong],
  )
  assert.deepEqual(lost, [{ emission: weak, gateway: 0, reason: 'same-rate' }])
  assert.equal(world.losses(0)['same-rate'], 1)
  assert.equal(world.receivedCount(0), 1)
})

test('of two equal frames neither is received, unless their channels, factors or times differ', () => {
  const both = (more: Partial<Emission<string>>): number => {
    const { send, end } = scene({ devices: [deviceAt(500), deviceAt(-500)] })
    send(0)
    send(1, more)
    return end().length
  }
  assert.equal(both({}), 0)
  assert.equal(both({ hz: channelsHz[1]! }), 2)
  assert.equal(both({ modulation: lora(8) }), 2)
  assert.equal(both({ startUs: airtime(lora(7)) + 1 }), 2)
})

test('a near frame of another spreading factor drowns a far one', () => {
  const { send, lost, end } = scene({ devices: [deviceAt(20), deviceAt(2500)] })
  const near = send(0, { modulation: lora(9), airtimeUs: 3_000_000, startUs: 0 })
  const far = send(1, { modulation: lora(12), startUs: 1 })
  assert.deepEqual(
    end().map(({ emission }) => emission),
    [near],
  )
  assert.deepEqual(lost, [{ emission: far, gateway: 0, reason: 'other-rate' }])
})

test('a gateway receives eight frames at once and not a ninth', () => {
  const sent = range(9).map((index) => ({ hz: channelsHz[index % 8]!, modulation: lora(index < 8 ? 12 : 11) }))
  const { send, lost, end } = scene({ devices: range(9).map(() => deviceAt(300)) })
  const ids = sent.map((frame, index) => send(index, { ...frame, startUs: 100 * index }))
  const heard = end().map(({ emission }) => emission)
  // SF11's preamble is half as long, so the last to begin is not the last to be found.
  assert.equal(heard.length, 8)
  assert.deepEqual(
    lost.map(({ reason }) => reason),
    ['no-demodulator'],
  )
  assert.ok(ids.includes(lost[0]!.emission) && !heard.includes(lost[0]!.emission))
  const few = scene({ devices: range(3).map(() => deviceAt(300)), gateways: [gatewayAt(0, { demodulators: 2 })] })
  for (const index of range(3)) few.send(index, { hz: channelsHz[index]!, startUs: 10 * index })
  assert.equal(few.end().length, 2)
})

test('a demodulator is free again once its frame is over', () => {
  const { send, end } = scene({ gateways: [gatewayAt(0, { demodulators: 1 })] })
  send(0, { startUs: 0 })
  send(1, { startUs: airtime(lora(7)) })
  assert.equal(end().length, 2)
})

test('a channel for one modulation has a demodulator of its own and hears nothing else', () => {
  const fsk: Modulation = { kind: 'fsk', bitRate: 50_000 }
  const fskHz = 868_800_000
  const { send, end, lost } = scene({
    gateways: [
      gatewayAt(0, { demodulators: 1, channels: [...channels, { hz: fskHz, bandwidthHz: 125_000, only: fsk }] }),
    ],
  })
  send(0, { modulation: lora(12) })
  send(1, { modulation: fsk, hz: fskHz, airtimeUs: 10_000 })
  send(2, { modulation: lora(7), hz: fskHz })
  assert.deepEqual(
    end().map(({ modulation }) => modulation.kind),
    ['fsk', 'lora'],
  )
  assert.deepEqual(
    lost.map(({ reason }) => reason),
    ['not-listening'],
  )
})

test('a gateway that sends hears nothing meanwhile, and sends one frame at a time', () => {
  const { world, send, lost, end } = scene()
  const down = (startUs: number): number | string =>
    world.emit({
      sender: { kind: 'gateway', index: 0 },
      startUs,
      airtimeUs: 50_000,
      hz: 869_525_000,
      modulation: lora(7),
      eirpDbm: 14,
      isInverted: true,
      payload: 'down',
    })
  const [early, late] = [send(0), send(1, { startUs: 200_000 })]
  assert.equal(typeof down(airtime(lora(7)) - 1000), 'number')
  assert.equal(down(airtime(lora(7))), 'busy')
  assert.deepEqual(
    end().map(({ emission }) => emission),
    [late],
  )
  assert.deepEqual(lost, [{ emission: early, gateway: 0, reason: 'transmitting' }])
})

test('a gateway that is off hears and sends nothing, and its counter begins again', () => {
  const { world, send, lost } = scene()
  world.restart(0, { fromUs: 100_000, untilUs: 300_000 })
  send(0, { startUs: 110_000 })
  send(1, { startUs: 310_000 })
  assert.equal(
    world.emit({
      sender: { kind: 'gateway', index: 0 },
      startUs: 299_000,
      airtimeUs: 10_000,
      hz,
      modulation: lora(7),
      eirpDbm: 14,
      payload: '',
    }),
    'off',
  )
  const [heard] = world.advance(1_000_000)
  assert.deepEqual(
    lost.map(({ reason }) => reason),
    ['off'],
  )
  assert.ok(heard !== undefined && heard.counterUs < 100_000, String(heard?.counterUs))
})

test('a very near frame is heard a second time on the mirrored channel, as much weaker as was said', () => {
  const ghosts = { aboveDbm: -45, rejectionDb: 50 }
  const { send, end } = scene({ model: { ...plain, ghosts }, devices: [deviceAt(10), deviceAt(100)] })
  send(0)
  send(1, { startUs: 1_000_000 })
  const heard = end()
  assert.deepEqual(
    heard.map(({ isGhost, channel }) => [isGhost, channel]),
    [
      [false, 0],
      [true, 7],
      [false, 0],
    ],
  )
  assert.equal(heard[1]?.hz, channelsHz[7])
  assert.ok(Math.abs(heard[0]!.snrDb - heard[1]!.snrDb - 50) < 1e-9)
})

test('a beacon of one gateway is heard by the others and not by itself; an answer is heard by none', () => {
  const { world } = scene({ gateways: [gatewayAt(0), gatewayAt(800), gatewayAt(2000)] })
  const beacon = {
    sender: { kind: 'gateway', index: 0 },
    airtimeUs: 200_000,
    hz,
    modulation: lora(9),
    eirpDbm: 14,
  } as const
  world.emit({ ...beacon, startUs: 0, payload: 'beacon' })
  world.emit({ ...beacon, startUs: 300_000, isInverted: true, payload: 'answer' })
  const heard = world.advance(1_000_000)
  assert.deepEqual(
    heard.map(({ gateway, payload }) => [gateway, payload]),
    [
      [1, 'beacon'],
      [2, 'beacon'],
    ],
  )
  assert.equal(world.losses(0)['out-of-reach'], 0)
})

test('a device hears what is sent in its window, on its channel and rate, and the stronger of two', () => {
  const { world } = scene({ gateways: [gatewayAt(0), gatewayAt(5000)], devices: [deviceAt(500)] })
  const answer = (gateway: number, startUs: number): number | string =>
    world.emit({
      sender: { kind: 'gateway', index: gateway },
      startUs,
      airtimeUs: 50_000,
      hz,
      modulation: lora(7),
      eirpDbm: 14,
      isInverted: true,
      payload: `gateway ${gateway}`,
    })
  const id = answer(0, 1_000_000)
  answer(1, 1_000_500)
  world.advance(1_100_000)
  const window = { fromUs: 999_000, untilUs: 1_010_000, hz, modulation: lora(7) }
  assert.equal(world.listen(0, window)?.payload, 'gateway 0')
  assert.equal(world.listen(0, window)?.emission, id)
  assert.equal(world.listen(0, { ...window, modulation: lora(8) }), undefined)
  assert.equal(world.listen(0, { ...window, hz: channelsHz[1]! }), undefined)
  assert.equal(world.listen(0, { ...window, isInverted: false }), undefined)
  assert.equal(world.listen(0, { ...window, untilUs: 999_999 }), undefined, 'the window was closed')
  assert.equal(world.listen(0, { ...window, fromUs: 1_000_000 + 3 * 1024 + 600 }), undefined, 'the preamble was over')
  world.advance(10_000_000)
  assert.equal(world.listen(0, window), undefined, 'it is forgotten')
})

test('a device that moves is heard from where it is', () => {
  const { world, send } = scene()
  send(0)
  const [before] = world.advance(1_000_000)
  world.moveDevice(0, { eastM: 1500, northM: 0 })
  send(0, { startUs: 2_000_000 })
  const [after] = world.advance(3_000_000)
  assert.ok(before!.rssiDbm - after!.rssiDbm > 15)
})

test('walls of terrain between two places take what they take', () => {
  const terrainLossDb = (from: { eastM: number }): number => (from.eastM > 550 ? 20 : 0)
  const { send, end } = scene({ model: { ...plain, terrainLossDb } })
  send(0)
  send(1, { hz: channelsHz[1]! })
  const [open, hidden] = end()
  assert.ok(open!.snrDb - hidden!.snrDb > 20)
})

/** A crowd in which every effect happens, in the order of time. */
function crowd(seed: number): { options: RadioWorldOptions; frames: Emission<number>[] } {
  const random = randomStream(seed)
  const place = () => ({ eastM: random.unit() * 12_000, northM: random.unit() * 12_000 })
  const options: RadioWorldOptions = {
    seed,
    model: { ...townRadio, fading: { kind: 'rayleigh' } },
    gateways: range(12).map(() => ({ place: place(), channels, demodulators: 3, antennaGainDbi: 2 })),
    devices: range(60).map(() => ({ place: place() })),
    eirpDbmMax: 16,
  }
  const frames = range(400)
    .map((index): Emission<number> => {
      const modulation = lora(7 + random.index(6))
      const isDown = index % 25 === 0
      return {
        sender: isDown ? { kind: 'gateway', index: random.index(12) } : { kind: 'device', index: random.index(60) },
        startUs: Math.floor(random.unit() * 20_000_000),
        airtimeUs: airtime(modulation),
        hz: channelsHz[random.index(8)]!,
        modulation,
        eirpDbm: 14,
        ...(isDown ? { isInverted: true } : {}),
        payload: index,
      }
    })
    .toSorted((a, b) => a.startUs - b.startUs)
  return { options, frames }
}

function run(
  { options, frames }: ReturnType<typeof crowd>,
  stepUs: number,
): { heard: Reception<number>[]; world: RadioWorld<number> } {
  const world = radioWorld<number>(options)
  const heard: Reception<number>[] = []
  let next = 0
  for (let nowUs = stepUs; nowUs < 40_000_000 + stepUs; nowUs += stepUs) {
    for (; next < frames.length && frames[next]!.startUs < nowUs; next += 1) world.emit(frames[next]!)
    heard.push(...world.advance(nowUs))
  }
  return { heard, world }
}

test('the same seed and frames give the same receptions, however time is cut, and another seed gives others', () => {
  const one = crowd(5)
  const coarse = run(one, 40_000_000)
  assert.ok(coarse.heard.length > 200)
  for (const stepUs of [10_000, 777_777]) {
    const fine = run(one, stepUs)
    assert.deepEqual(fine.heard, coarse.heard)
    for (const gateway of range(12)) assert.deepEqual(fine.world.losses(gateway), coarse.world.losses(gateway))
  }
  assert.notDeepEqual(
    run({ ...one, options: { ...one.options, seed: 6 } }, 1_000_000).heard.length,
    coarse.heard.length,
  )
})

test('at every gateway each frame is received once or lost once, for one reason', () => {
  fc.assert(
    fc.property(fc.nat(1000), (seed) => {
      const { options, frames } = crowd(seed)
      const { world } = run({ options: { ...options, model: plain }, frames }, 500_000)
      const uplinks = frames.filter(({ isInverted }) => isInverted !== true).length
      for (const gateway of range(12)) {
        const lost = Object.values(world.losses(gateway)).reduce((sum, count) => sum + count, 0)
        assert.equal(world.receivedCount(gateway) + lost, uplinks)
      }
    }),
    { numRuns: 8 },
  )
})

test('the crowd loses frames for every reason that is not told otherwise', () => {
  const { world } = run(crowd(5), 1_000_000)
  const totals = new Map<string, number>()
  for (const gateway of range(12))
    for (const [reason, count] of Object.entries(world.losses(gateway)))
      totals.set(reason, (totals.get(reason) ?? 0) + count)
  for (const reason of ['too-weak', 'no-demodulator', 'same-rate', 'transmitting'] as const)
    assert.ok((totals.get(reason) ?? 0) > 0, reason)
})

test('the distance at which gateways are passed over loses no reception', () => {
  const { options, frames } = crowd(9)
  const heardWith = (eirpDbmMax: number): unknown =>
    run({ options: { ...options, eirpDbmMax }, frames }, 1_000_000).heard
  assert.deepEqual(heardWith(14), heardWith(30))
})

test('the air holds so many frames and refuses one more', () => {
  const world = radioWorld<number>({ seed: 1, model: plain, gateways: [], devices: [deviceAt(0)] })
  const frame = {
    sender: { kind: 'device', index: 0 },
    startUs: 0,
    airtimeUs: 50_000,
    hz,
    modulation: lora(7),
    eirpDbm: 14,
  } as const
  for (let count = 0; count < emissionsInFlightMax; count += 1) world.emit({ ...frame, payload: count })
  assert.equal(world.emit({ ...frame, payload: -1 }), 'full')
  world.advance(60_000)
  assert.equal(typeof world.emit({ ...frame, startUs: 70_000, payload: 0 }), 'number')
})

test('a gateway’s queue holds so many frames and is free again when they are over', () => {
  const world = radioWorld<number>({ seed: 1, model: plain, gateways: [gatewayAt(0)], devices: [] })
  const at = (startUs: number): number | string =>
    world.emit({
      sender: { kind: 'gateway', index: 0 },
      startUs,
      airtimeUs: 10,
      hz,
      modulation: lora(7),
      eirpDbm: 14,
      isInverted: true,
      payload: 0,
    })
  for (const index of range(transmissionsMax)) assert.equal(typeof at(100 * index), 'number')
  assert.equal(at(100 * transmissionsMax), 'busy')
  world.advance(100 * transmissionsMax)
  assert.equal(typeof at(100 * transmissionsMax), 'number')
})

test('a frame from the past and a clock that goes back are mistakes of ours', () => {
  const { world, send } = scene()
  world.advance(1000)
  assert.throws(() => send(0, { startUs: 999 }), /past/)
  assert.throws(() => world.advance(999), /forward/)
  assert.throws(() => send(0, { startUs: 2000, airtimeUs: airtimeUsMax + 1 }), /time that a frame can be/)
})

test('of more outages than a gateway remembers the oldest is forgotten', () => {
  const { world, send } = scene()
  for (const index of range(outagesMax + 1))
    world.restart(0, { fromUs: index * 100_000, untilUs: index * 100_000 + 90_000 })
  send(0, { startUs: 10 })
  send(1, { startUs: 100_010, hz: channelsHz[1]! })
  assert.deepEqual(
    world.advance(60_000_000).map(({ payload }) => payload),
    ['from 0'],
  )
})
