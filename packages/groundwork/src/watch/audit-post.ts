/**
 * Auditing a post: from its own evidence and the chain's facts, what it should have been.
 *
 * The same for the watcher's loop, for `groundwork audit`, and for a drawn operator before it signs that it keeps a bundle.
 * docs/protocol/epochs.md#audit
 *
 * @module
 */

import { decodeBatch, type Batch } from '@groundwork/core/evidence/batch.ts'
import { digestOfHeader } from '@groundwork/core/evidence/batch-header.ts'
import { decodeBundle, type Bundle, type PreviousEpoch } from '@groundwork/core/evidence/bundle.ts'
import { compareBundle, type BundleVerdict } from '@groundwork/core/epoch/compare-bundle.ts'
import { findFault, type FoundFault } from '@groundwork/core/epoch/find-fault.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { libraryOf, type AuditContext } from './audit-context.ts'
import { countedBefore } from './counted-batches.ts'
import type { Waiting } from './desks.ts'
import { evidenceDomain, readFacts } from './epoch-facts.ts'
import { headIn, type PostRecord } from './epoch-history.ts'
import { batchesOf, fetchBundle } from './fetch-bundle.ts'
import { fetchBatches, oldestOf, vouchedOf } from './gather.ts'
import type { Library } from './library.ts'
import type { NetworkRules } from './network-rules.ts'

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
 * @param context its index is at the head
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
  const done = (verdict: BundleVerdict, fault?: FoundFault): Audited => ({ verdict, fault, previous, complaints: library.complaints() })

  await fetchBundle(library, post.evidence, { signal })
  const decoded = decodeBundle(post.evidence, library)
  const bundle = decoded.tag === 'bundle' ? decoded.bundle : undefined
  const late = await lateBatches(context, library, { bundle, previous, network, epoch, record }, { signal })
  if (late.missing.length > 0) return done({ tag: 'unavailable', missing: late.missing })

  const facts = await readFacts(context, { rules, epoch, counted: late.counted })
  if (facts === undefined) return done({ tag: 'unavailable', missing: [`the seal of epoch ${epoch}`] })
  const vouched = vouchedOf(context, { network, next: previous.next, epoch }, facts.excluded)
  const known = await omittedBatches(context, library, { bundle, vouched, network, epoch }, { signal })
  if (known.missing.length > 0) return done({ tag: 'unavailable', missing: known.missing })

  const audits = { [network]: rules.audit }
  const verdict = compareBundle({ network, post, blocks: library, audits, facts, previous, knownBatches: known.batches })
  if (verdict.tag !== 'differs' || verdict.closed === undefined || verdict.bundle === undefined) return done(verdict)
  const batches = batchesOf(verdict.bundle, library)
  if (!isWhole(batches)) return done(verdict)
  const judgedPrice = rules.judgedPriceOf(facts, context.chain.deployment)
  const chainFacts = { vouched: new Set(vouched), ...(judgedPrice === undefined ? {} : { judgedPrice }) }
  return done(verdict, findFault({ network, post, bundle: verdict.bundle, batches }, verdict.closed, chainFacts))
}

interface Place {
  readonly bundle: Bundle | undefined
  readonly network: number
  readonly epoch: bigint
}

/** What earlier epochs counted, when the bundle has batches of epochs that were over before it. */
async function lateBatches(
  context: AuditContext,
  library: Library,
  { bundle, previous, network, epoch, record }: Place & { readonly previous: PreviousEpoch; readonly record: PostRecord },
  waiting: Waiting,
): Promise<{ counted: ReadonlySet<Hex>; missing: readonly string[] }> {
  const batches = bundle === undefined ? [] : batchesOf(bundle, library)
  const hasLate = batches.some((batch) => batch !== undefined && batch.header.epoch < previous.next)
  if (!hasLate) return { counted: new Set(), missing: [] }
  const { digests, missing } = await countedBefore(context, library, { network, epoch, before: record }, waiting)
  return { counted: digests, missing: [...missing.values()].map((evidence) => `the bundle ${evidence} of an earlier epoch`) }
}

/** Vouched batches that the bundle leaves out. */
async function omittedBatches(
  context: AuditContext,
  library: Library,
  { bundle, vouched, network, epoch }: Place & { readonly vouched: readonly Hex[] },
  waiting: Waiting,
): Promise<{ batches: readonly Batch[]; missing: readonly string[] }> {
  const counted = new Set(bundle?.batches.map(({ digest }) => digest))
  const omitted = new Set(vouched.filter((digest) => !counted.has(digest)))
  if (bundle === undefined || omitted.size === 0) return { batches: [], missing: [] }
  const domain = evidenceDomain(context)
  const found = await fetchBatches(library, { network, from: oldestOf(epoch), to: epoch }, waiting)
  const batches = found.filter(({ header }) => omitted.has(digestOfHeader(header, domain)))
  const known = new Set(batches.map(({ header }) => digestOfHeader(header, domain)))
  return { batches, missing: [...omitted].filter((digest) => !known.has(digest)).map((digest) => `the vouched batch ${digest}`) }
}

function isWhole(batches: readonly (Batch | undefined)[]): batches is readonly Batch[] {
  return batches.every((batch) => batch !== undefined)
}
