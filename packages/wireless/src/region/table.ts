/**
 * The short words that the regional tables are written in. No rule stands here, and no band.
 *
 * @module
 */

import type { Channel, ChMaskRule, DataRate, Dwell, Region, RegionRevisions } from './region.ts'

/** A LoRa data rate; the fourth number is the longest MACPayload while 400 ms of dwell time hold. */
export function lora(
  spreadingFactor: number,
  bandwidthHz: number,
  macPayloadBytesMax: number,
  macPayloadBytesMaxDwell?: number,
): DataRate {
  const rate: DataRate = { modulation: { kind: 'lora', spreadingFactor, bandwidthHz }, macPayloadBytesMax }
  return macPayloadBytesMaxDwell === undefined ? rate : { ...rate, macPayloadBytesMaxDwell }
}

export function fsk(bitRate: number, macPayloadBytesMax: number): DataRate {
  return { modulation: { kind: 'fsk', bitRate }, macPayloadBytesMax }
}

export function lrFhss(codingRate: '1/3' | '2/3', widthHz: number, macPayloadBytesMax: number): DataRate {
  return { modulation: { kind: 'lr-fhss', codingRate, widthHz }, macPayloadBytesMax }
}

export interface ChannelRow {
  readonly firstHz: number
  readonly stepHz: number
  readonly count: number
  readonly dataRates: readonly [number, number]
}

/** Channels at equal steps. */
export function channelRow({ firstHz, stepHz, count, dataRates }: ChannelRow): Channel[] {
  const [dataRateMin, dataRateMax] = dataRates
  return Array.from({ length: count }, (_, index) => ({ hz: firstHz + stepHz * index, dataRateMin, dataRateMax }))
}

/** A mask over 16 channels for each ChMaskCntl from 0. */
export function maskBlocks(count: number): ChMaskRule[] {
  return Array.from({ length: count }, (_, index) => ({ firstChannel: 16 * index }))
}

/** ChMaskCntl of every dynamic plan, RP002-1.0.4 section 3.4.5 and its likes: 0 masks channels 0 to 15, 6 is all on. */
export const dynamicChMaskRules: readonly (ChMaskRule | undefined)[] = [
  { firstChannel: 0 },
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  'all-on',
]

/** ChMaskCntl of the plans with 64 + 8 channels, RP002-1.0.4 sections 3.5.5 and 3.8.5. */
export const chMaskRules72: readonly (ChMaskRule | undefined)[] = [
  ...maskBlocks(5),
  'banks',
  'all-125-on',
  'all-125-off',
]

/** RX1 = max(uplink - offset, lowest), the table of most bands, for offsets 0 to 5. */
export function steppedRx1(dataRateCount: number, lowest = 0): number[][] {
  return Array.from({ length: dataRateCount }, (_, up) =>
    Array.from({ length: 6 }, (_column, offset) => Math.max(up - offset, Math.min(up, lowest))),
  )
}

export const noDwell: Dwell = {
  msMax: 400,
  uplink: 'never',
  downlink: 'never',
  atBoot: { uplink: false, downlink: false },
}

/** One table for each revision: the newest, and what each older one had instead. */
export function revisions(
  newest: Omit<Region, 'revision'>,
  older: {
    readonly rp001: Partial<Region>
    readonly v102?: Partial<Region>
    readonly v103?: Partial<Region>
    readonly v110?: Partial<Region>
  },
): RegionRevisions {
  return {
    'RP001-1.0.2B': { ...newest, ...older.rp001, ...older.v102, revision: 'RP001-1.0.2B' },
    'RP001-1.0.3A': { ...newest, ...older.rp001, ...older.v103, revision: 'RP001-1.0.3A' },
    'RP001-1.1B': { ...newest, ...older.rp001, ...older.v110, revision: 'RP001-1.1B' },
    'RP002-1.0.4': { ...newest, revision: 'RP002-1.0.4' },
  }
}
