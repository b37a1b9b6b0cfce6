/**
 * A coverage note as evidence: a batch of one entry that commits to it. It is registered, kept and served as all evidence is, and pays
 * nothing.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { addressWord, hashWords } from '@groundwork/core/evidence/abi.ts'
import type { Batch } from '@groundwork/core/evidence/batch.ts'
import { digestOfCid, type Block, type BlockSource } from '@groundwork/core/evidence/block.ts'
import type { Entry } from '@groundwork/core/evidence/entry.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { decodeNote, encodeNote, noteDetail, type CoverageNote } from '../wire/coverage-note.ts'

/** The entry kind of coverage notes; no line has it. */
export const noteKind = 3

/** What a batch of a note is made of. */
export function noteEntry(note: CoverageNote): { readonly entry: Entry; readonly block: Block } {
  const block = encodeNote(note)
  const digest = digestOfCid(block.cid)
  invariant(digest !== undefined, 'a block of ours is named by its sha256')
  const entry = {
    kind: noteKind,
    account: note.owner,
    subject: hashWords(addressWord(note.owner)),
    quantity: 1n,
    detail: noteDetail(note, digest),
  }
  return { entry, block }
}

export function isNoteBatch({ entries }: Pick<Batch, 'entries'>): boolean {
  return entries.length === 1 && entries[0]?.kind === noteKind
}

/**
 * @param batch whose header fits its entries and whose signature is its signer's
 * @returns the note that it commits to; undefined when it is none, of another, or nobody has it
 */
export function noteOf(
  batch: Pick<Batch, 'header' | 'entries' | 'details'>,
  blocks: BlockSource,
): CoverageNote | undefined {
  const [entry] = batch.entries
  if (!isNoteBatch(batch) || entry === undefined || entry.account !== batch.header.signer) return undefined
  for (const cid of batch.details) {
    const bytes = blocks.get(cid.toString())
    const digest = digestOfCid(cid)
    const note = bytes === undefined ? undefined : decodeNote(bytes)
    if (note === undefined || digest === undefined || noteDetail(note, digest) !== entry.detail) continue
    return note.owner === entry.account && note.epoch === batch.header.epoch ? note : undefined
  }
  return undefined
}
