/**
 * CN470-510: the plan of 96 channels (RP001-1.0.3A section 2.7), and the four plans that followed it, by antenna of
 * 20 or 26 MHz and type A or B (RP002-1.0.4 section 3.9).
 *
 * A device finds the newer plan by the join channel that was answered, so a network runs one of them; each stands in
 * all revisions, since what a device was built with decides, not its age. The older plan stands under RP002 too,
 * where most devices in use still have it.
 *
 * @module
 */

import type { Channel, JoinChannel, Region, RegionRevisions } from './region.ts'
import { channelRow, fsk, lora, maskBlocks, noDwell, revisions, steppedRx1 } from './table.ts'

const subBands: Region['subBands'] = [
  { minHz: 470_000_000, maxHz: 510_000_000, dutyCycle: 1, deviceEirpDbmMax: 19.15, gatewayEirpDbmMax: 19.15 },
]

const row = (firstHz: number, count: number, dataRates: readonly [number, number]): Channel[] =>
  channelRow({ firstHz, stepHz: 200_000, count, dataRates })

const oldDataRates = [
  lora(12, 125_000, 59),
  lora(11, 125_000, 59),
  lora(10, 125_000, 59),
  lora(9, 125_000, 123),
  lora(8, 125_000, 250),
  lora(7, 125_000, 250),
]
const oldHoppedHz = row(508_300_000, 8, [0, 5]).map(({ hz }) => hz)

export const cn470: RegionRevisions = revisions(
  {
    name: 'CN470',
    plan: 'fixed',
    channelCountMax: 96,
    subBands,
    uplinkChannels: row(470_300_000, 96, [0, 5]),
    downlinkChannels: row(500_300_000, 48, [0, 5]),
    joinChannels: [],
    uplinkDataRates: oldDataRates,
    downlinkDataRates: oldDataRates,
    rx1DataRates: steppedRx1(6),
    rx2: { hz: 505_300_000, dataRate: 0 },
    deviceEirpDbmMax: 19.15,
    txPowerIndexMax: 7,
    cfList: 'masks',
    chMaskRules: [...maskBlocks(6), 'all-on'],
    dwell: noDwell,
    beacon: { dataRate: 2, hz: oldHoppedHz, sizeBytes: 19, rfu1Bytes: 3, rfu2Bytes: 1 },
    pingSlot: { dataRate: 2, hz: oldHoppedHz },
  },
  { rp001: {}, v102: { cfList: 'none' } },
)

// Section 3.9.3 (data rates) and 3.9.6 (payload sizes): one second of dwell time leaves DR0 nothing.
const dataRates = [
  lora(12, 125_000, 0),
  lora(11, 125_000, 31),
  lora(10, 125_000, 94),
  lora(9, 125_000, 192),
  lora(8, 125_000, 250),
  lora(7, 125_000, 250),
  lora(7, 500_000, 250),
  fsk(50_000, 250),
]

type Plan = Pick<Region, 'name' | 'uplinkChannels' | 'downlinkChannels' | 'joinChannels' | 'chMaskRules'> & {
  readonly rx2Hz: number
  readonly beaconHz: readonly number[]
  readonly pingSlotHz: readonly number[]
}

function successor({ rx2Hz, beaconHz, pingSlotHz, ...plan }: Plan): RegionRevisions {
  return revisions(
    {
      ...plan,
      plan: 'fixed',
      channelCountMax: plan.uplinkChannels.length,
      subBands,
      uplinkDataRates: dataRates,
      downlinkDataRates: dataRates,
      // Section 3.9.7: never below DR1.
      rx1DataRates: steppedRx1(8, 1),
      rx2: { hz: rx2Hz, dataRate: 1 },
      deviceEirpDbmMax: 19.15,
      txPowerIndexMax: 7,
      cfList: 'masks',
      dwell: { msMax: 1000, uplink: 'always', downlink: 'always', atBoot: { uplink: true, downlink: true } },
      // Section 3.9.8.
      beacon: { dataRate: 2, hz: beaconHz, sizeBytes: 19, rfu1Bytes: 3, rfu2Bytes: 1 },
      pingSlot: { dataRate: 2, hz: pingSlotHz },
    },
    { rp001: {} },
  )
}

const joinRow = (firstHz: number, rx1FirstHz: number, stepHz: number, rx2Hz: readonly number[]): JoinChannel[] =>
  rx2Hz.map((hz, index) => ({ hz: firstHz + stepHz * index, rx1Hz: rx1FirstHz + stepHz * index, rx2Hz: hz }))

// Section 3.9.2: the common join channels, 8 of 20 MHz type A, 2 of type B, 5 each of the two with 26 MHz.
const join20A = [
  ...joinRow(470_900_000, 484_500_000, 1_600_000, [485_300_000, 486_900_000, 488_500_000, 490_100_000]),
  ...joinRow(504_100_000, 490_900_000, 1_600_000, [491_700_000, 493_300_000, 494_900_000, 496_500_000]),
]
const join20B = [
  { hz: 479_900_000, rx1Hz: 479_900_000, rx2Hz: 478_300_000 },
  { hz: 499_900_000, rx1Hz: 499_900_000, rx2Hz: 498_300_000 },
]
const join26 = (firstHz: number, answerHz: number): JoinChannel[] =>
  Array.from({ length: 5 }, (_, index) => ({ hz: firstHz + 2_000_000 * index, rx1Hz: answerHz, rx2Hz: answerHz }))

const masks64: Region['chMaskRules'] = [...maskBlocks(4), undefined, undefined, 'all-on', 'all-off']
const masks48: Region['chMaskRules'] = [...maskBlocks(3), 'all-on', 'all-off']
const hzOf = (channels: readonly Channel[]): number[] => channels.map(({ hz }) => hz)

const down20A = row(483_900_000, 64, [1, 5])
const both20B = [...row(476_900_000, 32, [1, 5]), ...row(496_900_000, 32, [1, 5])]

/** The RX2 of the table is that of a device without join; whoever joined listens where its join channel says. */
export const cn470With20A: RegionRevisions = successor({
  name: 'CN470-20A',
  uplinkChannels: [...row(470_300_000, 32, [1, 5]), ...row(503_500_000, 32, [1, 5])],
  downlinkChannels: down20A,
  joinChannels: join20A,
  chMaskRules: masks64,
  rx2Hz: 486_900_000,
  // A device hops over the 8 of its join channel: classBChannelsHz.
  beaconHz: hzOf(down20A),
  pingSlotHz: hzOf(down20A),
})

export const cn470With20B: RegionRevisions = successor({
  name: 'CN470-20B',
  uplinkChannels: both20B,
  downlinkChannels: both20B,
  joinChannels: join20B,
  chMaskRules: masks64,
  rx2Hz: 498_300_000,
  beaconHz: [hzOf(both20B)[23] ?? 0, hzOf(both20B)[55] ?? 0],
  pingSlotHz: hzOf(both20B),
})

export const cn470With26A: RegionRevisions = successor({
  name: 'CN470-26A',
  uplinkChannels: row(470_300_000, 48, [1, 5]),
  downlinkChannels: row(490_100_000, 24, [1, 5]),
  joinChannels: join26(470_300_000, 492_500_000),
  chMaskRules: masks48,
  rx2Hz: 492_500_000,
  beaconHz: [494_900_000],
  pingSlotHz: [494_900_000],
})

export const cn470With26B: RegionRevisions = successor({
  name: 'CN470-26B',
  uplinkChannels: row(480_300_000, 48, [1, 5]),
  downlinkChannels: row(500_100_000, 24, [1, 5]),
  joinChannels: join26(480_300_000, 502_500_000),
  chMaskRules: masks48,
  rx2Hz: 502_500_000,
  beaconHz: [504_900_000],
  pingSlotHz: [504_900_000],
})
