/**
 * One radio, and many bonded owners behind it: each offers every frame, and each registers a place of its own.
 *
 * @module
 */

import type { Adversary } from '@groundwork/wireless'
import { placeOnRing } from './false-places.ts'
import { fittedToPlace } from './spoofed-place.ts'

export const ownersOfOneRadio = 8

export const manyOwners: Adversary = {
  name: 'many-owners',
  does: `has ${ownersOfOneRadio} owners behind one radio, each with a seat and a place of its own`,
  ownersEach: ownersOfOneRadio,
  ownUnitsEach: 0n,
  market: {
    ownersEach: ownersOfOneRadio,
    heard(seat, uplink) {
      for (let owner = 0; owner < seat.owners; owner += 1)
        seat.offer({ ...uplink, rssiDbm: uplink.rssiDbm - (owner % 4) }, { owner, isFalse: owner > 0 })
    },
  },
  coverage: {
    ownersEach: ownersOfOneRadio,
    register: (truth, { owner }) => (owner === 0 ? truth : placeOnRing(truth, owner - 1)),
    report: fittedToPlace,
  },
}
