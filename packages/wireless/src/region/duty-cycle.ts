/**
 * How much a gateway may still send: each sub-band rests after a transmission until its share of time is kept.
 *
 * Plain state in, plain state out; times are milliseconds of a clock that never goes back.
 *
 * @module
 */

import type { Region, SubBand } from './region.ts'

/** When each sub-band may be used again, by its lower edge in Hz. */
export type DutyState = ReadonlyMap<number, number>

/** @returns the sub-band that a signal lies in, or undefined when the band allows nothing there */
export function subBandAt(region: Region, hz: number): SubBand | undefined {
  return region.subBands.find(({ minHz, maxHz }) => hz >= minHz && hz <= maxHz)
}

/** When a transmission may begin, at the earliest; undefined when nothing may be sent there. */
export function freeAtMs(region: Region, state: DutyState, hz: number): number | undefined {
  const band = subBandAt(region, hz)
  return band === undefined ? undefined : (state.get(band.minHz) ?? 0)
}

/** The state after a transmission: the sub-band rests for airtime * (1/share - 1) after its end. */
export function afterTransmission(
  region: Region,
  state: DutyState,
  { hz, startMs, airtimeMs }: { readonly hz: number; readonly startMs: number; readonly airtimeMs: number },
): DutyState {
  const band = subBandAt(region, hz)
  if (band === undefined || band.dutyCycle >= 1) return state
  const restMs = airtimeMs * (1 / band.dutyCycle - 1)
  return new Map(state).set(band.minHz, startMs + airtimeMs + restMs)
}
