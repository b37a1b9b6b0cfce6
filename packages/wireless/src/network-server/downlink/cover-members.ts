/**
 * Few gateways that together reach all members of a group.
 *
 * Fewest would take too long to find; taking the gateway that reaches most of those still missing is never more than a little off
 * (the greedy cover, within ln(n) + 1 of the best).
 *
 * @module
 */

import { marginOf, type HeardBy } from './gateway-book.ts'

/** A member, and how gateways heard it. */
export interface HeardMember {
  readonly devEui: string
  readonly heard: readonly HeardBy[]
}

export interface CoveringGateway {
  readonly gatewayEui: string
  /** those that it is to reach, which no gateway before it does */
  readonly members: readonly string[]
}

export interface Cover {
  readonly gateways: readonly CoveringGateway[]
  /** members that no gateway is known to reach */
  readonly missed: readonly string[]
}

/** @param marginDbMin a gateway that heard a member worse than this is not trusted to reach it, where another did better */
export function coverMembers(
  members: readonly HeardMember[],
  { isUsable, marginDbMin = 0 }: { readonly isUsable: (gatewayEui: string) => boolean; readonly marginDbMin?: number },
): Cover {
  const reach = new Map<string, Set<string>>()
  const left = new Set<string>()
  const missed: string[] = []
  for (const { devEui, heard } of members) {
    const usable = heard.filter(({ gatewayEui }) => isUsable(gatewayEui))
    const good = usable.filter((one) => marginOf(one) >= marginDbMin)
    const trusted = good.length > 0 ? good : usable
    if (trusted.length === 0) {
      missed.push(devEui)
      continue
    }
    left.add(devEui)
    for (const { gatewayEui } of trusted) {
      const reached = reach.get(gatewayEui) ?? new Set<string>()
      reach.set(gatewayEui, reached.add(devEui))
    }
  }
  const gateways: CoveringGateway[] = []
  while (left.size > 0) {
    const [gatewayEui, reached] = bestOf(reach)
    gateways.push({ gatewayEui, members: [...reached] })
    reach.delete(gatewayEui)
    for (const devEui of reached) left.delete(devEui)
    for (const others of reach.values()) for (const devEui of reached) others.delete(devEui)
  }
  return { gateways, missed }
}

/** Who reaches most; of equals the lower EUI, so that the choice is always the same. */
function bestOf(reach: ReadonlyMap<string, ReadonlySet<string>>): readonly [string, ReadonlySet<string>] {
  return [...reach].reduce((best, one) =>
    one[1].size > best[1].size || (one[1].size === best[1].size && one[0] < best[0]) ? one : best,
  )
}
