/**
 * Evidence on disk: blocks by CID, and which batches of an epoch are known.
 *
 * In the provider's database (provider-database.ts), so what a call kept is flushed when it returns. Judges nothing but
 * names: a block is what its CID says, or it is refused.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { decodeBatch, type VerifiedBatch } from '@groundwork/core/evidence/batch.ts'
import type { BatchHeader } from '@groundwork/core/evidence/batch-header.ts'
import { isNamed, type Block, type BlockSource } from '@groundwork/core/evidence/block.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { CID } from 'multiformats/cid'
import { inTransaction } from './provider-database.ts'

export interface KeptBatch {
  readonly digest: Hex
  readonly cid: CID
  readonly header: BatchHeader
  readonly signature: Hex
  readonly isRegistered: boolean
  /** the sealed hash that its proofs answer, of an own batch: after a rollback the epoch may have another */
  readonly sealedHash: Hex | undefined
}

export interface EvidenceStore extends BlockSource {
  /** Keeps blocks, all or none. Their names are checked. */
  putBlocks(blocks: readonly Block[]): void
  /** Keeps a batch with the blocks that it links to. */
  putBatch(kept: {
    readonly batch: Pick<VerifiedBatch, 'header' | 'digest'>
    readonly block: Block
    readonly details: readonly Block[]
    readonly sealedHash?: Hex
  }): void
  markRegistered(digest: Hex): void
  /** Names of the batches known of an epoch, at most `batchesListedMax`. */
  batchesOf(wanted: { readonly network: number; readonly epoch: bigint }): readonly CID[]
  /** What one signer said of an epoch, by counter. */
  batchesBy(wanted: { readonly network: number; readonly signer: Hex; readonly epoch: bigint }): readonly KeptBatch[]
  /** The signer's last batch on a network: the next one follows it. */
  lastBatchBy(wanted: { readonly network: number; readonly signer: Hex }): KeptBatch | undefined
}

/** Most names in one list of batches. */
export const batchesListedMax = 4096

/** @param database from `openProviderDatabase` */
export function openEvidenceStore({ database }: { readonly database: DatabaseSync }): EvidenceStore {
  const rows = (sql: string, ...values: (string | number | bigint)[]): readonly Record<string, unknown>[] =>
    database.prepare(sql).all(...values)
  const getBlock = (cid: string): Uint8Array | undefined => {
    const bytes = rows('SELECT bytes FROM storage_kept_evidence_blocks WHERE cid = ?', cid)[0]?.['bytes']
    return bytes instanceof Uint8Array ? bytes : undefined
  }
  const insertBlocks = (blocks: readonly Block[]): void => {
    const insert = database.prepare('INSERT OR IGNORE INTO storage_kept_evidence_blocks VALUES (?, ?)')
    for (const { cid, bytes } of blocks) {
      invariant(isNamed(cid, bytes), 'a block is kept under its own name')
      insert.run(cid.toString(), bytes)
    }
  }
  const batchOf = (row: Readonly<Record<string, unknown>>): KeptBatch[] => {
    const bytes = getBlock(String(row['cid']))
    const batch = bytes === undefined ? undefined : decodeBatch(bytes)
    if (batch === undefined) return []
    const { header, signature } = batch
    const sealed = row['sealed_hash']
    const sealedHash = typeof sealed === 'string' ? (sealed as Hex) : undefined
    return [
      {
        digest: String(row['digest']) as Hex,
        cid: CID.parse(String(row['cid'])),
        header,
        signature,
        isRegistered: row['registered'] === 1,
        sealedHash,
      },
    ]
  }

  return {
    get: getBlock,
    putBlocks: (blocks) => inTransaction(database, () => insertBlocks(blocks)),
    putBatch({ batch: { header, digest }, block, details, sealedHash }) {
      inTransaction(database, () => {
        insertBlocks([block, ...details])
        database
          .prepare('INSERT OR IGNORE INTO storage_kept_batches VALUES (?, ?, ?, ?, ?, ?, 0, ?)')
          .run(
            digest,
            block.cid.toString(),
            header.network,
            header.epoch,
            header.signer,
            header.counter,
            sealedHash ?? null,
          )
      })
    },
    markRegistered: (digest) =>
      void database.prepare('UPDATE storage_kept_batches SET registered = 1 WHERE digest = ?').run(digest),
    batchesOf: ({ network, epoch }) =>
      rows(
        'SELECT cid FROM storage_kept_batches WHERE network = ? AND epoch = ? ORDER BY digest LIMIT ?',
        network,
        epoch,
        batchesListedMax,
      ).map(({ cid }) => CID.parse(String(cid))),
    batchesBy: ({ network, signer, epoch }) =>
      rows(
        'SELECT * FROM storage_kept_batches WHERE network = ? AND signer = ? AND epoch = ? ORDER BY counter',
        network,
        signer,
        epoch,
      ).flatMap(batchOf),
    lastBatchBy: ({ network, signer }) =>
      rows(
        'SELECT * FROM storage_kept_batches WHERE network = ? AND signer = ? ORDER BY counter DESC LIMIT 1',
        network,
        signer,
      ).flatMap(batchOf)[0],
  }
}
