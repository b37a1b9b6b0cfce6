/**
 * Time that is made, not waited for: what is to happen, in the order of when.
 *
 * Also what a network server takes for its clock and its timers, so that it lives in the same time.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { Clock, Timers } from '../ports.ts'

/** More that waits than this is a mistake of whoever makes it wait. */
export const eventsMax = 4_194_304

export interface EventQueue {
  /** microseconds since the world began */
  readonly nowUs: number
  readonly waitingCount: number
  /** Nothing happens in the past: what is asked for earlier than now happens now. @returns cancels it */
  at(atUs: number, run: () => void): () => void
  /** The next event at or before a time. @returns false when there is none; then it is that time */
  runNext(untilUs: number): boolean
  /** as a network server wants it; @param epochMs Unix milliseconds when the world began */
  clock(epochMs: number): Clock
  readonly timers: Timers
}

interface Event {
  readonly atUs: number
  readonly number: number
  run: (() => void) | undefined
}

const isBefore = (a: Event, b: Event): boolean => a.atUs < b.atUs || (a.atUs === b.atUs && a.number < b.number)

/** @param countMax what may wait at once, inclusive */
export function eventQueue(countMax: number = eventsMax): EventQueue {
  const heap: Event[] = []
  let [nowUs, number] = [0, 0]

  const swap = (a: number, b: number): void => {
    const kept = heap[a]!
    heap[a] = heap[b]!
    heap[b] = kept
  }
  const rise = (from: number): void => {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at]!, heap[parent]!)) return
      swap(at, parent)
      at = parent
    }
  }
  const sink = (): void => {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let first = at
      if (left < heap.length && isBefore(heap[left]!, heap[first]!)) first = left
      if (right < heap.length && isBefore(heap[right]!, heap[first]!)) first = right
      if (first === at) return
      swap(at, first)
      at = first
    }
  }
  const take = (): Event => {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) {
      heap[0] = last
      sink()
    }
    return first
  }
  const at = (atUs: number, run: () => void): (() => void) => {
    invariant(heap.length < countMax, 'what waits in a simulation is bounded')
    number += 1
    const event: Event = { atUs: Math.max(atUs, nowUs), number, run }
    heap.push(event)
    rise(heap.length - 1)
    return () => void (event.run = undefined)
  }

  return {
    get nowUs() {
      return nowUs
    },
    get waitingCount() {
      return heap.length
    },
    at,
    runNext(untilUs) {
      while (heap.length > 0 && heap[0]!.atUs <= untilUs) {
        const { atUs, run } = take()
        nowUs = atUs
        if (run === undefined) continue
        run()
        return true
      }
      nowUs = Math.max(nowUs, untilUs)
      return false
    },
    clock: (epochMs) => ({ nowMs: () => epochMs + nowUs / 1000, elapsedMs: () => nowUs / 1000 }),
    timers: { after: (delayMs, run) => at(nowUs + delayMs * 1000, run) },
  }
}

/** Lets time pass; after each event `settle` lets promises of what lives in it resolve. */
export async function passTime(queue: EventQueue, untilUs: number, settle?: () => Promise<void>): Promise<void> {
  while (queue.runNext(untilUs)) await settle?.()
}
