/**
 * Which gateways heard a device last, for devices that can be reached without having just sent.
 *
 * How well, is in memory alone; which gateways, the session also says, so that such a device is reached after a restart too.
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

export interface LastHeardOptions {
  /** gateways that a device's session names */
  readonly keptOf: (devEui: string) => readonly string[] | undefined
  /** `lastHeardMax` when left out */
  readonly devicesMax?: number
}

export function lastHeard({ keptOf, devicesMax = lastHeardMax }: LastHeardOptions): LastHeard {
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
    of: (devEui) => byDevice.get(devEui) ?? keptOf(devEui)?.map(unmeasured) ?? none,
  }
}

const none: readonly HeardBy[] = []

/** A gateway of which nothing is known but that it heard the device: as good as the next. */
const unmeasured = (gatewayEui: string): HeardBy => ({
  gatewayEui,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
  snrDb: 0,
})

/** Gateways that a session names, inclusive. */
export const keptGatewaysMax = 4

/** @returns those that a session is to name; the same list while the best one is among them, so that little is written */
export function keptGateways(
  before: readonly string[] | undefined,
  heard: readonly HeardBy[],
): readonly string[] | undefined {
  const best = heard.toSorted((a, b) => marginOf(b) - marginOf(a)).map(({ gatewayEui }) => gatewayEui)
  const [first] = best
  if (first === undefined || before?.includes(first) === true) return before
  return [...new Set([...best, ...(before ?? [])])].slice(0, keptGatewaysMax)
}
