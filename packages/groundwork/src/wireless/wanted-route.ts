/**
 * The route that a customer's network wants to stand on the chain, from what is provisioned.
 *
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Eui, Route } from '@groundwork/wireless'
import type { Config } from '../config.ts'

/** Ranges of one kind in a route; more are joined to wider ones. */
export const routeRangesMax = 32

export interface Range<Value> {
  readonly first: Value
  readonly last: Value
}

export interface WantedRouteOptions {
  readonly router: Hex
  readonly nodeKey: Hex
  readonly endpoint: string
  readonly config: Pick<Config, 'wirelessPriceNano' | 'wirelessCopies'>
  readonly addresses: readonly Range<number>[]
  readonly joinEuis: readonly Eui[]
}

export function wantedRoute({ router, nodeKey, endpoint, config, addresses, joinEuis }: WantedRouteOptions): Route {
  return {
    router,
    nodeKey,
    endpoint,
    voucherSigner: router,
    unitPriceNano: config.wirelessPriceNano,
    copies: config.wirelessCopies,
    isOpen: true,
    devAddrs: narrowed(addresses.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) }))).map(
      ({ first, last }) => ({ first: Number(first), last: Number(last) }),
    ),
    joinEuis: narrowed(
      [...new Set(joinEuis)].map((eui) => ({ first: BigInt(`0x${eui}`), last: BigInt(`0x${eui}`) })),
    ).map(({ first, last }) => ({ first: textOf(first), last: textOf(last) })),
  }
}

/** Single values as ranges, neighbours together. */
export function rangesOf(values: readonly number[]): Range<number>[] {
  return values.map((value) => ({ first: value, last: value }))
}

const textOf = (eui: bigint): Eui => eui.toString(16).padStart(16, '0')

/** The same values in at most `routeRangesMax` ranges: the narrowest gaps are bridged first, for a stranger's packet costs little. */
export function narrowed(ranges: readonly Range<bigint>[]): Range<bigint>[] {
  const sorted = ranges.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const joined: { first: bigint; last: bigint }[] = []
  for (const { first, last } of sorted) {
    const before = joined.at(-1)
    if (before === undefined || first > before.last + 1n) joined.push({ first, last })
    else if (last > before.last) before.last = last
  }
  if (joined.length <= routeRangesMax) return joined
  const gaps = joined
    .slice(1)
    .map(({ first }, index) => ({ at: index + 1, gap: first - (joined[index]?.last ?? 0n) }))
    .toSorted((a, b) => (a.gap > b.gap ? -1 : a.gap < b.gap ? 1 : a.at - b.at))
  const kept = new Set(gaps.slice(0, routeRangesMax - 1).map(({ at }) => at))
  const found: { first: bigint; last: bigint }[] = []
  for (const [index, { first, last }] of joined.entries()) {
    const before = found.at(-1)
    if (before === undefined || kept.has(index)) found.push({ first, last })
    else before.last = last
  }
  return found
}
