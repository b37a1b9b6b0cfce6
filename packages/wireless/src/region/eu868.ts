/**
 * EU863-870: RP002-1.0.4 section 3.4, RP001-1.0.3A section 2.2; power and duty cycle from ETSI EN 300 220-2 annex B.
 *
 * @module
 */

import type { RegionRevisions, SubBand } from './region.ts'
import { channelRow, dynamicChMaskRules, fsk, lora, lrFhss, noDwell, revisions, steppedRx1 } from './table.ts'

const subBand = (minHz: number, maxHz: number, dutyCycle: number, eirpDbmMax: number): SubBand => ({
  minHz,
  maxHz,
  dutyCycle,
  deviceEirpDbmMax: eirpDbmMax,
  gatewayEirpDbmMax: eirpDbmMax,
})

// 25 mW ERP is 14 dBm, 16.15 dBm EIRP; 500 mW is 29.15 dBm. Between the stretches stand alarms: nobody else sends there.
const subBands: readonly SubBand[] = [
  subBand(863_000_000, 865_000_000, 0.001, 16.15),
  subBand(865_000_000, 868_000_000, 0.01, 16.15),
  subBand(868_000_000, 868_600_000, 0.01, 16.15),
  subBand(868_700_000, 869_200_000, 0.001, 16.15),
  subBand(869_400_000, 869_650_000, 0.1, 29.15),
  subBand(869_700_000, 870_000_000, 0.01, 16.15),
]

// Section 3.4.3 (data rates) and 3.4.6 (payload sizes).
const downlinkDataRates = [
  lora(12, 125_000, 59),
  lora(11, 125_000, 59),
  lora(10, 125_000, 59),
  lora(9, 125_000, 123),
  lora(8, 125_000, 250),
  lora(7, 125_000, 250),
  lora(7, 250_000, 250),
  fsk(50_000, 250),
]

// LR-FHSS is for uplinks alone, and since RP002-1.0.2.
const lrFhssDataRates = [
  lrFhss('1/3', 137_000, 58),
  lrFhss('2/3', 137_000, 123),
  lrFhss('1/3', 336_000, 58),
  lrFhss('2/3', 336_000, 123),
]

// Section 3.4.7: an LR-FHSS uplink counts as DR1 (rate 1/3) or DR2 (rate 2/3).
const rx1 = steppedRx1(8)

export const eu868: RegionRevisions = revisions(
  {
    name: 'EU868',
    plan: 'dynamic',
    channelCountMax: 16,
    subBands,
    // Section 3.4.2.
    uplinkChannels: channelRow({ firstHz: 868_100_000, stepHz: 200_000, count: 3, dataRates: [0, 5] }),
    downlinkChannels: [],
    joinChannels: [],
    uplinkDataRates: [...downlinkDataRates, ...lrFhssDataRates],
    downlinkDataRates,
    rx1DataRates: [...rx1, rx1[1], rx1[2], rx1[1], rx1[2]],
    rx2: { hz: 869_525_000, dataRate: 0 },
    deviceEirpDbmMax: 16,
    txPowerIndexMax: 7,
    cfList: 'frequencies',
    chMaskRules: dynamicChMaskRules,
    dwell: noDwell,
    // Section 3.4.8.
    beacon: { dataRate: 3, hz: [869_525_000], sizeBytes: 17, rfu1Bytes: 2, rfu2Bytes: 0 },
    pingSlot: { dataRate: 3, hz: [869_525_000] },
  },
  { rp001: { uplinkDataRates: downlinkDataRates, rx1DataRates: rx1 } },
)
