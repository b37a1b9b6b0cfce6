/**
 * Goal: a gateway sends when its counter says so, and refuses in its own words what it cannot do.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RadioDownlink, RadioUplink, TransmitOutcome, TransmitTiming, TransmitWindow } from '../model/radio.ts'
import { counterAt } from './concentrator-clock.ts'
import { eventQueue, passTime, type EventQueue } from './event-queue.ts'
import { gatewayAgent, type GatewayAgent } from './gateway-agent.ts'
import { bookedMax } from './transmit-queue.ts'
import { townRadio, type Emission } from './radio-model.ts'
import { radioWorld } from './radio-world.ts'
import { simulatedAir } from './simulated-air.ts'

const hz = 868_100_000
const modulation = { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 } as const
const backhaul = { medianMs: 5, sigma: 0, lossShare: 0, duplicateShare: 0 }
const clock = { driftPpm: 20, bootUs: -3_000_000_000 }

interface Scene {
  readonly time: EventQueue
  readonly agent: GatewayAgent
  readonly outcomes: TransmitOutcome[]
  readonly uplinks: RadioUplink[]
  readonly sent: Emission<Uint8Array>[]
  /** asks for a frame at a time of the world, by the counter */
  ask(id: number, startUs: number, ...others: TransmitWindow[]): void
  hear(): void
}

function scene(line = backhaul): Scene {
  const time = eventQueue()
  const world = radioWorld<Uint8Array>({
    seed: 1,
    model: townRadio,
    gateways: [{ place: { eastM: 0, northM: 0 }, channels: [{ hz, bandwidthHz: 125_000 }], clock }],
    devices: [{ place: { eastM: 200, northM: 0 } }],
  })
  const air = simulatedAir(world, time)
  const [outcomes, uplinks, sent]: [TransmitOutcome[], RadioUplink[], Emission<Uint8Array>[]] = [[], [], []]
  air.onDownlink((downlink) => void sent.push(downlink))
  const agent = gatewayAgent({
    air,
    index: 0,
    gatewayEui: 'aa00000000000001',
    seed: 1,
    backhaul: line,
    epochMs: 0,
    heard: (uplink) => void uplinks.push(uplink),
    outcome: (outcome) => void outcomes.push(outcome),
  })
  return {
    time,
    agent,
    outcomes,
    uplinks,
    sent,
    ask: (id, startUs, ...others) => agent.send(downlink(id, windowOf(delayed(startUs)), ...others)),
    hear: () =>
      void air.send({
        sender: { kind: 'device', index: 0 },
        airtimeUs: 50_000,
        hz,
        modulation,
        eirpDbm: 14,
        payload: Uint8Array.of(1, 2, 3),
      }),
  }
}

/** The counter of now and a delay, as a server would say it. */
function delayed(startUs: number): TransmitTiming {
  const context = new Uint8Array(4)
  new DataView(context.buffer).setUint32(0, counterAt(clock, 0), true)
  return { kind: 'delay', context, delayMs: startUs / 1000 }
}

const windowOf = (timing: TransmitTiming): TransmitWindow => ({ frequencyHz: hz, modulation, powerDbm: 14, timing })

const downlink = (id: number, ...windows: TransmitWindow[]): RadioDownlink => ({
  id,
  gatewayEui: 'aa00000000000001',
  deviceClass: 'A',
  phyPayload: Uint8Array.of(id),
  windows,
})

test('a frame leaves when the counter shows its time, though the crystal is fast', async () => {
  const { time, ask, sent, outcomes, agent } = scene()
  ask(1, 1_000_000)
  await passTime(time, 3_000_000)
  assert.deepEqual(
    outcomes.map(({ refusal, windowIndex }) => [refusal, windowIndex]),
    [[undefined, 0]],
  )
  assert.ok(Math.abs(sent[0]!.startUs - 1_000_000 / (1 + 20e-6)) < 2, String(sent[0]!.startUs))
  assert.equal(agent.sentCount, 1)
})

test('what cannot be sent is refused in the forwarder’s words, and the next window is tried', async () => {
  const { time, ask, outcomes, agent, sent } = scene()
  ask(1, 20_000)
  ask(2, 600_000_000)
  ask(3, 1_000_000)
  ask(4, 1_010_000)
  agent.send(downlink(5, windowOf({ kind: 'gps', gpsTimeMs: 1 })))
  ask(6, 20_000, windowOf(delayed(2_000_000)))
  agent.send(downlink(7, windowOf({ kind: 'immediate' })))
  await passTime(time, 3_000_000)
  const said = new Map(outcomes.map(({ id, refusal, windowIndex }) => [id, refusal ?? windowIndex]))
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map((id) => said.get(id)),
    ['too-late', 'too-early', 0, 'collision-packet', 'gps-unlocked', 1, 0],
  )
  assert.equal(sent.length, 3)
  assert.deepEqual(agent.refusals.get('too-late'), 1)
})

test('so many frames wait in a gateway, and one more is a collision', async () => {
  const { time, ask, agent } = scene()
  for (let id = 1; id <= bookedMax + 1; id += 1) ask(id, 1_000_000 + 100_000 * id)
  await passTime(time, 100_000)
  assert.equal(agent.refusals.get('collision-packet'), 1)
})

test('what is heard reaches the server once, twice or not at all, as the line is', async () => {
  for (const [more, copies] of [
    [{}, 1],
    [{ duplicateShare: 1 }, 2],
    [{ lossShare: 1 }, 0],
  ] as const) {
    const { time, hear, uplinks } = scene({ ...backhaul, ...more })
    hear()
    await passTime(time, 1_000_000)
    assert.equal(uplinks.length, copies)
    for (const uplink of uplinks) {
      assert.equal(uplink.heardAtMs, 56, 'airtime, propagation and 5 ms of line')
      const counter = new DataView(uplink.context.buffer).getUint32(0, true)
      assert.ok(Math.abs(counter - counterAt(clock, 50_000)) < 3)
    }
  }
})
