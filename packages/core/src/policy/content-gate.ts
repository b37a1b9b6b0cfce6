/**
 * The question that everyone who keeps or serves content asks first: may it be?
 *
 * Pure. Asked by CID, so it holds for a block wherever it is, whatever its codec; paths are denyPathBy's.
 *
 * @module
 * @see https://specs.ipfs.tech/compact-denylist-format/
 */

import type { CID } from 'multiformats/cid'
import { ContentDenied, ContentGone } from '../errors/policy-errors.ts'
import { denyCidBy, type Denylist } from './denylist.ts'

/** Returns when content may be kept and served. @throws ContentDenied, ContentGone */
export type ContentGate = (cid: CID) => void

/** The gate of these lists; a rule with the hint `gateway_status:410` says that the content is gone. */
export function contentGate(lists: readonly Denylist[]): ContentGate {
  return (cid) => {
    const denied = denyCidBy(lists, cid)
    if (denied === undefined) return
    const { list, author, line, hints } = denied
    const facts = { content: cid.toString(), list, author, line, reason: hints['reason'] ?? 'none given' }
    throw hints['gateway_status'] === '410' ? new ContentGone(facts) : new ContentDenied(facts)
  }
}
