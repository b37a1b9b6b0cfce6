/**
 * `node bench/radio-world.ts`: how fast a simulated world of 1,000 gateways and 10,000 devices is, against the time that it makes.
 *
 * Each device sends once a minute, at any spreading factor, over 50 km by 50 km. The first minute also computes the links of every
 * device; the second is what goes on. A goal is set for it: made time passes faster than real time.
 *
 * @module
 */

import { airtimeUs } from '../packages/wireless/src/region/airtime.ts'
import { lossReasons } from '../packages/wireless/src/simulate/radio-model.ts'
import { radioWorld } from '../packages/wireless/src/simulate/radio-world.ts'
import { randomStream } from '../packages/wireless/src/simulate/seeded-random.ts'

const [gatewayCount, deviceCount, sideM, minutes] = [1_000, 10_000, 50_000, 2]
const random = randomStream(1)
const place = (): { eastM: number; northM: number } => ({ eastM: random.unit() * sideM, northM: random.unit() * sideM })
const channelsHz = Array.from({ length: 8 }, (_, index) => 867_100_000 + 200_000 * index)
const channels = channelsHz.map((hz) => ({ hz, bandwidthHz: 125_000 }))
const world = radioWorld<number>({
  seed: 1,
  eirpDbmMax: 14,
  gateways: Array.from({ length: gatewayCount }, () => ({ place: place(), channels })),
  devices: Array.from({ length: deviceCount }, () => ({ place: place() })),
})
const minuteUs = 60_000_000
const stepUs = 100_000
const starts = Array.from({ length: deviceCount }, (_, device) => ({ device, atUs: random.unit() * minuteUs }))
starts.sort((a, b) => a.atUs - b.atUs)

const secondsByMinute: number[] = []
let received = 0
for (let minute = 0; minute < minutes; minute += 1) {
  const began = process.cpuUsage()
  let next = 0
  for (let nowUs = stepUs; nowUs <= minuteUs; nowUs += stepUs) {
    for (; next < starts.length && starts[next]!.atUs < nowUs; next += 1) {
      const { device, atUs } = starts[next]!
      const modulation = { kind: 'lora', spreadingFactor: 7 + random.index(6), bandwidthHz: 125_000 } as const
      world.emit({
        sender: { kind: 'device', index: device },
        startUs: minute * minuteUs + atUs,
        airtimeUs: airtimeUs({ phyPayloadBytes: 30, modulation, hasCrc: true }),
        hz: channelsHz[random.index(8)]!,
        modulation,
        eirpDbm: 14,
        payload: device,
      })
    }
    received += world.advance(minute * minuteUs + nowUs).length
  }
  const { user, system } = process.cpuUsage(began)
  secondsByMinute.push((user + system) / 1e6)
}

const lost = new Map<string, number>()
for (let gateway = 0; gateway < gatewayCount; gateway += 1)
  for (const reason of lossReasons) lost.set(reason, (lost.get(reason) ?? 0) + world.losses(gateway)[reason])
const ratios = secondsByMinute.map((seconds) => 60 / seconds)
console.log(`node bench/radio-world.ts
${gatewayCount} gateways, ${deviceCount} devices, ${minutes} minutes with one frame each: ${received} copies received`)
console.log([...lost].map(([reason, count]) => `${reason} ${count}`).join(', '))
for (const [minute, seconds] of secondsByMinute.entries())
  console.log(`minute ${minute + 1}: ${seconds.toFixed(2)} s of CPU, ${ratios[minute]!.toFixed(1)} times real time`)
if (Math.min(...ratios) < 1) process.exitCode = 2
