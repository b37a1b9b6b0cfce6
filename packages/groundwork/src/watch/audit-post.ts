/**
 * Auditing a post: from its own evidence and the chain's facts, what it should have been.
 *
 * The same for the watcher's loop, for `groundwork audit`, and for a drawn operator before it signs that it keeps a bundle.
 * docs/protocol/epochs.md#audit
 *
 * @module
 */

import type { Available } from '@groundwork/core/evidence/availability.ts'
import type { Batch } from '@groundwork/core/evidence/batch.ts'
import { digestOfHeader } from '@groundwork/core/evidence/batch-header.ts'
import type { BlockSource } from '@groundwork/core/evidence/block.ts'
import { decodeBundle, type Bundle, type PreviousEpoch } from '@groundwork/core/evidence/bundle.ts'
import { compareBundle, type BundleVerdict, type Difference } from '@groundwork/core/epoch/compare-bundle.ts'
import { findFault, type FoundFault } from '@groundwork/core/epoch/find-fault.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { libraryOf, peersOf, type AuditContext } from './audit-context.ts'
import { bundleBlocks } from './bundle-blocks.ts'
import type { Waiting } from './desks.ts'
import { evidenceDomain, readFacts } from './epoch-facts.ts'
import { headIn, pendingNamedBy, type PostRecord } from './epoch-history.ts'
import { batchesOf, fetchBundle } from './fetch-bundle.ts'
import { fetchBatches, oldestOpen, vouchedOf } from './gather.ts'
import { openLibrary, type Library } from './library.ts'
import type { NetworkRules } from './network-rules.ts'
import type { KeptBundle } from './watch-store.ts'

export interface Audited {
  readonly verdict: BundleVerdict
  /** when it differs: what a judge can be shown of it */
  readonly fault: FoundFault | undefined
  /** the head that the post added to */
  readonly previous: PreviousEpoch
  readonly complaints: readonly string[]
}

export interface AuditTarget {
  readonly rules: NetworkRules
  readonly record: PostRecord
}

/**
 * @param target record: from an index that is at the head
 * @param library where blocks come from; everyone who has them when left out
 */
export async function auditPost(
  context: AuditContext,
  { rules, record }: AuditTarget,
  { library = libraryOf(context, rules.network), signal }: Waiting & { readonly library?: Library },
): Promise<Audited> {
  const { network } = rules
  const { post, epoch } = record
  const previous = headIn(context.index, network, { before: record })
  const done = (verdict: BundleVerdict, fault?: FoundFault): Audited => ({
    verdict,
    fault,
    previous,
    complaints: library.complaints(),
  })

  await fetchBundle(library, post.evidence, { signal })
  const decoded = decodeBundle(post.evidence, library)
  const bundle = decoded.tag === 'bundle' ? decoded.bundle : undefined
  const { next } = previous
  const facts = await readFacts(context, { rules, epoch, next })
  if (facts === undefined) return done({ tag: 'unavailable', missing: [`the seal of epoch ${epoch}`] })
  const vouched = vouchedOf(context, { network, next, epoch }, facts.excluded)
  const known = await omittedBatches(context, library, { bundle, vouched, network, epoch, next }, { signal })
  if (known.missing.length > 0) return done({ tag: 'unavailable', missing: known.missing })

  const audits = { [network]: rules.audit }
  const verdict = compareBundle({
    network,
    post,
    blocks: library,
    audits,
    facts,
    previous,
    knownBatches: known.batches,
  })
  if (verdict.tag !== 'differs' || verdict.closed === undefined || verdict.bundle === undefined) return done(verdict)
  const batches = batchesOf(verdict.bundle, library)
  if (!isWhole(batches)) return done(verdict)
  const judgedPrice = rules.judgedPriceOf(facts, context.chain.deployment)
  const chainFacts = { vouched: new Set(vouched), ...(judgedPrice === undefined ? {} : { judgedPrice }) }
  return done(verdict, findFault({ network, post, bundle: verdict.bundle, batches }, verdict.closed, chainFacts))
}

interface Place {
  readonly bundle: Bundle | undefined
  readonly vouched: readonly Hex[]
  readonly network: number
  readonly epoch: bigint
  readonly next: bigint
}

/** Vouched batches that the bundle leaves out. */
async function omittedBatches(
  context: AuditContext,
  library: Library,
  { bundle, vouched, network, epoch, next }: Place,
  waiting: Waiting,
): Promise<{ batches: readonly Batch[]; missing: readonly string[] }> {
  const counted = new Set(bundle?.batches.map(({ digest }) => digest))
  const omitted = new Set(vouched.filter((digest) => !counted.has(digest)))
  if (bundle === undefined || omitted.size === 0) return { batches: [], missing: [] }
  const domain = evidenceDomain(context)
  const found = await fetchBatches(library, { network, from: oldestOpen({ epoch, next }), to: epoch }, waiting)
  const batches = found.filter(({ header }) => omitted.has(digestOfHeader(header, domain)))
  const known = new Set(batches.map(({ header }) => digestOfHeader(header, domain)))
  return {
    batches,
    missing: [...omitted].filter((digest) => !known.has(digest)).map((digest) => `the vouched batch ${digest}`),
  }
}

function isWhole(batches: readonly (Batch | undefined)[]): batches is readonly Batch[] {
  return batches.every((batch) => batch !== undefined)
}

/** What a drawn operator finds about a bundle that it was handed. */
export type HandedOver =
  | { readonly tag: 'agrees'; readonly record: PostRecord; readonly bundle: KeptBundle }
  | { readonly tag: 'differs'; readonly difference: Difference }
  | { readonly tag: 'unavailable'; readonly missing: readonly string[] }
  /** what is pending on chain is not the post that it is for */
  | { readonly tag: 'not-pending' }

/**
 * Audits a bundle that was handed over as blocks, against the pending post that it is for.
 *
 * That post is named by its digest: another one may name the same evidence and say something else. Only those blocks count:
 * what is not among them, the operator would not keep. Vouched batches that the bundle leaves out are looked for elsewhere.
 */
export async function auditPostedBundle(
  context: AuditContext,
  { available, blocks }: { readonly available: Available; readonly blocks: BlockSource },
  { signal }: Waiting,
): Promise<HandedOver> {
  await context.advance({ signal })
  const { network, evidence } = available
  const rules = context.rules.find((one) => one.network === network)
  const record = pendingNamedBy(context.index, available)
  if (rules === undefined || record === undefined) return { tag: 'not-pending' }
  const kept = bundleBlocks(blocks, { network, evidence })
  if (kept === undefined) return { tag: 'unavailable', missing: ['blocks of the bundle that was handed over'] }
  const library = openLibrary({
    store: new Map(kept.blocks.map(({ cid, bytes }) => [cid.toString(), bytes])),
    peers: peersOf(context, network),
  })
  const { verdict } = await auditPost(context, { rules, record }, { library, signal })
  if (verdict.tag === 'agrees') return { tag: 'agrees', record, bundle: kept }
  return verdict.tag === 'differs' ? { tag: 'differs', difference: verdict.difference } : verdict
}
