/**
 * Registers a place where it does not stand, and says signals that fit it.
 *
 * @module
 */

import { signalBounds, type Adversary, type BeaconView, type FalseReport } from '@groundwork/wireless'
import { placeOnRing } from './false-places.ts'
import { fittedReport } from './fitted-report.ts'

/** What its radio heard, as if heard at the registered place. */
export function fittedToPlace({ beaconer, known, seats, unit }: BeaconView): FalseReport[] {
  if (known === undefined) return []
  return seats.flatMap((seat) =>
    seat.heard === undefined ? [] : [{ heard: fittedReport({ beaconer, known, seat, unit }), isFalse: true }],
  )
}

/** So weak that the device can be anywhere: no copy of another contradicts the place. */
const weakDbm = -110
const snrOfWeakDb = -6

export const spoofedPlace: Adversary = {
  name: 'spoofed-place',
  does: 'registers a place 4 km away, with signals that fit it',
  ownersEach: 1,
  ownUnitsEach: 0n,
  market: {
    register: (truth, index) => placeOnRing(truth, index % 6),
    heard(seat, uplink) {
      const rssiDbm = Math.min(uplink.rssiDbm, weakDbm)
      const snrDb = Math.min(uplink.snrDb ?? snrOfWeakDb, signalBounds.snrDbMax, snrOfWeakDb)
      seat.offer({ ...uplink, rssiDbm, snrDb }, { isFalse: true })
    },
  },
  coverage: { register: (truth, { index }) => placeOnRing(truth, index % 6), report: fittedToPlace },
}
