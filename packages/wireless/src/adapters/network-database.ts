/**
 * The network server's one SQLite file: what customers provisioned, sessions, counters, and payloads that wait.
 *
 * Synchronous FULL: what a transaction wrote is on disk when it returns. Keys lie wrapped (RFC 3394) under a key of the data
 * directory, so a copy of this file alone opens no device. Tables have the prefix wireless_.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import { NetworkDatabaseDamaged } from './network-errors.ts'

/** Version of the tables; a file of a later version is refused. */
export const networkDatabaseVersion = 1

const schema = `
  CREATE TABLE IF NOT EXISTS wireless_applications (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_profiles (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_devices (
    dev_eui TEXT PRIMARY KEY, application TEXT NOT NULL, json TEXT NOT NULL, app_key BLOB, nwk_key BLOB
  ) STRICT;
  CREATE INDEX IF NOT EXISTS wireless_devices_application ON wireless_devices (application);
  CREATE TABLE IF NOT EXISTS wireless_sessions (
    dev_eui TEXT NOT NULL, pending INTEGER NOT NULL, json TEXT NOT NULL, keys BLOB NOT NULL, PRIMARY KEY (dev_eui, pending)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_counters (
    dev_eui TEXT PRIMARY KEY, f_cnt_up INTEGER NOT NULL, n_f_cnt_down INTEGER NOT NULL, a_f_cnt_down INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_dev_nonces (
    dev_eui TEXT NOT NULL, nonce INTEGER NOT NULL, PRIMARY KEY (dev_eui, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_join_nonces (dev_eui TEXT PRIMARY KEY, nonce INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_queue (
    place INTEGER PRIMARY KEY, dev_eui TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, payload BLOB NOT NULL,
    UNIQUE (dev_eui, id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_groups (
    id TEXT PRIMARY KEY, json TEXT NOT NULL, keys BLOB NOT NULL, f_cnt_down INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_tokens (application TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (application, hash)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_rules (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_webhooks (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_versions (version INTEGER NOT NULL) STRICT;
`

/** @param path a file, or ':memory:' for tests @throws NetworkDatabaseDamaged */
export function openNetworkDatabase({ path }: { readonly path: string }): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;')
  database.exec(schema)
  const row = database.prepare('SELECT version FROM wireless_versions').get()
  if (row === undefined) database.prepare('INSERT INTO wireless_versions VALUES (?)').run(networkDatabaseVersion)
  const version = Number(row?.['version'] ?? networkDatabaseVersion)
  if (version > networkDatabaseVersion) {
    database.close()
    throw new NetworkDatabaseDamaged({
      path,
      reason: `its tables are of version ${version}, we know ${networkDatabaseVersion}`,
    })
  }
  return database
}

/** Runs `work` in one transaction: all of it is on disk when this returns, or nothing. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return work()
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
