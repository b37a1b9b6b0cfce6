/**
 * The contract of the Clock port, for every adapter: sleeping ends when it is time or when the caller gives up.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Clock } from '@groundwork/core/ports/clock.ts'
import { abortedSignal, forever, withAdapter, type MakeAdapter } from './adapter.ts'

/** A clock, and how to let time pass on it: a clock of the machine waits, one of a test is turned. */
export interface PassingClock {
  readonly clock: Clock
  readonly pass: (durationMs: number) => Promise<void>
}

export function conformClock(name: string, makeAdapter: MakeAdapter<PassingClock>): void {
  const check = (title: string, run: (port: PassingClock) => Promise<void>): void => {
    void test(title, () => withAdapter(makeAdapter, ({ port }) => run(port)))
  }

  void describe(`Clock: ${name}`, () => {
    check('both times move on together', async ({ clock, pass }) => {
      const [nowMs, elapsedMs] = [clock.nowMs(), clock.elapsedMs()]
      assert.ok(nowMs > 0 && elapsedMs >= 0)
      await pass(20)
      assert.ok(clock.elapsedMs() - elapsedMs >= 19)
      assert.ok(clock.nowMs() - nowMs >= 19)
    })

    check('a sleep ends when its time has passed, not before', async ({ clock, pass }) => {
      const startMs = clock.elapsedMs()
      let endMs: number | undefined
      const sleeping = clock.sleep(20, forever).then(() => (endMs = clock.elapsedMs()))
      await Promise.resolve()
      assert.equal(endMs, undefined)
      await pass(20)
      await sleeping
      assert.ok((endMs ?? 0) - startMs >= 19)
    })

    check('a sleep of nothing ends at once', async ({ clock }) => {
      await clock.sleep(0, forever)
    })

    check('sleeps end in the order of their times', async ({ clock, pass }) => {
      const order: number[] = []
      const sleeps = [30, 10, 20].map((durationMs) =>
        clock.sleep(durationMs, forever).then(() => order.push(durationMs)),
      )
      await pass(30)
      await Promise.all(sleeps)
      assert.deepEqual(order, [10, 20, 30])
    })

    check('an aborted sleep rejects with the reason of its signal', async ({ clock }) => {
      const controller = new AbortController()
      const sleeping = clock.sleep(60_000, { signal: controller.signal })
      const reason = new Error('enough')
      controller.abort(reason)
      await assert.rejects(sleeping, reason)
      const aborted = abortedSignal()
      await assert.rejects(clock.sleep(1, { signal: aborted.signal }), aborted.reason)
    })
  })
}
