/**
 * Many hotspots in one room that say they stand all over the town, and hear each other.
 *
 * @module
 */

import type { Adversary, Place } from '@groundwork/wireless'
import { placeOnRing } from './false-places.ts'
import { fittedToPlace } from './spoofed-place.ts'

/** A room in the middle of the town, a metre between two of them. */
const inTheRoom = ({ index, sideM }: { readonly index: number; readonly sideM: number }): Place => ({
  eastM: sideM / 2 + (index % 10),
  northM: sideM / 2 + Math.floor(index / 10),
  heightM: 3,
})

export const witnessCluster: Adversary = {
  name: 'witness-cluster',
  does: 'puts its hotspots into one room, registers them all over the town, and has them hear each other',
  ownersEach: 1,
  ownUnitsEach: 0n,
  market: {
    place: inTheRoom,
    register: (truth, index) => placeOnRing(truth, index),
    heard: (seat, uplink) => seat.offer(uplink, { isFalse: true }),
  },
  coverage: { place: inTheRoom, register: (truth, { index }) => placeOnRing(truth, index), report: fittedToPlace },
}
