/**
 * Recomputing an epoch: gathered, closed, and encoded as the bundle that would be posted.
 *
 * @module
 */

import { closeBundle, type ClosedBundle } from '@groundwork/core/epoch/close-bundle.ts'
import { closeEpoch, type ClosedEpoch } from '@groundwork/core/epoch/close-epoch.ts'
import { libraryOf, type AuditContext } from './audit-context.ts'
import type { Waiting } from './desks.ts'
import { gather, type GatherTarget } from './gather.ts'

export type Recomputed =
  | {
      readonly tag: 'closed'
      readonly closed: ClosedEpoch
      readonly bundle: ClosedBundle
      readonly complaints: readonly string[]
    }
  | { readonly tag: 'empty'; readonly complaints: readonly string[] }
  | { readonly tag: 'unavailable'; readonly missing: readonly string[] }

export async function recompute(context: AuditContext, target: GatherTarget, waiting: Waiting): Promise<Recomputed> {
  await context.advance(waiting)
  const library = libraryOf(context, target.rules.network)
  const gathered = await gather(context, library, target, waiting)
  if (gathered.tag === 'unavailable') return gathered
  const { input, previous, vouched, complaints } = gathered
  const closed = closeEpoch(input)
  // Leaving out a vouched batch is a fault in the eyes of the judge, however bad it is, until it has been refuted.
  const refused = closed.refusedBatches.filter(({ digest }) => vouched.has(digest))
  if (refused.length > 0) {
    return {
      tag: 'unavailable',
      missing: refused.map(({ digest, reason }) => `a refutation of the vouched batch ${digest} (${reason})`),
    }
  }
  if (closed.lines.length === 0) return { tag: 'empty', complaints }
  const bundle = closeBundle(closed, { previous, blocks: input.blocks })
  const missing = bundle.missing.map((cid) => cid.toString())
  return missing.length > 0 ? { tag: 'unavailable', missing } : { tag: 'closed', closed, bundle, complaints }
}
