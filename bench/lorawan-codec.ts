/**
 * What it takes to read a data frame of LoRaWAN: parse it, check its MIC, decrypt its payload; ours against the `lora-packet` package.
 *
 * One thread, processor time. Rounds are interleaved, so that whatever else the machine does falls on all alike; ratios are taken
 * within a round, and medians are printed. Frames are of many devices, in turn; all must first read them the same. Our server
 * keeps the schedules of a session's keys while it is used; what it costs without that stands beside it.
 *
 * Then an uplink whose address has a hundred sessions, found by its MIC among them, and one that is of none of them.
 *
 * Goals: 50 times lora-packet, and 100 us an uplink among a hundred sessions.
 *
 * @module
 */

import { randomFillSync } from 'node:crypto'
import { parseArgs } from 'node:util'
import loraPacketExports from 'lora-packet'
import type { DeviceSession, SessionKeys } from '../packages/wireless/src/model/session.ts'
import {
  makeSchedules,
  type Schedules,
  type SchedulesOf,
} from '../packages/wireless/src/network-server/key-schedules.ts'
import { readUplink } from '../packages/wireless/src/network-server/read-uplink.ts'
import {
  cryptPayload,
  mic10,
  setMic,
  uplinkMic11,
  type FramePlace,
} from '../packages/wireless/src/wire/frame-crypto.ts'
import {
  buildDataFrame,
  fCtrlBits,
  micBytes,
  parsePhyPayload,
  type DataFrame,
} from '../packages/wireless/src/wire/phy-payload.ts'
import { ofOneKey } from '../packages/wireless/src/wire/session-keys.ts'

// Its declarations name a default that Node's import of CommonJS takes away.
const loraPacket = loraPacketExports as unknown as typeof loraPacketExports.default

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } })
const roundCount = Number(values.rounds)
const goalRatio = 50
const goalUplinkUs = 100
const deviceCount = 256
const crowdCount = 100

interface Sample {
  readonly bytes: Uint8Array
  readonly keys: SessionKeys
  readonly fCnt: number
  readonly plain: Uint8Array
}

/** What was read: the sum of what stands in the payload, or -1 for a wrong MIC. */
type Read = (sample: Sample) => number

interface Contestant {
  readonly name: string
  readonly read: Read
  /** frames of one round, as many as take some tens of milliseconds */
  readonly frameCount: number
  readonly goalRatio?: number
}

interface Course {
  readonly name: string
  readonly samples: readonly Sample[]
  readonly contestants: readonly Contestant[]
}

const randomBytes = (sizeBytes: number): Uint8Array => randomFillSync(new Uint8Array(sizeBytes))
const sumOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum + byte, 0)
const heardWith = { confFCnt: 0, txDataRate: 5, txChannel: 2 }

interface Kind {
  readonly frameBytes: number
  readonly is11: boolean
}

/** Where the frame of a device stands: its address and its counter. */
type PlaceOf = (number: number) => Pick<FramePlace, 'devAddr' | 'fCnt'>

const ofManyDevices: PlaceOf = (number) => ({ devAddr: 0x26000000 + number, fCnt: number * 331 })

function samplesOf({ frameBytes, is11 }: Kind, count: number, placeOf: PlaceOf): Sample[] {
  const schedulesOf = makeSchedules()
  return Array.from({ length: count }, (_, number): Sample => {
    const oneKey = ofOneKey({ nwkSKey: randomBytes(16), appSKey: randomBytes(16) })
    const keys = is11 ? { ...oneKey, sNwkSIntKey: randomBytes(16) } : oneKey
    const schedules = schedulesOf(keys)
    const place = { isUp: true, ...placeOf(number) }
    const plain = randomBytes(frameBytes - 13)
    const payload = cryptPayload(schedules.appSKey, place, plain)
    const fOpts = new Uint8Array()
    const bytes = buildDataFrame({ ...place, isConfirmed: false, fCtrl: fCtrlBits.adr, fOpts, fPort: 7, payload })
    setMic(bytes, micOf({ bytes, fCtrl: fCtrlBits.adr, payloadTo: bytes.length - micBytes }, place, schedules, is11))
    return { bytes, keys, fCnt: place.fCnt, plain }
  })
}

function micOf(
  frame: Pick<DataFrame, 'bytes' | 'fCtrl' | 'payloadTo'>,
  place: FramePlace,
  schedules: Schedules,
  is11: boolean,
): number {
  return is11
    ? uplinkMic11(schedules, { ...frame, devAddr: place.devAddr }, place.fCnt, heardWith)
    : mic10(schedules.fNwkSIntKey, place, frame.bytes, frame.payloadTo)
}

function ours(schedulesOf: SchedulesOf, is11: boolean): Read {
  return ({ bytes, keys, fCnt }) => {
    const frame = parsePhyPayload(bytes)
    if (frame.kind !== 'data') return -1
    const { isUp, devAddr, payloadFrom, payloadTo } = frame
    const schedules = schedulesOf(keys)
    const place = { isUp, devAddr, fCnt }
    return micOf(frame, place, schedules, is11) === frame.mic
      ? sumOf(cryptPayload(schedules.appSKey, place, bytes, payloadFrom, payloadTo))
      : -1
  }
}

function theirs(is11: boolean): Read {
  return ({ bytes, keys, fCnt }) => {
    const packet = loraPacket.fromWire(Buffer.from(bytes))
    const upper = Buffer.of((fCnt >>> 16) & 0xff, fCnt >>> 24)
    const network = Buffer.from(keys.fNwkSIntKey)
    const isWhole = is11
      ? loraPacket.verifyMIC(packet, network, Buffer.from(keys.sNwkSIntKey), upper, Buffer.of(0, 0, 5, 2))
      : loraPacket.verifyMIC(packet, network, undefined, upper)
    return isWhole ? sumOf(loraPacket.decrypt(packet, Buffer.from(keys.appSKey), network, upper)) : -1
  }
}

/** Expands keys each time, for whoever reads a frame of a device now and then. */
const unkept: SchedulesOf = (keys) => makeSchedules()(keys)

function courseOf(kind: Kind): Course {
  const { frameBytes, is11 } = kind
  return {
    name: `${is11 ? '1.1' : '1.0'}, ${frameBytes} bytes`,
    samples: samplesOf(kind, deviceCount, ofManyDevices),
    contestants: [
      { name: 'lora-packet 0.9.3', read: theirs(is11), frameCount: 512 },
      { name: 'groundwork, schedules kept', read: ours(makeSchedules(), is11), frameCount: 40_960, goalRatio },
      { name: 'groundwork, keys expanded anew', read: ours(unkept, is11), frameCount: 10_240 },
    ],
  }
}

/** Microseconds of processor time for one call. */
function usOf(calls: number, run: (index: number) => void): number {
  const start = process.cpuUsage()
  for (let index = 0; index < calls; index += 1) run(index)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / calls
}

function medianOf(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

/** Whether each contestant reads every frame as it was written, and none that was changed. */
function agree({ samples, contestants }: Course): boolean {
  return contestants.every(({ read }) =>
    samples.every((sample) => {
      const changed = sample.bytes.slice()
      changed[10] = changed[10]! ^ 1
      return read(sample) === sumOf(sample.plain) && read({ ...sample, bytes: changed }) === -1
    }),
  )
}

function race({ name, samples, contestants }: Course): boolean {
  const times = new Map<Contestant, number[]>(contestants.map((one) => [one, []]))
  const lap = (one: Contestant): number =>
    usOf(one.frameCount, (index) => void one.read(samples[index % samples.length]!))
  for (const one of contestants) lap(one)
  for (let round = 0; round < roundCount; round += 1)
    for (const one of round % 2 === 0 ? contestants : contestants.toReversed()) times.get(one)?.push(lap(one))
  const slowest = [...times.values()][0] ?? []
  let isMet = true
  for (const [{ name: who, goalRatio: goal }, own] of times) {
    const ratio = medianOf(own.map((us, round) => (slowest[round] ?? Number.NaN) / us))
    const verdict = goal === undefined ? '' : `   ${goal} ${ratio >= goal ? 'met' : 'MISSED'}`
    if (goal !== undefined) isMet &&= ratio >= goal
    const figures = [medianOf(own).toFixed(2).padStart(10), ratio.toFixed(1).padStart(14)]
    console.log(`${name.padEnd(16)}${who.padEnd(34)}${figures.join('')}${verdict}`)
  }
  return isMet
}

const radio: DeviceSession['radio'] = {
  deviceClass: 'A',
  rx1DelaySeconds: 1,
  rx1DataRateOffset: 0,
  rx2DataRate: 0,
  rx2FrequencyHz: 869_525_000,
  dataRate: 5,
  txPowerIndex: 0,
  nbTrans: 1,
  uplinkDwell: false,
  downlinkDwell: false,
  channels: [],
  enabledChannels: [],
  isBeaconLocked: false,
}

/**
 * A hundred sessions on one address, and a frame of each; whose it is goes round, so the right one stands anywhere in the list.
 *
 * Counters are alike and above 16 bits, which is the worst that can be: they tell nobody apart, and a frame of none of them is also
 * tried as of a device that began to count again.
 */
function crowdUs({ is11, isForged }: { readonly is11: boolean; readonly isForged: boolean }): number {
  const [devAddr, fCnt] = [0x26000000, 70_000]
  const samples = samplesOf({ frameBytes: 30, is11 }, crowdCount, () => ({ devAddr, fCnt }))
  const candidates = samples.map(({ keys }, number): DeviceSession => ({
    devEui: number.toString(16).padStart(16, '0'),
    devAddr,
    joinEui: '0000000000000000',
    keys,
    macVersion: is11 ? '1.1.0' : '1.0.4',
    startedAtMs: 0,
    fCntUp: fCnt,
    nFCntDown: 0,
    aFCntDown: 0,
    radio,
    requests: [],
  }))
  if (isForged) for (const { bytes } of samples) bytes[10] = bytes[10]! ^ 1
  const schedulesOf = makeSchedules()
  const expected = isForged ? 'wrong-mic' : 'accepted'
  const read = (index: number): void => {
    const frame = parsePhyPayload(samples[index % samples.length]!.bytes)
    if (frame.kind !== 'data') throw new Error('a frame of the crowd is none')
    const verdict = readUplink({
      frame,
      candidates,
      schedulesOf,
      sentWith: () => [heardWith],
      skipsFrameCounter: () => false,
      isLastFrame: () => true,
      isDisabled: () => false,
    })
    if ((verdict.tag === 'accepted' ? verdict.tag : verdict.reason) !== expected)
      throw new Error('frames of the crowd are not told apart')
  }
  const calls = 5 * samples.length
  return medianOf(Array.from({ length: roundCount + 3 }, () => usOf(calls, read)).slice(3))
}

const courses = [
  courseOf({ frameBytes: 17, is11: false }),
  courseOf({ frameBytes: 57, is11: false }),
  courseOf({ frameBytes: 235, is11: false }),
  courseOf({ frameBytes: 57, is11: true }),
]

console.log(
  `node bench/lorawan-codec.ts --rounds ${roundCount}   (Node ${process.version}, median of interleaved rounds)`,
)
if (!courses.every(agree)) {
  console.error('The implementations read frames differently.')
  process.exitCode = 1
} else {
  console.log(`${'us a frame'.padStart(60)}${'x lora-packet'.padStart(14)}   goal`)
  let isMet = true
  for (const course of courses) isMet = race(course) && isMet
  console.log(`an uplink of an address with ${crowdCount} sessions, in us of processor time (goal ${goalUplinkUs}):`)
  for (const is11 of [false, true]) {
    const [own, forged] = [false, true].map((isForged) => crowdUs({ is11, isForged }))
    const isFast = Math.max(own ?? Infinity, forged ?? Infinity) < goalUplinkUs
    isMet &&= isFast
    const version = is11 ? '1.1' : '1.0'
    console.log(
      `  ${version}: ${own?.toFixed(1)}, of none of them: ${forged?.toFixed(1)}   ${isFast ? 'met' : 'MISSED'}`,
    )
  }
  if (!isMet) process.exitCode = 2
}
