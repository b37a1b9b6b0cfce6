/**
 * Goal: the tables say what another implementation's say, and where they do not, the difference is named here with its reason.
 *
 * @see vectors/SOURCES.md
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Modulation } from '../model/modulation.ts'
import { rx1Of } from './receive-windows.ts'
import type { ParameterRevision, Region, RegionName } from './region.ts'
import { regionOf } from './region-of.ts'

interface Row {
  readonly firstHz: number
  readonly stepHz: number
  readonly count: number
  readonly dataRates: readonly [number, number]
}

interface Case {
  readonly id: string
  readonly region: RegionName
  readonly revision: ParameterRevision
  readonly uplinkChannels: readonly Row[]
  readonly downlinkChannels: readonly Row[]
  readonly channelCountMax: number
  readonly dataRates: Readonly<Record<string, readonly [string, number, number]>>
  readonly rx1: Readonly<Record<string, { readonly free: readonly number[]; readonly dwell?: readonly number[] }>>
  readonly rx2: readonly [number, number]
  readonly beacon: { readonly dataRate: number; readonly hz: readonly number[] | null }
  readonly pingSlotHz: readonly number[] | null
  readonly cfList: Region['cfList']
  readonly txPowerCount: number
  readonly eirpDbmMax: number
  readonly txParamSetup: boolean
  readonly subBands: readonly (readonly [number, number, number, number])[]
}

const file = path.join(import.meta.dirname, '../../../../vectors/wireless/regional-parameters.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

/**
 * What the tables say otherwise, and why. Each entry must be a difference: one that agrees again fails the test, so that none outlives
 * its reason.
 */
const differences: readonly { readonly of: RegExp; readonly fact: RegExp; readonly because: string }[] = [
  {
    of: /^(IN865|EU433) /,
    fact: /^(beacon|ping slot)/,
    because: 'RP002-1.0.4 sections 3.12.8 and 3.7.8: 866.550 and 434.665 MHz, as LoRaMac-node and ChirpStack have it',
  },
  {
    of: /^IN865 RP002/,
    fact: /^rx1 of DR[457]$/,
    because: 'section 3.12.7: DR6 is reserved, DR5 stands in its place, as LoRaMac-node has it',
  },
  {
    of: /^CN470-2/,
    fact: /^rx1 of DR[1-7]$/,
    because: 'section 3.9.7: RX1 is never below DR1, also after DR6 and DR7, as LoRaMac-node has it',
  },
  { of: /^CN470-2/, fact: /^rx2$/, because: 'section 3.9.7: RX2 is at DR1, for DR0 carries nothing within a second' },
  { of: /^CN470-2/, fact: /^DR3$/, because: 'section 3.9.6: M is 192, as LoRaMac-node has it (184 + 8)' },
  { of: /^CN470-20/, fact: /^(beacon|ping slot)/, because: 'the other implementation has no class B there' },
  {
    of: /^AU915 RP001-1\.[01]/,
    fact: /^DR[0-4]$/,
    because: 'a limit of 400 ms shortens frames in every revision that knows the limit; without it the sizes agree',
  },
  {
    of: /^(US915|AU915) RP001-1\.0\.3A/,
    fact: /^power$/,
    because: 'in a LinkADRReq 15 means "as it is", so 14 is the last index that can be asked for',
  },
]

const nameOf = (modulation: Modulation): string => {
  if (modulation.kind === 'lora') return `SF${modulation.spreadingFactor}/${modulation.bandwidthHz}`
  if (modulation.kind === 'fsk') return `FSK/${modulation.bitRate}`
  return `LR-FHSS ${modulation.codingRate}/${modulation.widthHz}`
}

const channelsOf = (rows: readonly Row[]): number[][] =>
  rows.flatMap(({ firstHz, stepHz, count, dataRates }) =>
    Array.from({ length: count }, (_, index) => [firstHz + stepHz * index, ...dataRates]),
  )

const triple = ({ hz, dataRateMin, dataRateMax }: Region['uplinkChannels'][number]): number[] => [
  hz,
  dataRateMin,
  dataRateMax,
]

/** Each fact by name: ours, and theirs. */
function factsOf(one: Case): Map<string, readonly [unknown, unknown]> {
  const region = regionOf(one.region, one.revision)
  const facts = new Map<string, readonly [unknown, unknown]>([
    ['uplink channels', [region.uplinkChannels.map(triple), channelsOf(one.uplinkChannels)]],
    [
      'downlink channels',
      [
        (region.downlinkChannels.length > 0 ? region.downlinkChannels : region.uplinkChannels).map(triple),
        channelsOf(one.downlinkChannels),
      ],
    ],
    ['channel count', [region.channelCountMax, one.channelCountMax]],
    ['rx2', [[region.rx2.hz, region.rx2.dataRate], one.rx2]],
    ['beacon', [{ dataRate: region.beacon.dataRate, hz: region.beacon.hz }, one.beacon]],
    ['ping slot', [region.pingSlot.hz, one.pingSlotHz]],
    ['channel list', [region.cfList, one.cfList]],
    ['power', [region.txPowerIndexMax + 1, one.txPowerCount]],
    ['eirp', [region.deviceEirpDbmMax, one.eirpDbmMax]],
    ['settable dwell time', [region.dwell.uplink === 'settable', one.txParamSetup]],
  ])
  for (const [index, theirs] of Object.entries(one.dataRates)) {
    for (const rate of [region.uplinkDataRates[Number(index)], region.downlinkDataRates[Number(index)]]) {
      if (rate === undefined) continue
      const { modulation, macPayloadBytesMax, macPayloadBytesMaxDwell = macPayloadBytesMax } = rate
      facts.set(`DR${index}`, [[nameOf(modulation), macPayloadBytesMax, macPayloadBytesMaxDwell], theirs])
    }
    if (region.uplinkDataRates[Number(index)] === undefined) continue
    const { free, dwell = free } = one.rx1[index] ?? { free: [] }
    const own = region.rx1DataRates[Number(index)]
    facts.set(`rx1 of DR${index}`, [
      [own, (region.rx1DataRatesDwell ?? region.rx1DataRates)[Number(index)]],
      [free, dwell],
    ])
  }
  return facts
}

const reasonFor = (one: Case, fact: string): (typeof differences)[number] | undefined =>
  differences.find((difference) => difference.of.test(one.id) && difference.fact.test(fact))

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

for (const one of cases)
  test(`${one.id} has the channels, rates, sizes and windows of another implementation`, () => {
    for (const [fact, [ours, theirs]] of factsOf(one))
      if (reasonFor(one, fact) === undefined) assert.deepEqual(ours, theirs, fact)
  })

test('every difference from the other implementation that is excused still is one', () => {
  for (const difference of differences) {
    const excused = cases.flatMap((one) =>
      [...factsOf(one)].filter(([fact]) => difference.of.test(one.id) && difference.fact.test(fact)),
    )
    assert.ok(
      excused.some(([, [ours, theirs]]) => !isEqual(ours, theirs)),
      difference.because,
    )
  }
})

test('the stretches of EU868 are the other implementation’s, with their shares of time and their power', () => {
  for (const one of cases.filter(({ region }) => region === 'EU868')) {
    const own = regionOf(one.region, one.revision).subBands
    assert.deepEqual(
      own.map(({ minHz, maxHz, dutyCycle, deviceEirpDbmMax }) => [minHz, maxHz, dutyCycle, deviceEirpDbmMax]),
      one.subBands,
    )
  }
})

test('RX1 of every uplink channel of a fixed plan is the downlink channel of its number, modulo their count', () => {
  for (const one of cases) {
    const region = regionOf(one.region, one.revision)
    if (region.plan !== 'fixed') continue
    const down = channelsOf(one.downlinkChannels)
    for (const [index, { hz, dataRateMin }] of region.uplinkChannels.entries()) {
      const facts = { uplinkHz: hz, uplinkDataRate: dataRateMin, rx1DataRateOffset: 0, downlinkDwell: false }
      assert.equal(rx1Of(region, facts)?.hz, down[index % down.length]?.[0], `${one.id} ${index}`)
    }
  }
})
