/**
 * What an owner says in an epoch: from what its hotspots planned, sent and heard.
 *
 * @module
 */

import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { BeaconStore } from '../ports/beacon-store.ts'
import { notedReportsMax, reportCommitment, type CoverageNote } from '../wire/coverage-note.ts'
import { commitBeaconSecret } from './draw-beacon.ts'

/** From the note that commits to a beacon's secret to the epoch in which it is sent: between them its draw is sealed. */
export const planEpochsAhead = 2n

/**
 * The note of an epoch that is closed. The same store gives the same note, so a crash before it is signed loses nothing.
 *
 * @param committed what the owner's note of the epoch before committed to: more it cannot open
 */
export function writeNote({
  owner,
  epoch,
  store,
  committed,
}: {
  readonly owner: Hex
  readonly epoch: bigint
  readonly store: BeaconStore
  readonly committed: ReadonlySet<Hex>
}): CoverageNote {
  const planned = store.plansOf(epoch + planEpochsAhead).map(({ gatewayEui, secret, region, frequenciesHz }) => ({
    gatewayEui,
    commitment: toHex(commitBeaconSecret(secret)),
    region,
    frequenciesHz,
  }))
  const revealed = store
    .plansOf(epoch - 1n)
    .flatMap(({ gatewayEui, secret, endedMs }) => (endedMs === undefined ? [] : [{ gatewayEui, secret, endedMs }]))
  return {
    owner,
    epoch,
    planned,
    heard: store
      .heardIn(epoch)
      .slice(0, notedReportsMax)
      .map((opened) => reportCommitment(owner, opened)),
    revealed,
    opened: store.heardIn(epoch - 1n).filter((opened) => committed.has(reportCommitment(owner, opened))),
  }
}

/** Whether there is nothing in it that anyone would miss. */
export function isEmptyNote({ planned, heard, revealed, opened }: CoverageNote): boolean {
  return planned.length + heard.length + revealed.length + opened.length === 0
}
