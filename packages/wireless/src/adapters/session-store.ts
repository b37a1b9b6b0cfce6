/**
 * Sessions in memory and on disk. Reads are of memory; writes of one moment share a transaction, and each resolves once that is on
 * disk. So a counter never goes back, also after the power went.
 *
 * What changes with each frame, the counters, is a row of its own: the rest of a session is written only when it changed.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import type { DeviceSession, SessionKeys } from '../model/session.ts'
import type { Sessions, Timers } from '../ports.ts'
import { sessionTable, type SessionTable } from '../network-server/memory-sessions.ts'
import { radioPool } from '../network-server/radio-pool.ts'
import type { KeyWrap } from './key-wrap.ts'
import { inTransaction } from './network-database.ts'

/** How long writes wait for others to share their flush, in milliseconds. */
export const groupMs = 10
const joinNonceMax = 2 ** 24 - 1

export interface SessionStore extends Sessions, AsyncDisposable {
  readonly table: SessionTable
  /** Resolves when all writes so far are on disk. */
  flush(): Promise<void>
}

/** Writes that share a transaction. */
interface Waiting {
  /** each gives the session that it wrote, if it wrote one */
  readonly writes: Map<string, () => DeviceSession | undefined>
  /** nonces among them, which the database does not know yet */
  readonly devNonces: Map<string, Set<number>>
  readonly joinNonces: Map<string, number>
  readonly done: Promise<void>
  readonly settle: (error?: unknown) => void
}

type Kept = Omit<DeviceSession, 'keys' | 'fCntUp' | 'nFCntDown' | 'aFCntDown'>

export function openSessionStore({
  database,
  wrap,
  after = afterTimeout,
}: {
  readonly database: DatabaseSync
  readonly wrap: KeyWrap
  /** the machine's own timers when left out */
  readonly after?: Timers['after']
}): SessionStore {
  const table = sessionTable()
  const statements = prepare(database)
  const onDisk = new Map<string, DeviceSession>()
  load(database, wrap, table, onDisk)
  let waiting: Waiting | undefined
  let cancel: (() => void) | undefined

  const flushNow = (): void => {
    const group = waiting
    cancel?.()
    cancel = undefined
    waiting = undefined
    if (group === undefined) return
    const written: DeviceSession[] = []
    try {
      inTransaction(database, () => {
        for (const write of group.writes.values()) {
          const session = write()
          if (session !== undefined) written.push(session)
        }
      })
    } catch (error) {
      // What is on disk is what was there before: the next write of a session is of all of it.
      return group.settle(error)
    }
    for (const session of written) onDisk.set(session.devEui, session)
    return group.settle()
  }

  const group = (): Waiting => {
    if (waiting !== undefined) return waiting
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    waiting = {
      writes: new Map(),
      devNonces: new Map(),
      joinNonces: new Map(),
      done: promise,
      settle: (error) => (error === undefined ? resolve() : reject(error)),
    }
    cancel = after(groupMs, flushNow)
    return waiting
  }

  /** The last write of a key wins: between, nobody was told that the earlier one is kept. */
  const later = async (key: string, write: () => DeviceSession | undefined): Promise<void> => {
    const { writes, done } = group()
    writes.set(key, write)
    return done
  }

  const writePending = (devEui: string): undefined => {
    statements.deletePending.run(devEui)
    for (const [index, session] of table.pendingOf(devEui).entries())
      statements.putSession.run(devEui, index + 1, JSON.stringify(keptOf(session)), wrapKeys(wrap, session.keys))
    return undefined
  }

  const writeSession = (session: DeviceSession): DeviceSession => {
    const { devEui, fCntUp, nFCntDown, aFCntDown } = session
    const before = onDisk.get(devEui)
    if (before === undefined || !isSameButCounters(before, session))
      statements.putSession.run(devEui, 0, JSON.stringify(keptOf(session)), wrapKeys(wrap, session.keys))
    // Other keys: one that was pending was heard, and those before it are over.
    if (before?.keys !== session.keys) writePending(devEui)
    statements.putCounters.run(devEui, fCntUp, nFCntDown, aFCntDown)
    return session
  }

  return {
    table,
    sessionsFor: table.sessionsFor,
    sessionOf: table.sessionOf,
    put(session) {
      table.set(session)
      return later(session.devEui, () => writeSession(session))
    },
    putPending(session) {
      table.setPending(session)
      return later(`${session.devEui} pending`, () => writePending(session.devEui))
    },
    remove(devEui) {
      table.delete(devEui)
      return later(devEui, () => {
        onDisk.delete(devEui)
        for (const statement of statements.forget) statement.run(devEui)
        return undefined
      })
    },
    async spendDevNonce({ devEui, devNonce, mustRise }) {
      const waitingNonces = waiting?.devNonces.get(devEui) ?? new Set<number>()
      if (waitingNonces.has(devNonce) || statements.findNonce.get(devEui, devNonce) !== undefined) return false
      const highest = Math.max(Number(statements.highestNonce.get(devEui)?.['nonce'] ?? -1), ...waitingNonces)
      if (mustRise && highest >= devNonce) return false
      group().devNonces.set(devEui, waitingNonces.add(devNonce))
      await later(`${devEui} nonce ${devNonce}`, () => {
        statements.putNonce.run(devEui, devNonce)
        return undefined
      })
      return true
    },
    async forgetDevNonces(devEui) {
      flushNow()
      statements.forgetNonces.run(devEui)
    },
    async nextJoinNonce(devEui) {
      const last = waiting?.joinNonces.get(devEui) ?? Number(statements.joinNonce.get(devEui)?.['nonce'] ?? 0)
      const next = (last % joinNonceMax) + 1
      group().joinNonces.set(devEui, next)
      await later(`${devEui} join-nonce`, () => {
        statements.putJoinNonce.run(devEui, next)
        return undefined
      })
      return next
    },
    async flush() {
      const done = waiting?.done
      flushNow()
      await done
    },
    async [Symbol.asyncDispose]() {
      const done = waiting?.done.catch(() => undefined)
      flushNow()
      await done
    },
  }
}

const afterTimeout: Timers['after'] = (delayMs, run) => {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}

function isSameButCounters(a: DeviceSession, b: DeviceSession): boolean {
  return (
    a.keys === b.keys &&
    a.radio === b.radio &&
    a.requests === b.requests &&
    a.devAddr === b.devAddr &&
    a.startedAtMs === b.startedAtMs &&
    a.confirmedFCntDown === b.confirmedFCntDown &&
    a.confirmedItemId === b.confirmedItemId &&
    a.acknowledgedFCntDown === b.acknowledgedFCntDown &&
    a.rejoinCount === b.rejoinCount &&
    a.heardBy === b.heardBy
  )
}

function keptOf({ keys: _keys, fCntUp: _up, nFCntDown: _n, aFCntDown: _a, ...kept }: DeviceSession): Kept {
  return kept
}

/** Four keys in one; those of 1.0 are one and the same three times over. */
function wrapKeys(wrap: KeyWrap, { fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey }: SessionKeys): Uint8Array {
  const isOne = sNwkSIntKey === fNwkSIntKey && nwkSEncKey === fNwkSIntKey
  return wrap.wrap(Buffer.concat(isOne ? [fNwkSIntKey, appSKey] : [fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey]))
}

function unwrapKeys(wrap: KeyWrap, wrapped: Uint8Array): SessionKeys {
  const bytes = wrap.unwrap(wrapped)
  const part = (index: number): Uint8Array => bytes.slice(16 * index, 16 * index + 16)
  const first = part(0)
  return bytes.length === 32
    ? { fNwkSIntKey: first, sNwkSIntKey: first, nwkSEncKey: first, appSKey: part(1) }
    : { fNwkSIntKey: first, sNwkSIntKey: part(1), nwkSEncKey: part(2), appSKey: part(3) }
}

function load(database: DatabaseSync, wrap: KeyWrap, table: SessionTable, onDisk: Map<string, DeviceSession>): void {
  const pool = radioPool()
  const rows = database
    .prepare(
      `SELECT s.pending, s.json, s.keys, c.f_cnt_up AS up, c.n_f_cnt_down AS n, c.a_f_cnt_down AS a
       FROM wireless_sessions s LEFT JOIN wireless_counters c ON c.dev_eui = s.dev_eui ORDER BY s.pending`,
    )
    .iterate()
  for (const row of rows) {
    const isPending = Number(row['pending']) > 0
    const counters = isPending
      ? { fCntUp: 0, nFCntDown: 0, aFCntDown: 0 }
      : { fCntUp: Number(row['up'] ?? 0), nFCntDown: Number(row['n'] ?? 0), aFCntDown: Number(row['a'] ?? 0) }
    const kept = JSON.parse(String(row['json'])) as Kept
    const radio = pool.ofText(JSON.stringify(kept.radio))
    const session: DeviceSession = { ...kept, ...counters, radio, keys: unwrapKeys(wrap, row['keys'] as Uint8Array) }
    if (isPending) table.setPending(session)
    else {
      table.set(session)
      onDisk.set(session.devEui, session)
    }
  }
}

function prepare(database: DatabaseSync) {
  const prepared = (sql: string) => database.prepare(sql)
  return {
    putSession: prepared('INSERT OR REPLACE INTO wireless_sessions VALUES (?, ?, ?, ?)'),
    deletePending: prepared('DELETE FROM wireless_sessions WHERE dev_eui = ? AND pending > 0'),
    putCounters: prepared('INSERT OR REPLACE INTO wireless_counters VALUES (?, ?, ?, ?)'),
    forget: [
      prepared('DELETE FROM wireless_sessions WHERE dev_eui = ?'),
      prepared('DELETE FROM wireless_counters WHERE dev_eui = ?'),
    ],
    findNonce: prepared('SELECT 1 AS one FROM wireless_dev_nonces WHERE dev_eui = ? AND nonce = ?'),
    highestNonce: prepared('SELECT max(nonce) AS nonce FROM wireless_dev_nonces WHERE dev_eui = ?'),
    putNonce: prepared('INSERT OR IGNORE INTO wireless_dev_nonces VALUES (?, ?)'),
    forgetNonces: prepared('DELETE FROM wireless_dev_nonces WHERE dev_eui = ?'),
    joinNonce: prepared('SELECT nonce FROM wireless_join_nonces WHERE dev_eui = ?'),
    putJoinNonce: prepared('INSERT OR REPLACE INTO wireless_join_nonces VALUES (?, ?)'),
  }
}
