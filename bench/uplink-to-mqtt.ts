/**
 * What an uplink costs from the forwarder's datagram to the application's MQTT client, with the market in between.
 *
 * Real parts in the processes that their users have: packet forwarders' datagrams over UDP, hotspots with ledgers and streams to
 * the router, the router with market, network server, sessions on disk and broker. Each uplink is heard by two hotspots of two
 * owners; one copy is bought. Counted is the processor time of hotspots and router together; senders and the ten MQTT clients are
 * not. Each client hears the devices of its own application.
 *
 * Goal: 20,000 uplinks for a second of processor time, none lost, and at half that load p50 under 250 ms, p99 under 500 ms.
 *
 * @module
 */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { settledUnits } from './wireless/market.ts'
import { startMeasured } from './wireless/measures.ts'
import { frameOf, rxpkOf } from './wireless/traffic.ts'

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '100000' },
    hotspots: { type: 'string', default: '40' },
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
    packets: { type: 'string', default: '4' },
    qos: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
})
const deviceCount = Number(values.devices)
const hotspotCount = Number(values.hotspots)
const uplinksPerSecond = Number(values.rate)
const uplinkCount = uplinksPerSecond * Number(values.seconds)
/** A forwarder looks at its concentrator every 10 ms and sends what has come since, up to eight, in one datagram. */
const packetsPerPush = Number(values.packets)
const goalPerCpuSecond = 20_000
const warmUps = Math.min(4 * uplinksPerSecond, 20_000)
const tickMs = 10

const folder = mkdtempSync(path.join(tmpdir(), 'uplink-to-mqtt-'))
const file = (name: string): string => path.join(import.meta.dirname, 'wireless', `${name}.ts`)
/** With BENCH_PROFILE=<folder> a processor profile of both processes is written there. */
const router = await startMeasured<{ endpoint: string; mqttPort: number }>(file('router-process'), [
  folder,
  String(deviceCount),
  String(hotspotCount),
])
const hotspots = await startMeasured<{ ports: number[] }>(file('hotspots-process'), [
  router.ready.endpoint,
  folder,
  '0',
  String(hotspotCount),
])

const total = warmUps + uplinkCount
const arrivedMs = new SharedArrayBuffer(8 * total)
const tally = new SharedArrayBuffer(8)
const clients = new Worker(file('mqtt-clients'), {
  workerData: { port: router.ready.mqttPort, qos: Number(values.qos), arrivedMs, tally },
})
await once(clients, 'message')
const arrived = new Float64Array(arrivedMs)
const sentMs = new Float64Array(total)

const socket = createSocket('udp4')
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')
socket.on('message', () => undefined)

/** Datagrams made before the clock runs: the packets of one hotspot within one look. */
interface Datagram {
  readonly bytes: Buffer
  readonly port: number
  readonly uplinks: number[]
}

function makeDatagrams(first: number, count: number): Datagram[] {
  const waiting = new Map<number, { texts: string[]; uplinks: number[] }>()
  const datagrams: Datagram[] = []
  const send = (hotspot: number): void => {
    const held = waiting.get(hotspot)
    if (held === undefined) return
    waiting.delete(hotspot)
    const head = Buffer.alloc(12)
    head[0] = 2
    head.writeUInt16BE(datagrams.length & 0xffff, 1)
    head.writeUInt32BE(0x0080_0000, 4)
    head.writeUInt32BE(hotspot, 8)
    const bytes = Buffer.concat([head, Buffer.from(`{"rxpk":[${held.texts.join(',')}]}`)])
    datagrams.push({ bytes, port: hotspots.ready.ports[hotspot]!, uplinks: held.uplinks })
  }
  for (let uplink = first; uplink < first + count; uplink += 1) {
    const device = uplink % deviceCount
    const frame = frameOf(uplink, device, Math.floor(uplink / deviceCount) + 1)
    // Neighbours hear the same packets: groups of uplinks fall to pairs of hotspots.
    const group = Math.floor(uplink / packetsPerPush)
    const pair = [(2 * group) % hotspotCount, (2 * group + 1) % hotspotCount]
    for (const [copy, hotspot] of pair.entries()) {
      const held = waiting.get(hotspot) ?? { texts: [], uplinks: [] }
      waiting.set(hotspot, held)
      held.texts.push(rxpkOf(frame, { uplink, copy, tmstUs: uplink * 500 }))
      held.uplinks.push(uplink)
      if (held.texts.length >= packetsPerPush) send(hotspot)
    }
  }
  for (const hotspot of waiting.keys()) send(hotspot)
  return datagrams
}

async function play(datagrams: readonly Datagram[]): Promise<void> {
  const startMs = performance.now()
  let [next, sent] = [0, 0]
  while (next < datagrams.length) {
    const due = ((performance.now() - startMs) / 1000) * uplinksPerSecond * 2
    while (next < datagrams.length && sent < due) {
      const { bytes, port, uplinks } = datagrams[next]!
      for (const uplink of uplinks) sentMs[uplink] ||= performance.timeOrigin + performance.now()
      socket.send(bytes, port, '127.0.0.1')
      sent += uplinks.length
      next += 1
    }
    await pause(tickMs)
  }
}

async function settled(first: number, count: number): Promise<void> {
  const untilMs = performance.now() + 30_000
  while (performance.now() < untilMs) {
    let missing = 0
    for (let uplink = first; uplink < first + count; uplink += 1) if (arrived[uplink] === 0) missing += 1
    if (missing === 0) break
    await pause(200)
  }
  // Decisions come a second after a packet, receipts and vouchers with them.
  await pause(3_000)
}

const medianAt = (sorted: readonly number[], part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0

try {
  await play(makeDatagrams(0, warmUps))
  await settled(0, warmUps)
  const datagrams = makeDatagrams(warmUps, uplinkCount)
  const before = await Promise.all([router.measure(), hotspots.measure()])
  await play(datagrams)
  await settled(warmUps, uplinkCount)
  const after = await Promise.all([router.measure(), hotspots.measure()])
  const cpuSecondsOf = (index: 0 | 1): number => (after[index].cpuUs - before[index].cpuUs) / 1e6
  const latencies: number[] = []
  for (let uplink = warmUps; uplink < total; uplink += 1)
    if (arrived[uplink] !== 0) latencies.push(arrived[uplink]! - sentMs[uplink]!)
  const sorted = latencies.toSorted((a, b) => a - b)
  const lost = uplinkCount - sorted.length
  const cpuSeconds = cpuSecondsOf(0) + cpuSecondsOf(1)
  const perCpuSecond = uplinkCount / cpuSeconds
  console.log(
    `node bench/uplink-to-mqtt.ts --devices ${deviceCount} --hotspots ${hotspotCount} --rate ${uplinksPerSecond} --seconds ${values.seconds} --packets ${packetsPerPush} --qos ${values.qos}`,
  )
  console.log(
    `${uplinkCount} uplinks x 2 copies, QoS ${values.qos}: ${Math.round(perCpuSecond)} uplinks for a second of processor time (goal ${goalPerCpuSecond}); router ${((cpuSecondsOf(0) / uplinkCount) * 1e6).toFixed(1)} us, hotspots ${((cpuSecondsOf(1) / uplinkCount) * 1e6).toFixed(1)} us an uplink`,
  )
  console.log(
    `hotspots trust the router as after ${settledUnits} paid units each: vouchers are signed by the clock (docs/decisions/trust-grows-with-pay.md)`,
  )
  console.log(
    `added latency p50 ${medianAt(sorted, 0.5).toFixed(0)} ms, p99 ${medianAt(sorted, 0.99).toFixed(0)} ms; lost ${lost}, twice ${new Int32Array(tally)[1]}`,
  )
  for (const measure of after) console.log(JSON.stringify(measure.counts))
  if (perCpuSecond < goalPerCpuSecond || lost > 0) process.exitCode = 2
} finally {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  clients.postMessage('end')
  socket.close()
  await Promise.all([router.end(), hotspots.end()])
  rmSync(folder, { recursive: true, force: true })
}
