/**
 * What the chain says of operators that offer space: how much stands in their sets, and how their sets ended.
 *
 * Pure. From events alone, so anyone counts the same. It ranks offers and never decides pay.
 *
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import type { ProviderRecord } from './model.ts'

/** What happened to a data set, in the order of the chain. */
export type SetEvent =
  | { readonly kind: 'posted'; readonly id: Hex; readonly provider: Hex; readonly leafCount: bigint }
  | { readonly kind: 'ended'; readonly id: Hex; readonly isFaulted: boolean }

export interface OperatorStanding {
  /** padded bytes of the sets that stand: what the disk holds of raw ones is a little less */
  readonly usedBytes: bigint
  readonly record: ProviderRecord
}

/** Of an operator that no set ever stood at. */
export const newcomer: OperatorStanding = { usedBytes: 0n, record: { keptCount: 0, faultedCount: 0 } }

const leafBytes = 32n

/** @returns standing by provider, as the events write its address */
export function standingsOf(events: Iterable<SetEvent>): ReadonlyMap<Hex, OperatorStanding> {
  const living = new Map<Hex, { readonly provider: Hex; readonly leafCount: bigint }>()
  const standings = new Map<Hex, OperatorStanding>()
  const count = (provider: Hex, add: Partial<ProviderRecord> & { readonly usedBytes?: bigint }): void => {
    const { usedBytes, record } = standings.get(provider) ?? newcomer
    const keptCount = record.keptCount + (add.keptCount ?? 0)
    const faultedCount = record.faultedCount + (add.faultedCount ?? 0)
    standings.set(provider, { usedBytes: usedBytes + (add.usedBytes ?? 0n), record: { keptCount, faultedCount } })
  }
  for (const event of events) {
    if (event.kind === 'posted') {
      living.set(event.id, event)
      continue
    }
    const over = living.get(event.id)
    living.delete(event.id)
    if (over !== undefined) count(over.provider, event.isFaulted ? { faultedCount: 1 } : { keptCount: 1 })
  }
  for (const { provider, leafCount } of living.values())
    count(provider, { keptCount: 1, usedBytes: leafCount * leafBytes })
  return standings
}
