/**
 * What owners who play false can do with beacons: what any hotspot can. They know what their radios heard, the registry, the rules and
 * what was judged before; of their own beacons they know the content without hearing it.
 *
 * @module
 */

import type { DistanceRange, HeardBeacon, Hotspot, SentBeacon } from '../../coverage/hotspot.ts'
import type { Place } from '../place.ts'
import type { Registered } from './market-play.ts'

/** One bonded owner's hotspot of those that play false, before one beacon. */
export interface WitnessSeat {
  readonly hotspot: Hotspot
  /** which radio stands behind it; several hotspots may share one */
  readonly radio: number
  /** what the radio really heard */
  readonly heard: HeardBeacon | undefined
  /** between the registered cells */
  readonly distance: DistanceRange
  /** what the way back lost when it was last judged, as everyone can read it */
  readonly lossBackDb: number | undefined
}

export interface BeaconView {
  readonly beaconer: Hotspot
  /** whether it is one of theirs: then they know what it sends, whether it is sent or not */
  readonly isTheirs: boolean
  /** as it was or will be revealed, when they know it: theirs, or heard by a radio of theirs */
  readonly known: SentBeacon | undefined
  readonly seats: readonly WitnessSeat[]
  /** above 0 and below 1, from the seed */
  unit(): number
}

export interface FalseReport {
  readonly heard: HeardBeacon
  readonly isFalse: boolean
}

export interface CoveragePlay {
  readonly ownersEach?: number
  /** Where a radio of theirs really stands. @param sideM of the square of the town */
  readonly place?: (liar: { readonly index: number; readonly chance: Place; readonly sideM: number }) => Place
  /** What the hotspot of one of its owners registers, instead of the truth. @param owner 0 to ownersEach - 1 */
  readonly register?: (truth: Registered, about: { readonly index: number; readonly owner: number }) => Registered
  /** whether their beacons leave no antenna at all */
  readonly isSilent?: boolean
  /** What their hotspots hand in about one beacon. */
  report(view: BeaconView): readonly FalseReport[]
}
