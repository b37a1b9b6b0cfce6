/**
 * AU915-928: RP002-1.0.4 section 3.8, RP001-1.0.3A section 2.6.
 *
 * @module
 */

import type { RegionRevisions } from './region.ts'
import { channelRow, chMaskRules72, lora, lrFhss, noDwell, revisions } from './table.ts'

const downlinkChannels = channelRow({ firstHz: 923_300_000, stepHz: 600_000, count: 8, dataRates: [8, 13] })
const hoppedHz = downlinkChannels.map(({ hz }) => hz)

// Section 3.8.2: 64 channels of 125 kHz, then 8 of 500 kHz.
const uplink125 = channelRow({ firstHz: 915_200_000, stepHz: 200_000, count: 64, dataRates: [0, 5] })
const uplink500 = { firstHz: 915_900_000, stepHz: 1_600_000, count: 8 }

// Section 3.8.3 (data rates) and 3.8.6 (payload sizes). At 400 ms DR0 and DR1 carry nothing.
const uplinkDataRates = [
  lora(12, 125_000, 59, 0),
  lora(11, 125_000, 59, 0),
  lora(10, 125_000, 59, 19),
  lora(9, 125_000, 123, 61),
  lora(8, 125_000, 250, 133),
  lora(7, 125_000, 250),
  lora(8, 500_000, 250),
]
const downlinkDataRates = [
  ...Array.from({ length: 8 }, () => undefined),
  lora(12, 500_000, 61),
  lora(11, 500_000, 137),
  lora(10, 500_000, 250),
  lora(9, 500_000, 250),
  lora(8, 500_000, 250),
  lora(7, 500_000, 250),
]

// Section 3.8.7. LR-FHSS (DR7) counts as DR1.
const rx1 = [
  [8, 8, 8, 8, 8, 8],
  [9, 8, 8, 8, 8, 8],
  [10, 9, 8, 8, 8, 8],
  [11, 10, 9, 8, 8, 8],
  [12, 11, 10, 9, 8, 8],
  [13, 12, 11, 10, 9, 8],
  [13, 13, 12, 11, 10, 9],
]

export const au915: RegionRevisions = revisions(
  {
    name: 'AU915',
    plan: 'fixed',
    channelCountMax: 72,
    subBands: [{ minHz: 915_000_000, maxHz: 928_000_000, dutyCycle: 1, deviceEirpDbmMax: 30, gatewayEirpDbmMax: 30 }],
    uplinkChannels: [...uplink125, ...channelRow({ ...uplink500, dataRates: [6, 7] })],
    downlinkChannels,
    joinChannels: [],
    uplinkDataRates: [...uplinkDataRates, lrFhss('1/3', 1_523_000, 58)],
    downlinkDataRates,
    rx1DataRates: [...rx1, rx1[1]],
    rx2: { hz: 923_300_000, dataRate: 8 },
    deviceEirpDbmMax: 30,
    txPowerIndexMax: 14,
    cfList: 'masks',
    chMaskRules: chMaskRules72,
    // Section 3.8.3: until a TxParamSetupReq says otherwise a device keeps to 400 ms.
    dwell: { msMax: 400, uplink: 'settable', downlink: 'settable', atBoot: { uplink: true, downlink: false } },
    // Section 3.8.8.
    beacon: { dataRate: 8, hz: hoppedHz, sizeBytes: 23, rfu1Bytes: 5, rfu2Bytes: 3 },
    pingSlot: { dataRate: 8, hz: hoppedHz },
  },
  {
    rp001: {
      uplinkChannels: [...uplink125, ...channelRow({ ...uplink500, dataRates: [6, 6] })],
      uplinkDataRates,
      rx1DataRates: rx1,
    },
    // TxParamSetupReq and a channel list in the Join-Accept came with 1.0.3, the slower beacon with 1.1.
    v102: {
      txPowerIndexMax: 10,
      cfList: 'none',
      dwell: noDwell,
      beacon: { dataRate: 10, hz: hoppedHz, sizeBytes: 19, rfu1Bytes: 3, rfu2Bytes: 1 },
      pingSlot: { dataRate: 10, hz: hoppedHz },
    },
    v103: {
      beacon: { dataRate: 10, hz: hoppedHz, sizeBytes: 19, rfu1Bytes: 3, rfu2Bytes: 1 },
      pingSlot: { dataRate: 10, hz: hoppedHz },
    },
  },
)
