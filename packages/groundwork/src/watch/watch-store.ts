/**
 * What a watcher keeps on disk: the blocks of bundles that it posted or vouched for, in one SQLite file.
 *
 * Nothing here decides anything: that follows from the chain. A file that is lost costs recomputing, and the evidence then is
 * where the other keepers have it. A bundle is on disk, flushed, before it is posted or signed for.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import type { Block, BlockSource } from '@groundwork/core/evidence/block.ts'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { CID } from 'multiformats/cid'
import { WatchStoreForeign } from './watch-errors.ts'

/** Version of the tables. */
export const watchStoreVersion = 1

/** Bundles of this many of the latest epochs of a network are kept. */
export const epochsKeptMax = 4_096n

export interface KeptBundle {
  readonly network: number
  readonly epoch: bigint
  /** sha256 of the root block */
  readonly evidence: Hex
  /** all of it: root, pages, batches and details */
  readonly blocks: readonly Block[]
  /** which of the blocks are batches, and of which epoch each says to be */
  readonly batches: readonly { readonly cid: CID; readonly epoch: bigint }[]
}

export interface WatchStore extends BlockSource {
  /** Resolves nothing: when it returns, the bundle is flushed. Keeping it again changes nothing. */
  keep(bundle: KeptBundle): void
  has(evidence: Hex): boolean
  /** Names of the batches of an epoch that kept bundles have. */
  batches(wanted: { readonly network: number; readonly epoch: bigint }): readonly string[]
  [Symbol.dispose](): void
}

const schemaSql = `
  CREATE TABLE IF NOT EXISTS watch_meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS watch_bundles (
    evidence BLOB PRIMARY KEY, network INTEGER NOT NULL, epoch INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS watch_bundles_epoch ON watch_bundles (network, epoch);
  CREATE TABLE IF NOT EXISTS watch_blocks (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS watch_contents (
    evidence BLOB NOT NULL REFERENCES watch_bundles (evidence) ON DELETE CASCADE,
    name TEXT NOT NULL, PRIMARY KEY (evidence, name)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS watch_contents_name ON watch_contents (name);
  CREATE TABLE IF NOT EXISTS watch_batches (
    name TEXT PRIMARY KEY REFERENCES watch_blocks (name) ON DELETE CASCADE,
    network INTEGER NOT NULL, epoch INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS watch_batches_epoch ON watch_batches (network, epoch)`

/** @param path a file, or ':memory:' @throws WatchStoreForeign */
export function openWatchStore(path: string): WatchStore {
  const database = new DatabaseSync(path)
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000',
  )
  database.exec(schemaSql)
  database.prepare("INSERT OR IGNORE INTO watch_meta (key, value) VALUES ('version', ?)").run(watchStoreVersion)
  const found = Number(database.prepare("SELECT value FROM watch_meta WHERE key = 'version'").get()?.['value'])
  if (found > watchStoreVersion) {
    database.close()
    throw new WatchStoreForeign({ path, found, known: watchStoreVersion })
  }
  const selectBlock = database.prepare('SELECT bytes FROM watch_blocks WHERE name = ?')
  const selectBundle = database.prepare('SELECT 1 FROM watch_bundles WHERE evidence = ?')
  const insertBlock = database.prepare('INSERT OR IGNORE INTO watch_blocks (name, bytes) VALUES (?, ?)')
  const insertBundle = database.prepare(
    'INSERT OR IGNORE INTO watch_bundles (evidence, network, epoch) VALUES (?, ?, ?)',
  )
  const insertContent = database.prepare('INSERT OR IGNORE INTO watch_contents (evidence, name) VALUES (?, ?)')
  const insertBatch = database.prepare('INSERT OR IGNORE INTO watch_batches (name, network, epoch) VALUES (?, ?, ?)')
  const selectBatches = database.prepare('SELECT name FROM watch_batches WHERE network = ? AND epoch = ? ORDER BY name')
  const has = (evidence: Hex): boolean => selectBundle.get(fromHex(evidence, 32)) !== undefined

  return {
    get: (name) => selectBlock.get(name)?.['bytes'] as Uint8Array | undefined,
    has,
    keep({ network, epoch, evidence, blocks, batches }) {
      if (has(evidence)) return
      inTransaction(database, () => {
        const key = fromHex(evidence, 32)
        insertBundle.run(key, network, Number(epoch))
        for (const { cid, bytes } of blocks) {
          insertBlock.run(cid.toString(), bytes)
          insertContent.run(key, cid.toString())
        }
        for (const batch of batches) insertBatch.run(batch.cid.toString(), network, Number(batch.epoch))
        forgetOld(database, { network, epoch })
      })
    },
    batches: ({ network, epoch }) => selectBatches.all(network, Number(epoch)).map(({ name }) => String(name)),
    [Symbol.dispose]: () => database.close(),
  }
}

/** Drops bundles that are too old, and blocks that no bundle has any more. */
function forgetOld(database: DatabaseSync, { network, epoch }: { network: number; epoch: bigint }): void {
  const oldest = Number(epoch - epochsKeptMax)
  const { changes } = database.prepare('DELETE FROM watch_bundles WHERE network = ? AND epoch < ?').run(network, oldest)
  if (Number(changes) === 0) return
  database.exec('DELETE FROM watch_blocks WHERE name NOT IN (SELECT name FROM watch_contents)')
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
