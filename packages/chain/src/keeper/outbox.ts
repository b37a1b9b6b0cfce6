/**
 * The Outbox port on node:sqlite: what was put is on disk and synced before `put` resolves.
 *
 * One writer a file. Its keys are what the keeper promises by; the chain sees them too, as nonces and batch keys.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import { OutboxKeyTaken, OutboxKeyUnknown, OutboxRefused } from '@groundwork/core/errors/port-errors.ts'
import {
  outboxBodyBytesMax,
  outboxKeyCharactersMax,
  outboxMessagesMax,
  type Outbox,
  type OutboxEntry,
  type OutboxMessage,
  type OutboxState,
} from '@groundwork/core/ports/outbox.ts'
import { equalBytes } from '@groundwork/core/units/bytes.ts'
import { OutboxForeign } from '../errors.ts'
import { sqliteTrouble } from '../sqlite-trouble.ts'

/** Rises with every change of the table. */
export const outboxVersion = 1

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'done', 'refused')),
    body BLOB NOT NULL,
    note BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS outbox_state ON outbox (topic, state, sequence);
  PRAGMA user_version = ${outboxVersion};
`

/** An outbox that has to be closed. */
export type SqliteOutbox = Outbox & Disposable

/** What is there is looked at before anything is written: a newer program's promises are not ours to touch. */
function openOutboxFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (found > outboxVersion)
      throw new OutboxForeign({ path, reason: `its version is ${found}, this program knows up to ${outboxVersion}` })
    const health = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
    if (health !== 'ok') throw new OutboxForeign({ path, reason: String(health) })
    database.exec(schema)
    return database
  } catch (error) {
    database.close()
    const trouble = sqliteTrouble(error)
    throw trouble?.is === 'damaged' ? new OutboxForeign({ path, reason: trouble.reason }, { cause: error }) : error
  }
}

/** @param path a file, or ':memory:' for one that keeps no promise @throws OutboxForeign */
export function sqliteOutbox({ path }: { path: string }): SqliteOutbox {
  const database = openOutboxFile(path)
  const byKey = database.prepare('SELECT * FROM outbox WHERE key = ?')
  const insert = database.prepare("INSERT INTO outbox (key, topic, state, body, note) VALUES (?, ?, 'pending', ?, x'')")
  const listed = database.prepare(
    'SELECT * FROM outbox WHERE topic = ? AND state = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  )
  const marked = database.prepare('UPDATE outbox SET state = ?, note = ? WHERE key = ?')
  const pruned = database.prepare(
    "DELETE FROM outbox WHERE topic = ? AND sequence < ? AND state IN ('done', 'refused')",
  )
  const find = (key: string): OutboxEntry | undefined => entryOf(byKey.get(key))

  function keep(message: OutboxMessage): OutboxEntry | undefined {
    const known = find(message.key)
    if (known === undefined) insert.run(message.key, message.topic, message.body)
    else if (known.topic !== message.topic || !equalBytes(known.body, message.body))
      throw new OutboxKeyTaken({ key: message.key })
    return find(message.key)
  }

  return {
    put: async (messages, { signal }) => {
      signal.throwIfAborted()
      if (messages.length > outboxMessagesMax) throw new OutboxRefused({ count: messages.length })
      for (const message of messages) assertMessage(message)
      database.exec('BEGIN IMMEDIATE')
      try {
        const kept = messages.flatMap((message) => keep(message) ?? [])
        database.exec('COMMIT')
        return kept
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    get: async (key, { signal }) => {
      signal.throwIfAborted()
      return find(key)
    },
    list: async ({ topic, state, after, limit }, { signal }) => {
      signal.throwIfAborted()
      if (!Number.isInteger(limit) || limit < 1 || limit > outboxMessagesMax) throw new OutboxRefused({ count: limit })
      return listed.all(topic, state, after ?? 0, limit).flatMap((row) => entryOf(row) ?? [])
    },
    mark: async ({ key, state, note }, { signal }) => {
      signal.throwIfAborted()
      if (note.length > outboxBodyBytesMax) throw new OutboxRefused({ key, sizeBytes: note.length })
      if (marked.run(state, note, key).changes === 0) throw new OutboxKeyUnknown({ key })
    },
    prune: async ({ topic, below }, { signal }) => {
      signal.throwIfAborted()
      return Number(pruned.run(topic, below).changes)
    },
    [Symbol.dispose]: () => database.close(),
  }
}

function assertMessage({ topic, key, body }: OutboxMessage): void {
  const isNamed = [topic, key].every((text) => text.length > 0 && text.length <= outboxKeyCharactersMax)
  if (!isNamed) throw new OutboxRefused({ key: key.slice(0, outboxKeyCharactersMax) })
  if (body.length > outboxBodyBytesMax) throw new OutboxRefused({ key, sizeBytes: body.length })
}

function entryOf(row: Record<string, unknown> | undefined): OutboxEntry | undefined {
  if (row === undefined) return undefined
  return {
    sequence: Number(row['sequence']),
    key: String(row['key']),
    topic: String(row['topic']),
    state: String(row['state']) as OutboxState,
    body: row['body'] as Uint8Array,
    note: row['note'] as Uint8Array,
  }
}
