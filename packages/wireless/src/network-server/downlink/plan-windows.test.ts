/**
 * Goal: a device is answered where and when it listens: RX1 and RX2 of the bands' own tables, after any delay and offset.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { RadioState } from '../../model/session.ts'
import { regionOf } from '../../region/region-of.ts'
import { regionNames } from '../../region/region.ts'
import { macWorld } from '../mac/mac-fixtures.ts'
import { classAWindows, classCWindow, joinWindows, openWindow, roomFor, type ListeningWindow } from './plan-windows.ts'

const context = Uint8Array.of(1, 2, 3)
const file = path.join(import.meta.dirname, '../../../../../vectors/wireless/lorawan-misc.json')
interface Case {
  readonly id: string
  readonly kind: string
  readonly uplinkHz: number
  readonly expectHz: number
}
const cases = (JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }).cases

const where = ({ name, hz, dataRate, inMs }: ListeningWindow): string => `${name} ${hz} DR${dataRate} +${inMs}`
const copyAt = (region: ReturnType<typeof regionOf>, frequencyHz: number, dataRate: number) => ({
  frequencyHz,
  modulation: region.uplinkDataRates[dataRate]!.modulation,
  context,
})

test('EU868: RX1 is the uplink channel, its rate less the offset; RX2 is where the session says', () => {
  const { session, region } = macWorld()
  const radio = (more: Partial<RadioState>): RadioState => ({ ...session.radio, ...more })
  const at = (more: Partial<RadioState>, dataRate: number): string[] =>
    classAWindows(region, radio(more), copyAt(region, 868_300_000, dataRate), 0).map(where)
  assert.deepEqual(at({}, 5), ['rx1 868300000 DR5 +1000', 'rx2 869525000 DR0 +2000'])
  assert.deepEqual(at({ rx1DataRateOffset: 3 }, 5), ['rx1 868300000 DR2 +1000', 'rx2 869525000 DR0 +2000'])
  assert.deepEqual(at({ rx1DataRateOffset: 5 }, 1), ['rx1 868300000 DR0 +1000', 'rx2 869525000 DR0 +2000'])
  assert.deepEqual(at({ rx1DelaySeconds: 15, rx2DataRate: 3, rx2FrequencyHz: 868_500_000 }, 0), [
    'rx1 868300000 DR0 +15000',
    'rx2 868500000 DR3 +16000',
  ])
  const moved = session.radio.channels.map((channel, index) =>
    index === 1 && channel !== undefined ? { ...channel, downlinkHz: 867_900_000 } : channel,
  )
  assert.deepEqual(at({ channels: moved }, 5)[0], 'rx1 867900000 DR5 +1000')
})

test('US915: RX1 is on channel modulo 8, at the rate of the table for each offset', () => {
  const { session, region } = macWorld({ region: 'US915' })
  const table = [
    [10, 9, 8, 8],
    [11, 10, 9, 8],
    [12, 11, 10, 9],
    [13, 12, 11, 10],
    [13, 13, 12, 11],
  ]
  for (let channel = 0; channel < 72; channel += 1) {
    const uplinkHz = channel < 64 ? 902_300_000 + 200_000 * channel : 903_000_000 + 1_600_000 * (channel - 64)
    for (const dataRate of channel < 64 ? [0, 1, 2, 3] : [4]) {
      for (const offset of [0, 1, 2, 3]) {
        const radio = { ...session.radio, rx1DataRateOffset: offset }
        const [rx1, rx2] = classAWindows(region, radio, copyAt(region, uplinkHz, dataRate), 0)
        assert.equal(rx1?.hz, 923_300_000 + 600_000 * (channel % 8), `channel ${channel}`)
        assert.equal(rx1?.dataRate, table[dataRate]?.[offset])
        assert.deepEqual([rx2?.hz, rx2?.dataRate], [923_300_000, 8])
      }
    }
  }
})

for (const one of cases.filter(({ kind }) => kind === 'us915-rx1-frequency')) {
  test(`${one.id}: RX1 is where another implementation says`, () => {
    const { session, region } = macWorld({ region: 'US915' })
    const [rx1] = classAWindows(region, session.radio, copyAt(region, one.uplinkHz, 4), 0)
    assert.equal(rx1?.hz, one.expectHz)
  })
}

test('a join is answered after five and six seconds, without an offset', () => {
  const region = regionOf('EU868')
  assert.deepEqual(joinWindows(region, copyAt(region, 868_500_000, 2), 0).map(where), [
    'rx1 868500000 DR2 +5000',
    'rx2 869525000 DR0 +6000',
  ])
})

test('in every band each channel is answered in two windows that its downlink rates know', () => {
  for (const name of regionNames) {
    const { session, region } = macWorld({ region: name })
    for (const { hz, dataRateMin, dataRateMax } of region.uplinkChannels)
      for (let dataRate = dataRateMin; dataRate <= dataRateMax; dataRate += 1) {
        if (region.uplinkDataRates[dataRate] === undefined) continue
        const windows = classAWindows(region, session.radio, copyAt(region, hz, dataRate), 0)
        assert.equal(windows.length, 2, `${name} ${hz} DR${dataRate}`)
        for (const window of windows) {
          const opened = openWindow(
            window,
            { region, downlinkDwell: session.radio.downlinkDwell, phyPayloadBytes: 12 },
            () => undefined,
            0,
          )
          assert.ok(
            'window' in opened || opened.refusal === 'dwell-time' || opened.refusal === 'too-long-for-data-rate',
            `${name} ${where(window)} ${JSON.stringify(opened)}`,
          )
        }
      }
  }
})

test('what a copy waited on its way brings its windows nearer, until they are over', () => {
  const { session, region } = macWorld()
  const copy = { ...copyAt(region, 868_100_000, 5), heldMs: 1_500 }
  const windows = classAWindows(region, session.radio, copy, 100)
  assert.deepEqual(
    windows.map(({ inMs }) => inMs),
    [-600, 400],
  )
  const frame = { region, downlinkDwell: false, phyPayloadBytes: 12 }
  assert.deepEqual(
    windows.map((window) => {
      const opened = openWindow(window, frame, () => undefined, 0)
      return 'window' in opened ? opened.transmission.startMs : opened.refusal
    }),
    ['too-late', 400],
  )
  // What the gateway is told does not change: it counts from the end of the frame.
  assert.deepEqual(windows[1]?.timing, { kind: 'delay', context, delayMs: 2_000 })
})

test('a frame that is too long, or too long on the air, is refused by name', () => {
  const { session, region } = macWorld()
  const [rx1] = classAWindows(region, session.radio, copyAt(region, 868_100_000, 0), 0)
  const at = (phyPayloadBytes: number) =>
    openWindow(rx1!, { region, downlinkDwell: false, phyPayloadBytes }, () => undefined, 0)
  assert.ok('window' in at(64))
  assert.deepEqual(at(65), { refusal: 'too-long-for-data-rate' })

  const japan = macWorld({ region: 'AS923-1' })
  const window: ListeningWindow = { ...classCWindow(japan.session.radio), dataRate: 0 }
  const dwelling = openWindow(
    window,
    { region: japan.region, downlinkDwell: true, phyPayloadBytes: 12 },
    () => undefined,
    0,
  )
  assert.ok(!('window' in dwelling))
  assert.ok(
    'window' in
      openWindow(window, { region: japan.region, downlinkDwell: false, phyPayloadBytes: 12 }, () => undefined, 0),
  )
})

test('the room is that of the larger window', () => {
  const { session, region } = macWorld()
  const windows = classAWindows(region, { ...session.radio, rx2DataRate: 5 }, copyAt(region, 868_100_000, 0), 0)
  assert.equal(roomFor(windows, region, false), 242)
  assert.equal(roomFor(windows.slice(0, 1), region, false), 51)
  assert.equal(roomFor([], region, false), 0)
})
