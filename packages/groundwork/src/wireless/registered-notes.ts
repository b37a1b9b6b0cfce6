/**
 * Which coverage notes count: of each owner and epoch the first that stands on chain, and no other in its place.
 *
 * Pure. Whoever registers several notes and then serves the one that came out best has none: a batch that was registered before
 * it, and that nobody has, may be the first. Others may serve a batch with other blocks beside it, for those are not signed: one
 * form of it with the note is enough.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { verifyBatch, type Batch } from '@groundwork/core/evidence/batch.ts'
import type { BlockSource } from '@groundwork/core/evidence/block.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { isNoteBatch, noteOf, wirelessNetwork, type CoverageNote } from '@groundwork/wireless'

/** A batch of the wireless network that was registered before its epoch's evidence deadline. */
export interface RegisteredBatch {
  readonly signer: Hex
  readonly epoch: bigint
  readonly digest: Hex
}

export interface RegisteredNotes {
  /** in the order of the chain, at most one of an owner and epoch */
  readonly notes: readonly CoverageNote[]
  /** registered before any note of its owner and epoch, and not to be had: no later note counts in its place */
  readonly withheld: readonly RegisteredBatch[]
}

export function registeredNotes({
  registered,
  batches,
  blocks,
  domain,
}: {
  /** in the order of the chain */
  readonly registered: readonly RegisteredBatch[]
  /** whatever was found, with all its blocks */
  readonly batches: readonly Batch[]
  readonly blocks: BlockSource
  readonly domain: Domain
}): RegisteredNotes {
  const formsOf = new Map<Hex, Batch[]>()
  for (const batch of batches) {
    const verdict = verifyBatch(batch, { domain, network: wirelessNetwork, epoch: batch.header.epoch })
    if (verdict.tag !== 'verified') continue
    const { digest } = verdict.batch
    formsOf.set(digest, [...(formsOf.get(digest) ?? []), batch])
  }
  const decided = new Set<string>()
  const notes: CoverageNote[] = []
  const withheld: RegisteredBatch[] = []
  for (const one of registered) {
    const place = `${one.epoch} ${one.signer}`
    if (decided.has(place)) continue
    const forms = formsOf.get(one.digest) ?? []
    // Entries are signed, so all forms are notes or none is.
    if (forms.length > 0 && !forms.some(isNoteBatch)) continue
    decided.add(place)
    const [note] = forms.flatMap((form) => noteOf(form, blocks) ?? [])
    if (note === undefined) withheld.push(one)
    else notes.push(note)
  }
  return { notes, withheld }
}
