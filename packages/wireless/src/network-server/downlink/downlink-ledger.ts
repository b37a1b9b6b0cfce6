/**
 * Every downlink from its plan to its end, step by step with milliseconds and reasons, so that nobody has to guess why a device heard
 * nothing.
 *
 * @module
 */

import type { DownlinkEvent } from '../../model/message.ts'
import type { RadioDownlink, TransmitOutcome } from '../../model/radio.ts'

/** Downlinks that wait for their outcome, inclusive; the oldest ends as unanswered. */
export const awaitedMax = 65_536
/** Longer than any gateway takes to say what it did. */
export const outcomeMsMax = 30_000

export type Step = DownlinkEvent['timeline'][number]

/** What is to be known once a downlink has ended. */
export interface AwaitedDownlink {
  readonly downlink: RadioDownlink
  readonly devEui: string
  readonly fCnt?: number | undefined
  readonly queueItemId?: string | undefined
  readonly timeline: readonly Step[]
}

export interface EndedDownlink extends AwaitedDownlink {
  readonly isSent: boolean
  readonly atMs: number
}

export interface DownlinkLedger {
  nextId(): number
  add(awaited: AwaitedDownlink, atMs: number): void
  /** @returns the downlink when this was its last word; undefined while windows are left, or for one that nobody waits for */
  note(outcome: TransmitOutcome): EndedDownlink | undefined
  /** Those that were never heard of again. */
  expire(nowMs: number): readonly EndedDownlink[]
  readonly size: number
}

export function downlinkLedger(): DownlinkLedger {
  const awaited = new Map<string, AwaitedDownlink & { readonly atMs: number }>()
  const overflow: EndedDownlink[] = []
  const keyOf = ({ id, gatewayEui }: Pick<RadioDownlink, 'id' | 'gatewayEui'>): string => `${gatewayEui} ${id}`
  let lastId = 0

  const lost = (one: AwaitedDownlink, atMs: number): EndedDownlink => ({
    ...one,
    isSent: false,
    atMs,
    timeline: [...one.timeline, { atMs, step: 'gave up waiting', reason: 'no-answer' }],
  })

  return {
    nextId() {
      lastId = (lastId % 0x7fffffff) + 1
      return lastId
    },
    add(one, atMs) {
      const oldest = awaited.size >= awaitedMax ? awaited.entries().next().value : undefined
      if (oldest !== undefined) {
        awaited.delete(oldest[0])
        overflow.push(lost(oldest[1], atMs))
      }
      awaited.set(keyOf(one.downlink), { ...one, atMs })
    },
    note(outcome) {
      const key = keyOf(outcome)
      const one = awaited.get(key)
      if (one === undefined) return undefined
      const { refusal, windowIndex, atMs } = outcome
      const window = `window ${windowIndex + 1}`
      const step: Step =
        refusal === undefined ? { atMs, step: `${window} sent` } : { atMs, step: `${window} refused`, reason: refusal }
      const noted = { ...one, timeline: [...one.timeline, step] }
      const isLast = refusal === undefined || refusal === 'no-answer' || windowIndex + 1 >= one.downlink.windows.length
      if (!isLast) {
        awaited.set(key, noted)
        return undefined
      }
      awaited.delete(key)
      return { ...noted, isSent: refusal === undefined, atMs }
    },
    expire(nowMs) {
      const ended = overflow.splice(0)
      for (const [key, one] of awaited) {
        if (nowMs - one.atMs < outcomeMsMax) break
        awaited.delete(key)
        ended.push(lost(one, nowMs))
      }
      return ended
    },
    get size() {
      return awaited.size
    },
  }
}
