/**
 * IN865-867: RP002-1.0.4 section 3.12, RP001-1.0.3A section 2.10.
 *
 * @module
 */

import type { RegionRevisions } from './region.ts'
import { dynamicChMaskRules, fsk, lora, noDwell, revisions } from './table.ts'

// Section 3.12.3 (data rates) and 3.12.6 (payload sizes). DR6 is reserved.
const dataRates = [
  lora(12, 125_000, 59),
  lora(11, 125_000, 59),
  lora(10, 125_000, 59),
  lora(9, 125_000, 123),
  lora(8, 125_000, 250),
  lora(7, 125_000, 250),
  undefined,
  fsk(50_000, 250),
]

// Section 3.12.7: offsets 6 and 7 are faster than the uplink; what would be DR6 is DR5.
const slowRx1 = [
  [0, 0, 0, 0, 0, 0, 1, 2],
  [1, 0, 0, 0, 0, 0, 2, 3],
  [2, 1, 0, 0, 0, 0, 3, 4],
  [3, 2, 1, 0, 0, 0, 4, 5],
  [4, 3, 2, 1, 0, 0, 5, 5],
]

export const in865: RegionRevisions = revisions(
  {
    name: 'IN865',
    plan: 'dynamic',
    channelCountMax: 16,
    subBands: [{ minHz: 865_000_000, maxHz: 867_000_000, dutyCycle: 1, deviceEirpDbmMax: 30, gatewayEirpDbmMax: 30 }],
    // Section 3.12.2: three channels at no equal step.
    uplinkChannels: [865_062_500, 865_402_500, 865_985_000].map((hz) => ({ hz, dataRateMin: 0, dataRateMax: 5 })),
    downlinkChannels: [],
    joinChannels: [],
    uplinkDataRates: dataRates,
    downlinkDataRates: dataRates,
    rx1DataRates: [...slowRx1, [5, 4, 3, 2, 1, 0, 5, 7], undefined, [7, 5, 5, 4, 3, 2, 7, 7]],
    rx2: { hz: 866_550_000, dataRate: 2 },
    deviceEirpDbmMax: 30,
    txPowerIndexMax: 10,
    cfList: 'frequencies',
    chMaskRules: dynamicChMaskRules,
    dwell: noDwell,
    // Section 3.12.8.
    beacon: { dataRate: 4, hz: [866_550_000], sizeBytes: 19, rfu1Bytes: 1, rfu2Bytes: 3 },
    pingSlot: { dataRate: 4, hz: [866_550_000] },
  },
  // RP001 never answers faster than DR5.
  { rp001: { rx1DataRates: [...slowRx1, [5, 4, 3, 2, 1, 0, 5, 5], undefined, [5, 5, 5, 4, 3, 2, 5, 5]] } },
)
