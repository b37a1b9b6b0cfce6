/**
 * Where an owner's hotspots keep what their beacons hang on: secrets before they are told, reports before they are opened.
 *
 * Types only.
 *
 * @module
 */

import type { RegionName } from '../region/region.ts'
import type { OpenedReport } from '../wire/coverage-note.ts'

export interface BeaconPlan {
  readonly gatewayEui: string
  /** 32 bytes that nobody else knows before the reveal */
  readonly secret: Uint8Array
  readonly region: RegionName
  readonly frequenciesHz: readonly number[]
  /** when its last symbol ended, Unix milliseconds; undefined: it was not sent */
  readonly endedMs?: number
}

/** A write is on disk when it returns. */
export interface BeaconStore {
  /** Plans a beacon of an epoch, once: a plan that stands is not changed. Beyond `notedHotspotsMax` of an epoch nothing is. */
  plan(epoch: bigint, plan: Omit<BeaconPlan, 'endedMs'>): void
  /** in order of gateways */
  plansOf(epoch: bigint): readonly BeaconPlan[]
  sent(beacon: { readonly epoch: bigint; readonly gatewayEui: string; readonly endedMs: number }): void
  /** @returns 'known': one of that gateway with that content is there; 'full': the epoch has `notedReportsMax` reports */
  hear(epoch: bigint, opened: OpenedReport): 'kept' | 'known' | 'full'
  /** Puts a report where another of its epoch is, from 0 in the order of `heardIn`, which is the last afterwards. */
  swap(epoch: bigint, place: number, opened: OpenedReport): void
  /** in the order in which they were heard */
  heardIn(epoch: bigint): readonly OpenedReport[]
  /** Drops all of older epochs. */
  forgetBefore(epoch: bigint): void
}
