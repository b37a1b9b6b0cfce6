/**
 * Goal: every item comes through once and in order, however many make them and however slowly they are taken, and never more
 * than the bound wait.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundedQueue } from './bounded-queue.ts'

test('all items of all producers come through in each one’s order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
      async (countMax, counts) => {
        const queue = boundedQueue<{ producer: number; turn: number }>(countMax)
        const producing = Promise.all(
          counts.map(async (count, producer) => {
            for (let turn = 0; turn < count; turn += 1) await queue.push({ producer, turn })
          }),
        ).then(() => queue.end())
        const taken: { producer: number; turn: number }[] = []
        for await (const item of queue.items()) taken.push(item)
        await producing
        for (const [producer, count] of counts.entries()) {
          const turns = taken.filter((item) => item.producer === producer).map(({ turn }) => turn)
          assert.deepEqual(
            turns,
            Array.from({ length: count }, (_, turn) => turn),
          )
        }
      },
    ),
  )
})

test('a producer waits at the bound, and no sooner', async () => {
  const queue = boundedQueue<number>(2)
  await queue.push(1)
  await queue.push(2)
  let isPushed = false
  const third = queue.push(3).then(() => {
    isPushed = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isPushed, false)
  const items = queue.items()
  assert.equal((await items.next()).value, 1)
  await third
})

test('when the consumer leaves, those who wait are refused', async () => {
  const queue = boundedQueue<number>(1)
  await queue.push(1)
  const waiting = [queue.push(2), queue.push(3)]
  queue.stop()
  for (const one of waiting) await assert.rejects(one, { code: 'GW_QUEUE_STOPPED' })
  await assert.rejects(queue.push(4), { code: 'GW_QUEUE_STOPPED' })
})
