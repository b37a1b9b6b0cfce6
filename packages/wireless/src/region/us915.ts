/**
 * US902-928: RP002-1.0.4 section 3.5, RP001-1.0.3A section 2.3; power and dwell time from 47 CFR 15.247.
 *
 * @module
 */

import type { RegionRevisions } from './region.ts'
import { channelRow, chMaskRules72, lora, lrFhss, revisions } from './table.ts'

const downlinkHz = { firstHz: 923_300_000, stepHz: 600_000, count: 8 }
const downlinkChannels = channelRow({ ...downlinkHz, dataRates: [8, 13] })
const hoppedHz = downlinkChannels.map(({ hz }) => hz)

// Section 3.5.2: 64 channels of 125 kHz, then 8 of 500 kHz.
const uplink125 = channelRow({ firstHz: 902_300_000, stepHz: 200_000, count: 64, dataRates: [0, 3] })
const uplink500 = { firstHz: 903_000_000, stepHz: 1_600_000, count: 8 }

// Section 3.5.3 (data rates) and 3.5.6 (payload sizes). The sizes of DR0 to DR3 are what 400 ms allow.
const uplinkDataRates = [
  lora(10, 125_000, 19),
  lora(9, 125_000, 61),
  lora(8, 125_000, 133),
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

// Section 3.5.7. LR-FHSS (DR5, DR6) counts as DR0 and DR1.
const rx1 = [
  [10, 9, 8, 8],
  [11, 10, 9, 8],
  [12, 11, 10, 9],
  [13, 12, 11, 10],
  [13, 13, 12, 11],
]

export const us915: RegionRevisions = revisions(
  {
    name: 'US915',
    plan: 'fixed',
    channelCountMax: 72,
    // A device hops over 50 channels or more at 30 dBm (RP002-1.0.4 section 3.5.3); a gateway's 500 kHz signal is
    // digital modulation at 26 dBm conducted, 28.15 dBm EIRP with the antenna gain of 2.15 dBi that the tables assume.
    subBands: [
      {
        minHz: 902_000_000,
        maxHz: 928_000_000,
        dutyCycle: 1,
        deviceEirpDbmMax: 32.15,
        gatewayEirpDbmMax: 28.15,
      },
    ],
    uplinkChannels: [...uplink125, ...channelRow({ ...uplink500, dataRates: [4, 6] })],
    downlinkChannels,
    joinChannels: [],
    uplinkDataRates: [...uplinkDataRates, lrFhss('1/3', 1_523_000, 58), lrFhss('2/3', 1_523_000, 133)],
    downlinkDataRates,
    rx1DataRates: [...rx1, rx1[0], rx1[1]],
    rx2: { hz: 923_300_000, dataRate: 8 },
    deviceEirpDbmMax: 30,
    txPowerIndexMax: 14,
    cfList: 'masks',
    chMaskRules: chMaskRules72,
    dwell: { msMax: 400, uplink: 'always', downlink: 'never', atBoot: { uplink: true, downlink: false } },
    // Section 3.5.8.
    beacon: { dataRate: 8, hz: hoppedHz, sizeBytes: 23, rfu1Bytes: 5, rfu2Bytes: 3 },
    pingSlot: { dataRate: 8, hz: hoppedHz },
  },
  {
    rp001: {
      uplinkChannels: [...uplink125, ...channelRow({ ...uplink500, dataRates: [4, 4] })],
      uplinkDataRates,
      rx1DataRates: rx1,
    },
    // A channel list in the Join-Accept came with 1.0.3.
    v102: { txPowerIndexMax: 10, cfList: 'none' },
  },
)
