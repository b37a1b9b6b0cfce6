/**
 * How far an owner's word on where it stands is believed: 0 to 999, from who heard it and whom it heard.
 *
 * Weight comes from paid traffic alone: an owner that others paid for carrying confirms with 1, all others together with a quarter.
 * So a crowd of new accounts in one room confirms itself to 200 and no further, and every owner beyond that costs credits. Radio that
 * contradicts physics counts double, unless whoever it is with is contradicted more than confirmed; a report that contradicts itself
 * counts against who made it alone. It ranks and filters; nothing is paid by it.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import { isByTheRules, placeReasons, reportReasons, type JudgedBeacon } from './judge-round.ts'

export interface LocationTrust {
  readonly owner: Hex
  /** 0 to 999 */
  readonly trust: number
  /** other owners that it heard or that heard it, by the rules */
  readonly confirmedBy: number
  /** those of them that others paid for carrying */
  readonly confirmedByPaid: number
  /** other owners with which a report broke physics */
  readonly contradictedBy: number
}

const unpaidWeight = 0.25
const contradictionWeight = 2

interface Ties {
  readonly confirmed: Set<Hex>
  readonly contradicted: Set<Hex>
}

/** @param hasCarried whether an owner carried, in the epoch, what others paid for */
export function locationTrust(
  { beacons }: { readonly beacons: readonly Pick<JudgedBeacon, 'owner' | 'reports'>[] },
  hasCarried: (owner: Hex) => boolean,
): LocationTrust[] {
  const ties = new Map<Hex, Ties>()
  const tiesOf = (owner: Hex): Ties => {
    const known = ties.get(owner) ?? { confirmed: new Set(), contradicted: new Set() }
    ties.set(owner, known)
    return known
  }
  for (const { owner, reports } of beacons) {
    tiesOf(owner)
    for (const { owner: witness, reason } of reports) {
      if (witness === owner) continue
      const what = isByTheRules(reason) ? 'confirmed' : 'contradicted'
      const isOfBoth = what === 'confirmed' || (reason !== undefined && placeReasons.has(reason))
      const isOfWitness = isOfBoth || (reason !== undefined && reportReasons.has(reason))
      if (isOfBoth) tiesOf(owner)[what].add(witness)
      if (isOfWitness) tiesOf(witness)[what].add(owner)
    }
  }
  const paidOf = (owners: ReadonlySet<Hex>): number => [...owners].filter(hasCarried).length
  // Who is contradicted by more than confirm it slanders, or stands elsewhere: its word weighs against nobody.
  const isBelieved = (owner: Hex): boolean => {
    const { confirmed, contradicted } = tiesOf(owner)
    return hasCarried(owner) && paidOf(confirmed) >= paidOf(contradicted)
  }
  return [...ties]
    .map(([owner, { confirmed, contradicted }]): LocationTrust => {
      const paid = paidOf(confirmed)
      const weight = paid + (confirmed.size > paid ? unpaidWeight : 0)
      const against = [...contradicted].filter(isBelieved).length
      return {
        owner,
        trust: Math.floor((1000 * weight) / (1 + weight + contradictionWeight * against)),
        confirmedBy: confirmed.size,
        confirmedByPaid: paid,
        contradictedBy: contradicted.size,
      }
    })
    .toSorted((a, b) => (a.owner < b.owner ? -1 : 1))
}
