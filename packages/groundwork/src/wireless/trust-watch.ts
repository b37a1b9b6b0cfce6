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

/** How often an epoch is tried whose audit fails: each asks every operator, so after that the next epoch is waited for. */
export const auditTriesMax = 3

export interface TrustWatch {
  /** Recomputes it when the beacons of another epoch are all revealed. @throws what the audit threw */
  look(waiting: Waiting): Promise<void>
  /** the epoch that it is of; undefined: none was audited yet */
  epoch(): bigint | undefined
  all(): readonly LocationTrust[]
  /** 0 to 999; undefined: the owner sent no beacon and heard none */
  of(owner: Hex): number | undefined
}

/** Where it comes from. */
export interface TrustSource {
  /** undefined: none yet */
  lastRevealed(): bigint | undefined
  audit(epoch: bigint, waiting: Waiting): Promise<readonly LocationTrust[]>
}

export function trustFrom(context: AuditContext): TrustSource {
  return {
    lastRevealed: () => (canOrderNotes(timingOf(context.chain.deployment)) ? lastRevealedEpoch(context) : undefined),
    audit: async (epoch, waiting) =>
      (await auditBeacons(context, libraryOf(context, wirelessNetwork), { epoch }, waiting)).trust,
  }
}

export function trustWatch({ lastRevealed, audit }: TrustSource): TrustWatch {
  let found: { readonly epoch: bigint; readonly byOwner: ReadonlyMap<Hex, LocationTrust> } | undefined
  let [tried, tries] = [-1n, 0]
  return {
    async look(waiting) {
      const epoch = lastRevealed()
      if (epoch === undefined || epoch === found?.epoch) return
      if (epoch !== tried) [tried, tries] = [epoch, 0]
      if (tries >= auditTriesMax) return
      tries += 1
      const trust = await audit(epoch, waiting)
      found = { epoch, byOwner: new Map(trust.map((one) => [one.owner, one])) }
    },
    epoch: () => found?.epoch,
    all: () => [...(found?.byOwner.values() ?? [])],
    of: (owner) => found?.byOwner.get(owner)?.trust,
  }
}
