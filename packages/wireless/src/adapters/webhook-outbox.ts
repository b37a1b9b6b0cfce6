/**
 * Deliveries on disk: what waits for its endpoint, and what was given up.
 *
 * One SQLite file in WAL mode. What a commit has written survives the end of the process, `kill -9` included; that the machine
 * loses power may cost the last moments (synchronous NORMAL), for an fsync per event would stop the network server. Both lists are
 * bounded per endpoint.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import type { DeviceEventName } from '../applications/device-event.ts'

export interface Delivery {
  /** rises with every new one */
  readonly id: number
  readonly endpointId: string
  readonly event: DeviceEventName
  readonly devEui: string
  readonly atMs: number
  readonly body: string
  readonly attempts: number
  readonly dueAtMs: number
}

/** A delivery that was given up, and why. */
export interface DeadLetter extends Delivery {
  readonly reason: string
}

export type NewDelivery = Omit<Delivery, 'id' | 'attempts' | 'dueAtMs'>

const schema = `
  CREATE TABLE IF NOT EXISTS wireless_webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, event TEXT NOT NULL, dev_eui TEXT NOT NULL,
    at_ms INTEGER NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL, due_at_ms INTEGER NOT NULL, reason TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS wireless_webhook_due ON wireless_webhook_deliveries (endpoint, due_at_ms) WHERE reason IS NULL;
  CREATE INDEX IF NOT EXISTS wireless_webhook_next ON wireless_webhook_deliveries (due_at_ms) WHERE reason IS NULL;
  CREATE INDEX IF NOT EXISTS wireless_webhook_dead ON wireless_webhook_deliveries (endpoint, id) WHERE reason IS NOT NULL;
`
const columns = `id, endpoint AS endpointId, event, dev_eui AS devEui, at_ms AS atMs, body, attempts, due_at_ms AS dueAtMs`
const table = 'wireless_webhook_deliveries'

export interface WebhookOutbox extends Disposable {
  /** All of them are kept when it returns. */
  add(deliveries: readonly NewDelivery[]): void
  waitingCount(endpointId: string): number
  /** those that are due, the oldest due first */
  due(endpointId: string, options: { readonly nowMs: number; readonly limit: number }): readonly Delivery[]
  /** when the next is due after that, of any endpoint */
  nextDueAtMs(afterMs: number): number | undefined
  waitingEndpoints(): readonly string[]
  done(id: number): void
  again(id: number, options: { readonly attempts: number; readonly dueAtMs: number }): void
  /** @returns how many older ones had to go for it */
  giveUp(id: number, options: { readonly reason: string; readonly deadMax: number }): number
  dead(endpointId: string, options: { readonly after: number; readonly limit: number }): readonly DeadLetter[]
  /** Makes dead ones wait again, from the first try. @returns how many */
  replay(
    endpointId: string,
    options: { readonly ids?: readonly number[]; readonly nowMs: number; readonly limit: number },
  ): number
  /** Forgets dead ones. @returns how many */
  purge(endpointId: string, options: { readonly ids?: readonly number[] }): number
}

/** @param path a file, or ':memory:' for tests */
export function openWebhookOutbox({ path }: { readonly path: string }): WebhookOutbox {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;')
  database.exec(schema)
  const insert = database.prepare(
    `INSERT INTO ${table} (endpoint, event, dev_eui, at_ms, body, attempts, due_at_ms) VALUES (?, ?, ?, ?, ?, 0, ?)`,
  )
  const due = database.prepare(
    `SELECT ${columns} FROM ${table} WHERE endpoint = ? AND reason IS NULL AND due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?`,
  )
  const counted = database.prepare(`SELECT count(*) AS count FROM ${table} WHERE endpoint = ? AND reason IS NULL`)
  const next = database.prepare(`SELECT min(due_at_ms) AS dueAtMs FROM ${table} WHERE reason IS NULL AND due_at_ms > ?`)
  const endpoints = database.prepare(`SELECT DISTINCT endpoint FROM ${table} WHERE reason IS NULL`)
  const remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`)
  const postpone = database.prepare(`UPDATE ${table} SET attempts = ?, due_at_ms = ? WHERE id = ?`)
  const kill = database.prepare(`UPDATE ${table} SET reason = ? WHERE id = ? RETURNING endpoint`)
  const trim = database.prepare(
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE endpoint = ? AND reason IS NOT NULL ORDER BY id DESC LIMIT -1 OFFSET ?)`,
  )
  const dead = database.prepare(
    `SELECT ${columns}, reason FROM ${table} WHERE endpoint = ? AND reason IS NOT NULL AND id > ? ORDER BY id LIMIT ?`,
  )
  const among = `endpoint = ? AND reason IS NOT NULL AND (? IS NULL OR id IN (SELECT value FROM json_each(?)))`
  const revive = database.prepare(
    `UPDATE ${table} SET reason = NULL, attempts = 0, due_at_ms = ? WHERE id IN (SELECT id FROM ${table} WHERE ${among} ORDER BY id LIMIT ?)`,
  )
  const forget = database.prepare(`DELETE FROM ${table} WHERE ${among}`)
  const listed = (ids: readonly number[] | undefined): string | null => (ids === undefined ? null : JSON.stringify(ids))

  return {
    add(deliveries) {
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const { endpointId, event, devEui, atMs, body } of deliveries)
          insert.run(endpointId, event, devEui, atMs, body, atMs)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    waitingCount: (endpointId) => Number(counted.get(endpointId)?.['count'] ?? 0),
    due: (endpointId, { nowMs, limit }) => due.all(endpointId, nowMs, limit) as unknown as readonly Delivery[],
    nextDueAtMs(afterMs) {
      const row = next.get(afterMs)?.['dueAtMs']
      return typeof row === 'number' ? row : undefined
    },
    waitingEndpoints: () => endpoints.all().map((row) => String(row['endpoint'])),
    done: (id) => void remove.run(id),
    again: (id, { attempts, dueAtMs }) => void postpone.run(attempts, dueAtMs, id),
    giveUp(id, { reason, deadMax }) {
      const row = kill.get(reason, id)
      return row === undefined ? 0 : Number(trim.run(String(row['endpoint']), deadMax).changes)
    },
    dead: (endpointId, { after, limit }) => dead.all(endpointId, after, limit) as unknown as readonly DeadLetter[],
    replay: (endpointId, { ids, nowMs, limit }) =>
      Number(revive.run(nowMs, endpointId, listed(ids), listed(ids), limit).changes),
    purge: (endpointId, { ids }) => Number(forget.run(endpointId, listed(ids), listed(ids)).changes),
    [Symbol.dispose]: () => database.close(),
  }
}
