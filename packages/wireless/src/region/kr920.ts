/**
 * KR920-923: RP002-1.0.4 section 3.11, RP001-1.0.3A section 2.9. Channel access is by listening first, so there is no duty cycle.
 *
 * @module
 */

import type { RegionRevisions } from './region.ts'
import { channelRow, dynamicChMaskRules, lora, noDwell, revisions, steppedRx1 } from './table.ts'

// Section 3.11.3 (data rates) and 3.11.6 (payload sizes).
const dataRates = [
  lora(12, 125_000, 59),
  lora(11, 125_000, 59),
  lora(10, 125_000, 59),
  lora(9, 125_000, 123),
  lora(8, 125_000, 250),
  lora(7, 125_000, 250),
]

export const kr920: RegionRevisions = revisions(
  {
    name: 'KR920',
    plan: 'dynamic',
    channelCountMax: 16,
    // Section 3.11.2: centres from 920.9 to 923.3 MHz in channels of 200 kHz; below 922 MHz a device sends 10 dBm at most.
    subBands: [
      { minHz: 920_800_000, maxHz: 922_000_000, dutyCycle: 1, deviceEirpDbmMax: 10, gatewayEirpDbmMax: 23 },
      { minHz: 922_000_000, maxHz: 923_400_000, dutyCycle: 1, deviceEirpDbmMax: 14, gatewayEirpDbmMax: 23 },
    ],
    uplinkChannels: channelRow({ firstHz: 922_100_000, stepHz: 200_000, count: 3, dataRates: [0, 5] }),
    downlinkChannels: [],
    joinChannels: [],
    uplinkDataRates: dataRates,
    downlinkDataRates: dataRates,
    // Section 3.11.7.
    rx1DataRates: steppedRx1(6),
    rx2: { hz: 921_900_000, dataRate: 0 },
    deviceEirpDbmMax: 14,
    txPowerIndexMax: 7,
    cfList: 'frequencies',
    chMaskRules: dynamicChMaskRules,
    dwell: noDwell,
    // Section 3.11.8.
    beacon: { dataRate: 3, hz: [923_100_000], sizeBytes: 17, rfu1Bytes: 2, rfu2Bytes: 0 },
    pingSlot: { dataRate: 3, hz: [923_100_000] },
  },
  { rp001: {} },
)
