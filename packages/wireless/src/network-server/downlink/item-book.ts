/**
 * How far each queued payload has come: how often it was tried, whether it is with a gateway, whether the device owes a word about it.
 *
 * In memory; the queue itself and the session's confirmed counter are on disk. After a restart a payload that was with a gateway is
 * sent once more, under another counter.
 *
 * @module
 */

import type { QueueItem } from '../../model/message.ts'
import { stepsMax, type Step } from './downlink-ledger.ts'

/** Payloads that are followed at once, inclusive; few more than devices that are being sent to. */
export const itemsFollowedMax = 262_144

export interface ItemRecord {
  /** how often no gateway sent it, though some were asked */
  tries: number
  /** how often it was put off because gateways rested */
  waits: number
  /** how often it was sent; more than once only when it is confirmed and was not acknowledged */
  sends: number
  isInFlight: boolean
  /** its end is decided and will be told */
  isOver: boolean
  /** elapsed milliseconds when it was sent last */
  sentMs: number
  /** elapsed milliseconds before which it is not tried again unless the device is heard */
  notBeforeMs: number
  /** the counter that it was sent with last */
  fCnt?: number
  /** who sent it last */
  gatewayEui?: string
  timeline: readonly Step[]
}

type ItemName = Pick<QueueItem, 'devEui' | 'id'>

export interface ItemBook {
  /** made when it is not there */
  of(item: ItemName): ItemRecord
  known(item: ItemName): ItemRecord | undefined
  forget(item: ItemName): void
  readonly size: number
}

/** An item's id is unique for its device only: applications choose them. */
const keyOf = ({ devEui, id }: ItemName): string => `${devEui} ${id}`

export function itemBook({ limit = itemsFollowedMax }: { readonly limit?: number } = {}): ItemBook {
  const records = new Map<string, ItemRecord>()
  return {
    of(item) {
      const key = keyOf(item)
      const known = records.get(key)
      if (known !== undefined) return known
      if (records.size >= limit) records.delete(records.keys().next().value!)
      const record: ItemRecord = {
        tries: 0,
        waits: 0,
        sends: 0,
        isInFlight: false,
        isOver: false,
        sentMs: 0,
        notBeforeMs: 0,
        timeline: [],
      }
      records.set(key, record)
      return record
    },
    known: (item) => records.get(keyOf(item)),
    forget: (item) => void records.delete(keyOf(item)),
    get size() {
      return records.size
    },
  }
}

/** What was done so far, with what was done now; the oldest steps give way. */
export function withSteps(timeline: readonly Step[], steps: readonly Step[]): readonly Step[] {
  return timeline.length === 0 ? steps : [...timeline, ...steps].slice(-stepsMax)
}
