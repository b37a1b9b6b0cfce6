/**
 * EU433: RP002-1.0.4 section 3.7, RP001-1.0.3A section 2.5, which limits power to 12.15 dBm and the duty cycle to 10 %.
 *
 * @module
 */

import type { RegionRevisions } from './region.ts'
import { channelRow, dynamicChMaskRules, fsk, lora, noDwell, revisions, steppedRx1 } from './table.ts'

// Section 3.7.3 (data rates) and 3.7.6 (payload sizes).
const dataRates = [
  lora(12, 125_000, 59),
  lora(11, 125_000, 59),
  lora(10, 125_000, 59),
  lora(9, 125_000, 123),
  lora(8, 125_000, 250),
  lora(7, 125_000, 250),
  lora(7, 250_000, 250),
  fsk(50_000, 250),
]

export const eu433: RegionRevisions = revisions(
  {
    name: 'EU433',
    plan: 'dynamic',
    channelCountMax: 16,
    subBands: [
      {
        minHz: 433_050_000,
        maxHz: 434_790_000,
        dutyCycle: 0.1,
        deviceEirpDbmMax: 12.15,
        gatewayEirpDbmMax: 12.15,
      },
    ],
    // Section 3.7.2.
    uplinkChannels: channelRow({ firstHz: 433_175_000, stepHz: 200_000, count: 3, dataRates: [0, 5] }),
    downlinkChannels: [],
    joinChannels: [],
    uplinkDataRates: dataRates,
    downlinkDataRates: dataRates,
    // Section 3.7.7.
    rx1DataRates: steppedRx1(8),
    rx2: { hz: 434_665_000, dataRate: 0 },
    deviceEirpDbmMax: 12.15,
    txPowerIndexMax: 5,
    cfList: 'frequencies',
    chMaskRules: dynamicChMaskRules,
    dwell: noDwell,
    // Section 3.7.8.
    beacon: { dataRate: 3, hz: [434_665_000], sizeBytes: 17, rfu1Bytes: 2, rfu2Bytes: 0 },
    pingSlot: { dataRate: 3, hz: [434_665_000] },
  },
  { rp001: {} },
)
