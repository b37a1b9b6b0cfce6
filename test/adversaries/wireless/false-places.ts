/**
 * Places for hotspots that stand elsewhere: on rings around the truth, so far apart that no two share a cell.
 *
 * @module
 */

import type { Registered } from '@groundwork/wireless'

const mPerDegree = 111_195
/** Cells of resolution 7 are some 2.5 km wide. */
export const ringStepM = 4_000
const perRing = 6

/** The nth place around one: six on the first ring, twelve on the second, and so on. */
export function placeOnRing({ place, ...rest }: Registered, index: number): Registered {
  let [ring, at] = [1, index]
  while (at >= perRing * ring) {
    at -= perRing * ring
    ring += 1
  }
  const angle = (2 * Math.PI * at) / (perRing * ring)
  const [northM, eastM] = [ringStepM * ring * Math.cos(angle), ringStepM * ring * Math.sin(angle)]
  return {
    ...rest,
    place: {
      latitude: place.latitude + northM / mPerDegree,
      longitude: place.longitude + eastM / (mPerDegree * Math.cos((place.latitude * Math.PI) / 180)),
    },
  }
}
