/**
 * Goal: what the network wants is asked in the right words, changes only what the device took, and is not asked for ever.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DeviceSession, MacRequest } from '../../model/session.ts'
import { regionNames } from '../../region/region.ts'
import { commandBytes, type DownlinkCommand, type UplinkCommand } from '../../wire/mac-commands.ts'
import { applyAnswers, refusalsTotalMax, requestRefusalsMax, type MacEvent } from './apply-answers.ts'
import { macWorld } from './mac-fixtures.ts'
import { packCommands } from './pack-commands.ts'
import { replyCommands } from './reply-commands.ts'
import { stickyRequests } from './sticky-answers.ts'
import { requestSendsMax, wantedRequests, type Wish } from './wanted-requests.ts'

const namesOf = (commands: readonly DownlinkCommand[]): string[] => commands.map(({ name }) => name)

/** One frame down, and the device's answer up. */
function exchange(
  session: DeviceSession,
  wish: Wish,
  answer: (commands: readonly DownlinkCommand[]) => readonly UplinkCommand[],
): {
  readonly session: DeviceSession
  readonly asked: readonly DownlinkCommand[]
  readonly events: readonly MacEvent[]
} {
  const wanted = wantedRequests(session, wish)
  const { commands, requests } = packCommands({
    replies: [],
    held: wanted.held,
    wanted: wanted.requests,
    sizeBytesMax: 200,
  })
  const applied = applyAnswers({ ...session, requests }, wish.region, answer(commands))
  return { session: applied.session, asked: commands, events: [...wanted.events, ...applied.events] }
}

/** A device that takes everything. */
const yes = (commands: readonly DownlinkCommand[]): UplinkCommand[] =>
  commands.flatMap((command): UplinkCommand[] => {
    switch (command.name) {
      case 'LinkADRReq':
        return [{ name: 'LinkADRAns', chMaskAck: true, dataRateAck: true, powerAck: true }]
      case 'RXParamSetupReq':
        return [{ name: 'RXParamSetupAns', channelAck: true, rx2DataRateAck: true, rx1DataRateOffsetAck: true }]
      case 'NewChannelReq':
        return [{ name: 'NewChannelAns', frequencyOk: true, dataRateOk: true }]
      case 'DlChannelReq':
        return [{ name: 'DlChannelAns', frequencyOk: true, uplinkExists: true }]
      case 'PingSlotChannelReq':
        return [{ name: 'PingSlotChannelAns', frequencyOk: true, dataRateOk: true }]
      case 'BeaconFreqReq':
        return [{ name: 'BeaconFreqAns', frequencyOk: true }]
      case 'RejoinParamSetupReq':
        return [{ name: 'RejoinParamSetupAns', timeOk: true }]
      case 'DevStatusReq':
        return [{ name: 'DevStatusAns', battery: 128, margin: -3 }]
      case 'RXTimingSetupReq':
        return [{ name: 'RXTimingSetupAns' }]
      case 'TXParamSetupReq':
        return [{ name: 'TXParamSetupAns' }]
      case 'DutyCycleReq':
        return [{ name: 'DutyCycleAns' }]
      case 'ADRParamSetupReq':
        return [{ name: 'ADRParamSetupAns' }]
      default:
        return []
    }
  })

const everything = {
  rxDelaySeconds: 5,
  rx1DataRateOffset: 1,
  extraChannelsHz: [867_100_000, 867_300_000, 867_500_000, 867_700_000],
  rx2: { hz: 869_525_000, dataRate: 3 },
  dutyCycleExponent: 7,
  downlinkHz: [{ channel: 1, hz: 868_500_000 }],
  beaconHz: 869_525_000,
  adrBackoff: { limitExponent: 5, delayExponent: 4 },
  rejoin: { timeExponent: 3, countExponent: 2 },
}
const classB = {
  supportsClassB: true,
  classB: { timeoutSeconds: 0, pingSlotPeriodicity: 0, pingSlotDataRate: 2, pingSlotFrequencyHz: 868_100_000 },
}

test('all that a network can want is asked, taken, and then asked no more', () => {
  const { session: first, wish } = macWorld({ macVersion: '1.1.0', policy: everything, profile: classB })
  let session: DeviceSession = { ...first, radio: { ...first.radio, pingSlotPeriodicity: 2 } }
  const asked = new Set<string>()
  for (let turn = 0; turn < 8; turn += 1) {
    const done = exchange(session, { ...wish, asksStatus: turn === 0 }, yes)
    session = done.session
    for (const name of namesOf(done.asked)) asked.add(name)
  }
  assert.deepEqual([...asked].toSorted(), [
    'ADRParamSetupReq',
    'BeaconFreqReq',
    'DevStatusReq',
    'DlChannelReq',
    'DutyCycleReq',
    'NewChannelReq',
    'PingSlotChannelReq',
    'RXParamSetupReq',
    'RXTimingSetupReq',
    'RejoinParamSetupReq',
  ])
  const { radio } = session
  assert.deepEqual(wantedRequests(session, wish).requests, [])
  assert.deepEqual(session.requests, [])
  assert.equal(radio.rx1DelaySeconds, 5)
  assert.equal(radio.rx2DataRate, 3)
  assert.equal(radio.rx1DataRateOffset, 1)
  assert.equal(radio.dutyCycleExponent, 7)
  assert.equal(radio.channels[1]?.downlinkHz, 868_500_000)
  assert.deepEqual(
    radio.channels.map((channel) => channel?.uplinkHz),
    [868_100_000, 868_300_000, 868_500_000, ...everything.extraChannelsHz],
  )
  assert.deepEqual(radio.enabledChannels, [0, 1, 2, 3, 4, 5, 6])
  assert.equal(radio.pingSlotFrequencyHz, 868_100_000)
  assert.equal(radio.pingSlotDataRate, 2)
  assert.deepEqual(radio.rejoin, everything.rejoin)
  assert.deepEqual(radio.adrBackoff, everything.adrBackoff)
})

test('older devices are not asked what they do not know', () => {
  for (const macVersion of ['1.0.0', '1.0.1'] as const) {
    const { session, wish } = macWorld({ macVersion, policy: everything })
    const names = new Set(wantedRequests(session, wish).requests.map(({ name }) => name))
    for (const unknown of ['DlChannelReq', 'TXParamSetupReq', 'ADRParamSetupReq', 'RejoinParamSetupReq'] as const)
      assert.ok(!names.has(unknown), `${macVersion} ${unknown}`)
    assert.ok(names.has('RXParamSetupReq'))
  }
  const { session, wish } = macWorld({ macVersion: '1.0.4', policy: everything })
  assert.ok(wantedRequests(session, wish).requests.every(({ name }) => name !== 'ADRParamSetupReq'))
})

test('dwell times are asked for where a band leaves them to the network, and nowhere else', () => {
  const policy = { dwell: { uplink: false, downlink: false } }
  for (const region of regionNames) {
    const { session, wish } = macWorld({ region, policy })
    const asked = wantedRequests(session, wish).requests.find(({ name }) => name === 'TXParamSetupReq')
    const isSettable = wish.region.dwell.uplink === 'settable' || wish.region.dwell.downlink === 'settable'
    const isOtherwise = session.radio.uplinkDwell || session.radio.downlinkDwell
    assert.equal(asked !== undefined, isSettable && isOtherwise, region)
  }
  const { session, wish } = macWorld({ region: 'AS923-1', policy })
  const done = exchange(session, wish, yes)
  assert.equal(done.session.radio.downlinkDwell, false)
  assert.equal(done.session.radio.uplinkDwell, false)
})

test('a refused power teaches how far the device goes, and the next wish keeps to it', () => {
  const { session: first, wish } = macWorld()
  const adr = { dataRate: 5, txPowerIndex: 7, nbTrans: 1 }
  let session = first
  const asked: number[] = []
  // This one can go down to 4.
  const answer = (commands: readonly DownlinkCommand[]): UplinkCommand[] =>
    commands.flatMap((command): UplinkCommand[] => {
      if (command.name !== 'LinkADRReq') return []
      asked.push(command.txPower)
      return [{ name: 'LinkADRAns', chMaskAck: true, dataRateAck: true, powerAck: command.txPower <= 4 }]
    })
  for (let turn = 0; turn < 8; turn += 1) ({ session } = exchange(session, { ...wish, adr }, answer))
  assert.deepEqual(asked, [7, 6, 5, 4])
  assert.equal(session.radio.txPowerIndex, 4)
  assert.equal(session.radio.dataRate, 5)
})

test('a refused data rate is not asked for again', () => {
  const { session: first, wish } = macWorld()
  let session = first
  const asked: number[] = []
  const answer = (commands: readonly DownlinkCommand[]): UplinkCommand[] =>
    commands.flatMap((command): UplinkCommand[] => {
      if (command.name !== 'LinkADRReq') return []
      asked.push(command.dataRate)
      return [{ name: 'LinkADRAns', chMaskAck: true, dataRateAck: command.dataRate <= 3, powerAck: true }]
    })
  const adr = { dataRate: 5, txPowerIndex: 0, nbTrans: 1 }
  for (let turn = 0; turn < 6; turn += 1) ({ session } = exchange(session, { ...wish, adr }, answer))
  assert.deepEqual(asked, [5, 4, 3])
  assert.equal(session.radio.dataRate, 3)
})

test('a block of masks is taken or refused as one', () => {
  const enabledChannels = [8, 9, 10, 11, 12, 13, 14, 15, 65]
  const { session, wish } = macWorld({ region: 'US915', policy: { enabledChannels } })
  const refuseLast = (commands: readonly DownlinkCommand[]): UplinkCommand[] =>
    commands.map((_, index) => ({
      name: 'LinkADRAns',
      chMaskAck: index < commands.length - 1,
      dataRateAck: true,
      powerAck: true,
    }))
  const refused = exchange(session, wish, refuseLast)
  assert.ok(refused.asked.length > 1, 'several masks')
  assert.deepEqual(refused.session.radio.enabledChannels, session.radio.enabledChannels)
  assert.ok(refused.events.some((event) => event.kind === 'refused' && event.why === 'channels'))
  const taken = exchange(refused.session, wish, yes)
  assert.deepEqual(taken.session.radio.enabledChannels, enabledChannels)
})

test('of new channels those that were taken are kept, and the refused one is given up by name', () => {
  const { session: first, wish } = macWorld({ policy: { extraChannelsHz: [867_100_000, 867_300_000, 867_500_000] } })
  let session = first
  const refuse = (commands: readonly DownlinkCommand[]): UplinkCommand[] =>
    commands.flatMap((command): UplinkCommand[] =>
      command.name === 'NewChannelReq'
        ? [{ name: 'NewChannelAns', frequencyOk: command.frequencyHz !== 867_300_000, dataRateOk: true }]
        : yes([command]),
    )
  let asked = 0
  const events: MacEvent[] = []
  for (let turn = 0; turn < 12; turn += 1) {
    const done = exchange(session, wish, refuse)
    session = done.session
    events.push(...done.events)
    asked += done.asked.filter(({ name }) => name === 'NewChannelReq').length
  }
  assert.equal(session.radio.channels[3]?.uplinkHz, 867_100_000)
  assert.equal(session.radio.channels[4], undefined)
  assert.equal(session.radio.channels[5]?.uplinkHz, 867_500_000)
  assert.deepEqual(session.radio.enabledChannels, [0, 1, 2, 3, 5])
  assert.equal(events.filter((event) => event.kind === 'refused' && event.isOver).length, 1)
  assert.equal(asked, 3 + requestRefusalsMax)
})

test('what is refused again and again is asked so many times; a changed wish is asked anew', () => {
  const { session: first, wish } = macWorld({ policy: { rxDelaySeconds: 1, rx1DataRateOffset: 2 } })
  const no = (commands: readonly DownlinkCommand[]): UplinkCommand[] =>
    commands.flatMap((command): UplinkCommand[] =>
      command.name === 'RXParamSetupReq'
        ? [{ name: 'RXParamSetupAns', channelAck: true, rx2DataRateAck: true, rx1DataRateOffsetAck: false }]
        : [],
    )
  let session = first
  let asked = 0
  for (let turn = 0; turn < 10; turn += 1) {
    const done = exchange(session, wish, no)
    session = done.session
    asked += done.asked.length
  }
  assert.equal(asked, requestRefusalsMax)
  assert.equal(session.radio.rx1DataRateOffset, 0)
  const other = { ...wish, policy: { ...wish.policy, rx1DataRateOffset: 1 } }
  assert.equal(exchange(session, other, yes).session.radio.rx1DataRateOffset, 1)
})

test('whatever a device refuses and however wishes change, one name is refused a bounded number of times', () => {
  const { session: first, wish } = macWorld()
  let session = first
  let refusals = 0
  for (let turn = 0; turn < 200; turn += 1) {
    const policy = { ...wish.policy, rx1DataRateOffset: 1 + (turn % 5) }
    const done = exchange(session, { ...wish, policy }, (commands) =>
      commands.map(() => ({
        name: 'RXParamSetupAns',
        channelAck: false,
        rx2DataRateAck: true,
        rx1DataRateOffsetAck: true,
      })),
    )
    session = done.session
    refusals += done.events.filter(({ kind }) => kind === 'refused').length
  }
  assert.equal(refusals, refusalsTotalMax)
})

test('what is never answered is sent so many times, said once, and left', () => {
  const { session: first, wish } = macWorld({ policy: { rxDelaySeconds: 5 } })
  let session = first
  let sent = 0
  const events: MacEvent[] = []
  for (let turn = 0; turn < 20; turn += 1) {
    const done = exchange(session, wish, () => [])
    session = done.session
    sent += done.asked.length
    events.push(...done.events)
  }
  assert.equal(sent, requestSendsMax)
  assert.deepEqual(events, [{ kind: 'unanswered', name: 'RXTimingSetupReq' }])
})

test('an answer to nothing changes nothing; a status is news whenever it comes', () => {
  const { session, region } = macWorld()
  const answers: UplinkCommand[] = [
    { name: 'RXTimingSetupAns' },
    { name: 'LinkADRAns', chMaskAck: true, dataRateAck: true, powerAck: true },
    { name: 'DevStatusAns', battery: 255, margin: 5 },
  ]
  const applied = applyAnswers(session, region, answers)
  assert.equal(applied.session, session)
  assert.deepEqual(
    applied.events.map(({ kind }) => kind),
    ['unexpected', 'unexpected', 'status'],
  )
})

test('an answer that a device repeats is answered, and the same is not asked in that answer', () => {
  const { session: first, wish } = macWorld({ policy: { rxDelaySeconds: 5 } })
  const taken = exchange(first, wish, yes)
  assert.equal(taken.session.radio.rx1DelaySeconds, 5)
  // The operator changes their mind, and the device has not heard that its answer came.
  const other = { ...wish, policy: { ...wish.policy, rxDelaySeconds: 3 } }
  const repeated = stickyRequests([{ name: 'RXTimingSetupAns' }])
  assert.deepEqual([...repeated], ['RXTimingSetupReq'])
  assert.deepEqual(wantedRequests(taken.session, other, repeated).requests, [])
  assert.deepEqual(namesOf(wantedRequests(taken.session, other).requests.flatMap(({ commands }) => commands)), [
    'RXTimingSetupReq',
  ])
})

test('a request that does not fit leaves what was sent before it', () => {
  const { session, wish } = macWorld({ policy: everything })
  const wanted = wantedRequests(session, wish)
  const full = packCommands({ replies: [], held: wanted.held, wanted: wanted.requests, sizeBytesMax: 200 })
  const changed = wantedRequests(
    { ...session, requests: full.requests },
    { ...wish, policy: { ...wish.policy, rxDelaySeconds: 9 } },
  )
  const none = packCommands({ replies: [], held: changed.held, wanted: changed.requests, sizeBytesMax: 0 })
  assert.ok(none.isMore)
  assert.deepEqual(none.requests, full.requests)
})

test('commands never take more room than there is, and answers go before requests', () => {
  const { session, wish } = macWorld({ macVersion: '1.1.0', policy: everything })
  const { requests, held } = wantedRequests(session, wish)
  const replies: DownlinkCommand[] = [
    { name: 'LinkCheckAns', marginDb: 1, gatewayCount: 1 },
    { name: 'DeviceTimeAns', gpsSeconds: 1, fraction256: 0 },
  ]
  fc.assert(
    fc.property(fc.nat(60), fc.shuffledSubarray([...requests]), (sizeBytesMax, wanted) => {
      const packed = packCommands({ replies, held, wanted, sizeBytesMax })
      const size = packed.commands.reduce((sum, command) => sum + commandBytes(command, { isUp: false }), 0)
      assert.equal(size, packed.sizeBytes)
      assert.ok(size <= sizeBytesMax)
      if (sizeBytesMax >= 9) assert.deepEqual(packed.commands.slice(0, 2), replies)
      const sent = packed.requests.filter(({ sentCount }) => sentCount > 0)
      const ofRequests = packed.commands.slice(repliesIn(packed.commands))
      assert.deepEqual(
        ofRequests,
        sent.flatMap(({ commands }) => commands),
      )
    }),
  )
})
const repliesIn = (commands: readonly DownlinkCommand[]): number =>
  commands.filter(({ name }) => name === 'LinkCheckAns' || name === 'DeviceTimeAns').length

test('nothing to send leaves the very list of requests, so that nothing is written', () => {
  const { session, wish } = macWorld()
  const request: MacRequest = {
    name: 'DutyCycleReq',
    commands: [{ name: 'DutyCycleReq', maxDutyCycle: 3 }],
    sentCount: 0,
    refusedCount: 3,
    refusedTotal: 3,
    isGivenUp: true,
  }
  const given = { ...session, requests: [request] }
  const { held, requests } = wantedRequests(given, wish)
  assert.equal(held, given.requests)
  assert.equal(packCommands({ replies: [], held, wanted: requests, sizeBytesMax: 15 }).requests, given.requests)
})

test('what a device asks is answered as the specification says', () => {
  const { session, profile } = macWorld({ macVersion: '1.1.0' })
  const facts = { marginDb: 300, gatewayCount: 999, gpsTimeMs: 1_000_000_250, bootRadio: () => session.radio }
  const asked: UplinkCommand[] = [
    { name: 'LinkCheckReq' },
    { name: 'DeviceTimeReq' },
    { name: 'RekeyInd', minor: 3 },
    { name: 'PingSlotInfoReq', periodicity: 5 },
    { name: 'BeaconTimingReq' },
    { name: 'DeviceModeInd', deviceClass: 2 },
  ]
  const { commands, radio } = replyCommands(session, asked, facts)
  assert.deepEqual(commands, [
    { name: 'LinkCheckAns', marginDb: 254, gatewayCount: 255 },
    { name: 'DeviceTimeAns', gpsSeconds: 1_000_000, fraction256: 64 },
    { name: 'RekeyConf', minor: 1 },
    { name: 'PingSlotInfoAns' },
    // The next beacon is at a multiple of 128 s: 1,000,064 s is 63.75 s away, 2,125 slots of 30 ms.
    { name: 'BeaconTimingAns', delay30Ms: 2_125, channel: 0 },
    { name: 'DeviceModeConf', deviceClass: 2 },
  ])
  assert.equal(radio.deviceClass, 'C')
  assert.equal(radio.pingSlotPeriodicity, 5)
  const low = replyCommands(session, [{ name: 'LinkCheckReq' }], { ...facts, marginDb: -7 }).commands[0]
  assert.ok(low?.name === 'LinkCheckAns' && low.marginDb === 0)
  const reserved = replyCommands(session, [{ name: 'DeviceModeInd', deviceClass: 1 }], facts)
  assert.equal(reserved.radio.deviceClass, session.radio.deviceClass)
  assert.equal(profile.macVersion, '1.1.0')
})

test('a device that began anew holds what it held at first, and is asked again', () => {
  const { session: first, wish, profile } = macWorld({ macVersion: '1.1.0', policy: { rxDelaySeconds: 5 } })
  const told = exchange(first, wish, yes).session
  assert.equal(told.radio.rx1DelaySeconds, 5)
  const facts = { marginDb: 0, gatewayCount: 1, gpsTimeMs: 0, bootRadio: () => first.radio }
  const { radio, commands } = replyCommands(told, [{ name: 'ResetInd', minor: 1 }], facts)
  assert.deepEqual(commands, [{ name: 'ResetConf', minor: 1 }])
  assert.equal(radio.rx1DelaySeconds, 1)
  assert.deepEqual(
    wantedRequests({ ...told, radio }, wish).requests.map(({ name }) => name),
    ['RXTimingSetupReq'],
  )
  assert.equal(profile.adr, 'on')
})

test('a refusal that is repeated counts once', () => {
  const { session, wish, region } = macWorld({ policy: { rx1DataRateOffset: 2 } })
  const no: UplinkCommand = {
    name: 'RXParamSetupAns',
    channelAck: true,
    rx2DataRateAck: true,
    rx1DataRateOffsetAck: false,
  }
  const refused = exchange(session, wish, () => [no]).session
  const again = applyAnswers(refused, region, [no])
  assert.equal(again.session, refused)
  assert.deepEqual(again.events, [{ kind: 'unexpected', name: 'RXParamSetupAns' }])
})
