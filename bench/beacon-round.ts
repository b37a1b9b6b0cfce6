/**
 * How long one epoch's beacons take to audit from the notes of their owners: 100,000 owners with a hotspot each, ten reports a beacon.
 *
 * One thread, processor time, of what anyone does who holds the blocks: notes are decoded, commitments recomputed, beacons drawn,
 * reports judged in both directions, owners ranked. Signatures of batches and fetching are not in it. Goal: one million reports
 * within 60 s.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import {
  fixtureOwner,
  fixtureWindow,
  heardOf,
  notesOf,
  roundOf,
} from '../packages/wireless/src/coverage/round-fixture.ts'
import { judgeRound } from '../packages/wireless/src/coverage/judge-round.ts'
import { locationTrust } from '../packages/wireless/src/coverage/location-trust.ts'
import {
  decodeNote,
  encodeNote,
  reportCommitment,
  type CoverageNote,
} from '../packages/wireless/src/wire/coverage-note.ts'

const { values } = parseArgs({
  options: { owners: { type: 'string', default: '100000' }, reports: { type: 'string', default: '10' } },
})
const [ownerCount, reportsEach] = [Number(values.owners), Number(values.reports)]
const townSize = 100
const goalSeconds = 60

/** A hundred in a town, five kilometres from each other. */
const owners = Array.from({ length: ownerCount }, (_, number) => {
  const [town, place] = [Math.floor(number / townSize), number % townSize]
  const latitude = -50 + ((town * 7.13) % 100) + Math.floor(place / 10) * 0.05
  return fixtureOwner(number, { latitude, longitude: -170 + ((town * 3.77) % 340) + (place % 10) * 0.08 })
})
const notes = { planned: [] as Uint8Array[], heard: [] as Uint8Array[], revealed: [] as Uint8Array[] }
for (const [number, owner] of owners.entries()) {
  const town = number - (number % townSize)
  const opened = Array.from({ length: reportsEach }, (_, index) => {
    const other = owners[town + ((number + 1 + index * 9) % townSize)] ?? owner
    return heardOf(owner, other)
  })
  const own = notesOf([owner])
  const [planned, heard, revealed] = [own.planned[0], own.heard[0], own.revealed[0]]
  if (planned === undefined || heard === undefined || revealed === undefined) throw new Error('an owner has notes')
  notes.planned.push(encodeNote(planned).bytes)
  notes.heard.push(encodeNote({ ...heard, heard: opened.map((one) => reportCommitment(owner.owner, one)) }).bytes)
  notes.revealed.push(encodeNote({ ...revealed, opened }).bytes)
}

const start = process.cpuUsage()
const read = (blocks: readonly Uint8Array[]): CoverageNote[] => blocks.flatMap((bytes) => decodeNote(bytes) ?? [])
const decoded = { planned: read(notes.planned), heard: read(notes.heard), revealed: read(notes.revealed) }
const readCpu = process.cpuUsage(start)
const round = judgeRound(roundOf(owners, decoded))
const trust = locationTrust(round, (owner) => owner.endsWith('0'))
const { user, system } = process.cpuUsage(start)
const seconds = (user + system) / 1e6

const reasons = new Map<string, number>()
let reportCount = round.strays.length
for (const { reason } of round.strays) reasons.set(reason ?? '', (reasons.get(reason ?? '') ?? 0) + 1)
for (const { reports } of round.beacons) {
  reportCount += reports.length
  for (const { reason = 'counted' } of reports) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
}
console.log(`node bench/beacon-round.ts --owners ${ownerCount} --reports ${reportsEach}   (Node ${process.version})`)
console.log(
  `${reportCount} reports of ${round.beacons.length} beacons of epoch ${fixtureWindow.epoch}: ${seconds.toFixed(1)} s of processor time, ` +
    `${((readCpu.user + readCpu.system) / 1e6).toFixed(1)} s of it to decode ${3 * ownerCount} notes`,
)
console.log(
  `${((seconds / reportCount) * 1e6).toFixed(1)} us a report, ${trust.length} owners ranked, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
)
for (const [reason, count] of [...reasons].toSorted((a, b) => b[1] - a[1]))
  console.log(`${String(count).padStart(9)}  ${reason}`)
const goalHere = (goalSeconds * reportCount) / 1_000_000
if (seconds > goalHere) {
  console.log(`goal ${goalHere.toFixed(1)} s MISSED`)
  process.exitCode = 2
} else console.log(`goal ${goalHere.toFixed(1)} s met`)
