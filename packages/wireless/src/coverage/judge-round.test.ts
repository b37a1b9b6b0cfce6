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

const owners = [0, 1, 2, 3].map((number) => fixtureOwner(number))
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

test('a false time in one report changes nothing of the others, in whatever order notes come', () => {
  const last = owners[3] ?? assert.fail()
  const report = heardOf(second, last)
  const lie = { ...report, report: { ...report.report, heardMs: 2 ** 47 } }
  const [before, after] = [reportCommitment(second.owner, report), reportCommitment(second.owner, lie)]
  const notes = notesOf(owners)
  notes.heard = notes.heard.map((note) => ({ ...note, heard: note.heard.map((one) => (one === before ? after : one)) }))
  // Only the second says that it heard the first.
  const content = toHex(first.drawn.data)
  notes.revealed = notes.revealed.map((note) => ({
    ...note,
    opened: note.opened
      .filter(({ report: { data } }) => note.owner === second.owner || toHex(data) !== content)
      .map((one) => (reportCommitment(note.owner, one) === before ? lie : one)),
  }))
  const [one = assert.fail(), two = assert.fail(), ...others] = notes.revealed
  for (const revealed of [
    [one, two, ...others],
    [two, one, ...others],
    [...others, two, one],
  ]) {
    const round = judgeRound(roundOf(owners, { ...notes, revealed }))
    assert.equal(reasonOf(round, last.owner, second.owner), 'heard-late')
    assert.equal(reasonOf(round, first.owner, second.owner), undefined)
    assert.equal(reasonOf(round, second.owner, first.owner), undefined, 'the first was heard')
  }
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

test('the window is the middle half of an epoch, begins within a minute, and is never empty', () => {
  const after = (epochMs: number): number[] => {
    const { startMs, lengthMs } = windowOf({ ...fixtureWindow, previousSealedMs: fixtureWindow.sealedMs - epochMs })
    return [startMs - fixtureWindow.sealedMs, lengthMs]
  }
  assert.deepEqual(after(12_000), [3000, 6000])
  assert.deepEqual(after(86_400_000), [60_000, 43_200_000])
  assert.deepEqual(after(-5), [1, 2])
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

test('who contradicts everyone slanders nobody, and is believed no more', () => {
  const crowd = Array.from({ length: 6 }, (_, number) => fixtureOwner(number))
  const [liar = assert.fail(), ...others] = crowd
  const notes = notesOf(crowd)
  const lies = others.map((other) => {
    const report = heardOf(liar, other)
    return { ...report, report: { ...report.report, rssiTenths: -200, snrTenths: 100 } }
  })
  notes.heard = notes.heard.map((note) =>
    note.owner === liar.owner ? { ...note, heard: lies.map((one) => reportCommitment(liar.owner, one)) } : note,
  )
  notes.revealed = notes.revealed.map((note) => {
    if (note.owner === liar.owner) return { ...note, opened: lies }
    // Nor does anyone hear it where it says that it stands.
    const content = toHex(liar.drawn.data)
    return { ...note, opened: note.opened.filter(({ report }) => toHex(report.data) !== content) }
  })
  const trust = new Map(locationTrust(judgeRound(roundOf(crowd, notes)), () => true).map((one) => [one.owner, one]))
  assert.deepEqual([trust.get(liar.owner)?.trust, trust.get(liar.owner)?.contradictedBy], [0, others.length])
  for (const { owner } of others)
    assert.deepEqual([trust.get(owner)?.trust, trust.get(owner)?.contradictedBy], [800, 1])
})

test('a report that contradicts itself costs who made it, and not whom it slanders', () => {
  const report = heardOf(second, first)
  const lie = { ...report, report: { ...report.report, snrTenths: 250 } }
  const notes = notesOf(owners)
  const [before, after] = [reportCommitment(second.owner, report), reportCommitment(second.owner, lie)]
  notes.heard = notes.heard.map((note) => ({ ...note, heard: note.heard.map((one) => (one === before ? after : one)) }))
  notes.revealed = notes.revealed.map((note) =>
    note.owner === second.owner ? { ...note, opened: [lie, ...note.opened.slice(1)] } : note,
  )
  const round = judgeRound(roundOf(owners, notes))
  assert.equal(reasonOf(round, first.owner, second.owner), 'snr-above-radio')
  const against = new Map(locationTrust(round, () => true).map((one) => [one.owner, one.contradictedBy]))
  assert.deepEqual([against.get(second.owner), against.get(first.owner)], [1, 0])
})

test('whatever owners say, every report has one fate, nothing throws, and the order of owners changes nothing', () => {
  const bytes = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size })
  const eui = fc.constantFrom(...owners.map(({ gatewayEui }) => gatewayEui), '0000000000000000')
  const honest = notesOf(owners)
  const data = fc.oneof(fc.constantFrom(...owners.map(({ drawn }) => drawn.data)), bytes(32))
  const wildReport = fc.record({
    gatewayEui: eui,
    data,
    frequencyHz: fc.constantFrom(0, 868_100_000, 868_300_000, 868_500_000, 4_000_000_000),
    spreadingFactor: fc.integer({ min: 0, max: 12 }),
    bandwidthHz: fc.constantFrom(0, 125_000, 500_000),
    rssiTenths: fc.integer({ min: -32_767, max: 32_767 }),
    snrTenths: fc.integer({ min: -32_767, max: 32_767 }),
    heardMs: fc.constantFrom(0, ...owners.map(({ endedMs }) => Math.round(endedMs)), 2 ** 48),
  })
  const wild = fc.record({
    owner: fc.constantFrom(...owners.map(({ owner }) => owner), `0x${'99'.repeat(20)}` as const),
    planned: fc.array(
      fc.record({
        gatewayEui: eui,
        commitment: bytes(32).map(toHex),
        region: fc.constantFrom('EU868' as const, 'US915' as const, 'AS923-1' as const),
        frequenciesHz: fc.array(fc.constantFrom(0, 868_100_000, 915_000_000, 923_200_000), {
          minLength: 1,
          maxLength: 2,
        }),
      }),
      { maxLength: 2 },
    ),
    revealed: fc.array(
      fc.record({
        gatewayEui: eui,
        secret: bytes(32),
        endedMs: fc.constantFrom(0, Math.round(first.endedMs), 2 ** 48),
      }),
      { maxLength: 2 },
    ),
    opened: fc.array(fc.record({ salt: bytes(16), report: wildReport }), { maxLength: 3 }),
    isCommitted: fc.boolean(),
    isFirst: fc.boolean(),
  })
  const fates = (round: JudgedRound): string[] =>
    [
      ...round.strays.map((one) => ['stray', one]),
      ...round.beacons.flatMap(({ owner, gatewayEui, reason, reports }) => [
        ['beacon', owner, gatewayEui, reason],
        ...reports.map((one) => [owner, gatewayEui, one]),
      ]),
    ]
      .map((one) => JSON.stringify(one))
      .toSorted()
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 6 }), (said) => {
      const notes = { planned: [...honest.planned], heard: [...honest.heard], revealed: [...honest.revealed] }
      for (const { owner, planned, revealed, opened, isCommitted, isFirst } of said) {
        const of = { owner, epoch: fixtureWindow.epoch, planned, revealed, opened }
        const note = { ...of, heard: isCommitted ? opened.map((one) => reportCommitment(owner, one)) : [] }
        for (const which of ['planned', 'heard', 'revealed'] as const)
          notes[which] = isFirst ? [note, ...notes[which]] : [...notes[which], note]
      }
      const round = judgeRound(roundOf(owners, notes))
      const counting = new Map(notes.revealed.toReversed().map((note) => [note.owner, note.opened.length]))
      const openedCount = [...counting.values()].reduce((sum, count) => sum + count, 0)
      const judgedCount = round.beacons.reduce((sum, { reports }) => sum + reports.length, round.strays.length)
      assert.equal(judgedCount, openedCount)
      // Owners in another order, each owner's own notes in theirs.
      const other = (all: CoverageNote[]): CoverageNote[] =>
        all.toSorted((a, b) => (a.owner === b.owner ? 0 : a.owner < b.owner ? 1 : -1))
      const turned = { planned: other(notes.planned), heard: other(notes.heard), revealed: other(notes.revealed) }
      assert.deepEqual(fates(judgeRound(roundOf(owners, turned))), fates(round))
      assert.deepEqual(
        locationTrust(judgeRound(roundOf(owners, turned)), () => true),
        locationTrust(round, () => true),
      )
    }),
    { numRuns: 300 },
  )
})
