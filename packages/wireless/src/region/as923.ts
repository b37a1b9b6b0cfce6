/**
 * AS923 in its four groups: RP002-1.0.4 section 3.10, RP001-1.0.3A section 2.8.
 *
 * The groups differ by a frequency offset and by the band that their countries allow. RP001 knew the first group alone;
 * the others stand in its revisions too, for devices of that age that were built with the offset.
 *
 * @module
 */

import type { Region, RegionName, RegionRevisions } from './region.ts'
import { channelRow, dynamicChMaskRules, fsk, lora, revisions } from './table.ts'

interface Group {
  readonly name: RegionName
  readonly offsetHz: number
  readonly bandHz: readonly [number, number]
}

// Section 3.10.3 (data rates) and 3.10.6 (payload sizes). DR2 grew from 59 to 123 with RP002-1.0.1.
const dataRates = (dr2BytesMax: number): Region['uplinkDataRates'] => [
  lora(12, 125_000, 59, 0),
  lora(11, 125_000, 59, 0),
  lora(10, 125_000, dr2BytesMax, 19),
  lora(9, 125_000, 123, 61),
  lora(8, 125_000, 250, 133),
  lora(7, 125_000, 250),
  lora(7, 250_000, 250),
  fsk(50_000, 250),
]

// Section 3.10.7: offsets 6 and 7 are faster than the uplink by 1 and 2; the dwell time keeps the answer at DR2 or above.
const rx1 = ({ lowest, highest }: { lowest: number; highest: number }): number[][] =>
  Array.from({ length: 8 }, (_, up) =>
    [0, 1, 2, 3, 4, 5, -1, -2].map((offset) => Math.min(highest, Math.max(lowest, up - offset))),
  )

function group({ name, offsetHz, bandHz }: Group): RegionRevisions {
  const [minHz, maxHz] = bandHz
  const uplinkDataRates = dataRates(123)
  return revisions(
    {
      name,
      plan: 'dynamic',
      channelCountMax: 16,
      subBands: [{ minHz, maxHz, dutyCycle: 0.01, deviceEirpDbmMax: 16, gatewayEirpDbmMax: 16 }],
      // Section 3.10.2.
      uplinkChannels: channelRow({ firstHz: 923_200_000 + offsetHz, stepHz: 200_000, count: 2, dataRates: [0, 5] }),
      downlinkChannels: [],
      joinChannels: [],
      uplinkDataRates,
      downlinkDataRates: uplinkDataRates,
      rx1DataRates: rx1({ lowest: 0, highest: 7 }),
      rx1DataRatesDwell: rx1({ lowest: 2, highest: 7 }),
      rx2: { hz: 923_200_000 + offsetHz, dataRate: 2 },
      deviceEirpDbmMax: 16,
      txPowerIndexMax: 7,
      cfList: 'frequencies',
      chMaskRules: dynamicChMaskRules,
      // Section 3.3: no downlink limit by default; the uplink's is the country's, so a device keeps to it until told.
      dwell: { msMax: 400, uplink: 'settable', downlink: 'settable', atBoot: { uplink: true, downlink: false } },
      // Section 3.10.8.
      beacon: { dataRate: 3, hz: [923_400_000 + offsetHz], sizeBytes: 17, rfu1Bytes: 2, rfu2Bytes: 0 },
      pingSlot: { dataRate: 3, hz: [923_400_000 + offsetHz] },
    },
    {
      rp001: {
        uplinkDataRates: dataRates(59),
        downlinkDataRates: dataRates(59),
        rx1DataRates: rx1({ lowest: 0, highest: 5 }),
        rx1DataRatesDwell: rx1({ lowest: 2, highest: 5 }),
      },
      v102: {
        dwell: { msMax: 400, uplink: 'settable', downlink: 'settable', atBoot: { uplink: true, downlink: true } },
      },
    },
  )
}

// Section 3.10.2, the table of groups.
export const as923Group1: RegionRevisions = group({
  name: 'AS923-1',
  offsetHz: 0,
  bandHz: [915_000_000, 928_000_000],
})
export const as923Group2: RegionRevisions = group({
  name: 'AS923-2',
  offsetHz: -1_800_000,
  bandHz: [920_000_000, 923_000_000],
})
export const as923Group3: RegionRevisions = group({
  name: 'AS923-3',
  offsetHz: -6_600_000,
  bandHz: [915_000_000, 921_000_000],
})
export const as923Group4: RegionRevisions = group({
  name: 'AS923-4',
  offsetHz: -5_900_000,
  bandHz: [917_000_000, 920_000_000],
})
