/**
 * Goal: what owners write by themselves, epoch after epoch, is judged as they sent and heard it; and a note is its owner's, of its
 * epoch, and in a batch of its own.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CID } from 'multiformats/cid'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { openBeaconStore } from '../adapters/beacon-store.ts'
import { reportCommitment, type CoverageNote } from '../wire/coverage-note.ts'
import { judgeRound } from './judge-round.ts'
import { isNoteBatch, noteEntry, noteKind, noteOf } from './note-entry.ts'
import { fixtureOwner, fixtureWindow, heardOf, notesOf, roundOf } from './round-fixture.ts'
import { isEmptyNote, writeNote } from './write-note.ts'

const { epoch } = fixtureWindow
const owners = [0, 1, 2].map((number) => fixtureOwner(number))
const [first, second] = owners as [(typeof owners)[0], (typeof owners)[0]]
const frequenciesHz = [868_100_000, 868_300_000, 868_500_000]

/** The notes of one owner from the epoch of its plan to that of its reveal, from its store alone. */
function notesFrom(one: (typeof owners)[0]): CoverageNote[] {
  using store = openBeaconStore({ path: ':memory:' })
  const { owner, gatewayEui, secret, endedMs } = one
  store.plan(epoch, { gatewayEui, secret, region: 'EU868', frequenciesHz })
  const notes: CoverageNote[] = []
  for (let at = epoch - 2n; at <= epoch + 1n; at += 1n) {
    if (at === epoch) {
      store.sent({ epoch, gatewayEui, endedMs: Math.round(endedMs) })
      for (const other of owners) if (other !== one) store.hear(epoch, heardOf(one, other))
    }
    notes.push(writeNote({ owner, epoch: at, store, committed: new Set(notes.at(-1)?.heard) }))
  }
  return notes
}

test('notes that owners write from their stores are judged as what they sent and heard', () => {
  const all = owners.flatMap(notesFrom)
  const of = (at: bigint): CoverageNote[] => all.filter((note) => note.epoch === at)
  assert.ok(of(epoch - 1n).every(isEmptyNote))
  const notes = { planned: of(epoch - 2n), heard: of(epoch), revealed: of(epoch + 1n) }
  assert.deepEqual(notes, notesOf(owners))
  const round = judgeRound(roundOf(owners, notes))
  assert.ok(round.beacons.every(({ reason, reports }) => reason === undefined && reports.length === 2))
  assert.deepEqual([round.strays, round.unopened.size], [[], 0])
})

test('before the reveal a note says nothing from which a beacon or a report could be known', () => {
  const [planned, , heard] = notesFrom(first)
  assert.deepEqual([planned?.revealed, planned?.opened, heard?.revealed, heard?.opened], [[], [], [], []])
  const { report } = heardOf(first, second)
  const salted = heard?.heard[0] ?? assert.fail()
  const guessed = reportCommitment(first.owner, { salt: new Uint8Array(16), report })
  assert.notEqual(salted, guessed, 'the salt is not in it')
})

test('what was not committed to is not opened, and what was not sent is not revealed', () => {
  using store = openBeaconStore({ path: ':memory:' })
  const { owner, gatewayEui, secret } = first
  store.plan(epoch, { gatewayEui, secret, region: 'EU868', frequenciesHz })
  store.hear(epoch, heardOf(first, second))
  const note = writeNote({ owner, epoch: epoch + 1n, store, committed: new Set() })
  assert.ok(isEmptyNote(note))
})

interface Made {
  readonly header: { readonly signer: Hex; readonly epoch: bigint }
  readonly entries: ReturnType<typeof noteEntry>['entry'][]
  readonly details: CID[]
}

test('a note is read from a batch of its owner and epoch, whatever else lies beside it', () => {
  const [, , note = assert.fail()] = notesFrom(first)
  const { entry, block } = noteEntry(note)
  const other = noteEntry({ ...note, heard: [] }).block
  const blocks = new Map([block, other].map(({ cid, bytes }) => [cid.toString(), bytes]))
  const made: Made = { header: { signer: note.owner, epoch }, entries: [entry], details: [other.cid, block.cid] }
  const read = (change: Partial<Made>): CoverageNote | undefined =>
    noteOf({ ...made, ...change } as unknown as Parameters<typeof noteOf>[0], blocks)
  assert.deepEqual(read({}), note)
  assert.equal(read({ details: [other.cid] }), undefined, 'another note than the entry commits to')
  assert.equal(read({ details: [] }), undefined)
  assert.equal(read({ header: { signer: second.owner, epoch } }), undefined, 'handed in by another')
  assert.equal(read({ header: { signer: note.owner, epoch: epoch + 1n } }), undefined, 'of another epoch')
  assert.equal(read({ entries: [{ ...entry, kind: 1 }] }), undefined)
  assert.equal(read({ entries: [entry, entry] }), undefined)
  assert.deepEqual([isNoteBatch(made), isNoteBatch({ entries: [] }), entry.kind], [true, false, noteKind])
})
