/**
 * A clock that stands still until it is told to move. For tests and simulations.
 *
 * @module
 */

import { invariant } from '../../invariant.ts'
import type { Clock } from '../clock.ts'

/** A clock with a hand to turn. */
export interface MemoryClock extends Clock {
  /** Moves both times on; sleeps that end by then resolve, earliest first. */
  advance(durationMs: number): void
  /** sleeps that have not ended */
  readonly sleeperCount: number
}

interface Sleeper {
  readonly wakeMs: number
  readonly wake: () => void
}

/** @param startMs Unix milliseconds at the start */
export function memoryClock(startMs: number): MemoryClock {
  let elapsed = 0
  let sleepers: readonly Sleeper[] = []

  return {
    nowMs: () => startMs + elapsed,
    elapsedMs: () => elapsed,
    sleep(durationMs, { signal }) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted()
        if (durationMs <= 0) return resolve()
        const stop = (): void => {
          sleepers = sleepers.filter((one) => one !== sleeper)
          // The signal's reason is the caller's own; passing it on unchanged is the contract of every port.
          // oxlint-disable-next-line prefer-promise-reject-errors
          reject(signal.reason)
        }
        const sleeper: Sleeper = {
          wakeMs: elapsed + durationMs,
          wake: () => {
            signal.removeEventListener('abort', stop)
            resolve()
          },
        }
        signal.addEventListener('abort', stop, { once: true })
        sleepers = [...sleepers, sleeper]
      })
    },
    advance(durationMs) {
      invariant(durationMs >= 0, 'time does not go back')
      elapsed += durationMs
      const awake = sleepers.filter((one) => one.wakeMs <= elapsed).toSorted((a, b) => a.wakeMs - b.wakeMs)
      sleepers = sleepers.filter((one) => one.wakeMs > elapsed)
      for (const sleeper of awake) sleeper.wake()
    },
    get sleeperCount() {
      return sleepers.length
    },
  }
}
