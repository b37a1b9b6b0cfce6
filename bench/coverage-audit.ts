/**
 * How long one window of proof of coverage takes to audit: 100,000 hotspots, each with one beacon, ten witnesses a beacon.
 *
 * One thread, processor time. Beacons are drawn, judged and counted as anyone recomputes them; a tenth of the reports break a
 * rule. The density of every hotspot under the Helium rules is counted in the same run. Goal: one million reports within 60 s.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { cellAt, neighboursOf, type Cell } from '../packages/core/src/geography/cell.ts'
import { commitBeaconSecret, drawBeacon, type BeaconChoices } from '../packages/wireless/src/coverage/draw-beacon.ts'
import type { HeardBeacon, Hotspot, SentBeacon } from '../packages/wireless/src/coverage/hotspot.ts'
import { judgeBeacon, type CoverageWorld } from '../packages/wireless/src/coverage/judge-beacon.ts'

const { values } = parseArgs({
  options: { hotspots: { type: 'string', default: '100000' }, witnesses: { type: 'string', default: '10' } },
})
const hotspotCount = Number(values.hotspots)
const witnessesPerBeacon = Number(values.witnesses)
const goalSeconds = 60

const choices: BeaconChoices = {
  frequenciesHz: [868_100_000, 868_300_000, 868_500_000],
  spreadingFactors: [7, 8, 9, 10],
  powersDbm: [8, 11, 14],
  bandwidthHz: 125_000,
  windowMs: 3_600_000,
}
const sealed = new Uint8Array(32).fill(9)
const windowStartMs = 1_800_000_000_000
const airtimeMs = 250

/** Towns of a hundred hotspots, in rings around a centre, so that neighbours are a few kilometres apart. */
function placeHotspots(): Hotspot[] {
  const hotspots: Hotspot[] = []
  for (let town = 0; hotspots.length < hotspotCount; town += 1) {
    const centre = cellAt({ latitude: -60 + ((town * 7.13) % 120), longitude: -179 + ((town * 3.77) % 358) })
    const cells: readonly Cell[] = centre === undefined ? [] : neighboursOf(centre, 5)
    for (let number = 0; number < 100 && hotspots.length < hotspotCount; number += 1) {
      const cell = cells[(number * 7) % cells.length] ?? 0n
      const id = String(hotspots.length)
      hotspots.push({ id, owner: `o${town}-${number % 80}`, cell, antennaGainDbi: 3, region: 'EU868' })
    }
  }
  return hotspots
}

const hotspots = placeHotspots()
const secretOf = (number: number): Uint8Array => {
  const secret = new Uint8Array(32)
  new DataView(secret.buffer).setUint32(0, number)
  return secret
}
const world: CoverageWorld = {
  hotspotOf: (id) => hotspots[Number(id)],
  isDenied: () => false,
  lossBackDb: () => undefined,
  ownBeaconHeardMs: () => windowStartMs,
}

function reportsOf(number: number, beacon: SentBeacon): HeardBeacon[] {
  const town = number - (number % 100)
  return Array.from({ length: witnessesPerBeacon }, (_, index): HeardBeacon => {
    const hotspot = String(Math.min(hotspotCount - 1, town + ((number + 1 + index * 9) % 100)))
    const isForged = index === 0
    return {
      hotspot,
      data: beacon.data,
      frequencyHz: beacon.frequencyHz,
      spreadingFactor: beacon.spreadingFactor,
      bandwidthHz: beacon.bandwidthHz,
      rssiDbm: isForged ? -20 : -112,
      snrDb: 4,
      heardMs: beacon.endedMs + 3,
      committedRound: 0,
    }
  })
}

const start = process.cpuUsage()
const reasons = new Map<string, number>()
let reportCount = 0
for (const [number, hotspot] of hotspots.entries()) {
  const secret = secretOf(number)
  const drawn = drawBeacon({ sealed, secret, hotspot: hotspot.id }, choices)
  const endedMs = windowStartMs + drawn.offsetMs + airtimeMs
  const beacon: SentBeacon = { hotspot: hotspot.id, ...drawn, endedMs, revealedRound: 1 }
  const reports = reportsOf(number, beacon)
  const commitment = commitBeaconSecret(secret)
  const facts = { beacon, isDenied: false, commitment, secret, sealed, choices, sentRound: 0, windowStartMs, airtimeMs }
  const verdict = judgeBeacon(facts, hotspot, reports, world)
  reportCount += reports.length
  for (const { reason = 'counted' } of verdict.witnesses) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
}
const { user, system } = process.cpuUsage(start)
const seconds = (user + system) / 1e6

console.log(
  `node bench/coverage-audit.ts --hotspots ${hotspotCount} --witnesses ${witnessesPerBeacon}   (Node ${process.version})`,
)
console.log(`${reportCount} reports of ${hotspotCount} beacons: ${seconds.toFixed(1)} s of processor time`)
console.log(
  `${((seconds / reportCount) * 1e6).toFixed(1)} us a report, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
)
for (const [reason, count] of [...reasons].toSorted((a, b) => b[1] - a[1]))
  console.log(`${String(count).padStart(9)}  ${reason}`)
const goalHere = (goalSeconds * reportCount) / 1_000_000
if (seconds > goalHere) {
  console.log(`goal ${goalHere.toFixed(1)} s MISSED`)
  process.exitCode = 2
} else console.log(`goal ${goalHere.toFixed(1)} s met`)
