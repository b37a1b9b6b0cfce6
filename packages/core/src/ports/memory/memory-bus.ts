/**
 * The Bus port inside one process.
 *
 * @module
 */

import { BusRefused } from '../../errors/port-errors.ts'
import { invariant } from '../../invariant.ts'
import {
  busMessageBytesMax,
  topicCharactersMax,
  topicPattern,
  type Bus,
  type BusMessage,
  type Subscription,
} from '../bus.ts'

interface Queue {
  readonly pattern: string
  push(message: BusMessage): void
}

export function memoryBus(): Bus {
  const queues = new Set<Queue>()

  return {
    async publish({ topic, body }, { signal }) {
      signal.throwIfAborted()
      assertTopic(topic)
      if (body.length > busMessageBytesMax) throw new BusRefused({ topic, sizeBytes: body.length })
      for (const queue of queues) if (isHeard(queue.pattern, topic)) queue.push({ topic, body: body.slice() })
    },
    async subscribe(pattern, { signal, queueMessagesMax }) {
      signal.throwIfAborted()
      assertTopic(pattern.replace(/\.>$/, ''))
      invariant(Number.isInteger(queueMessagesMax) && queueMessagesMax > 0, 'a queue holds at least one message')
      const { queue, subscription } = openQueue({ pattern, signal, queueMessagesMax })
      queues.add(queue)
      signal.addEventListener('abort', () => queues.delete(queue), { once: true })
      return subscription
    },
  }
}

interface OpenQueue {
  readonly pattern: string
  readonly signal: AbortSignal
  readonly queueMessagesMax: number
}

function openQueue({ pattern, signal, queueMessagesMax }: OpenQueue): { queue: Queue; subscription: Subscription } {
  const waiting: BusMessage[] = []
  let droppedCount = 0
  let wake: () => void = () => undefined

  const queue: Queue = {
    pattern,
    push(message) {
      waiting.push(message)
      if (waiting.length > queueMessagesMax) {
        waiting.shift()
        droppedCount += 1
      }
      wake()
    },
  }

  async function* read(): AsyncGenerator<BusMessage> {
    for (;;) {
      signal.throwIfAborted()
      const message = waiting.shift()
      if (message !== undefined) yield message
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  signal.addEventListener('abort', () => wake(), { once: true })
  const subscription: Subscription = {
    [Symbol.asyncIterator]: read,
    get droppedCount() {
      return droppedCount
    },
  }
  return { queue, subscription }
}

function assertTopic(topic: string): void {
  if (topic.length > topicCharactersMax || !topicPattern.test(topic)) throw new BusRefused({ topic })
}

function isHeard(pattern: string, topic: string): boolean {
  return pattern.endsWith('.>') ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern
}
