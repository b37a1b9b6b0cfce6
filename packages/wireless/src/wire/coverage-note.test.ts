/**
 * Goal: a note has one form, its bounds hold and fit its size, and whatever a stranger makes of it is refused without a throw.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBlock, encodeBlock } from '@groundwork/core/evidence/block.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { regionNames } from '../region/region.ts'
import {
  decodeNote,
  encodeNote,
  noteBytesMax,
  notedChannelsMax,
  notedHotspotsMax,
  notedReportsMax,
  reportCommitment,
  type BeaconReport,
  type CoverageNote,
  type OpenedReport,
  type PlannedBeacon,
  type RevealedBeacon,
} from './coverage-note.ts'

const plain = { noNullPrototype: true } as const
const bytesOf = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size })
const word = bytesOf(32).map((bytes): Hex => toHex(bytes))
const owner = bytesOf(20).map((bytes): Hex => toHex(bytes))
const eui = bytesOf(8).map((bytes) => toHex(bytes).slice(2))
const frequencyHz = fc.integer({ min: 0, max: 4_000_000_000 })
const unixMs = fc.integer({ min: 0, max: 2 ** 48 })
const signal = fc.integer({ min: -32_767, max: 32_767 })

const planned: fc.Arbitrary<PlannedBeacon> = fc.record(
  {
    gatewayEui: eui,
    commitment: word,
    region: fc.constantFrom(...regionNames),
    frequenciesHz: fc.array(frequencyHz, { minLength: 1, maxLength: notedChannelsMax }),
  },
  plain,
)
const revealed: fc.Arbitrary<RevealedBeacon> = fc.record(
  { gatewayEui: eui, secret: bytesOf(32), endedMs: unixMs },
  plain,
)
const report: fc.Arbitrary<BeaconReport> = fc.record(
  {
    gatewayEui: eui,
    data: bytesOf(32),
    frequencyHz,
    spreadingFactor: fc.integer({ min: 0, max: 12 }),
    bandwidthHz: fc.integer({ min: 0, max: 500_000 }),
    rssiTenths: signal,
    snrTenths: signal,
    heardMs: unixMs,
  },
  plain,
)
const opened: fc.Arbitrary<OpenedReport> = fc.record({ salt: bytesOf(16), report }, plain)
const note: fc.Arbitrary<CoverageNote> = fc.record(
  {
    owner,
    epoch: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    planned: fc.array(planned, { maxLength: 3 }),
    heard: fc.array(word, { maxLength: 3 }),
    revealed: fc.array(revealed, { maxLength: 3 }),
    opened: fc.array(opened, { maxLength: 3 }),
  },
  plain,
)

test('a note comes back as it was written', () => {
  fc.assert(fc.property(note, (one) => assert.deepEqual(decodeNote(encodeNote(one).bytes), one)))
})

const eightBytes = 'ff'.repeat(8)
const full: CoverageNote = {
  owner: `0x${'ff'.repeat(20)}`,
  epoch: 2n ** 64n - 1n,
  planned: Array.from({ length: notedHotspotsMax }, () => ({
    gatewayEui: eightBytes,
    commitment: `0x${'ff'.repeat(32)}` as const,
    region: regionNames.toSorted((a, b) => b.length - a.length)[0] ?? 'EU868',
    frequenciesHz: Array.from({ length: notedChannelsMax }, () => 4_000_000_000),
  })),
  heard: Array.from({ length: notedReportsMax }, () => `0x${'ff'.repeat(32)}` as const),
  revealed: Array.from({ length: notedHotspotsMax }, () => ({
    gatewayEui: eightBytes,
    secret: new Uint8Array(32),
    endedMs: 2 ** 48,
  })),
  opened: Array.from({ length: notedReportsMax }, () => ({
    salt: new Uint8Array(16),
    report: {
      gatewayEui: eightBytes,
      data: new Uint8Array(32),
      frequencyHz: 4_000_000_000,
      spreadingFactor: 12,
      bandwidthHz: 500_000,
      rssiTenths: -32_767,
      snrTenths: -32_767,
      heardMs: 2 ** 48,
    },
  })),
}

test('a note of all that its bounds allow fits, and one more of anything is refused', () => {
  assert.ok(encodeNote(full).bytes.length <= noteBytesMax)
  assert.deepEqual(decodeNote(encodeNote(full).bytes), full)
  const more = <T>(list: readonly T[]): readonly T[] => [...list, ...list.slice(0, 1)]
  for (const name of ['planned', 'heard', 'revealed', 'opened'] as const)
    assert.equal(decodeNote(encodeNote({ ...full, [name]: more<unknown>(full[name]) }).bytes), undefined, name)
  const [plan = assert.fail()] = full.planned
  for (const frequenciesHz of [[], more(plan.frequenciesHz)])
    assert.equal(decodeNote(encodeNote({ ...full, planned: [{ ...plan, frequenciesHz }] }).bytes), undefined)
})

test('a number with a fraction, or past its bound, is none', () => {
  const [beacon = assert.fail()] = full.revealed
  const [one = assert.fail()] = full.opened
  const isRead = (change: Partial<CoverageNote>): boolean =>
    decodeNote(encodeNote({ ...full, planned: [], heard: [], revealed: [], opened: [], ...change }).bytes) !== undefined
  assert.ok(isRead({}))
  for (const endedMs of [0.5, -1, 2 ** 48 + 1]) assert.equal(isRead({ revealed: [{ ...beacon, endedMs }] }), false)
  const wrong: readonly Partial<BeaconReport>[] = [
    { rssiTenths: -104.5 },
    { rssiTenths: -32_768 },
    { snrTenths: 32_768 },
    { spreadingFactor: 13 },
    { bandwidthHz: 500_001 },
    { frequencyHz: 4_000_000_001 },
    { heardMs: 2 ** 48 + 1 },
    { data: new Uint8Array(31) },
  ]
  for (const change of wrong)
    assert.equal(isRead({ opened: [{ ...one, report: { ...one.report, ...change } }] }), false, JSON.stringify(change))
  assert.equal(isRead({ opened: [{ ...one, salt: new Uint8Array(15) }] }), false)
})

test('bytes of strangers are refused, whatever they are', () => {
  const [one] = fc.sample(note, 1)
  const { bytes } = encodeNote({ ...full, ...one, planned: full.planned.slice(0, 1), opened: full.opened.slice(0, 1) })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => assert.equal(decodeNote(noise), undefined)))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const read = decodeNote(bytes.with(at, value))
      // What is still a note has that very form: nothing has two names.
      if (read !== undefined) assert.deepEqual(encodeNote(read).bytes, bytes.with(at, value))
      assert.equal(decodeNote(bytes.subarray(0, at)), undefined)
    }),
    { numRuns: 1000 },
  )
  const fields = decodeBlock(bytes) as Readonly<Record<string, unknown>>
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(fields)), fc.anything({ maxDepth: 3 }), (name, value) => {
      let foreign: Uint8Array
      try {
        foreign = encodeBlock({ ...fields, [name]: value }).bytes
      } catch {
        return
      }
      const read = decodeNote(foreign)
      if (read !== undefined) assert.deepEqual(encodeNote(read).bytes, foreign)
    }),
    { numRuns: 1000 },
  )
  assert.equal(decodeNote(new Uint8Array(noteBytesMax + 1)), undefined)
})

test('a commitment hangs on the owner, the salt and every word of the report', () => {
  fc.assert(
    fc.property(owner, owner, opened, opened, (mine, yours, one, other) => {
      const commitment = reportCommitment(mine, one)
      assert.equal(commitment, reportCommitment(mine, structuredClone(one)))
      assert.equal(commitment === reportCommitment(yours, one), mine === yours)
      const { report: said, salt } = one
      for (const [name, value] of Object.entries(other.report)) {
        if (toText(value) === toText(said[name as keyof BeaconReport])) continue
        assert.notEqual(reportCommitment(mine, { salt, report: { ...said, [name]: value } }), commitment, name)
      }
      if (toText(other.salt) !== toText(salt))
        assert.notEqual(reportCommitment(mine, { salt: other.salt, report: said }), commitment)
    }),
  )
})
const toText = (value: string | number | Uint8Array): string => String(value)
