/**
 * Remembers nonces until they expire, within a bound, so that a request counts once.
 *
 * When it is full of living nonces it refuses new ones: better a late answer than a repeated one. Not shared between
 * processes: one audience, one window.
 *
 * @module
 */

import { invariant } from '../invariant.ts'

export interface Nonce {
  /** who used it */
  readonly key: string
  readonly nonce: string
  readonly expiresAtMs: number
}

export interface ReplayWindow {
  /** 'new' is remembered; 'seen' was there; 'full' could not be remembered and must be refused */
  accept(nonce: Nonce, nowMs: number): 'new' | 'seen' | 'full'
  readonly count: number
}

/** Least time between two sweeps of a full window: a flood must not make every request pay for one. */
const sweepIntervalMs = 1000

/** @param bounds countMax nonces are kept at most, about 150 bytes each; countPerKeyMax of one key */
export function replayWindow({
  countMax,
  countPerKeyMax,
}: {
  readonly countMax: number
  readonly countPerKeyMax: number
}): ReplayWindow {
  invariant(countMax > 0 && countPerKeyMax > 0, 'a window holds at least one nonce')
  const expiryOf = new Map<string, Map<string, number>>()
  let count = 0
  let sweptAtMs = Number.NEGATIVE_INFINITY

  const sweep = (nowMs: number): void => {
    if (nowMs - sweptAtMs < sweepIntervalMs) return
    sweptAtMs = nowMs
    for (const [key, nonces] of expiryOf) {
      for (const [nonce, expiresAtMs] of nonces) {
        if (expiresAtMs > nowMs) continue
        nonces.delete(nonce)
        count -= 1
      }
      if (nonces.size === 0) expiryOf.delete(key)
    }
  }

  return {
    accept({ key, nonce, expiresAtMs }, nowMs) {
      if (expiryOf.get(key)?.has(nonce) === true) return 'seen'
      const isFull = (): boolean => count >= countMax || (expiryOf.get(key)?.size ?? 0) >= countPerKeyMax
      if (isFull()) sweep(nowMs)
      if (isFull()) return 'full'
      const nonces = expiryOf.get(key) ?? new Map<string, number>()
      expiryOf.set(key, nonces.set(nonce, expiresAtMs))
      count += 1
      return 'new'
    },
    get count() {
      return count
    },
  }
}
