/**
 * The provider's one SQLite file: where its pieces and blocks stand, which sets it signed, and the evidence it keeps.
 *
 * Synchronous FULL: what a transaction wrote is on disk when it returns. Tables have the prefix storage_kept_, so that a
 * program may hold other tables in the same file. The bytes of pieces are not in it (segment-store.ts).
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import { StoreDamaged } from '../storage-errors.ts'

/** Version of the tables; a file of a later version is refused. */
export const providerDatabaseVersion = 1

const schema = `
  CREATE TABLE IF NOT EXISTS storage_kept_pieces (
    id INTEGER PRIMARY KEY, root TEXT NOT NULL, height INTEGER NOT NULL, raw_size INTEGER NOT NULL, cap_digest TEXT,
    segment INTEGER NOT NULL, start INTEGER NOT NULL, kept_at_ms INTEGER NOT NULL, in_set INTEGER NOT NULL,
    UNIQUE (root, height, raw_size)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS storage_kept_pieces_segment ON storage_kept_pieces (segment);
  CREATE TABLE IF NOT EXISTS storage_kept_blocks (
    multihash BLOB NOT NULL, piece INTEGER NOT NULL REFERENCES storage_kept_pieces (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (multihash, piece)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS storage_kept_blocks_piece ON storage_kept_blocks (piece);
  CREATE TABLE IF NOT EXISTS storage_kept_sets (
    id TEXT NOT NULL, version TEXT NOT NULL, root TEXT NOT NULL, manifest TEXT NOT NULL, proposal BLOB NOT NULL,
    provider_signature TEXT NOT NULL, PRIMARY KEY (id, version)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS storage_kept_sets_root ON storage_kept_sets (root);
  CREATE TABLE IF NOT EXISTS storage_kept_evidence_blocks (cid TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS storage_kept_batches (
    digest TEXT PRIMARY KEY, cid TEXT NOT NULL, network INTEGER NOT NULL, epoch INTEGER NOT NULL, signer TEXT NOT NULL,
    counter INTEGER NOT NULL, registered INTEGER NOT NULL, sealed_hash TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS storage_kept_batches_epoch ON storage_kept_batches (network, epoch);
  CREATE TABLE IF NOT EXISTS storage_kept_versions (version INTEGER NOT NULL) STRICT;
`

/** Opens the file and brings its tables up to date. @param path a file, or ':memory:' for tests @throws StoreDamaged */
export function openProviderDatabase({ path }: { readonly path: string }): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;',
  )
  database.exec(schema)
  const row = database.prepare('SELECT version FROM storage_kept_versions').get()
  if (row === undefined) database.prepare('INSERT INTO storage_kept_versions VALUES (?)').run(providerDatabaseVersion)
  const version = Number(row?.['version'] ?? providerDatabaseVersion)
  if (version > providerDatabaseVersion) {
    database.close()
    throw new StoreDamaged({ path, reason: `its tables are of version ${version}, we know ${providerDatabaseVersion}` })
  }
  return database
}

/** Runs `work` in one transaction: all of it is on disk when this returns, or nothing. Inside another one it is part of that. */
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
