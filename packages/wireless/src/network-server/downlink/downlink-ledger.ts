/**
 * Every downlink from its plan to its end, step by step with milliseconds and reasons, so that nobody has to guess why a device heard
 * nothing.
 *
 * @module
 */

import type { DownlinkEvent } from '../../model/message.ts'
import type { RadioDownlink, TransmitOutcome, TransmitRefusal } from '../../model/radio.ts'

/** Downlinks that wait for their outcome, inclusive; the oldest ends as unanswered. */
export const awaitedMax = 65_536
/** From a downlink's last window until nobody waits for word of it any more; longer than any gateway takes to say what it did. */
export const outcomeMsMax = 10_000

export type Step = DownlinkEvent['timeline'][number]

/** A downlink in the hands of a gateway, with what its sender wants to know once it has ended. */
export interface AwaitedDownlink<Context> {
  readonly downlink: RadioDownlink
  readonly context: Context
  readonly timeline: readonly Step[]
  /** elapsed milliseconds when its last window is */
  readonly lastWindowMs: number
}

export interface EndedDownlink<Context> extends AwaitedDownlink<Context> {
  /** undefined: it was sent */
  readonly refusal?: TransmitRefusal
  /** of the outcome that ended it */
  readonly windowIndex: number
  readonly atMs: number
}

export interface DownlinkLedger<Context> {
  nextId(): number
  /** @returns the one that had to give way, where there were too many */
  add(awaited: AwaitedDownlink<Context>, nowMs: number): EndedDownlink<Context> | undefined
  /** @returns the downlink when this was its last word; undefined while windows are left, or for one that nobody waits for */
  note(outcome: TransmitOutcome): EndedDownlink<Context> | undefined
  /** Those that were never heard of again. */
  expire(now: { readonly elapsedMs: number; readonly nowMs: number }): readonly EndedDownlink<Context>[]
  readonly size: number
}

/** After these there is no other window to wait for: the gateway is gone, or nobody knows what it did. */
const finalRefusals: ReadonlySet<TransmitRefusal> = new Set(['gateway-away', 'no-answer'])

/** Highest number of a downlink. */
const idMax = 2 ** 31 - 1

export interface LedgerOptions {
  /** `awaitedMax` when left out */
  readonly limit?: number
  /** where numbers begin: another place after each start, for a gateway may still speak of one from before it */
  readonly firstId?: number
}

export function downlinkLedger<Context>({
  limit = awaitedMax,
  firstId = 1,
}: LedgerOptions = {}): DownlinkLedger<Context> {
  const awaited = new Map<string, AwaitedDownlink<Context>>()
  const keyOf = ({ id, gatewayEui }: Pick<RadioDownlink, 'id' | 'gatewayEui'>): string => `${gatewayEui} ${id}`
  let lastId = (firstId - 1) % idMax

  const lost = (one: AwaitedDownlink<Context>, atMs: number): EndedDownlink<Context> => ({
    ...one,
    refusal: 'no-answer',
    windowIndex: one.downlink.windows.length - 1,
    atMs,
    timeline: [...one.timeline, { atMs, step: 'gave up waiting', reason: 'no-answer' }],
  })

  return {
    nextId() {
      lastId = (lastId % idMax) + 1
      return lastId
    },
    add(one, nowMs) {
      const oldest = awaited.size >= limit ? awaited.entries().next().value : undefined
      if (oldest !== undefined) awaited.delete(oldest[0])
      awaited.set(keyOf(one.downlink), one)
      return oldest === undefined ? undefined : lost(oldest[1], nowMs)
    },
    note(outcome) {
      const key = keyOf(outcome)
      const one = awaited.get(key)
      if (one === undefined) return undefined
      const { refusal, windowIndex, atMs } = outcome
      const { windows } = one.downlink
      // Whoever sent it counts windows as it likes; there are no more of them than were given.
      const index = Math.min(Math.max(windowIndex, 0), windows.length - 1)
      const window = `window ${index + 1} of gateway ${outcome.gatewayEui}`
      const step: Step =
        refusal === undefined
          ? { atMs, step: `sent in ${window}` }
          : { atMs, step: `refused in ${window}`, reason: refusal }
      const noted = { ...one, timeline: [...one.timeline, step] }
      const isLast = refusal === undefined || finalRefusals.has(refusal) || index + 1 >= windows.length
      if (!isLast && noted.timeline.length < stepsMax) {
        awaited.set(key, noted)
        return undefined
      }
      awaited.delete(key)
      return { ...noted, ...(refusal === undefined ? {} : { refusal }), windowIndex: index, atMs }
    },
    expire({ elapsedMs, nowMs }) {
      const ended: EndedDownlink<Context>[] = []
      for (const [key, one] of awaited) {
        if (elapsedMs - one.lastWindowMs < outcomeMsMax) continue
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

/** Steps of one downlink, inclusive: a gateway that says the same refusal over and over fills nothing. */
export const stepsMax = 64
