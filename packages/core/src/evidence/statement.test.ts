/**
 * Goal: a statement survives its block unchanged, what does not fit is no statement, and no bytes make the decoder throw.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { encodeBlock, isNamed } from './block.ts'
import {
  decodeStatement,
  encodeStatement,
  exhibitsMax,
  noteTextMax,
  statementBytesMax,
  statementRoles,
  statementTextMax,
  type Statement,
} from './statement.ts'

const cid = encodeBlock({ batch: 1 }).cid
const account = '0x00000000000000000000000000000000000acc05'
const plain: Statement = {
  role: 'accusation',
  network: 2,
  account,
  epochs: { from: 3n, to: 9n },
  text: 'two gateways, one antenna',
  exhibits: [{ cid, entry: 0, note: 'the same frame, 4 ms apart' }],
}

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const statements: fc.Arbitrary<Statement> = fc.record({
  role: fc.constantFrom(...statementRoles),
  network: fc.nat(255),
  account: fc.constant<`0x${string}`>(account),
  epochs: fc.tuple(uint64, uint64).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a })),
  text: fc.string({ unit: 'grapheme', maxLength: 200 }),
  exhibits: fc.array(
    fc.record({
      cid: fc.nat().map((seed) => encodeBlock({ seed }).cid),
      entry: fc.option(fc.nat(2 ** 32 - 1)),
      note: fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
    }),
    { maxLength: 8 },
  ),
})

test('a statement comes back from its block as it was', () => {
  fc.assert(
    fc.property(statements, (statement) => {
      const block = encodeStatement(statement)
      assert.ok(block !== undefined)
      assert.ok(block.bytes.length <= statementBytesMax && isNamed(block.cid, block.bytes))
      const decoded = decodeStatement(block.bytes)
      assert.deepEqual(JSON.stringify(decoded, plainly), JSON.stringify(statement, plainly))
    }),
  )
})

const plainly = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

test('what does not fit is no statement, up to the last that does', () => {
  const exhibits = (count: number): Statement['exhibits'] =>
    Array.from({ length: count }, () => ({ cid, entry: null, note: '' }))
  const fits = (change: Partial<Statement>): boolean => encodeStatement({ ...plain, ...change }) !== undefined
  assert.ok(fits({ exhibits: exhibits(exhibitsMax) }))
  assert.ok(!fits({ exhibits: exhibits(exhibitsMax + 1) }))
  assert.ok(fits({ text: 'x'.repeat(statementTextMax) }))
  assert.ok(!fits({ text: 'x'.repeat(statementTextMax + 1) }))
  assert.ok(!fits({ text: '€'.repeat(statementTextMax) }), 'its bytes are too many')
  assert.ok(fits({ exhibits: [{ cid, entry: null, note: 'x'.repeat(noteTextMax) }] }))
  assert.ok(!fits({ exhibits: [{ cid, entry: null, note: 'x'.repeat(noteTextMax + 1) }] }))
  assert.ok(!fits({ epochs: { from: 2n, to: 1n } }))
  assert.ok(!fits({ network: 256 }))
})

test('other bytes are no statement, and nothing throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      decodeStatement(bytes)
    }),
  )
  const block = encodeStatement(plain)
  assert.ok(block !== undefined)
  fc.assert(
    fc.property(fc.nat(block.bytes.length - 1), fc.nat(255), (place, byte) => {
      const bytes = Uint8Array.from(block.bytes)
      bytes[place] = byte
      decodeStatement(bytes)
    }),
  )
  const map = dagCbor.decode<Record<string, unknown>>(block.bytes)
  for (const key of Object.keys(map)) {
    const { [key]: _, ...rest } = map
    assert.equal(decodeStatement(dagCbor.encode(rest)), undefined, `without ${key}`)
  }
  assert.equal(decodeStatement(dagCbor.encode({ ...map, more: 1 })), undefined)
  assert.equal(decodeStatement(dagCbor.encode({ ...map, version: 2 })), undefined)
  assert.equal(decodeStatement(dagCbor.encode({ ...map, role: 'rumour' })), undefined)
  assert.equal(decodeStatement(dagCbor.encode({ ...map, exhibits: [[cid, 0]] })), undefined)
  assert.equal(decodeStatement(new Uint8Array(statementBytesMax + 1)), undefined)
})
