/**
 * Goal: a device obeys what its band allows, refuses the rest with the right bits, and answers everything in order.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { channelMasksFor } from '../region/channel-mask.ts'
import { regionOf } from '../region/region-of.ts'
import { regionNames, type Region } from '../region/region.ts'
import { encodeCfList } from '../wire/cf-list.ts'
import type { DownlinkCommand } from '../wire/mac-commands.ts'
import {
  initialRadioState,
  isUsable,
  knownChannels,
  obeyCommands,
  withCfList,
  type DeviceRadioState,
  type Obeyed,
} from './device-radio-state.ts'

const eu = regionOf('EU868')
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

const obey = (commands: readonly DownlinkCommand[], region: Region = eu, state?: DeviceRadioState): Obeyed =>
  obeyCommands(state ?? initialRadioState(region), commands, {
    region,
    txPowerIndexMax: region.txPowerIndexMax,
    battery: 200,
    marginDb: 40,
  })

const linkAdr = (more: Partial<Extract<DownlinkCommand, { name: 'LinkADRReq' }>> = {}): DownlinkCommand => ({
  name: 'LinkADRReq',
  dataRate: 4,
  txPower: 2,
  chMask: 7,
  chMaskCntl: 0,
  nbTrans: 2,
  ...more,
})

test('a LinkADRReq is taken as a whole, or not at all with the bit that says why', () => {
  const taken = obey([linkAdr()])
  assert.deepEqual(
    [taken.state.dataRate, taken.state.txPowerIndex, taken.state.nbTrans, taken.state.enabled],
    [4, 2, 2, [0, 1, 2]],
  )
  const yes = { chMaskAck: true, dataRateAck: true, powerAck: true }
  assert.deepEqual(taken.answers, [{ name: 'LinkADRAns', ...yes }])
  const refusals = [
    [linkAdr({ chMask: 8 }), { ...yes, chMaskAck: false }],
    [linkAdr({ dataRate: 6 }), { ...yes, dataRateAck: false }],
    [linkAdr({ txPower: 8 }), { ...yes, powerAck: false }],
  ] as const
  for (const [command, bits] of refusals) {
    const refused = obey([command])
    assert.deepEqual(refused.state, initialRadioState(eu))
    assert.deepEqual(refused.answers, [{ name: 'LinkADRAns', ...bits }])
  }
})

test('15 in a LinkADRReq keeps what is', () => {
  const { state } = obey([linkAdr({ dataRate: 15, txPower: 15 })])
  assert.deepEqual([state.dataRate, state.txPowerIndex], [5, 0])
})

test('answers come in the order of the commands, and a block of masks has one for each', () => {
  const us = regionOf('US915')
  const { answers, state } = obey(
    [
      { name: 'DevStatusReq' },
      linkAdr({ chMaskCntl: 7, chMask: 2, dataRate: 3 }),
      linkAdr({ chMaskCntl: 0, chMask: 0xff00, dataRate: 3 }),
      { name: 'RXTimingSetupReq', delaySeconds: 0 },
    ],
    us,
  )
  assert.deepEqual(
    answers.map(({ name }) => name),
    ['DevStatusAns', 'LinkADRAns', 'LinkADRAns', 'RXTimingSetupAns'],
  )
  assert.deepEqual(state.enabled, [...range(8).map((index) => 8 + index), 65])
  assert.equal(state.rx1DelaySeconds, 1)
  assert.deepEqual(answers[0], { name: 'DevStatusAns', battery: 200, margin: 31 })
})

test('RXParamSetupReq changes all three things or none', () => {
  const command = { name: 'RXParamSetupReq', rx1DataRateOffset: 2, rx2DataRate: 3, frequencyHz: 869_525_000 } as const
  const { state } = obey([command])
  assert.deepEqual([state.rx1DataRateOffset, state.rx2], [2, { hz: 869_525_000, dataRate: 3 }])
  for (const [more, bit] of [
    [{ frequencyHz: 915_000_000 }, 'channelAck'],
    [{ rx2DataRate: 9 }, 'rx2DataRateAck'],
    [{ rx1DataRateOffset: 6 }, 'rx1DataRateOffsetAck'],
  ] as const) {
    const refused = obey([{ ...command, ...more }])
    assert.deepEqual(refused.state, initialRadioState(eu))
    assert.equal((refused.answers[0] as unknown as Record<string, boolean>)[bit], false)
  }
})

test('a channel is made, moved downwards and taken away again; the band’s own stay', () => {
  const made = obey([
    { name: 'NewChannelReq', channel: 3, frequencyHz: 867_100_000, dataRateMin: 0, dataRateMax: 5 },
    { name: 'DlChannelReq', channel: 3, frequencyHz: 869_525_000 },
    { name: 'DlChannelReq', channel: 4, frequencyHz: 869_525_000 },
  ])
  assert.deepEqual(made.state.channels[3], {
    uplinkHz: 867_100_000,
    downlinkHz: 869_525_000,
    dataRateMin: 0,
    dataRateMax: 5,
  })
  assert.deepEqual(made.state.enabled, [0, 1, 2, 3])
  assert.deepEqual(made.answers.slice(1), [
    { name: 'DlChannelAns', frequencyOk: true, uplinkExists: true },
    { name: 'DlChannelAns', frequencyOk: true, uplinkExists: false },
  ])
  const gone = { name: 'NewChannelReq', channel: 3, frequencyHz: 0, dataRateMin: 0, dataRateMax: 5 } as const
  const { state } = obey([gone], eu, made.state)
  assert.deepEqual(
    [knownChannels(state), state.enabled],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  )
  const own = obey([{ ...gone, channel: 0 }])
  assert.deepEqual(own.answers, [{ name: 'NewChannelAns', frequencyOk: false, dataRateOk: true }])
  assert.deepEqual(obey([{ ...gone, channel: 16 }]).answers, own.answers, 'no device holds more than sixteen')
})

test('plans whose channels are given, and bands without a settable dwell time, do not answer what they do not know', () => {
  const us = regionOf('US915')
  const commands: DownlinkCommand[] = [
    { name: 'NewChannelReq', channel: 3, frequencyHz: 902_500_000, dataRateMin: 0, dataRateMax: 3 },
    { name: 'DlChannelReq', channel: 3, frequencyHz: 923_300_000 },
    { name: 'TXParamSetupReq', uplinkDwell: true, downlinkDwell: true, maxEirp: 5 },
  ]
  assert.deepEqual(obey(commands, us).answers, [])
  const as = obey(commands.slice(2), regionOf('AS923-1'))
  assert.deepEqual([as.state.downlinkDwell, as.state.eirpDbmMax, as.answers.length], [true, 16, 1])
})

test('under a dwell time a device does not use rates that carry nothing', () => {
  const as = regionOf('AS923-1')
  const limited = initialRadioState(as)
  assert.ok(limited.uplinkDwell && !isUsable(as, limited, 1) && isUsable(as, limited, 2))
  const refused = obey([linkAdr({ dataRate: 1, chMask: 3 })], as)
  assert.equal(refused.state.dataRate, 5)
  const free = obey([{ name: 'TXParamSetupReq', uplinkDwell: false, downlinkDwell: false, maxEirp: 5 }], as).state
  assert.ok(isUsable(as, free, 0))
})

test('DutyCycleReq and ADRParamSetupReq are powers of two', () => {
  const { state } = obey([
    { name: 'DutyCycleReq', maxDutyCycle: 7 },
    { name: 'ADRParamSetupReq', limitExponent: 4, delayExponent: 3 },
  ])
  assert.deepEqual([state.dutyShare, state.adrAckLimit, state.adrAckDelay], [1 / 128, 16, 8])
})

test('a list of channels in a join-accept is five more frequencies, or which are on', () => {
  const frequencies = encodeCfList({ kind: 'frequencies', frequenciesHz: [867_100_000, 867_300_000] })
  const state = withCfList(initialRadioState(eu), frequencies, eu)
  assert.deepEqual(state.enabled, range(5))
  assert.equal(state.channels[4]?.uplinkHz, 867_300_000)
  const us = regionOf('US915')
  const masks = encodeCfList({ kind: 'masks', enabledChannels: [8, 9, 65] })
  assert.deepEqual(withCfList(initialRadioState(us), masks, us).enabled, [8, 9, 65])
  const none = encodeCfList({ kind: 'masks', enabledChannels: [] })
  assert.equal(withCfList(initialRadioState(us), none, us).enabled.length, 72, 'a device is not left without channels')
})

test('in every band the masks that the network computes are obeyed', () => {
  fc.assert(
    fc.property(fc.constantFrom(...regionNames), fc.array(fc.nat(1000), { minLength: 1 }), (name, wanted) => {
      const region = regionOf(name)
      const before = initialRadioState(region)
      const known = knownChannels(before)
      const to = [...new Set(wanted.map((number) => number % known.length))].toSorted((a, b) => a - b)
      const dataRate = before.channels[to[0]!]!.dataRateMax
      const masks = channelMasksFor(region, { from: before.enabled, to, known })
      const { state } = obey(
        masks.map((mask) => linkAdr({ ...mask, dataRate, txPower: 15 })),
        region,
      )
      const isAllowed = isUsable(region, { ...before, enabled: to }, dataRate)
      assert.deepEqual(state.enabled, isAllowed ? to : before.enabled)
    }),
  )
})
