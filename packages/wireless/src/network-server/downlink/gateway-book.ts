/**
 * What is known of each gateway as a sender: how much it may still send, and how it fared lately.
 *
 * @module
 */

import type { RadioUplink } from '../../model/radio.ts'
import { snrFloorDb } from '../../region/airtime.ts'
import type { Region } from '../../region/region.ts'
import {
  transmissionBook,
  type BookingConflict,
  type Transmission,
  type TransmissionBook,
} from './transmission-book.ts'

/** Gateways that are remembered, inclusive; the one that was used least lately goes. */
export const gatewaysMax = 65_536
/** A margin above this is as good as any: the choice then falls on who has sent less lately. */
const enoughMarginDb = 10
const failureDb = 4
const failureHalfLifeMs = 30_000
/** A minute of sending weighs as much as this; an hour later nobody remembers it. */
const loadDbPerMinute = 3
const loadHalfLifeMs = 600_000

/** How a gateway heard a device. */
export type HeardBy = Pick<RadioUplink, 'gatewayEui' | 'modulation' | 'snrDb'>

interface GatewayRecord {
  readonly book: TransmissionBook
  failures: number
  failedAtMs: number
  /** milliseconds on the air, fading */
  loadMs: number
  loadedAtMs: number
}

export interface GatewayBook {
  /** In the order in which gateways should be asked to answer: by margin, less what they failed and sent lately. */
  order<Heard extends HeardBy>(heard: readonly Heard[], nowMs: number): readonly Heard[]
  conflict(gatewayEui: string, region: Region, transmission: Transmission, nowMs: number): BookingConflict | undefined
  /** The gateway is to send, or has sent. */
  book(gatewayEui: string, id: number, region: Region, transmission: Transmission, nowMs: number): void
  /** It did not. */
  release(gatewayEui: string, id: number): void
  failed(gatewayEui: string, nowMs: number): void
}

/** How far a copy was above the floor of its data rate, in dB. */
export function marginOf({ modulation, snrDb }: Pick<RadioUplink, 'modulation' | 'snrDb'>): number {
  const floor = modulation.kind === 'lora' ? (snrFloorDb[modulation.spreadingFactor] ?? 0) : 0
  return (snrDb ?? 0) - floor
}

const faded = (value: number, elapsedMs: number, halfLifeMs: number): number => value * 2 ** (-elapsedMs / halfLifeMs)

export function gatewayBook(): GatewayBook {
  const records = new Map<string, GatewayRecord>()
  const recordOf = (gatewayEui: string): GatewayRecord => {
    const known = records.get(gatewayEui)
    // Order of the map is order of use.
    if (known !== undefined) records.delete(gatewayEui)
    else if (records.size >= gatewaysMax) records.delete(records.keys().next().value!)
    const record = known ?? { book: transmissionBook(), failures: 0, failedAtMs: 0, loadMs: 0, loadedAtMs: 0 }
    records.set(gatewayEui, record)
    return record
  }
  const worthOf = (heard: HeardBy, nowMs: number): number => {
    const capped = Math.min(marginOf(heard), enoughMarginDb)
    const record = records.get(heard.gatewayEui)
    if (record === undefined) return capped
    const failures = faded(record.failures, nowMs - record.failedAtMs, failureHalfLifeMs)
    const loadMs = faded(record.loadMs, nowMs - record.loadedAtMs, loadHalfLifeMs)
    return capped - failures * failureDb - (loadMs / 60_000) * loadDbPerMinute
  }
  return {
    order(heard, nowMs) {
      if (heard.length < 2) return heard
      const worth = new Map(heard.map((one) => [one, worthOf(one, nowMs)]))
      return heard.toSorted(
        (a, b) =>
          (worth.get(b) ?? 0) - (worth.get(a) ?? 0) ||
          marginOf(b) - marginOf(a) ||
          (a.gatewayEui < b.gatewayEui ? -1 : 1),
      )
    },
    conflict(gatewayEui, region, transmission, nowMs) {
      const { book } = records.get(gatewayEui) ?? { book: unused }
      book.prune(nowMs)
      return book.conflict(region, transmission)
    },
    book(gatewayEui, id, region, transmission, nowMs) {
      const record = recordOf(gatewayEui)
      record.book.prune(nowMs)
      record.book.book(id, region, transmission)
      record.loadMs = faded(record.loadMs, nowMs - record.loadedAtMs, loadHalfLifeMs) + transmission.airtimeMs
      record.loadedAtMs = nowMs
    },
    release(gatewayEui, id) {
      records.get(gatewayEui)?.book.release(id)
    },
    failed(gatewayEui, nowMs) {
      const record = recordOf(gatewayEui)
      record.failures = faded(record.failures, nowMs - record.failedAtMs, failureHalfLifeMs) + 1
      record.failedAtMs = nowMs
    },
  }
}

const unused = transmissionBook()
