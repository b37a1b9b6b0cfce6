/**
 * Goal: a simulated station finds its server, tells what it hears in order, sends in the first window that it can, and begins anew
 * after a restart or a broken line without losing what it can keep.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Modulation } from '../model/modulation.ts'
import { regionOf } from '../region/region-of.ts'
import {
  dnmsgOf,
  encodeStationContext,
  readDiscovery,
  readStationMessage,
  writeDiscovery,
} from '../wire/basics-station.ts'
import { writeExactJson } from '../wire/exact-json.ts'
import { buildDataFrame } from '../wire/phy-payload.ts'
import { eventQueue } from './event-queue.ts'
import type { CopyFate } from './gateway-wire.ts'
import { townRadio } from './radio-model.ts'
import { radioWorld } from './radio-world.ts'
import { simulatedAir } from './simulated-air.ts'
import { stationAgent, stationBacklogMax } from './station-agent.ts'

const region = regionOf('EU868')
const gatewayEui = '0102030405060708'
const hz = 868_100_000
const modulation: Modulation = { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 }

interface Line {
  readonly uri: string
  readonly said: string[]
  isClosed: boolean
  text(one: string): void
  closed(): void
}

function openStation() {
  const queue = eventQueue()
  const place = { eastM: 0, northM: 0, heightM: 15 }
  const world = radioWorld<Uint8Array>({
    seed: 1,
    model: townRadio,
    gateways: [{ place, channels: [{ hz, bandwidthHz: 125_000 }] }],
    devices: [{ place: { eastM: 100, northM: 0 } }],
  })
  const air = simulatedAir(world, queue)
  const lines: Line[] = []
  const fates: CopyFate[] = []
  const station = stationAgent({
    air,
    index: 0,
    gatewayEui,
    seed: 1,
    region,
    backhaul: { medianMs: 20, sigma: 0.5, lossShare: 0.2, duplicateShare: 0 },
    serverUri: 'ws://server:3001',
    watch: { copy: (_, fate) => fates.push(fate) },
    open(uri, { text, closed }) {
      const line: Line = { uri, said: [], isClosed: false, text, closed }
      lines.push(line)
      return { send: (one) => line.said.push(one), close: () => void (line.isClosed = true) }
    },
  })
  const pass = (seconds: number): void => {
    const untilUs = queue.nowUs + seconds * 1e6
    while (queue.runNext(untilUs));
  }
  /** To where it is told what to do. */
  const connect = (): Line => {
    const asking = lines.at(-1)!
    asking.text(writeDiscovery(gatewayEui, { uri: 'ws://server:3001/gateway/x' }))
    const line = lines.at(-1)!
    line.text('{"msgtype":"router_config"}')
    return line
  }
  const send = (fCnt: number): void => {
    const payload = buildDataFrame({
      isUp: true,
      isConfirmed: false,
      devAddr: 1,
      fCtrl: 0,
      fCnt,
      fOpts: new Uint8Array(0),
      fPort: 1,
      payload: Uint8Array.of(1),
    })
    air.send({ sender: { kind: 'device', index: 0 }, airtimeUs: 50_000, hz, modulation, eirpDbm: 14, payload })
  }
  return { queue, station, lines, fates, pass, connect, send }
}

const heardIn = (line: Line) =>
  line.said.flatMap((text) => {
    const read = readStationMessage(text)
    return typeof read !== 'string' && read.kind === 'frame' ? [read] : []
  })
const sentIn = (line: Line) =>
  line.said.flatMap((text) => {
    const read = readStationMessage(text)
    return typeof read !== 'string' && read.kind === 'sent' ? [read] : []
  })

test('it asks where its server is, says who it is, and tells what it hears in the order in which it heard it', () => {
  const { station, lines, pass, connect, send, fates } = openStation()
  station.start()
  assert.equal(readDiscovery(lines[0]!.said[0]!), gatewayEui)
  const line = connect()
  assert.ok(lines[0]!.isClosed && line.uri === 'ws://server:3001/gateway/x')
  for (let fCnt = 1; fCnt <= 20; fCnt += 1) {
    send(fCnt)
    pass(0.06)
  }
  pass(5)
  const counters = heardIn(line).map(({ phyPayload }) => phyPayload[6])
  assert.deepEqual(
    counters,
    Array.from({ length: 20 }, (_, index) => index + 1),
    'nothing is lost or overtaken on a line that stands',
  )
  assert.equal(fates.filter((fate) => fate === 'taken').length, 20)
})

test('it sends in the first window, in the second where the first is over, and says which', () => {
  const { station, pass, connect, send } = openStation()
  station.start()
  const line = connect()
  const ask = (id: number, lateSeconds: number): void => {
    send(id)
    pass(0.5)
    const { place } = heardIn(line).at(-1)!
    pass(lateSeconds)
    const context = encodeStationContext({ ...place, session: 1 })
    const window = (frequencyHz: number, delayMs: number) =>
      ({ frequencyHz, modulation, powerDbm: 14, timing: { kind: 'delay', context, delayMs } }) as const
    const windows = [window(hz, 1000), window(869_525_000, 2000)] as const
    const message = dnmsgOf({ id, phyPayload: Uint8Array.of(0x60, id) }, [...windows], region)
    assert.ok(typeof message !== 'string')
    line.text(writeExactJson(message))
    pass(4)
  }
  ask(1, 0)
  ask(2, 0.8)
  ask(3, 3)
  const sent = sentIn(line)
  assert.deepEqual(
    sent.map(({ id, frequencyHz }) => [id, frequencyHz]),
    [
      [1, hz],
      [2, 869_525_000],
    ],
  )
  assert.deepEqual([...station.counts().refusals], [['too-late', 1]])
  assert.equal(station.counts().sent, 2)
})

test('without a line it keeps a bounded number of messages, and tells them when it has one again', () => {
  const { station, lines, pass, connect, send, fates } = openStation()
  station.start()
  const line = connect()
  line.closed()
  for (let fCnt = 1; fCnt <= stationBacklogMax + 3; fCnt += 1) {
    send(fCnt)
    pass(0.06)
  }
  pass(6)
  assert.equal(heardIn(line).length, 0)
  assert.equal(fates.filter((fate) => fate === 'lost').length, 3)
  assert.ok(lines.length >= 3, 'it asks again')
  const again = connect()
  pass(5)
  assert.equal(heardIn(again).length, stationBacklogMax)
})

test('after a restart its counter begins anew, and an answer to what it heard before is not sent', () => {
  const { station, pass, connect, send } = openStation()
  station.start()
  const line = connect()
  send(1)
  pass(1)
  const [before] = heardIn(line)
  station.restart(2e6)
  assert.ok(line.isClosed)
  pass(3)
  const again = connect()
  send(2)
  pass(1)
  const [after] = heardIn(again)
  assert.ok(after!.place.xtime >> 48n !== before!.place.xtime >> 48n)
  const context = encodeStationContext({ ...before!.place, session: 1 })
  const timing = { kind: 'delay', context, delayMs: 10_000 } as const
  const window = { frequencyHz: hz, modulation, powerDbm: 14, timing }
  const message = dnmsgOf({ id: 5, phyPayload: Uint8Array.of(0x60) }, [window, undefined], region)
  assert.ok(typeof message !== 'string')
  again.text(writeExactJson(message))
  pass(12)
  assert.deepEqual(sentIn(again), [])
  assert.deepEqual([...station.counts().refusals], [['no-context', 1]])
  assert.equal(station.counts().restarts, 1)
})
