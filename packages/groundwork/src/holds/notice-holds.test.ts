/**
 * Goal: an operator is told once of each hold that asks something of it, of no other, and again when it asks something new.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { HoldRecord } from '@groundwork/core/policy/hold-record.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { decidersAskedMax, noticeHolds, noticesMax } from './notice-holds.ts'

const self = '0x00000000000000000000000000000000000000aa'
const other = '0x00000000000000000000000000000000000000bb'
const accuser = '0x00000000000000000000000000000000000000cc'
const idOf = (number: number): Hex => `0x${number.toString(16).padStart(64, '0')}`

function hold(change: Partial<HoldRecord>): HoldRecord {
  return {
    id: idOf(1),
    network: 2,
    account: other,
    accuser,
    reason: `0x${'61'.repeat(32)}`,
    evidence: '0x',
    statement: '0x01',
    state: 'placed',
    endBlock: 100,
    answers: [],
    verdicts: [],
    ...change,
  }
}

interface Scene {
  holds: readonly HoldRecord[]
  block: bigint
  drawn: readonly Address[]
  asked: number
}

function scene(start: Partial<Scene>): { scene: Scene; pass: () => Promise<string[]> } {
  const now: Scene = { holds: [], block: 10n, drawn: [], asked: 0, ...start }
  let said: string[] = []
  const notice = noticeHolds({
    holds: () => now.holds,
    block: () => now.block,
    decidersOf: async () => {
      now.asked += 1
      return now.drawn
    },
    self,
    tell: ({ state }, text) => void said.push(`${String(state)}: ${text.slice(0, 12)}`),
  })
  return {
    scene: now,
    pass: async () => {
      said = []
      await notice()
      return said
    },
  }
}

test('the accused is told once, and again when the hold is upheld', async () => {
  const { scene: now, pass } = scene({ holds: [hold({ account: self })] })
  assert.deepEqual(await pass(), ['placed: this account'])
  assert.deepEqual(await pass(), [])
  now.holds = [hold({ account: self, state: 'upheld', endBlock: 900 })]
  assert.deepEqual(await pass(), ['upheld: the accusati'])
  now.holds = [hold({ id: idOf(2), account: self, endBlock: 5 })]
  assert.deepEqual(await pass(), [], 'it is over')
})

test('who is drawn is told, at first and on appeal; who is not, or is a party, is not', async () => {
  const { scene: now, pass } = scene({ holds: [hold({})] })
  assert.deepEqual(await pass(), [], 'nobody is drawn yet')
  now.drawn = [other, self]
  assert.deepEqual(await pass(), ['placed: drawn to dec'])
  assert.deepEqual(await pass(), [])
  assert.equal(now.asked, 2, 'what was told is not asked for again')
  now.holds = [hold({ state: 'appealed' })]
  assert.deepEqual(await pass(), ['appealed: drawn to dec'])
  now.holds = [hold({ id: idOf(3), accuser: self }), hold({ id: idOf(4), state: 'final' })]
  assert.deepEqual(await pass(), [])
})

test('many holds are asked about a few at a time, the newest first', async () => {
  const holds = Array.from({ length: decidersAskedMax + 1 }, (_, index) => hold({ id: idOf(index) }))
  const { scene: now, pass } = scene({ holds })
  await pass()
  assert.equal(now.asked, decidersAskedMax)
})

test('what was told is forgotten when there is too much of it', async () => {
  const holds = Array.from({ length: noticesMax + 1 }, (_, index) => hold({ id: idOf(index), account: self }))
  const { scene: now, pass } = scene({ holds })
  assert.equal((await pass()).length, noticesMax + 1)
  now.holds = holds.slice(0, 1)
  assert.equal((await pass()).length, 1, 'the oldest is told again')
  now.holds = holds.slice(-1)
  assert.equal((await pass()).length, 0)
})
