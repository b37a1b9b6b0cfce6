/**
 * Which gateways heard a device last, for devices that can be reached without having just sent.
 *
 * In memory alone: after a restart such a device is reached once it was heard again.
 *
 * @module
 */

import { marginOf, type HeardBy } from './gateway-book.ts'

/** Devices that are remembered, inclusive; the one that was silent longest goes. */
export const lastHeardMax = 262_144
/** Gateways of one device that are remembered, inclusive: those that heard it best. */
export const lastGatewaysMax = 8

export interface LastHeard {
  note(devEui: string, heard: readonly HeardBy[]): void
  of(devEui: string): readonly HeardBy[]
}

export function lastHeard({ devicesMax = lastHeardMax }: { readonly devicesMax?: number } = {}): LastHeard {
  const byDevice = new Map<string, readonly HeardBy[]>()
  return {
    note(devEui, heard) {
      byDevice.delete(devEui)
      if (byDevice.size >= devicesMax) byDevice.delete(byDevice.keys().next().value!)
      const best = heard
        .toSorted((a, b) => marginOf(b) - marginOf(a))
        .slice(0, lastGatewaysMax)
        // Not the frames themselves, which may be large.
        .map(({ gatewayEui, modulation, snrDb }) => ({
          gatewayEui,
          modulation,
          ...(snrDb === undefined ? {} : { snrDb }),
        }))
      byDevice.set(devEui, best)
    },
    of: (devEui) => byDevice.get(devEui) ?? none,
  }
}

const none: readonly HeardBy[] = []
