/**
 * Frames that wait for one router: bounded by count and by age, the oldest goes first.
 *
 * A frame that the router cannot be asked about in time is still worth sending, for data may be late; only its answer may
 * not. So age is bounded in minutes, and each frame says how long it was held. Every drop is counted by its reason.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { RadioUplink } from '../model/radio.ts'

export interface QueueBounds {
  readonly packetsMax: number
  readonly ageMsMax: number
}

/** Room for an hour away of a hotspot that hears a frame a second, and for a stall of a busy one. */
export const queueBounds: QueueBounds = { packetsMax: 4096, ageMsMax: 3_600_000 }

export interface Queued {
  readonly uplink: RadioUplink
  readonly holdMs: number
}

export interface PacketQueue {
  /** @param nowMs of a clock that never goes back */
  push(uplink: RadioUplink, nowMs: number): void
  /** Takes the next frame, leaving out those that are too old. */
  take(nowMs: number): Queued | undefined
  /** The next frame, which stays. */
  peek(nowMs: number): RadioUplink | undefined
  readonly count: number
  readonly dropped: { readonly full: number; readonly old: number }
}

export function packetQueue({ packetsMax, ageMsMax }: QueueBounds = queueBounds): PacketQueue {
  invariant(packetsMax >= 1, 'a queue holds at least one frame')
  const ring: ({ readonly uplink: RadioUplink; readonly atMs: number } | undefined)[] = Array.from({
    length: packetsMax,
  })
  const dropped = { full: 0, old: 0 }
  let head = 0
  let count = 0

  const shift = (): void => {
    ring[head] = undefined
    head = (head + 1) % packetsMax
    count -= 1
  }
  const dropOld = (nowMs: number): void => {
    for (let first = ring[head]; first !== undefined && nowMs - first.atMs > ageMsMax; first = ring[head]) {
      shift()
      dropped.old += 1
    }
  }

  return {
    push(uplink, nowMs) {
      if (count === packetsMax) {
        shift()
        dropped.full += 1
      }
      ring[(head + count) % packetsMax] = { uplink, atMs: nowMs }
      count += 1
    },
    take(nowMs) {
      dropOld(nowMs)
      const first = ring[head]
      if (first === undefined) return undefined
      shift()
      return { uplink: first.uplink, holdMs: Math.max(0, Math.floor(nowMs - first.atMs)) }
    },
    peek(nowMs) {
      dropOld(nowMs)
      return ring[head]?.uplink
    },
    get count() {
      return count
    },
    dropped,
  }
}
