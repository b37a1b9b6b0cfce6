/**
 * What a drawn operator asks before it signs that it keeps a bundle: is it ours to keep, and does it agree.
 *
 * The shape of storage's hook for its server; a watcher's own server asks the same.
 *
 * @module
 */

import { readCommittee } from '@groundwork/chain/read-committee.ts'
import type { Available } from '@groundwork/core/evidence/availability.ts'
import { isSameAddress, type Address } from '@groundwork/core/identity/address.ts'
import type { AuditContext } from './audit-context.ts'
import { auditPostedBundle } from './audit-post.ts'
import type { Waiting } from './desks.ts'
import { pendingNamedBy } from './epoch-history.ts'

export interface HandedBundle {
  readonly available: Available
  readonly blocks: ReadonlyMap<string, Uint8Array>
}

const notPending = 'the post that it is for is not pending'

/** @returns why the operator will not sign for it, in words, or undefined when it may */
export type BundleAuditor = (handed: HandedBundle, waiting: Waiting) => Promise<string | undefined>

/** @param operator who is asked to keep */
export function bundleAuditor(context: AuditContext, operator: Address): BundleAuditor {
  return async ({ available, blocks }, waiting) => {
    const refusal = await whyNotOurs(context, { operator, available }, waiting)
    if (refusal !== undefined) return refusal
    const audited = await auditPostedBundle(context, { available, blocks }, waiting)
    if (audited.tag === 'agrees') return undefined
    if (audited.tag === 'not-pending') return notPending
    if (audited.tag === 'unavailable') return `missing: ${audited.missing.join(', ')}`
    const { part, index, field, expected, actual } = audited.difference
    return `${part} ${index} differ in ${field}: posted ${actual}, recomputed ${expected}`
  }
}

/** The cheap questions: asked before a body is read. */
export async function whyNotOurs(
  { advance, index, chain }: AuditContext,
  { operator, available }: { readonly operator: Address; readonly available: Available },
  waiting: Waiting,
): Promise<string | undefined> {
  await advance(waiting)
  if (pendingNamedBy(index, available) === undefined) return notPending
  const committee = await readCommittee(chain, { network: available.network })
  return committee.some((one) => isSameAddress(one, operator)) ? undefined : 'others were drawn to keep it'
}
