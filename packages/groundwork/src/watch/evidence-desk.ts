/**
 * The watcher's hand on evidence: recomputing, publishing, inspecting, and asking others to keep.
 *
 * @module
 */

import { operatorsIn } from '@groundwork/chain/indexer/index-queries.ts'
import { digestOfAvailable } from '@groundwork/core/evidence/availability.ts'
import { decodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import { digestOfPost } from '@groundwork/core/epoch/post.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { LocalAccount } from 'viem'
import { askKeeper } from './ask-keepers.ts'
import { libraryOf, type AuditContext } from './audit-context.ts'
import { auditPost } from './audit-post.ts'
import { bundleBlocks, carOf } from './bundle-blocks.ts'
import type { EvidenceDesk } from './desks.ts'
import { evidenceDomain } from './epoch-facts.ts'
import { postsIn } from './epoch-history.ts'
import { fetchBundle } from './fetch-bundle.ts'
import type { NetworkRules } from './network-rules.ts'
import { recompute } from './recompute.ts'
import type { WatchStore } from './watch-store.ts'

/** Posts whose signatures are remembered, by digest. */
const signedMax = 64

export interface EvidenceDeskOptions {
  /** with its store */
  readonly context: AuditContext & { readonly store: WatchStore }
  readonly account: LocalAccount
}

export function evidenceDesk({ context, account }: EvidenceDeskOptions): EvidenceDesk {
  const { store } = context
  const self = account.address.toLowerCase() as Address
  const signedBy = new Map<Hex, Map<Address, Hex>>()
  const rulesOf = (network: number): NetworkRules => {
    const found = context.rules.find((rules) => rules.network === network)
    invariant(found !== undefined, 'only networks with rules are watched')
    return found
  }
  const signaturesOf = (post: Hex): Map<Address, Hex> => {
    const known = signedBy.get(post) ?? new Map<Address, Hex>()
    signedBy.set(post, known)
    const oldest = signedBy.size > signedMax ? signedBy.keys().next().value : undefined
    if (oldest !== undefined) signedBy.delete(oldest)
    return known
  }

  return {
    async close({ network, epoch }, waiting) {
      const recomputed = await recompute(context, { rules: rulesOf(network), epoch }, waiting)
      return recomputed.tag === 'closed' ? { tag: 'closed', bundle: recomputed.bundle } : recomputed
    },
    async publish({ network, bundle }) {
      const decoded = decodeBundleCar(bundle.car)
      invariant(decoded.tag === 'car', 'our own CAR is one')
      const kept = bundleBlocks(decoded.car.blocks, { network, evidence: bundle.post.evidence })
      invariant(kept !== undefined, 'our own bundle is whole')
      store.keep(kept)
    },
    async inspect({ network, post }, { signal }) {
      const record = postsIn(context.index, network).findLast((one) => digestOfPost(one.post) === digestOfPost(post))
      if (record === undefined) return { tag: 'unavailable', missing: ['the post itself: the chain went back'] }
      const library = libraryOf(context, network)
      const { verdict, fault, complaints } = await auditPost(
        context,
        { rules: rulesOf(network), record },
        { library, signal },
      )
      if (verdict.tag === 'unavailable') return { tag: 'unavailable', missing: [...verdict.missing, ...complaints] }
      if (verdict.tag === 'differs') {
        return {
          tag: 'differs',
          difference: verdict.difference,
          fault: fault?.tag === 'fault' ? fault.challenge : undefined,
        }
      }
      const kept = bundleBlocks(library, { network, evidence: post.evidence })
      if (kept !== undefined) store.keep(kept)
      return { tag: 'agrees' }
    },
    async askKeepers({ network, post, committee }, { signal }) {
      const { epoch, evidence } = post
      const library = libraryOf(context, network)
      await fetchBundle(library, evidence, { signal })
      const kept = bundleBlocks(library, { network, evidence })
      if (kept === undefined) return []
      const available = { network, epoch, evidence, post: digestOfPost(post) }
      const domain = evidenceDomain(context)
      const request = { available, domain, car: carOf(kept) }
      const signatures = signaturesOf(available.post)
      const endpoints = new Map(
        operatorsIn(context.index).map(({ operator, endpoint }) => [operator.toLowerCase(), endpoint]),
      )
      await Promise.all(
        committee.map(async (operator) => {
          if (signatures.has(operator)) return
          const endpoint = endpoints.get(operator)
          const signature =
            operator === self
              ? await signDigest(account, digestOfAvailable(available, domain))
              : endpoint === undefined || !/^https?:/.test(endpoint)
                ? undefined
                : await askKeeper({ operator, endpoint }, request, { signal })
          if (signature !== undefined) signatures.set(operator, signature)
        }),
      )
      return committee.flatMap((operator) => signatures.get(operator) ?? [])
    },
  }
}

/** 65 bytes by the account over a digest. */
export async function signDigest(account: LocalAccount, hash: Hex): Promise<Hex> {
  invariant(account.sign !== undefined, 'a local account signs digests')
  return account.sign({ hash })
}
