/**
 * What is known of each gateway as a sender: how much it may still send, and how it fared lately.
 *
 * @module
 */

import type { RadioUplink } from '../../model/radio.ts'
import { snrFloorDb } from '../../region/airtime.ts'
import { afterTransmission, freeAtMs, type DutyState } from '../../region/duty-cycle.ts'
import type { Region } from '../../region/region.ts'

/** Gateways that are remembered, inclusive. */
export const gatewaysMax = 65_536
/** A margin above this is as good as any: the choice then falls on who has more room. */
const enoughMarginDb = 10
const failureDb = 4
const failureHalfLifeMs = 30_000

interface Record {
  duty: DutyState
  failures: number
  failedAtMs: number
}

export interface GatewayBook {
  /** Copies in the order in which their gateways should be asked to answer. */
  order(copies: readonly RadioUplink[], nowMs: number): readonly RadioUplink[]
  /** Whether a gateway may send there then. */
  isFree(gatewayEui: string, region: Region, hz: number, atMs: number): boolean
  sent(gatewayEui: string, region: Region, transmission: { hz: number; startMs: number; airtimeMs: number }): void
  failed(gatewayEui: string, nowMs: number): void
}

/** How far a copy was above the floor of its data rate, in dB. */
export function marginOf({ modulation, snrDb }: Pick<RadioUplink, 'modulation' | 'snrDb'>): number {
  const floor = modulation.kind === 'lora' ? (snrFloorDb[modulation.spreadingFactor] ?? 0) : 0
  return (snrDb ?? 0) - floor
}

export function gatewayBook(): GatewayBook {
  const records = new Map<string, Record>()
  const recordOf = (gatewayEui: string): Record => {
    const known = records.get(gatewayEui)
    if (known !== undefined) return known
    if (records.size >= gatewaysMax) records.delete(records.keys().next().value!)
    const made: Record = { duty: new Map(), failures: 0, failedAtMs: 0 }
    records.set(gatewayEui, made)
    return made
  }
  const penaltyDb = (gatewayEui: string, nowMs: number): number => {
    const record = records.get(gatewayEui)
    return record === undefined
      ? 0
      : record.failures * failureDb * 2 ** (-(nowMs - record.failedAtMs) / failureHalfLifeMs)
  }
  return {
    order(copies, nowMs) {
      const worth = new Map(
        copies.map((copy) => [copy, Math.min(marginOf(copy), enoughMarginDb) - penaltyDb(copy.gatewayEui, nowMs)]),
      )
      return copies.toSorted(
        (a, b) =>
          (worth.get(b) ?? 0) - (worth.get(a) ?? 0) ||
          marginOf(b) - marginOf(a) ||
          (a.gatewayEui < b.gatewayEui ? -1 : 1),
      )
    },
    isFree(gatewayEui, region, hz, atMs) {
      const freeMs = freeAtMs(region, records.get(gatewayEui)?.duty ?? noDuty, hz)
      return freeMs !== undefined && freeMs <= atMs
    },
    sent(gatewayEui, region, transmission) {
      const record = recordOf(gatewayEui)
      record.duty = afterTransmission(region, record.duty, transmission)
    },
    failed(gatewayEui, nowMs) {
      const record = recordOf(gatewayEui)
      record.failures = record.failures * 2 ** (-(nowMs - record.failedAtMs) / failureHalfLifeMs) + 1
      record.failedAtMs = nowMs
    },
  }
}

const noDuty: DutyState = new Map()
