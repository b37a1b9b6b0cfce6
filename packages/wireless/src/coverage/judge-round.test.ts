/**
 * Goal: an epoch's beacons count as they were drawn and heard, each lie has its name, and nobody gains by what others committed to.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { reportCommitment, type CoverageNote } from '../wire/coverage-note.ts'
import { commitBeaconSecret } from './draw-beacon.ts'
import { judgeRound, windowOf, type JudgedRound } from './judge-round.ts'
import { locationTrust } from './location-trust.ts'
import { fixtureOwner, fixtureWindow, heardOf, notesOf, roundOf, type RoundNotes } from './round-fixture.ts'

const owners = [0, 1, 2, 3].map(fixtureOwner)
const [first, second, third] = owners as [(typeof owners)[0], (typeof owners)[0], (typeof owners)[0]]
const beaconOf = (round: JudgedRound, owner: Hex) => round.beacons.find((one) => one.owner === owner) ?? assert.fail()
const reasonOf = (round: JudgedRound, beaconer: Hex, witness: Hex): unknown =>
  beaconOf(round, beaconer).reports.find(({ owner }) => owner === witness)?.reason

/** The round in which notes of one owner say something else. */
function changed(
  which: keyof RoundNotes,
  owner: Hex,
  change: (note: CoverageNote) => Partial<CoverageNote> | undefined,
): JudgedRound {
  const notes = notesOf(owners)
  notes[which] = notes[which].flatMap((note) => {
    if (note.owner !== owner) return [note]
    const other = change(note)
    return other === undefined ? [] : [{ ...note, ...other }]
  })
  return judgeRound(roundOf(owners, notes))
}

test('beacons that were sent as drawn count, and all who heard them', () => {
  const round = judgeRound(roundOf(owners))
  assert.deepEqual(
    round.beacons.map(({ owner, reason, reports }) => [owner, reason, reports.map((one) => one.reason)]),
    owners.map(({ owner }) => [owner, undefined, [undefined, undefined, undefined]]),
  )
  assert.deepEqual([round.strays, round.unopened.size], [[], 0])
})

test('the order of notes changes nothing', () => {
  const notes = notesOf(owners)
  const expected = JSON.stringify(sorted(judgeRound(roundOf(owners, notes))))
  const shuffled = fc.shuffledSubarray([...notes.planned.keys()], { minLength: owners.length })
  fc.assert(
    fc.property(shuffled, shuffled, shuffled, (a, b, c) => {
      const order = (of: CoverageNote[], by: number[]): CoverageNote[] => by.flatMap((at) => of[at] ?? [])
      const other = {
        planned: order(notes.planned, a),
        heard: order(notes.heard, b),
        revealed: order(notes.revealed, c),
      }
      assert.equal(JSON.stringify(sorted(judgeRound(roundOf(owners, other)))), expected)
    }),
    { numRuns: 20 },
  )
})
const sorted = ({ beacons }: JudgedRound): unknown =>
  beacons.map((one) => ({ ...one, reports: one.reports.toSorted((a, b) => (a.owner < b.owner ? -1 : 1)) }))

test('a beacon that is not as drawn, not revealed, out of band or of nobody has its reason', () => {
  const revealed = (change: object): unknown =>
    beaconOf(
      changed('revealed', first.owner, ({ revealed: [one] }) => ({
        revealed: [{ ...(one ?? assert.fail()), ...change }],
      })),
      first.owner,
    ).reason
  assert.equal(revealed({ secret: new Uint8Array(32) }), 'secret-not-committed')
  assert.equal(revealed({ endedMs: Math.round(first.endedMs) + 600 }), 'sent-late')
  assert.equal(revealed({ endedMs: Math.round(first.endedMs) - 600 }), 'sent-early')
  assert.equal(revealed({ gatewayEui: '0000000000000001' }), 'not-revealed')
  assert.equal(
    beaconOf(
      changed('revealed', first.owner, () => undefined),
      first.owner,
    ).reason,
    'not-revealed',
  )
  const abroad = changed('planned', first.owner, ({ planned: [plan] }) => ({
    planned: [{ ...(plan ?? assert.fail()), frequenciesHz: [868_100_000, 915_000_000] }],
  }))
  assert.equal(beaconOf(abroad, first.owner).reason, 'channel-not-in-band')
  const round = roundOf(owners)
  const gone = judgeRound({ ...round, hotspots: round.hotspots.filter(({ owner }) => owner !== first.owner) })
  assert.equal(beaconOf(gone, first.owner).reason, 'not-registered')
  assert.equal(reasonOf(gone, second.owner, first.owner), 'unknown-hotspot')
  const held = judgeRound({ ...round, isHeld: (owner) => owner === first.owner })
  assert.equal(beaconOf(held, first.owner).reason, 'denied')
  assert.equal(reasonOf(held, second.owner, first.owner), 'denied')
})

test('another secret than the committed one cannot be chosen after the draw', () => {
  const other = new Uint8Array(32).fill(99)
  const round = changed('revealed', first.owner, ({ revealed: [one] }) => ({
    revealed: [{ ...(one ?? assert.fail()), secret: other }],
  }))
  assert.equal(beaconOf(round, first.owner).reason, 'secret-not-committed')
  assert.notEqual(toHex(commitBeaconSecret(other)), toHex(commitBeaconSecret(first.secret)))
})

test('what was not committed to before the reveal does not count, whoever says it', () => {
  const late = changed('heard', second.owner, () => ({ heard: [] }))
  assert.equal(reasonOf(late, first.owner, second.owner), undefined, 'no report of it at all')
  assert.equal(
    beaconOf(late, first.owner).reports.some(({ owner }) => owner === second.owner),
    false,
  )
  assert.deepEqual(
    late.strays.map(({ owner, reason }) => [owner, reason]),
    [1, 2, 3].map(() => [second.owner, 'not-committed']),
  )
  const gone = changed('heard', second.owner, () => undefined)
  assert.equal(gone.strays.filter(({ reason }) => reason === 'not-committed').length, 3)
})

test('the commitment of another is of no use, and one that is not opened is counted', () => {
  // The second copies what the first committed to, and opens it as its own.
  const notes = notesOf(owners)
  const stolen = notes.heard[0]?.heard ?? assert.fail()
  const opened = notes.revealed[0]?.opened ?? assert.fail()
  notes.heard = notes.heard.map((note) => (note.owner === second.owner ? { ...note, heard: stolen } : note))
  notes.revealed = notes.revealed.map((note) => (note.owner === second.owner ? { ...note, opened } : note))
  const round = judgeRound(roundOf(owners, notes))
  assert.ok(round.strays.every(({ owner, reason }) => owner === second.owner && reason === 'not-committed'))
  assert.equal(round.strays.length, 3)
  assert.deepEqual([...round.unopened], [[second.owner, 3]])
})

test('a report of nothing, of another content, or changed after the commitment is a stray', () => {
  const report = heardOf(second, first)
  const forged = { ...report, report: { ...report.report, data: new Uint8Array(32).fill(7) } }
  const notes = notesOf(owners)
  notes.heard = notes.heard.map((note) =>
    note.owner === second.owner ? { ...note, heard: [reportCommitment(second.owner, forged)] } : note,
  )
  notes.revealed = notes.revealed.map((note) => (note.owner === second.owner ? { ...note, opened: [forged] } : note))
  assert.deepEqual(
    judgeRound(roundOf(owners, notes)).strays.map(({ reason }) => reason),
    ['unknown-beacon'],
  )
  const louder = changed('revealed', second.owner, ({ opened: [one, ...rest] }) => {
    const { salt, report: said } = one ?? assert.fail()
    return { opened: [{ salt, report: { ...said, rssiTenths: said.rssiTenths + 10 } }, ...rest] }
  })
  assert.deepEqual(
    louder.strays.map(({ reason }) => reason),
    ['not-committed'],
  )
})

test('who hears what no radio can is named, and so is a way that goes in one direction alone', () => {
  const say = (rssiTenths: number, snrTenths: number): JudgedRound => {
    const report = heardOf(second, first)
    const lie = { ...report, report: { ...report.report, rssiTenths, snrTenths } }
    const notes = notesOf(owners)
    const [before, after] = [reportCommitment(second.owner, report), reportCommitment(second.owner, lie)]
    notes.heard = notes.heard.map((note) => ({
      ...note,
      heard: note.heard.map((one) => (one === before ? after : one)),
    }))
    notes.revealed = notes.revealed.map((note) =>
      note.owner === second.owner ? { ...note, opened: [lie, ...note.opened.slice(1)] } : note,
    )
    return judgeRound(roundOf(owners, notes))
  }
  assert.equal(reasonOf(say(-200, 100), first.owner, second.owner), 'too-strong')
  assert.equal(reasonOf(say(-820, 100), first.owner, second.owner), 'one-way')
})

test('a hotspot whose own beacon nobody heard confirms nobody', () => {
  const notes = notesOf(owners)
  const [own] = notes.revealed.map(({ revealed }) => revealed[0]).filter((one) => one?.gatewayEui === third.gatewayEui)
  const data = toHex(third.drawn.data)
  const drop = (note: CoverageNote): CoverageNote => ({
    ...note,
    opened: note.opened.filter(({ report }) => toHex(report.data) !== data),
  })
  assert.ok(own !== undefined)
  notes.revealed = notes.revealed.map(drop)
  const round = judgeRound(roundOf(owners, notes))
  assert.equal(reasonOf(round, first.owner, third.owner), 'not-reciprocal')
  assert.equal(reasonOf(round, first.owner, second.owner), undefined)
})

test('the window is half of what the epoch before took, and never empty', () => {
  const { startMs, lengthMs } = windowOf(fixtureWindow)
  assert.deepEqual([startMs - fixtureWindow.sealedMs, lengthMs], [4000, 50_000])
  assert.equal(windowOf({ ...fixtureWindow, previousSealedMs: fixtureWindow.sealedMs + 5 }).lengthMs, 1)
})

test('trust comes from owners that others paid; a crowd that nobody paid stays at 200', () => {
  const trustIn = (count: number, paid: number): number => {
    const crowd = Array.from({ length: count }, (_, index) => fixtureOwner(index))
    const carried = new Set(crowd.slice(1, 1 + paid).map(({ owner }) => owner))
    const all = locationTrust(judgeRound(roundOf(crowd)), (owner) => carried.has(owner))
    return all.find(({ owner }) => owner === crowd[0]?.owner)?.trust ?? -1
  }
  assert.equal(trustIn(1, 0), 0, 'nobody heard it')
  assert.deepEqual([trustIn(2, 0), trustIn(6, 0)], [200, 200])
  assert.deepEqual([trustIn(2, 1), trustIn(4, 3)], [500, 750])
  assert.ok(trustIn(6, 2) > trustIn(6, 1))
})

test('what contradicts physics costs both who said it and whom it is about', () => {
  const report = heardOf(second, first)
  const lie = { ...report, report: { ...report.report, rssiTenths: -200, snrTenths: 100 } }
  const notes = notesOf(owners)
  const [before, after] = [reportCommitment(second.owner, report), reportCommitment(second.owner, lie)]
  notes.heard = notes.heard.map((note) => ({ ...note, heard: note.heard.map((one) => (one === before ? after : one)) }))
  notes.revealed = notes.revealed.map((note) =>
    note.owner === second.owner ? { ...note, opened: [lie, ...note.opened.slice(1)] } : note,
  )
  const honest = locationTrust(judgeRound(roundOf(owners)), () => true)
  const doubted = locationTrust(judgeRound(roundOf(owners, notes)), () => true)
  for (const { owner, trust } of honest) {
    const now = doubted.find((one) => one.owner === owner)?.trust ?? assert.fail()
    if (owner === first.owner || owner === second.owner) assert.ok(now < trust, owner)
    else assert.equal(now, trust)
  }
})
