/**
 * Goal: the events of a hold up to any point of its way say where it is, as the contract would.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldHolds, standsAt, type HoldEvents, type HoldRecord } from './hold-record.ts'

const id = '0x01'
const other = '0x02'
const account = '0x00000000000000000000000000000000000acc05'
const placed = {
  id,
  network: 2,
  account,
  accuser: '0x00000000000000000000000000000000000acc5e',
  reason: '0x77',
  evidence: '0x03',
  endBlock: 100,
  statement: '0x04',
} as const
const none: HoldEvents = { placed: [], appealed: [], decided: [], released: [] }
const answer = { id, instance: 1, endBlock: 100, statement: '0x05' } as const
const upheld = { id, instance: 1, upheld: true, signers: [], endBlock: 2_700, opinion: '0x' } as const
const appeal = { id, instance: 2, endBlock: 310, statement: '0x06' } as const
const again = { ...upheld, instance: 2 } as const

function recordOf(events: Partial<HoldEvents>): HoldRecord {
  const [record] = foldHolds({ ...none, placed: [placed, { ...placed, id: other }], ...events })
  assert.ok(record !== undefined)
  return record
}

test('each step of a hold shows in its state and its end', () => {
  const where = (events: Partial<HoldEvents>): string => {
    const { state, endBlock } = recordOf(events)
    return `${state} ${endBlock}`
  }
  assert.equal(where({}), 'placed 100')
  assert.equal(where({ appealed: [answer] }), 'placed 100')
  assert.equal(where({ appealed: [answer], decided: [upheld] }), 'upheld 2700')
  assert.equal(where({ appealed: [answer, appeal], decided: [upheld] }), 'appealed 310')
  assert.equal(where({ appealed: [answer, appeal, appeal], decided: [upheld, again] }), 'final 2700')
  assert.equal(where({ decided: [{ ...upheld, upheld: false, endBlock: 70 }] }), 'ended 70')
  assert.equal(
    where({ appealed: [appeal], decided: [upheld, { ...again, upheld: false, endBlock: 300 }] }),
    'ended 300',
  )
  assert.equal(where({ released: [{ id }] }), 'ended 100')
  assert.equal(where({ decided: [upheld], released: [{ id }] }), 'ended 100')
  assert.equal(where({ released: [{ id: other }] }), 'placed 100', 'another’s end')
})

test('a hold stands before its end block and not in it, and never once it ended', () => {
  const record = recordOf({})
  assert.deepEqual(
    [99n, 100n, 101n].map((block) => standsAt(record, block)),
    [true, false, false],
  )
  assert.equal(standsAt(recordOf({ released: [{ id }] }), 0n), false)
})

test('what was said is kept with the hold it was said of, in order', () => {
  const record = recordOf({ appealed: [answer, { ...answer, id: other }, appeal], decided: [upheld] })
  assert.deepEqual(record.answers, [answer, appeal])
  assert.deepEqual(record.verdicts, [upheld])
})
