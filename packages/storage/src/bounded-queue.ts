/**
 * A queue with room for a few items between whoever makes them and one who takes them: the slower side sets the pace.
 *
 * Pure. Nothing is dropped; producers find room in the order in which they came.
 *
 * @module
 */

import { QueueStopped } from './storage-errors.ts'

export interface BoundedQueue<Item> {
  /** Resolves when the item has found room. @throws QueueStopped when nobody takes items any more */
  push(item: Item): Promise<void>
  /** No more items come; those that wait are still taken. */
  end(): void
  /** Nobody takes items any more: what waits to be pushed is refused. */
  stop(): void
  /** For one consumer. */
  items(): AsyncGenerator<Item>
}

/** @param countMax items that wait, at least one */
export function boundedQueue<Item>(countMax: number): BoundedQueue<Item> {
  const waiting: Item[] = []
  const producers: (() => void)[] = []
  let isOver = false
  let isStopped = false
  let wakeConsumer: (() => void) | undefined

  return {
    async push(item) {
      if (waiting.length >= countMax && !isStopped) await new Promise<void>((resolve) => producers.push(resolve))
      if (isStopped) throw new QueueStopped()
      waiting.push(item)
      wakeConsumer?.()
    },
    end() {
      isOver = true
      wakeConsumer?.()
    },
    stop() {
      isStopped = true
      for (const wake of producers.splice(0)) wake()
    },
    async *items() {
      for (;;) {
        const next = waiting.shift()
        if (next !== undefined) {
          producers.shift()?.()
          yield next
        } else if (isOver) {
          return
        } else {
          await new Promise<void>((resolve) => {
            wakeConsumer = resolve
          })
        }
      }
    },
  }
}
