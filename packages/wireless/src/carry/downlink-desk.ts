/**
 * Downlinks of several routers on their way through one hotspot: gives each a number of its own, and takes outcomes back.
 *
 * Routers count for themselves, so two may use one id for one gateway at once. Bounded: when too many wait for their outcome
 * the oldest is forgotten, and its outcome is no one's.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { RadioDownlink, TransmitOutcome } from '../model/radio.ts'

/** Most downlinks that wait for their outcome. */
export const awaitedDownlinksMax = 1024

export interface DownlinkDesk<Asker> {
  /** @returns the downlink as the radio gets it */
  take(downlink: RadioDownlink, asker: Asker): RadioDownlink
  /** @returns who asked, and the outcome under the asker's own id; undefined when nobody waits for it */
  give(outcome: TransmitOutcome): { readonly asker: Asker; readonly outcome: TransmitOutcome } | undefined
  readonly count: number
}

export function downlinkDesk<Asker>(): DownlinkDesk<Asker> {
  const waiting = new Map<number, { readonly asker: Asker; readonly id: number; windowsLeft: number }>()
  let next = 1
  return {
    take(downlink, asker) {
      invariant(downlink.windows.length >= 1, 'a downlink has a window')
      const id = next
      next = next === 2 ** 31 - 1 ? 1 : next + 1
      if (waiting.size >= awaitedDownlinksMax) waiting.delete(waiting.keys().next().value ?? 0)
      waiting.set(id, { asker, id: downlink.id, windowsLeft: downlink.windows.length })
      return { ...downlink, id }
    },
    give(outcome) {
      const known = waiting.get(outcome.id)
      if (known === undefined) return undefined
      known.windowsLeft -= 1
      // One that was sent is over; one that was refused may be tried in its second window.
      if (outcome.refusal === undefined || known.windowsLeft === 0) waiting.delete(outcome.id)
      return { asker: known.asker, outcome: { ...outcome, id: known.id } }
    },
    get count() {
      return waiting.size
    },
  }
}
