/**
 * Which routers buy a frame: from an address or a JoinEUI to routes, by binary search. Built whole, never changed.
 *
 * Ranges of several routers may overlap. They are cut at every border into stretches that each have one list of routes, so a
 * look-up is one search in a sorted array whatever the overlap. A frame that no route covers never leaves the hotspot.
 *
 * @module
 */

import type { Route } from '../model/route.ts'
import { frameTarget } from './frame-target.ts'

/** Most ranges of all routes together; further ones are left out, and counted. */
export const indexRangesMax = 65_536

/** Most routers that one frame is offered to; the best paying ones, then by address. */
export const routesPerFrameMax = 8

export interface RouteIndex {
  /** best paying first; empty: nobody buys it */
  routesFor(phyPayload: Uint8Array): readonly Route[]
  /** ranges that found no place */
  readonly rangesLeftOut: number
}

interface Span {
  readonly first: bigint
  readonly last: bigint
  readonly route: Route
}

interface Stretches {
  readonly starts: BigUint64Array
  readonly routes: readonly (readonly Route[])[]
}

const none: readonly Route[] = []

/** @param routes closed ones are left out */
export function routeIndex(routes: readonly Route[]): RouteIndex {
  const open = routes.filter(({ isOpen }) => isOpen).toSorted(byPriceThenRouter)
  const addresses = open.flatMap((route) =>
    route.devAddrs.map(({ first, last }): Span => ({ first: BigInt(first), last: BigInt(last), route })),
  )
  const joins = open.flatMap((route) =>
    route.joinEuis.map(({ first, last }): Span => ({ first: BigInt(`0x${first}`), last: BigInt(`0x${last}`), route })),
  )
  const keptAddresses = addresses.slice(0, indexRangesMax)
  const keptJoins = joins.slice(0, indexRangesMax - keptAddresses.length)
  const byAddress = cut(keptAddresses)
  const starts32 = Float64Array.from(byAddress.starts, Number)
  const byJoin = cut(keptJoins)
  return {
    rangesLeftOut: addresses.length + joins.length - keptAddresses.length - keptJoins.length,
    routesFor(phyPayload) {
      const target = frameTarget(phyPayload)
      if (target === undefined) return none
      const { starts, routes: found } =
        target.kind === 'data'
          ? { starts: starts32, routes: byAddress.routes }
          : { starts: byJoin.starts, routes: byJoin.routes }
      const at = target.kind === 'data' ? target.devAddr : target.joinEui
      return found[lastAtOrBelow(starts, at)] ?? none
    },
  }
}

function byPriceThenRouter(a: Route, b: Route): number {
  if (a.unitPriceNano !== b.unitPriceNano) return a.unitPriceNano > b.unitPriceNano ? -1 : 1
  return a.router < b.router ? -1 : a.router > b.router ? 1 : 0
}

/** Sweeps over the borders of all spans; every stretch between two borders has the routes that cover it. */
function cut(spans: readonly Span[]): Stretches {
  const opening = Map.groupBy(spans, ({ first }) => first)
  const closing = Map.groupBy(spans, ({ last }) => last + 1n)
  const borders = [...new Set([...opening.keys(), ...closing.keys()])].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const active = new Map<Route, number>()
  const starts: bigint[] = []
  const routes: (readonly Route[])[] = []
  for (const border of borders) {
    for (const { route } of closing.get(border) ?? []) {
      const left = (active.get(route) ?? 0) - 1
      if (left > 0) active.set(route, left)
      else active.delete(route)
    }
    for (const { route } of opening.get(border) ?? []) active.set(route, (active.get(route) ?? 0) + 1)
    // Past the last value there is nothing to be found, and it would not fit.
    if (border >= 2n ** 64n) continue
    starts.push(border)
    routes.push([...active.keys()].toSorted(byPriceThenRouter).slice(0, routesPerFrameMax))
  }
  return { starts: BigUint64Array.from(starts), routes }
}

/** The index of the last start that is not above; -1 when all are. */
function lastAtOrBelow(starts: ArrayLike<number | bigint>, value: number | bigint): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
