/**
 * What the way from a gateway to its server does to a datagram: it takes a while, loses some, doubles some, and overtakes.
 *
 * @module
 */

import { hashOf, randomStream } from './seeded-random.ts'

export interface BackhaulModel {
  /** half of the datagrams take less */
  readonly medianMs: number
  /** of the logarithm of the time; 0 is always the median */
  readonly sigma: number
  readonly lossShare: number
  readonly duplicateShare: number
  /** from one change of the address that a server sees to the next, on average; absent where there is no such router between */
  readonly rebindEveryMs?: number
}

/** A wired line. */
export const wiredBackhaul: BackhaulModel = { medianMs: 12, sigma: 0.3, lossShare: 0.0005, duplicateShare: 0 }

/** A mobile line: slower, at times much slower, and behind a router that forgets. */
export const mobileBackhaul: BackhaulModel = {
  medianMs: 70,
  sigma: 0.6,
  lossShare: 0.01,
  duplicateShare: 0.002,
  rebindEveryMs: 600_000,
}

/** Longer than this nothing is under way. */
export const backhaulMsMax = 10_000

const purpose = 0xbac4

/**
 * When the copies of one datagram arrive, in milliseconds after it was sent: none, one, or two. Those of different datagrams are
 * independent, so they may overtake each other.
 */
export function deliveriesMs(
  model: BackhaulModel,
  draw: { readonly seed: number; readonly gateway: number; readonly datagram: number },
): number[] {
  const random = randomStream(hashOf(draw.seed, draw.gateway, draw.datagram, purpose))
  if (random.unit() < model.lossShare) return []
  const once = (): number => Math.min(model.medianMs * Math.exp(model.sigma * random.normal()), backhaulMsMax)
  const first = once()
  return random.unit() < model.duplicateShare ? [first, once()] : [first]
}

/** Which of a gateway's addresses the server sees at a time: a number that rises with each change. */
export function bindingAt(
  model: BackhaulModel,
  draw: { readonly seed: number; readonly gateway: number },
  atMs: number,
): number {
  const { rebindEveryMs } = model
  if (rebindEveryMs === undefined) return 0
  const phase = randomStream(hashOf(draw.seed, draw.gateway, 0, purpose + 1)).unit()
  return Math.floor(atMs / rebindEveryMs + phase)
}
