/**
 * Goal: each revealed epoch is audited once, one that fails a few times and no more, and what is known stays until there is better.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LocationTrust } from '@groundwork/wireless'
import { auditTriesMax, trustWatch } from './trust-watch.ts'

const owner = `0x${'11'.repeat(20)}` as const
const waiting = { signal: new AbortController().signal }
const trustOf = (trust: number): LocationTrust[] => [
  { owner, trust, confirmedBy: 1, confirmedByPaid: 0, contradictedBy: 0 },
]

test('an epoch is audited once, and its trust stands until the next one', async () => {
  let last: bigint | undefined
  const asked: bigint[] = []
  const watch = trustWatch({
    lastRevealed: () => last,
    audit: async (epoch) => {
      asked.push(epoch)
      return trustOf(Number(epoch))
    },
  })
  await watch.look(waiting)
  assert.deepEqual([watch.epoch(), watch.all(), watch.of(owner), asked], [undefined, [], undefined, []])
  last = 7n
  await watch.look(waiting)
  await watch.look(waiting)
  assert.deepEqual([watch.epoch(), watch.all(), watch.of(owner), asked], [7n, trustOf(7), 7, [7n]])
  last = 8n
  await watch.look(waiting)
  assert.deepEqual([watch.epoch(), watch.of(owner), asked], [8n, 8, [7n, 8n]])
  assert.equal(watch.of(`0x${'22'.repeat(20)}`), undefined)
})

test('an audit that fails is tried a few times, says so, and leaves what is known', async () => {
  let [last, calls] = [7n, 0]
  const watch = trustWatch({
    lastRevealed: () => last,
    audit: async (epoch) => {
      calls += 1
      if (epoch === 8n) throw new Error('nobody answers')
      return trustOf(200)
    },
  })
  await watch.look(waiting)
  last = 8n
  for (let turn = 0; turn < auditTriesMax; turn += 1) await assert.rejects(watch.look(waiting), /nobody answers/)
  await watch.look(waiting)
  assert.deepEqual([calls, watch.epoch(), watch.of(owner)], [1 + auditTriesMax, 7n, 200])
  last = 9n
  await watch.look(waiting)
  assert.equal(watch.epoch(), 9n)
})
