/**
 * What the network server says of a frame to whoever buys it.
 *
 * @module
 */

import type { Eui } from './radio.ts'

/** What the network server found a frame to be. */
export type PacketVerdict =
  /** new, from a known device */
  | { readonly kind: 'accepted'; readonly devEui: Eui }
  /** a join that is answered */
  | { readonly kind: 'join-accepted'; readonly devEui: Eui }
  | { readonly kind: 'unknown-device' | 'mic-failed' | 'replayed' | 'refused' }

/** What may be bought of a device in a day. */
export interface DeviceBudget {
  readonly devEui: Eui
  readonly unitsPerDayMax: number
}
