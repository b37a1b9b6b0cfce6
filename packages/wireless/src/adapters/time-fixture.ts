/**
 * Time for tests: it stands still until it is told to move, and whatever was due runs then.
 *
 * @module
 */

import type { Clock, Timers } from '../ports.ts'

export interface TimeFixture {
  readonly clock: Clock
  readonly timers: Timers
  pass(ms: number): void
}

export function timeFixture(startMs = 1_000_000): TimeFixture {
  let nowMs = startMs
  const waiting = new Map<object, { readonly atMs: number; run(): void }>()
  return {
    clock: { nowMs: () => nowMs, elapsedMs: () => nowMs },
    timers: {
      after(delayMs, run) {
        const key = {}
        waiting.set(key, { atMs: nowMs + delayMs, run })
        return () => void waiting.delete(key)
      },
    },
    pass(ms) {
      nowMs += ms
      for (const [key, { atMs, run }] of waiting)
        if (atMs <= nowMs) {
          waiting.delete(key)
          run()
        }
    },
  }
}
