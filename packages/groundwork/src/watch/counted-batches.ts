/**
 * Which batches earlier finalised epochs have counted already. Only batches that come late have to be asked about.
 *
 * @module
 */

import { batchEpochsLateMax } from '@groundwork/core/evidence/batch.ts'
import { decodeBundle } from '@groundwork/core/evidence/bundle.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { AuditContext } from './audit-context.ts'
import type { Waiting } from './desks.ts'
import { postsIn, type PostRecord } from './epoch-history.ts'
import { fetchPages } from './fetch-bundle.ts'
import type { Library } from './library.ts'

export interface CountedBatches {
  readonly digests: ReadonlySet<Hex>
  /** evidence of finalised epochs whose bundle is not to be had, by epoch: what they counted is not known */
  readonly missing: ReadonlyMap<bigint, Hex>
}

/** What the finalised epochs among the `batchEpochsLateMax` before `epoch` counted, of those finalised before `before`. */
export async function countedBefore(
  context: AuditContext,
  library: Library,
  { network, epoch, before }: { readonly network: number; readonly epoch: bigint; readonly before?: PostRecord | undefined },
  { signal }: Waiting,
): Promise<CountedBatches> {
  const posts = postsIn(context.index, network)
  const until = before === undefined ? posts.length : posts.findIndex(({ tx }) => tx === before.tx)
  const earlier = posts
    .slice(0, until)
    .filter((one) => one.outcome === 'finalised' && one.epoch < epoch && epoch - one.epoch <= batchEpochsLateMax)
  const digests = new Set<Hex>()
  const missing = new Map<bigint, Hex>()
  for (const { post } of earlier) {
    await fetchPages(library, post.evidence, { signal })
    const decoded = decodeBundle(post.evidence, library)
    if (decoded.tag === 'bundle') for (const { digest } of decoded.bundle.batches) digests.add(digest)
    else missing.set(post.epoch, post.evidence)
  }
  return { digests, missing }
}
