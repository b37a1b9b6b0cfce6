/**
 * Owners who send each other over the internet what any of them hears: each offers it as heard by itself.
 *
 * @module
 */

import type { Adversary, BeaconView, FalseReport } from '@groundwork/wireless'
import { fittedReport } from './fitted-report.ts'

/** From one to the other over the internet. */
const relayMs = 40
/** Frames that are remembered, so that each is relayed once. */
const rememberedMax = 65_536

function relayedBeacons({ beaconer, known, seats, unit }: BeaconView): FalseReport[] {
  if (known === undefined) return []
  return seats.map((seat) =>
    seat.heard === undefined
      ? { heard: fittedReport({ beaconer, known, seat, unit }), isFalse: true }
      : { heard: seat.heard, isFalse: false },
  )
}

/** A fresh one for each town: it remembers what it relayed. */
export function relayedFrames(): Adversary {
  const relayed = new Set<string>()
  return {
    name: 'relayed-frames',
    does: 'sends what any of them hears to all of them, within 40 ms',
    ownersEach: 1,
    ownUnitsEach: 0n,
    market: {
      heard(seat, uplink) {
        seat.offer(uplink, { isFalse: false })
        const key = String.fromCharCode(...uplink.phyPayload)
        if (relayed.has(key)) return
        relayed.add(key)
        if (relayed.size > rememberedMax) relayed.delete(relayed.values().next().value!)
        for (const [index, other] of seat.fellows.entries()) {
          if (other === seat) continue
          // A little weaker than the one that heard it: nothing about one copy contradicts that.
          const made = { ...uplink, gatewayEui: other.gatewayEui, rssiDbm: uplink.rssiDbm - 1 - (index % 5) }
          seat.after(relayMs, () => other.offer(made, { isFalse: true }))
        }
      },
    },
    coverage: { report: relayedBeacons },
  }
}
