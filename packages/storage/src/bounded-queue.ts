/**
 * A queue between one producer and one consumer with room for a few items: the slower of the two sets the pace.
 *
 * Pure. Not for many consumers, and nothing is dropped.
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
  items(): AsyncGenerator<Item>
}

/** @param countMax items that wait, at least one */
export function boundedQueue<Item>(countMax: number): BoundedQueue<Item> {
  const waiting: Item[] = []
  let isOver = false
  let isStopped = false
  let wakeProducer: (() => void) | undefined
  let wakeConsumer: (() => void) | undefined

  return {
    async push(item) {
      while (waiting.length >= countMax && !isStopped) {
        await new Promise<void>((resolve) => {
          wakeProducer = resolve
        })
      }
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
      wakeProducer?.()
    },
    async *items() {
      for (;;) {
        const next = waiting.shift()
        if (next !== undefined) {
          wakeProducer?.()
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
