/**
 * What a customer's gateway must not forget: its objects, the pieces they are in, the sets that both parties signed, and which of
 * those the chain has still to see.
 *
 * One SQLite file, synchronous FULL: what is recorded here is what was acknowledged. Tables have the prefix storage_.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Piece, PieceSet, SignedPieceSet } from '../model.ts'
import { pieceSizes } from '../model.ts'

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 5000;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS storage_objects (
    cid TEXT PRIMARY KEY, size_bytes TEXT NOT NULL, file_count INTEGER NOT NULL, is_directory INTEGER NOT NULL,
    copies INTEGER NOT NULL, stored_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS storage_pieces (
    root TEXT NOT NULL, height INTEGER NOT NULL, raw_size INTEGER NOT NULL, cap_digest TEXT, PRIMARY KEY (root, height, raw_size)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS storage_object_pieces (
    cid TEXT NOT NULL REFERENCES storage_objects(cid), position INTEGER NOT NULL, root TEXT NOT NULL, height INTEGER NOT NULL,
    raw_size INTEGER NOT NULL, PRIMARY KEY (cid, position)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS storage_sets (
    provider TEXT PRIMARY KEY, generation INTEGER NOT NULL, is_lost INTEGER NOT NULL, signed TEXT NOT NULL, rate_nano TEXT NOT NULL,
    posted_version TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS storage_set_pieces (
    provider TEXT NOT NULL, position INTEGER NOT NULL, root TEXT NOT NULL, height INTEGER NOT NULL, raw_size INTEGER NOT NULL,
    PRIMARY KEY (provider, position)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS storage_set_pieces_root ON storage_set_pieces (root);
  CREATE TABLE IF NOT EXISTS storage_proposals (
    provider TEXT PRIMARY KEY, generation INTEGER NOT NULL, version TEXT NOT NULL, pieces TEXT NOT NULL
  ) STRICT;
  PRAGMA user_version = 1;
`

/** An object as it was acknowledged. */
export interface ObjectRecord {
  readonly cid: string
  readonly sizeBytes: bigint
  readonly fileCount: number
  readonly isDirectory: boolean
  readonly copies: number
  readonly storedAtMs: number
}

/** A set as both parties signed it last, with all its pieces in order. */
export interface SetRecord {
  readonly provider: Hex
  /** rises when a set starts anew after its provider lost it; part of the stream's salt */
  readonly generation: number
  /** the provider lost it, or is gone: nothing is read there or added any more */
  readonly isLost: boolean
  readonly signed: SignedPieceSet
  readonly pieces: readonly Piece[]
  /** nano-credits per second */
  readonly rateNano: bigint
  /** the last version that the chain was seen to have; 0 when none */
  readonly postedVersion: bigint
}

/** A set as a provider was asked to sign it: it may have, even when its answer never came. */
export interface SetProposed {
  readonly provider: Hex
  readonly generation: number
  readonly version: bigint
  readonly pieces: readonly Piece[]
}

export interface CustomerRecords {
  /** Written down before a provider is asked, so that whoever asks again after a crash goes on from what it may have signed. */
  propose(proposed: SetProposed): void
  /** What a provider was asked last. */
  proposed(provider: Hex): SetProposed | undefined
  /** Records an object with its sets, all or nothing; this is the acknowledgement. */
  acknowledge(record: {
    readonly object: ObjectRecord
    readonly pieces: readonly Piece[]
    readonly sets: readonly SetRecord[]
  }): void
  saveSets(sets: readonly SetRecord[]): void
  markPosted(posted: { readonly provider: Hex; readonly version: bigint }): void
  markLost(provider: Hex): void
  objects(): readonly ObjectRecord[]
  object(cid: string): ObjectRecord | undefined
  piecesOf(cid: string): readonly Piece[]
  /** How many copies the objects that a piece is in want of it; 0 when it is in none. */
  copiesWanted(piece: Piece): number
  set(provider: Hex): SetRecord | undefined
  sets(): readonly SetRecord[]
  [Symbol.dispose](): void
}

type Row = Readonly<Record<string, unknown>>

/** @param path a file, or ':memory:' for records that keep no promise */
export function openCustomerRecords({ path }: { readonly path: string }): CustomerRecords {
  const database = new DatabaseSync(path)
  database.exec(schema)
  const all = (sql: string, ...values: (string | number)[]): readonly Row[] => database.prepare(sql).all(...values)
  const run = (sql: string, ...values: (string | number | null)[]): void => void database.prepare(sql).run(...values)

  const inTransaction = (work: () => void): void => {
    database.exec('BEGIN IMMEDIATE')
    try {
      work()
      database.exec('COMMIT')
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  const savePiece = ({ root, height, rawSizeBytes, capDigest }: Piece): void =>
    run('INSERT OR IGNORE INTO storage_pieces VALUES (?, ?, ?, ?)', root, height, rawSizeBytes, capDigest ?? null)
  const saveSet = ({ provider, generation, isLost, signed, pieces, rateNano, postedVersion }: SetRecord): void => {
    run(
      'INSERT OR REPLACE INTO storage_sets VALUES (?, ?, ?, ?, ?, ?)',
      provider,
      generation,
      isLost ? 1 : 0,
      signedToText(signed),
      rateNano.toString(),
      postedVersion.toString(),
    )
    run('DELETE FROM storage_set_pieces WHERE provider = ?', provider)
    for (const [position, piece] of pieces.entries()) {
      savePiece(piece)
      run(
        'INSERT INTO storage_set_pieces VALUES (?, ?, ?, ?, ?)',
        provider,
        position,
        piece.root,
        piece.height,
        piece.rawSizeBytes,
      )
    }
  }
  const joined = 'JOIN storage_pieces p ON p.root = m.root AND p.height = m.height AND p.raw_size = m.raw_size'
  const setOf = (row: Row): SetRecord => ({
    provider: String(row['provider']) as Hex,
    generation: Number(row['generation']),
    isLost: row['is_lost'] === 1,
    signed: signedFromText(String(row['signed'])),
    pieces: all(
      `SELECT p.* FROM storage_set_pieces m ${joined} WHERE provider = ? ORDER BY position`,
      String(row['provider']),
    ).map(pieceOf),
    rateNano: BigInt(String(row['rate_nano'])),
    postedVersion: BigInt(String(row['posted_version'])),
  })

  return {
    propose: ({ provider, generation, version, pieces }) =>
      run(
        'INSERT OR REPLACE INTO storage_proposals VALUES (?, ?, ?, ?)',
        provider,
        generation,
        version.toString(),
        JSON.stringify(pieces),
      ),
    proposed: (provider) => all('SELECT * FROM storage_proposals WHERE provider = ?', provider).map(proposedOf)[0],
    acknowledge({ object, pieces, sets }) {
      inTransaction(() => {
        const { cid, sizeBytes, fileCount, isDirectory, copies, storedAtMs } = object
        run(
          'INSERT OR REPLACE INTO storage_objects VALUES (?, ?, ?, ?, ?, ?)',
          cid,
          sizeBytes.toString(),
          fileCount,
          isDirectory ? 1 : 0,
          copies,
          storedAtMs,
        )
        run('DELETE FROM storage_object_pieces WHERE cid = ?', cid)
        for (const [position, piece] of pieces.entries()) {
          savePiece(piece)
          run(
            'INSERT INTO storage_object_pieces VALUES (?, ?, ?, ?, ?)',
            cid,
            position,
            piece.root,
            piece.height,
            piece.rawSizeBytes,
          )
        }
        for (const set of sets) saveSet(set)
      })
    },
    saveSets: (sets) => inTransaction(() => sets.forEach(saveSet)),
    markPosted: ({ provider, version }) =>
      run('UPDATE storage_sets SET posted_version = ? WHERE provider = ?', version.toString(), provider),
    markLost: (provider) => run('UPDATE storage_sets SET is_lost = 1 WHERE provider = ?', provider),
    objects: () => all('SELECT * FROM storage_objects ORDER BY stored_at_ms, cid').map(objectOf),
    object: (cid) => all('SELECT * FROM storage_objects WHERE cid = ?', cid).map(objectOf)[0],
    piecesOf: (cid) =>
      all(`SELECT p.* FROM storage_object_pieces m ${joined} WHERE cid = ? ORDER BY position`, cid).map(pieceOf),
    copiesWanted: ({ root, height, rawSizeBytes }) => {
      const sql = `SELECT MAX(copies) AS copies FROM storage_objects o JOIN storage_object_pieces m ON m.cid = o.cid
        WHERE m.root = ? AND m.height = ? AND m.raw_size = ?`
      return Number(all(sql, root, height, rawSizeBytes)[0]?.['copies'] ?? 0)
    },
    set: (provider) => all('SELECT * FROM storage_sets WHERE provider = ?', provider).map(setOf)[0],
    sets: () => all('SELECT * FROM storage_sets ORDER BY provider').map(setOf),
    [Symbol.dispose]: () => database.close(),
  }
}

function objectOf(row: Row): ObjectRecord {
  return {
    cid: String(row['cid']),
    sizeBytes: BigInt(String(row['size_bytes'])),
    fileCount: Number(row['file_count']),
    isDirectory: row['is_directory'] === 1,
    copies: Number(row['copies']),
    storedAtMs: Number(row['stored_at_ms']),
  }
}

function proposedOf(row: Row): SetProposed {
  return {
    provider: String(row['provider']) as Hex,
    generation: Number(row['generation']),
    version: BigInt(String(row['version'])),
    pieces: JSON.parse(String(row['pieces'])) as Piece[],
  }
}

function pieceOf(row: Row): Piece {
  const height = Number(row['height'])
  const rawSizeBytes = Number(row['raw_size'])
  const capDigest = row['cap_digest'] as Hex | null
  const leafCount = pieceSizes({ height, rawSizeBytes })?.leafCount ?? 0
  return { root: row['root'] as Hex, height, rawSizeBytes, leafCount, ...(capDigest === null ? {} : { capDigest }) }
}

function signedToText({ set, customerSignature, providerSignature }: SignedPieceSet): string {
  const { leafCount, version, lockAtto, ...rest } = set
  const texts = { leafCount: leafCount.toString(), version: version.toString(), lockAtto: lockAtto.toString() }
  return JSON.stringify({ set: { ...rest, ...texts }, customerSignature, providerSignature })
}

function signedFromText(text: string): SignedPieceSet {
  const { set, customerSignature, providerSignature } = JSON.parse(text) as {
    set: Record<keyof PieceSet, string> & { pieceCount: number }
    customerSignature: Hex
    providerSignature: Hex
  }
  const amounts = { leafCount: BigInt(set.leafCount), version: BigInt(set.version), lockAtto: BigInt(set.lockAtto) }
  return { set: { ...set, ...amounts } as unknown as PieceSet, customerSignature, providerSignature }
}
