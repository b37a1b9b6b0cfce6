/**
 * The index of a deployment's logs in one SQLite file: opening, appending a range of blocks, rewinding.
 *
 * A cache of the chain: the file may be removed at any time and is made anew. One writer; readers may open it too.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Deployment } from '../deployment.ts'
import { IndexDamaged, IndexForeign, IndexUnwritable } from '../errors.ts'
import type { ChainEvent } from './decode-log.ts'
import { type Parties, projectEvent, type Row } from './project-event.ts'
import { sqliteTrouble } from '../sqlite-trouble.ts'
import { eventTables, indexVersion, metaSql, schemaSql } from './schema.ts'

/** Rewinds that are remembered. */
export const rewindsMax = 1_024

/** A block as the index keeps it. Only blocks with logs and the ends of ranges are kept. */
export type IndexedBlock = {
  readonly number: bigint
  readonly hash: string
  readonly parentHash: string
  readonly atSeconds: number
}

export type ChainIndex = {
  readonly database: DatabaseSync
  /** the block up to which everything is indexed */
  readonly tip: () => IndexedBlock | undefined
  /** the newest kept block below `number` */
  readonly before: (number: bigint) => IndexedBlock | undefined
  /** adds a range that ends with the last of `blocks`, all or nothing */
  readonly append: (range: { readonly blocks: readonly IndexedBlock[]; readonly events: readonly ChainEvent[] }) => void
  /** forgets everything above `number` */
  readonly rewind: (number: bigint) => void
  readonly [Symbol.dispose]: () => void
}

/**
 * @param path a file, or ':memory:'
 * @throws IndexForeign when the file indexes another deployment or was written by another version, IndexDamaged, IndexUnwritable
 */
export function openIndex({ path, deployment }: { path: string; deployment: Deployment }): ChainIndex {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000')
    const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
    if (found !== 'ok') throw new IndexDamaged({ path, reason: String(found) })
    // Whose it is comes first: tables of another version are not ours to complete.
    database.exec(metaSql)
    claimFile(database, { path, identity: identityOf(deployment) })
    database.exec(schemaSql)
  } catch (error) {
    database.close()
    throw translate(error, path)
  }
  return indexOver(database, path)
}

function translate(error: unknown, path: string): unknown {
  const trouble = sqliteTrouble(error)
  if (trouble === undefined) return error
  const facts = { path, reason: trouble.reason }
  return trouble.is === 'damaged'
    ? new IndexDamaged(facts, { cause: error })
    : new IndexUnwritable(facts, { cause: error })
}

/** What an index belongs to. */
export function identityOf({ chainId, addresses, startBlock }: Deployment): string {
  return `version ${indexVersion}, chain ${chainId}, guard ${addresses.guard}, from block ${startBlock}`
}

function claimFile(database: DatabaseSync, { path, identity }: { path: string; identity: string }): void {
  database.prepare("INSERT OR IGNORE INTO meta (key, value) VALUES ('identity', ?)").run(identity)
  const actual = database.prepare("SELECT value FROM meta WHERE key = 'identity'").get()?.['value']
  // Tells this file from any other that came before it or comes after.
  const birth = crypto.randomUUID().slice(0, 8)
  database.prepare("INSERT OR IGNORE INTO meta (key, value) VALUES ('birth', ?)").run(birth)
  if (actual !== identity) throw new IndexForeign({ path, expected: identity, actual: String(actual) })
}

function indexOver(database: DatabaseSync, path: string): ChainIndex {
  const statements = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    const found = statements.get(sql) ?? database.prepare(sql)
    statements.set(sql, found)
    return found
  }
  const insert = ({ table, values }: Row): void => {
    const names = Object.keys(values)
    const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    prepared(sql).run(...Object.values(values))
  }
  const partiesOf = (rail: string): Parties | undefined => {
    const row = prepared('SELECT payer, payee FROM rails WHERE id = ? ORDER BY block DESC, log_index DESC LIMIT 1').get(
      rail,
    )
    return row === undefined ? undefined : { payer: String(row['payer']), payee: String(row['payee']) }
  }
  const addBlock = ({ number, hash, parentHash, atSeconds }: IndexedBlock): void => {
    prepared('INSERT INTO blocks (number, hash, parent_hash, at_seconds) VALUES (?, ?, ?, ?)').run(
      Number(number),
      hash,
      parentHash,
      atSeconds,
    )
  }
  const tip = (): IndexedBlock | undefined =>
    blockOf(prepared('SELECT * FROM blocks ORDER BY number DESC LIMIT 1').get())

  return {
    database,
    tip,
    before: (number) =>
      blockOf(prepared('SELECT * FROM blocks WHERE number < ? ORDER BY number DESC LIMIT 1').get(Number(number))),
    append: ({ blocks, events }) => {
      const first = blocks[0]
      const last = tip()
      invariant(first !== undefined && (last === undefined || first.number > last.number), 'a range follows the tip')
      inTransaction({ database, path }, () => {
        for (const block of blocks) addBlock(block)
        for (const event of events) for (const row of projectEvent(event, partiesOf)) insert(row)
      })
    },
    rewind: (number) => {
      inTransaction({ database, path }, () => {
        prepared('DELETE FROM blocks WHERE number > ?').run(Number(number))
        for (const table of eventTables) prepared(`DELETE FROM ${table} WHERE block > ?`).run(Number(number))
        prepared('INSERT INTO rewinds (to_block) VALUES (?)').run(Number(number))
        prepared('DELETE FROM rewinds WHERE number <= (SELECT MAX(number) FROM rewinds) - ?').run(rewindsMax)
      })
    },
    [Symbol.dispose]: () => database.close(),
  }
}

function inTransaction({ database, path }: { database: DatabaseSync; path: string }, work: () => void): void {
  try {
    database.exec('BEGIN IMMEDIATE')
    work()
    database.exec('COMMIT')
  } catch (error) {
    // SQLite has rolled back by itself where it had to, as on a full disk.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw translate(error, path)
  }
}

function blockOf(row: Record<string, unknown> | undefined): IndexedBlock | undefined {
  if (row === undefined) return undefined
  return {
    number: BigInt(row['number'] as number),
    hash: String(row['hash']),
    parentHash: String(row['parent_hash']),
    atSeconds: Number(row['at_seconds']),
  }
}
