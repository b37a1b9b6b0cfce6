/**
 * Everything that closing an epoch takes: the chain's facts, the leaves before it, and every batch that anyone has.
 *
 * What is not to be had is named, never passed over in silence. Without the leaves before it, or without a batch that was
 * vouched for on chain, an epoch cannot be closed rightly; a batch that nobody vouched for and nobody serves is left out. docs/protocol/epochs.md#gathering
 *
 * @module
 */

import { batchEpochsLateMax, decodeBatch, type Batch } from '@groundwork/core/evidence/batch.ts'
import { digestOfHeader } from '@groundwork/core/evidence/batch-header.ts'
import type { PreviousEpoch } from '@groundwork/core/evidence/bundle.ts'
import type { CloseInput } from '@groundwork/core/epoch/close-epoch.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { CID } from 'multiformats/cid'
import type { AuditContext } from './audit-context.ts'
import type { Waiting } from './desks.ts'
import { headIn, vouchedIn } from './epoch-history.ts'
import { evidenceDomain, readFacts } from './epoch-facts.ts'
import { fetchLeaves } from './fetch-bundle.ts'
import type { Library } from './library.ts'
import type { NetworkRules } from './network-rules.ts'

/** Batches that are looked at for one epoch. */
export const batchesMax = 16_384

export type Gathered =
  | {
      readonly tag: 'gathered'
      readonly input: CloseInput
      readonly previous: PreviousEpoch
      /** batches that must count: vouched for, and not excluded */
      readonly vouched: ReadonlySet<Hex>
      /** silent operators and other things that did not stop the work */
      readonly complaints: readonly string[]
    }
  | { readonly tag: 'unavailable'; readonly missing: readonly string[] }

export interface GatherTarget {
  readonly rules: NetworkRules
  readonly epoch: bigint
}

export async function gather(
  context: AuditContext,
  library: Library,
  { rules, epoch }: GatherTarget,
  waiting: Waiting,
): Promise<Gathered> {
  const { network } = rules
  const previous = headIn(context.index, network)
  const previousLeaves = await fetchLeaves(library, previous, network, waiting)
  if (previousLeaves === undefined) return unavailable([`the bundle ${previous.evidence} of the epoch before`], library)

  const { next } = previous
  const batches = await fetchBatches(library, { network, from: oldestOpen({ epoch, next }), to: epoch }, waiting)
  const facts = await readFacts(context, { rules, epoch, next })
  if (facts === undefined) return unavailable([`the seal of epoch ${epoch}`], library)

  const domain = evidenceDomain(context)
  const known = new Set(batches.map(({ header }) => digestOfHeader(header, domain)))
  const vouched = vouchedOf(context, { network, next, epoch }, facts.excluded)
  const absent = vouched.filter((digest) => !known.has(digest))
  if (absent.length > 0)
    return unavailable(
      absent.map((digest) => `the vouched batch ${digest}`),
      library,
    )
  return {
    tag: 'gathered',
    input: { network, epoch, audits: { [network]: rules.audit }, batches, blocks: library, facts, previousLeaves },
    previous,
    vouched: new Set(vouched),
    complaints: library.complaints(),
  }
}

/** Digests of vouched batches of the epoch, and of those skipped since the head, that nothing excludes. */
export function vouchedOf(
  { index }: Pick<AuditContext, 'index'>,
  { network, next, epoch }: { readonly network: number; readonly next: bigint; readonly epoch: bigint },
  excluded: ReadonlyMap<Hex, string>,
): Hex[] {
  const vouched = vouchedIn(index, { network, from: oldestOpen({ epoch, next }), to: epoch })
  return vouched.map(({ digest }) => digest).filter((digest) => !excluded.has(digest))
}

/** Oldest epoch whose batches an epoch may count: skipped since the head, and not too old. */
export function oldestOpen({ epoch, next }: { readonly epoch: bigint; readonly next: bigint }): bigint {
  const oldest = epoch > batchEpochsLateMax ? epoch - batchEpochsLateMax : 0n
  return next > oldest ? next : oldest
}

/** Batches of some epochs that anyone has, whole with their details. */
export async function fetchBatches(
  library: Library,
  { network, from, to }: { readonly network: number; readonly from: bigint; readonly to: bigint },
  waiting: Waiting,
): Promise<Batch[]> {
  const names = new Map<string, CID>()
  for (let epoch = from; epoch <= to; epoch += 1n) {
    for (const cid of await library.batches({ network, epoch }, waiting))
      if (names.size < batchesMax) names.set(cid.toString(), cid)
  }
  await library.fetch([...names.values()], waiting)
  const batches = [...names.keys()].flatMap((name) => {
    const bytes = library.get(name)
    const batch = bytes === undefined ? undefined : decodeBatch(bytes)
    const isWanted = batch?.header.network === network && batch.header.epoch >= from && batch.header.epoch <= to
    return batch !== undefined && isWanted ? [batch] : []
  })
  await library.fetch(
    batches.flatMap(({ details }) => details),
    waiting,
  )
  return batches.filter(({ details }) => details.every((cid) => library.get(cid.toString()) !== undefined))
}

function unavailable(missing: readonly string[], library: Library): Gathered {
  return { tag: 'unavailable', missing: [...missing, ...library.complaints()] }
}
