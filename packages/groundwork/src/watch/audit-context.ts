/**
 * Where an audit looks: the chain, its index, the operators that may have evidence, and the own store.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { advanceIndex } from '@groundwork/chain/indexer/follow-chain.ts'
import { operatorsIn } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { BlockSource } from '@groundwork/core/evidence/block.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Waiting } from './desks.ts'
import { stakesIn } from './epoch-history.ts'
import { httpEvidencePeer, type EvidencePeer } from './evidence-peer.ts'
import { openLibrary, type Library } from './library.ts'
import type { NetworkRules } from './network-rules.ts'

/** Operators that are asked for evidence; those with more stake come first. */
export const peersMax = 256

/** Callers at one time share one pass: an index has one writer. */
export type Advance = (waiting: Waiting) => Promise<bigint>

export function indexAdvance(index: ChainIndex, chain: Chain): Advance {
  let running: Promise<bigint> | undefined
  return async (waiting) => {
    running ??= advanceIndex(index, chain, waiting)
      .then(({ tip }) => tip)
      .finally(() => {
        running = undefined
      })
    return running
  }
}

export interface AuditContext {
  /** for reading */
  readonly chain: Chain
  readonly index: ChainIndex
  /** brings the index up to the head; its tip */
  readonly advance: Advance
  readonly rules: readonly NetworkRules[]
  /** looked up before anyone is asked */
  readonly store?: BlockSource | undefined
  /** not asked: it is us */
  readonly self?: Address | undefined
  /** in place of the operators' servers */
  readonly peers?: readonly EvidencePeer[] | undefined
}

/** Every operator of the registry that can be asked, by stake on a network. */
export function peersOf({ index, self, peers }: AuditContext, network: number): readonly EvidencePeer[] {
  if (peers !== undefined) return peers
  const stakes = stakesIn(index, { network, until: index.tip()?.number ?? 0n })
  const stakeOf = (operator: Address): bigint => stakes.get(operator.toLowerCase() as Address) ?? 0n
  const others = operatorsIn(index).filter(
    ({ operator, endpoint }) => operator.toLowerCase() !== self && /^https?:\/\//.test(endpoint),
  )
  const sorted = others.toSorted((a, b) =>
    stakeOf(a.operator) > stakeOf(b.operator) ? -1 : stakeOf(a.operator) < stakeOf(b.operator) ? 1 : 0,
  )
  const endpoints = new Set(sorted.slice(0, peersMax).map(({ endpoint }) => endpoint))
  return [...endpoints].map(httpEvidencePeer)
}

/** A library over everyone who can be asked now. */
export function libraryOf(context: AuditContext, network: number): Library {
  return openLibrary({ store: context.store, peers: peersOf(context, network) })
}
