/**
 * The Outbox port in memory: for tests and simulations. It keeps no promise beyond the process.
 *
 * @module
 */

import { OutboxKeyTaken, OutboxKeyUnknown, OutboxRefused } from '../../errors/port-errors.ts'
import { equalBytes } from '../../units/bytes.ts'
import {
  outboxBodyBytesMax,
  outboxKeyCharactersMax,
  outboxMessagesMax,
  type Outbox,
  type OutboxEntry,
  type OutboxMessage,
} from '../outbox.ts'

export function memoryOutbox(): Outbox {
  const entries = new Map<string, OutboxEntry>()
  let sequenceNext = 1

  return {
    async put(messages, { signal }) {
      signal.throwIfAborted()
      const added = newOnes(entries, messages)
      for (const message of added) {
        const kept = { ...message, body: message.body.slice(), sequence: sequenceNext, state: 'pending' as const }
        entries.set(message.key, { ...kept, note: new Uint8Array(0) })
        sequenceNext += 1
      }
      return messages.flatMap(({ key }) => entries.get(key) ?? [])
    },
    async get(key, { signal }) {
      signal.throwIfAborted()
      return entries.get(key)
    },
    async list({ topic, state, after, limit }, { signal }) {
      signal.throwIfAborted()
      if (!Number.isInteger(limit) || limit < 1 || limit > outboxMessagesMax) throw new OutboxRefused({ count: limit })
      return [...entries.values()]
        .filter((entry) => entry.topic === topic && entry.state === state && entry.sequence > (after ?? 0))
        .toSorted((a, b) => a.sequence - b.sequence)
        .slice(0, limit)
    },
    async mark({ key, state, note }, { signal }) {
      signal.throwIfAborted()
      if (note.length > outboxBodyBytesMax) throw new OutboxRefused({ key, sizeBytes: note.length })
      const entry = entries.get(key)
      if (entry === undefined) throw new OutboxKeyUnknown({ key })
      entries.set(key, { ...entry, state, note: note.slice() })
    },
    async prune({ topic, below }, { signal }) {
      signal.throwIfAborted()
      const over = [...entries.values()].filter(
        (entry) =>
          entry.topic === topic && entry.sequence < below && (entry.state === 'done' || entry.state === 'refused'),
      )
      for (const { key } of over) entries.delete(key)
      return over.length
    },
  }
}

/** The messages that are not kept yet, each key once; throws before anything is kept. */
function newOnes(entries: ReadonlyMap<string, OutboxEntry>, messages: readonly OutboxMessage[]): OutboxMessage[] {
  if (messages.length > outboxMessagesMax) throw new OutboxRefused({ count: messages.length })
  const added = new Map<string, OutboxMessage>()
  for (const message of messages) {
    assertMessage(message)
    const known = entries.get(message.key) ?? added.get(message.key)
    if (known === undefined) added.set(message.key, message)
    else if (known.topic !== message.topic || !equalBytes(known.body, message.body)) {
      throw new OutboxKeyTaken({ key: message.key })
    }
  }
  return [...added.values()]
}

function assertMessage({ topic, key, body }: OutboxMessage): void {
  const isNamed = [topic, key].every((text) => text.length > 0 && text.length <= outboxKeyCharactersMax)
  if (!isNamed) throw new OutboxRefused({ key: key.slice(0, outboxKeyCharactersMax) })
  if (body.length > outboxBodyBytesMax) throw new OutboxRefused({ key, sizeBytes: body.length })
}
