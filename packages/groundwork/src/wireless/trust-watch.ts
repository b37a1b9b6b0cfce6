/**
 * How far owners are believed about where they stand, as a gateway last recomputed it from public evidence.
 *
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import { wirelessNetwork, type LocationTrust } from '@groundwork/wireless'
import { libraryOf, type AuditContext } from '../watch/audit-context.ts'
import { timingOf } from '../watch/chain-desk.ts'
import type { Waiting } from '../watch/desks.ts'
import { auditBeacons, lastRevealedEpoch } from './audit-beacons.ts'
import { canOrderNotes } from './chain-moment.ts'

export interface TrustWatch {
  /** Recomputes it when the beacons of another epoch are all revealed. */
  look(waiting: Waiting): Promise<void>
  /** the epoch that it is of; undefined: none was audited yet */
  epoch(): bigint | undefined
  all(): readonly LocationTrust[]
  /** 0 to 999; undefined: the owner sent no beacon and heard none */
  of(owner: Hex): number | undefined
}

export function trustWatch(context: AuditContext): TrustWatch {
  let found: { readonly epoch: bigint; readonly byOwner: ReadonlyMap<Hex, LocationTrust> } | undefined
  return {
    async look(waiting) {
      if (!canOrderNotes(timingOf(context.chain.deployment))) return
      const epoch = lastRevealedEpoch(context)
      if (epoch === undefined || epoch === found?.epoch) return
      const { trust } = await auditBeacons(context, libraryOf(context, wirelessNetwork), { epoch }, waiting)
      found = { epoch, byOwner: new Map(trust.map((one) => [one.owner, one])) }
    },
    epoch: () => found?.epoch,
    all: () => [...(found?.byOwner.values() ?? [])],
    of: (owner) => found?.byOwner.get(owner)?.trust,
  }
}
