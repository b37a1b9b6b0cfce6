/**
 * Goal: whatever strangers send, every reader of this folder answers with a value of bounded size in bounded time and never throws;
 * what it made of it can be written, and what we write it reads back the same.
 *
 * Strangers' bytes are random ones, and valid ones that were cut, spliced, lengthened and flipped; their JSON has values of the wrong
 * kind, names that every object has, and nests as deep as it fits.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { softwareNodeSigner, verifyNode } from '@groundwork/core/identity/node-signer.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { keySchedule } from '../crypto/aes-128.ts'
import {
  contextBytesMax,
  phyPayloadBytesMax,
  softwareLengthMax,
  type GatewayStatus,
  type RadioDownlink,
  type RadioUplink,
  type TransmitWindow,
} from '../model/radio.ts'
import { copiesMax } from '../model/route.ts'
import type { Receipt } from '../model/receipt.ts'
import { regionOf } from '../region/region-of.ts'
import { regionNames } from '../region/region.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import {
  decodeStationContext,
  encodeStationContext,
  readDiscovery,
  readStationMessage,
  stationMessageBytesMax,
  stationUplink,
} from './basics-station.ts'
import { byteReader } from './byte-reader.ts'
import {
  carriageBytesMax,
  decodeCarriage,
  encodeCarriage,
  receiptDrawCount,
  talliesPerEntryMax,
  type CarriageBlock,
} from './carriage-block.ts'
import {
  carryKeys,
  ephemeralOf,
  helloBytes,
  openHello,
  openWelcome,
  signHello,
  welcomeBytes,
  type Hello,
} from './carry-hello.ts'
import {
  decisionsPerMessageMax,
  downlinksPerMessageMax,
  receiptsPerMessageMax,
  uplinksPerMessageMax,
  decodeMessage,
  encodeMessage,
  type CarryMessage,
} from './carry-messages.ts'
import { carryBodyBytesMax, carryMessageBytesMax, carryOpener, carrySealer } from './carry-stream.ts'
import { decodeCfList, encodeCfList } from './cf-list.ts'
import { formatDevAddr, networkOfAddr, parseDevAddr } from './dev-addr.ts'
import { readExactJson, wholeNumberOf, writeExactJson } from './exact-json.ts'
import { cryptPayload, mic10, optionsOf } from './frame-crypto.ts'
import { decodeJoinAccept, encodeJoinAccept, openJoinAccept } from './join-accept.ts'
import { readEui, writeEui } from './little-endian.ts'
import { commandBytes, readDownlinkCommands, readUplinkCommands, writeCommands } from './mac-commands.ts'
import { mqttLengthGate } from './mqtt-length-gate.ts'
import { buildDataFrame, buildJoinRequest, buildRejoinRequest, fOptsFrom, parsePhyPayload } from './phy-payload.ts'
import { decodeReceipt, encodeReceipt, receiptBytes } from './receipt.ts'
import {
  datagramBytesMax,
  decodeUdpContext,
  encodeAck,
  encodeUdpContext,
  packetsPerPushMax,
  parseForwarderDatagram,
  readPush,
  readTxAck,
  uplinkOf,
} from './semtech-udp.ts'
import { readStationEui, writeId6 } from './station-eui.ts'
import { tallySignerOf, voucherSignerOf } from './voucher.ts'

const manyRuns = { numRuns: 1000 }
const plain = { noNullPrototype: true } as const
const encoder = new TextEncoder()

const bytesOf = (sizeBytes: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes })
const hexOf = (sizeBytes: number): fc.Arbitrary<Hex> =>
  bytesOf(sizeBytes).map((bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`)
const eui = hexOf(8).map((text) => text.slice(2))
const uint = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 })
const wide = (bits: number): fc.Arbitrary<bigint> => fc.bigInt(0n, 2n ** BigInt(bits) - 1n)

/** Ends of integers, and numbers that are none. */
const edges: readonly (readonly number[])[] = [
  [0x80, 0],
  [0x7f, 0xff],
  [0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
  [0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
]

/** One thing that is done to valid bytes; places are taken modulo what is there. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), value: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) }),
  fc.record({ kind: fc.constant('put' as const), at: fc.nat(), bytes: fc.constantFrom(...edges) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 20 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), sizeBytes: fc.integer({ min: 1, max: 40 }) }),
)
type Change = typeof change extends fc.Arbitrary<infer One> ? One : never

function changed(bytes: Uint8Array, one: Change): Uint8Array {
  const at = one.at % (bytes.length + 1)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  if (one.kind === 'cut') return before
  if (one.kind === 'insert') return Uint8Array.of(...before, ...one.bytes, ...after)
  if (one.kind === 'put') return Uint8Array.of(...before, ...one.bytes, ...after.subarray(one.bytes.length))
  if (one.kind === 'repeat') return Uint8Array.of(...before, ...after.subarray(0, one.sizeBytes), ...after)
  const [first, ...rest] = after
  if (first === undefined) return bytes
  return Uint8Array.of(...before, one.kind === 'flip' ? first ^ one.value : one.value, ...rest)
}

/** Any bytes, the valid ones themselves, and what becomes of them by a few changes. */
function strange(valid: fc.Arbitrary<Uint8Array>, maxLength = 300): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength, size: 'max' }),
    valid,
    fc
      .tuple(valid, fc.array(change, { minLength: 1, maxLength: 4 }))
      .map(([bytes, changes]) => changes.reduce(changed, bytes)),
  )
}

/** Values that JSON may have anywhere. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    'constructor',
    '__proto__',
    'toString',
    -1,
    0,
    -0,
    0.5,
    1e308,
    -1e308,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    5000,
    9_999.99,
    [],
    {},
    [[]],
    { toString: 1, valueOf: 1 },
    { length: 3 },
    '\u0000123456789012345678',
    '\ud800',
    '\ufeff',
    'M0CW00',
    'SF7BW125',
    'SF12BW0',
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Valid fields, of which some are left out or hold something else, and fields that every object has. */
function strangeFields(valid: Readonly<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const names = [...Object.keys(valid), '__proto__', 'constructor']
  const edit = fc.tuple(fc.constantFrom(...names), fc.option(oddValue, { nil: undefined }))
  return fc.array(edit, { maxLength: 2 }).map((edits) => {
    const fields = { ...valid }
    for (const [name, value] of edits)
      Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true })
    return fields
  })
}

/** Text as JSON has it, now and then broken, or ended by zero bytes as some programs in C do. */
function strangeText(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const text = value.map((one) => JSON.stringify(one) ?? '')
  return fc.oneof(
    text,
    text.map((one) => `${one}\0\0`),
    fc.tuple(text, fc.nat(), fc.string({ maxLength: 5 })).map(([one, at, odd]) => {
      const place = at % (one.length + 1)
      return one.slice(0, place) + odd + one.slice(place + odd.length)
    }),
  )
}

/** Runs what may take time in proportion to the largest input, and no more: a second where it takes milliseconds. */
function assertQuick(run: () => void): void {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  assert.ok(user + system < 2e6, `${(user + system) / 1000} ms`)
}

// ---- frames of the air ----

const dataFrame = fc
  .record({
    isUp: fc.boolean(),
    isConfirmed: fc.boolean(),
    devAddr: uint(32),
    fCtrl: uint(4).map((flags) => flags << 4),
    fCnt: uint(32),
    fOpts: fc.uint8Array({ maxLength: 15 }),
    fPort: fc.option(uint(8), { nil: undefined }),
    payload: fc.uint8Array({ maxLength: 222 }),
  })
  .map((one) => (one.fPort === undefined ? { ...one, payload: new Uint8Array() } : one))
const accept = fc.record(
  {
    joinNonce: uint(24),
    netId: uint(24),
    devAddr: uint(32),
    optNeg: fc.boolean(),
    rx1DataRateOffset: uint(3),
    rx2DataRate: uint(4),
    rxDelaySeconds: uint(4),
    cfList: fc.option(bytesOf(16), { nil: undefined }),
  },
  plain,
)
const rejoin = fc.oneof(
  fc.record({ rejoinType: fc.constantFrom(0 as const, 2 as const), netId: uint(24), devEui: eui, rjCount: uint(16) }),
  fc.record({ rejoinType: fc.constant(1 as const), joinEui: eui, devEui: eui, rjCount: uint(16) }),
)
const joinRequest = fc.record({ joinEui: eui, devEui: eui, devNonce: uint(16) })
const validFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  dataFrame.map(buildDataFrame),
  joinRequest.map(buildJoinRequest),
  rejoin.map(buildRejoinRequest),
  accept.map(encodeJoinAccept),
)

test('any bytes are a frame or malformed, and a frame’s parts lie within it and make it up again', () => {
  const schedule = keySchedule(new Uint8Array(16))
  fc.assert(
    fc.property(strange(validFrame), (bytes) => {
      const frame = parsePhyPayload(bytes)
      switch (frame.kind) {
        case 'malformed':
          return
        case 'data': {
          const { isUp, isConfirmed, devAddr, fCtrl, fCnt16, fOptsEnd, fPort, payloadFrom, payloadTo } = frame
          assert.ok(fOptsFrom <= fOptsEnd && fOptsEnd <= payloadFrom && payloadFrom <= payloadTo)
          assert.equal(payloadTo, bytes.length - 4)
          const place = { isUp, devAddr, fCnt: fCnt16 }
          assert.ok(Number.isInteger(mic10(schedule, place, bytes, payloadTo)))
          assert.equal(cryptPayload(schedule, place, bytes, payloadFrom, payloadTo).length, payloadTo - payloadFrom)
          assert.equal(optionsOf(frame, fCnt16, schedule).length, fOptsEnd - fOptsFrom)
          const again = buildDataFrame({
            isUp,
            isConfirmed,
            devAddr,
            fCtrl,
            fCnt: fCnt16,
            fOpts: bytes.subarray(fOptsFrom, fOptsEnd),
            fPort: fPort < 0 ? undefined : fPort,
            payload: bytes.subarray(payloadFrom, payloadTo),
          })
          // Bits 2 to 4 of the MHDR are reserved, and not written again.
          assert.deepEqual(again.subarray(1, -4), bytes.slice(1, -4))
          assert.equal(again[0], bytes[0]! & 0xe3)
          return
        }
        case 'join-request':
          return assert.deepEqual(buildJoinRequest(frame).subarray(1, -4), bytes.slice(1, -4))
        case 'rejoin-request':
          return assert.deepEqual(buildRejoinRequest(frame).subarray(1, -4), bytes.slice(1, -4))
        case 'join-accept':
          return assert.ok(decodeJoinAccept(openJoinAccept(schedule, bytes)) !== undefined)
        case 'proprietary':
          return assert.equal(frame.bytes, bytes)
      }
    }),
    manyRuns,
  )
  assert.deepEqual(parsePhyPayload(new Uint8Array(phyPayloadBytesMax + 1).fill(0x40)), {
    kind: 'malformed',
    reason: 'too-long',
  })
})

test('frames read back as they were built', () => {
  fc.assert(
    fc.property(dataFrame, joinRequest, rejoin, (data, request, again) => {
      const frame = parsePhyPayload(buildDataFrame(data))
      assert.ok(frame.kind === 'data')
      const { bytes, fOptsEnd, fPort, payloadFrom, payloadTo, fCnt16, fCtrl } = frame
      assert.deepEqual(
        {
          isUp: frame.isUp,
          isConfirmed: frame.isConfirmed,
          devAddr: frame.devAddr,
          fCtrl: fCtrl & 0xf0,
          fOpts: bytes.slice(fOptsFrom, fOptsEnd),
          fPort: fPort < 0 ? undefined : fPort,
          payload: bytes.slice(payloadFrom, payloadTo),
          fCnt: fCnt16,
        },
        { ...data, fCnt: data.fCnt % 65_536 },
      )
      const readRequest = parsePhyPayload(buildJoinRequest(request))
      assert.deepEqual({ ...readRequest, ...request }, readRequest)
      const readAgain = parsePhyPayload(buildRejoinRequest(again))
      assert.deepEqual({ ...readAgain, ...again }, readAgain)
    }),
  )
})

test('a join-accept of any size reads or is undefined, and reads back as it was written', () => {
  fc.assert(
    fc.property(strange(accept.map(encodeJoinAccept), 40), (bytes) => {
      const decoded = decodeJoinAccept(bytes)
      assert.equal(decoded !== undefined, bytes.length === 17 || bytes.length === 33)
      if (decoded !== undefined)
        assert.deepEqual(decodeJoinAccept(encodeJoinAccept(decoded.accept))?.accept, decoded.accept)
    }),
    manyRuns,
  )
  fc.assert(
    fc.property(accept, (one) => {
      assert.deepEqual(decodeJoinAccept(encodeJoinAccept(one)), { accept: one, mic: 0 })
    }),
  )
})

test('a channel list reads or is undefined, and lists read back', () => {
  fc.assert(
    fc.property(strange(bytesOf(16), 20), (bytes) => {
      const list = decodeCfList(bytes)
      if (list !== undefined) assert.deepEqual(decodeCfList(encodeCfList(list)), list)
      else assert.ok(bytes.length !== 16 || bytes[15]! > 1)
    }),
    manyRuns,
  )
})

test('any options are read as far as they have a meaning, and commands that were read are written the same', () => {
  const options = fc.oneof(
    fc.uint8Array({ maxLength: 242 }),
    // Numbers of commands, so that more than one is met.
    fc
      .array(fc.oneof(fc.integer({ min: 1, max: 0x13 }), fc.constant(0x20), uint(8)), { maxLength: 60 })
      .map((all) => Uint8Array.from(all)),
  )
  for (const [isUp, read] of [
    [true, readUplinkCommands],
    [false, readDownlinkCommands],
  ] as const)
    fc.assert(
      fc.property(options, (bytes) => {
        const { commands, fault } = read(bytes)
        const sizeBytes = commands.reduce((sum, command) => sum + commandBytes(command, { isUp }), 0)
        assert.ok(commands.length <= bytes.length && sizeBytes <= bytes.length)
        if (fault === undefined) assert.equal(sizeBytes, bytes.length)
        else assert.equal(fault.cid, bytes[sizeBytes])
        const written = writeCommands(commands, { isUp })
        assert.deepEqual(read(written), { commands })
      }),
      manyRuns,
    )
})

test('addresses and EUIs read back, and any text is one or none', () => {
  fc.assert(
    fc.property(uint(32), eui, fc.string(), (devAddr, oneEui, text) => {
      assert.equal(parseDevAddr(formatDevAddr(devAddr)), devAddr)
      const network = networkOfAddr(devAddr)
      assert.equal(network === undefined, devAddr >= 0xff000000)
      const bytes = new Uint8Array(8)
      writeEui(bytes, 0, oneEui)
      assert.equal(readEui(bytes, 0), oneEui)
      assert.equal(parseDevAddr(text) !== undefined, /^[0-9a-f]{8}$/i.test(text))
    }),
    manyRuns,
  )
})

// ---- gateways ----

const aStatus: GatewayStatus = {
  gatewayEui: '0102030405060708',
  atMs: 5,
  protocol: 'basics-station',
  latitude: 1.5,
  longitude: -2.5,
  altitudeM: 3,
  software: 'x',
  sentCount: 4,
}

/** A frame that was believed can be carried to a router, and is the same there: a stream with a message that cannot be read is over. */
function assertCarries(uplink: RadioUplink): void {
  assert.ok(uplink.phyPayload.length <= phyPayloadBytesMax && uplink.context.length <= contextBytesMax)
  const message: CarryMessage = { kind: 'uplinks', uplinks: [{ sequence: 1, holdMs: 0, uplink }] }
  const carried = decodeMessage(encodeMessage(message))
  assert.ok(carried?.kind === 'uplinks', 'a carried uplink is read')
  const { rssiDbm, snrDb, ...rest } = uplink
  const { rssiDbm: carriedRssi, snrDb: carriedSnr, ...carriedRest } = carried.uplinks[0]!.uplink
  assert.deepEqual(carriedRest, rest)
  // Signals travel in tenths within 16 bits.
  assert.ok(Math.abs(carriedRssi - Math.max(-3276.7, Math.min(3276.7, rssiDbm))) < 0.0501)
  assert.equal(carriedSnr === undefined, snrDb === undefined)
}

function assertStatusCarries(status: GatewayStatus): void {
  const carried = decodeMessage(encodeMessage({ kind: 'status', status }))
  assert.ok(carried?.kind === 'status', 'a carried status is read')
  assert.deepEqual(carried.status, status)
}

const rxpk = {
  tmst: 3_512_348_611,
  chan: 2,
  rfch: 0,
  freq: 866.349812,
  stat: 1,
  modu: 'LORA',
  datr: 'SF7BW125',
  codr: '4/6',
  rssi: -35,
  lsnr: 5.1,
  size: 4,
  data: 'AQIDBA==',
  tmms: 1_400_000_000_000,
  ftime: 12,
  foff: 3,
  ant: 1,
  brd: 0,
  hpw: 52,
  rsig: [{ ant: 0, chan: 7, rssic: -61, lsnr: 12.6 }],
}
const fskPacket = { ...rxpk, modu: 'FSK', datr: 50_000 }
const hoppingPacket = { ...rxpk, modu: 'LR-FHSS', datr: 'M0CW137', codr: '4/6' }
const stat = {
  time: '2026-01-12 08:59:28 GMT',
  lati: 46.24,
  long: 3.2523,
  alti: 145,
  rxnb: 2,
  rxok: 2,
  rxfw: 2,
  ackr: 100,
  dwnb: 2,
  txnb: 2,
  desc: 'gateway',
}
const signal = strangeFields({ ant: 0, chan: 7, rssic: -61, rssis: -62, lsnr: 12.6, rssi: -60 })
const packet = fc
  .tuple(
    fc.constantFrom(rxpk, fskPacket, hoppingPacket).chain(strangeFields),
    fc.array(fc.oneof(signal, oddValue), { maxLength: 3 }),
  )
  .chain(([fields, rsig]) => fc.constantFrom(fields, { ...fields, rsig }))
const push = fc
  .record(
    { rxpk: fc.array(fc.oneof(packet, oddValue), { maxLength: 4 }), stat: strangeFields(stat) },
    { requiredKeys: [] },
  )
  .chain((fields) => fc.oneof({ weight: 4, arbitrary: fc.constant(fields) }, strangeFields(fields)))

test('any push of a forwarder gives packets that can be carried, and a fault for each that was dropped', () => {
  fc.assert(
    fc.property(strangeText(push), (text) => {
      const read = readPush(encoder.encode(text))
      if (read === undefined) return
      assert.ok(read.packets.length <= packetsPerPushMax && read.faults.length <= packetsPerPushMax + 1)
      for (const one of read.packets)
        assertCarries(uplinkOf(one, { gatewayEui: '0102030405060708', heardAtMs: 5, era: 1 }))
      if (read.status !== undefined)
        assertStatusCarries({ ...read.status, gatewayEui: '0102030405060708', atMs: 5, protocol: 'semtech-udp-2' })
    }),
    { numRuns: 3000 },
  )
})

test('the largest pushes of a forwarder take little time, however they nest', () => {
  const bodies = ['[', '{"a":', '{"rxpk":[', '{"rxpk":[{},', '"\\u', '0', '1e', '{"rxpk":[{"rsig":[{},'].map((piece) =>
    piece.repeat(datagramBytesMax / piece.length).slice(0, datagramBytesMax - 12),
  )
  const full = JSON.stringify({ rxpk: Array.from({ length: 4000 }, () => 0) })
  assertQuick(() => {
    for (const body of [...bodies, full]) readPush(encoder.encode(body))
  })
  assert.deepEqual(readPush(encoder.encode(full))?.faults.length, packetsPerPushMax + 1)
})

test('any datagram is one of a forwarder or has a fault, and its answer is its own', () => {
  const valid = fc
    .tuple(fc.constantFrom(1, 2), uint(16), fc.constantFrom(0, 2, 5), bytesOf(8), strangeText(push))
    .map(([version, token, kind, gateway, text]) =>
      Uint8Array.of(version, token >>> 8, token & 0xff, kind, ...gateway, ...(kind === 2 ? [] : encoder.encode(text))),
    )
  fc.assert(
    fc.property(strange(valid), (bytes) => {
      const datagram = parseForwarderDatagram(bytes)
      if (typeof datagram === 'string') return
      assert.match(datagram.gatewayEui, /^[0-9a-f]{16}$/)
      const acknowledged = encodeAck(datagram)
      assert.deepEqual(acknowledged.subarray(0, 3), Uint8Array.from(bytes.subarray(0, 3)))
      if (datagram.kind === 'push-data') readPush(datagram.json)
      if (datagram.kind === 'tx-ack') readTxAck(datagram.json)
    }),
    manyRuns,
  )
  const longest = new Uint8Array(datagramBytesMax + 1).fill(1)
  assert.equal(parseForwarderDatagram(longest), 'too-long')
})

test('any answer of a forwarder to a downlink is one that can be told', () => {
  const ack = fc.oneof(
    strangeFields({ error: 'TOO_LATE', warn: 'TX_POWER', value: 20 }),
    fc.constantFrom('constructor', '__proto__', 'toString', 'NONE', '', 'TX_POWER').map((error) => ({ error })),
    oddValue,
  )
  fc.assert(
    fc.property(strangeText(ack.map((txpk_ack) => ({ txpk_ack }))), (text) => {
      const { refusal, powerDbm } = readTxAck(encoder.encode(text))
      const outcome = {
        id: 1,
        gatewayEui: '0102030405060708',
        windowIndex: 0,
        atMs: 5,
        ...(refusal === undefined ? {} : { refusal }),
      }
      assert.deepEqual(decodeMessage(encodeMessage({ kind: 'outcomes', outcomes: [outcome] })), {
        kind: 'outcomes',
        outcomes: [outcome],
      })
      assert.ok(powerDbm === undefined || Number.isFinite(powerDbm))
    }),
    { numRuns: 3000 },
  )
})

test('a context reads back, and any bytes are one or none', () => {
  fc.assert(
    fc.property(uint(32), uint(8), uint(8), uint(16), (timestampUs, antenna, board, era) => {
      const context = { timestampUs, antenna, board, era }
      assert.deepEqual(decodeUdpContext(encodeUdpContext(context)), context)
    }),
  )
  fc.assert(
    fc.property(
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      uint(16),
      (xtime, rctx, session) => {
        assert.deepEqual(decodeStationContext(encodeStationContext({ xtime, rctx, session })), { xtime, rctx, session })
      },
    ),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.equal(decodeUdpContext(bytes) !== undefined, bytes.length === 8)
      assert.equal(decodeStationContext(bytes) !== undefined, bytes.length === 18)
    }),
    manyRuns,
  )
})

test('base64 reads back with and without its padding, in both alphabets; any text is some or none', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ unit: 'binary' }), (bytes, text) => {
      const written = encodeBase64(bytes)
      assert.equal(written, Buffer.from(bytes).toString('base64'))
      for (const one of [written, written.replaceAll('=', ''), written.replaceAll('+', '-').replaceAll('/', '_')])
        assert.deepEqual(decodeBase64(one), bytes)
      const read = decodeBase64(text)
      assert.ok(read === undefined || read.length <= text.length)
    }),
    manyRuns,
  )
})

const upinfo = {
  rctx: 1,
  xtime: 62_768_654_915_665_315n,
  gpstime: 1_400_000_000_000_000n,
  fts: -1,
  rssi: -40,
  snr: 9.5,
  rxtime: 1.5,
}
/** Numbers of 64 bits at their ends and beyond. */
const long = fc.constantFrom(
  1n,
  -1n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 63n,
  2n ** 64n - 1n,
  -(2n ** 63n) - 1n,
)
const place = fc.tuple(long, long).map(([xtime, rctx]) => ({ ...upinfo, xtime, rctx }))
const stationMessages = [
  {
    msgtype: 'updf',
    MHdr: 64,
    DevAddr: -559_038_242,
    FCtrl: 0x82,
    FCnt: 7,
    FOpts: '0307',
    FPort: 1,
    FRMPayload: '01ff',
    MIC: -17,
    DR: 5,
    Freq: 868_100_000,
  },
  {
    msgtype: 'jreq',
    MHdr: 0,
    JoinEui: '70-b3-d5-7e-d0-00-00-01',
    DevEui: '::1',
    DevNonce: 9,
    MIC: 5,
    DR: 0,
    Freq: 868_300_000,
  },
  { msgtype: 'propdf', FRMPayload: 'e0aabb', DR: 3, Freq: 868_500_000 },
  { msgtype: 'dntxed', diid: 7, seqno: 7, xtime: 5, Freq: 868_100_000 },
  { msgtype: 'version', station: '2.0.6(linux/std)', firmware: '', model: 'linux', package: 'x' },
  { msgtype: 'timesync', txtime: 123_456_789 },
  { msgtype: 'rejoin', MHdr: 192 },
  { msgtype: 'dndf' },
  { msgtype: 'rmtsh' },
  { router: 'b827:ebff:fee1:e39a' },
]
/** As programs in C write it: 64 bits as a number. */
const exactText = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `\u0001${one}` : one))?.replaceAll(
    /"\\u0001(-?\d+)"/g,
    '$1',
  ) ?? ''
const stationText = fc
  .constantFrom<Record<string, unknown>>(...stationMessages)
  .chain((message) => fc.tuple(strangeFields(message), place.chain(strangeFields), fc.nat({ max: 5 })))
  .map(([message, about, lot]) => exactText(lot > 0 ? { ...message, upinfo: about } : message))

test('any message of a station is one or has a fault; its frames can be carried, in every band', () => {
  const regions = regionNames.map((name) => regionOf(name))
  const broken = fc
    .tuple(stationText, fc.nat(), fc.string({ maxLength: 4 }))
    .map(([text, at, odd]) => text.slice(0, at % text.length) + odd)
  let frames = 0
  fc.assert(
    fc.property(
      fc.oneof({ weight: 4, arbitrary: stationText }, broken, fc.string()),
      fc.constantFrom(...regions),
      (text, region) => {
        readDiscovery(text)
        const message = readStationMessage(text)
        if (typeof message === 'string' || message.kind !== 'frame') return
        const uplink = stationUplink(message, { gatewayEui: '0102030405060708', region, heardAtMs: 5, session: 1 })
        if (uplink === undefined) return
        frames += 1
        assert.deepEqual(decodeStationContext(uplink.context), { ...message.place, session: 1 })
        assertCarries(uplink)
      },
    ),
    { numRuns: 4000 },
  )
  assert.ok(frames > 50, `${frames} messages are frames`)
})

test('what a station says of its program can be carried as a status', () => {
  // Pairs of UTF-16 that are cut, and halves that never were one.
  const units = fc.array(fc.oneof(uint(16), fc.constantFrom(0xd83d, 0xde00, 0xfeff)), { maxLength: 80 })
  const text = fc.oneof(
    units.map((all) => String.fromCharCode(...all)),
    fc.nat({ max: 40 }).map((count) => '😀'.repeat(count)),
  )
  fc.assert(
    fc.property(text, text, (station, model) => {
      const message = readStationMessage(JSON.stringify({ msgtype: 'version', station, model }))
      assert.ok(typeof message !== 'string' && message.kind === 'version')
      const { software } = message
      assert.ok(software.isWellFormed() && software.length <= softwareLengthMax)
      assertStatusCarries({ ...aStatus, ...(software === '' ? { software: 'x' } : { software }) })
    }),
    manyRuns,
  )
})

test('a station’s frame may be as long as a frame is, and no longer', () => {
  const message = (payloadBytes: number): string =>
    exactText({ ...stationMessages[0], FRMPayload: '00'.repeat(payloadBytes), upinfo })
  // With 12 bytes around, a port, and two of options.
  const longest = readStationMessage(message(phyPayloadBytesMax - 15))
  assert.ok(typeof longest !== 'string' && longest.kind === 'frame')
  assert.equal(longest.phyPayload.length, phyPayloadBytesMax)
  assert.equal(readStationMessage(message(phyPayloadBytesMax - 14)), 'too-long')
})

test('the longest messages of a station take little time, whatever they are made of', () => {
  const pieces = [
    '[',
    '{"a":',
    '"',
    '\\',
    '"\\',
    '1',
    '12345678901234567,',
    '{"msgtype":"updf","FOpts":"',
    '1.',
    '-',
    'e',
    '"a',
    '{"router":"::',
  ]
  assertQuick(() => {
    for (const piece of pieces) {
      const text = piece.repeat(stationMessageBytesMax / piece.length)
      readStationMessage(text)
      readDiscovery(text)
      readDiscovery(JSON.stringify({ router: text }))
    }
  })
})

test('JSON with whole numbers of 64 bits reads back exactly, and any text is some or none', () => {
  const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n),
      fc.bigInt(10n ** 15n, 10n ** 16n),
      fc.integer(),
      fc.string().filter((text) => !text.startsWith('\0')),
      fc.constantFrom(null, true, false),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.string().filter((name) => name !== '__proto__'),
        tie('value'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  })).value
  /** All whole numbers as bigints. */
  const exact = (value: unknown): unknown => {
    const whole = wholeNumberOf(value)
    if (whole !== undefined) return whole
    if (Array.isArray(value)) return value.map(exact)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, exact(one)]))
  }
  fc.assert(
    fc.property(json, fc.string(), (value, text) => {
      const written = writeExactJson(value as Parameters<typeof writeExactJson>[0])
      assert.deepEqual(exact(readExactJson(written)), exact(value))
      readExactJson(text)
    }),
    manyRuns,
  )
})

test('an EUI reads in every way of a station, and any text is one or none', () => {
  for (const none of ['1:2:3:4::', '::1:2:3:4', '1::2::3', '1:2:3', '1:2:3:4:5', '12345::', ':::', 2 ** 53, -1])
    assert.equal(readStationEui(none), undefined, String(none))
  fc.assert(
    fc.property(
      fc.oneof(
        eui,
        fc
          .constantFrom('0', '00ff')
          .chain((zero) => bytesOf(2).map((two) => `${zero}${Buffer.from(two).toString('hex')}`.padEnd(16, '0'))),
      ),
      fc.string(),
      (one, text) => {
        const dashes = one.match(/../g)?.join('-')
        for (const way of [writeId6(one), one, one.toUpperCase(), dashes, `router-${writeId6(one)}`])
          assert.equal(readStationEui(way), one)
        assert.equal(readStationEui(readExactJson(BigInt(`0x${one}`).toString())), one)
        const read = readStationEui(text)
        assert.ok(read === undefined || /^[0-9a-f]{16}$/.test(read))
      },
    ),
    manyRuns,
  )
})

// ---- routers and hotspots ----

const modulation = fc.oneof(
  fc.record(
    {
      kind: fc.constant('lora' as const),
      spreadingFactor: fc.integer({ min: 5, max: 12 }),
      bandwidthHz: fc.constantFrom(125_000, 500_000),
    },
    plain,
  ),
  fc.record({ kind: fc.constant('fsk' as const), bitRate: fc.integer({ min: 1, max: 1_000_000 }) }, plain),
  fc.record(
    {
      kind: fc.constant('lr-fhss' as const),
      codingRate: fc.constantFrom('1/3' as const, '2/3' as const),
      widthHz: fc.constantFrom(137_000),
    },
    plain,
  ),
)
const receipt: fc.Arbitrary<Receipt> = fc.record(
  {
    packet: hexOf(32),
    sizeBytes: fc.integer({ min: 0, max: phyPayloadBytesMax }),
    gatewayEui: eui,
    heardAtMs: fc.maxSafeNat(),
    frequencyHz: uint(32),
    modulation,
    rssiDeciDbm: fc.integer({ min: -0x7fff, max: 0x7fff }),
    snrDeciDb: fc.integer({ min: -0x7fff, max: 0x7fff }),
    copies: fc.integer({ min: 1, max: 4 }),
    priceNano: wide(64),
  },
  {
    ...plain,
    requiredKeys: [
      'packet',
      'sizeBytes',
      'gatewayEui',
      'heardAtMs',
      'frequencyHz',
      'modulation',
      'rssiDeciDbm',
      'copies',
      'priceNano',
    ],
  },
)

test('a receipt reads back; any bytes are one in its one form, or none', () => {
  fc.assert(
    fc.property(receipt, (one) => assert.deepEqual(decodeReceipt(encodeReceipt(one)), one)),
    manyRuns,
  )
  fc.assert(
    fc.property(fc.oneof(strange(receipt.map(encodeReceipt), 80), bytesOf(receiptBytes)), (bytes) => {
      const read = decodeReceipt(bytes)
      if (read === undefined) return
      assert.deepEqual(encodeReceipt(read), Uint8Array.from(bytes))
      assert.ok(read.copies >= 1 && read.copies <= copiesMax && read.sizeBytes <= phyPayloadBytesMax)
    }),
    manyRuns,
  )
})

const anUplink: RadioUplink = {
  gatewayEui: '0102030405060708',
  phyPayload: Uint8Array.of(1, 2),
  frequencyHz: 868_100_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
  rssiDbm: -90,
  snrDb: 5,
  channel: 1,
  gpsTimeMs: 7,
  heardAtMs: 5,
  context: Uint8Array.of(9),
}
const hash: Hex = `0x${'11'.repeat(32)}`
const signature: Hex = `0x${'22'.repeat(65)}`
const someUplink = { sequence: 1, holdMs: 2, uplink: anUplink }
const someOutcome = {
  id: 1,
  gatewayEui: '0102030405060708',
  windowIndex: 1,
  refusal: 'too-late' as const,
  atMs: 5,
}
const someDecision = { sequence: 3, kind: 'declined' as const, reason: 'late' as const }
const someReceipt = new Uint8Array(receiptBytes).fill(1)
const someWindow: TransmitWindow = {
  frequencyHz: 1,
  modulation: anUplink.modulation,
  powerDbm: 14,
  timing: { kind: 'delay', delayMs: 1000, context: Uint8Array.of(1) },
}
const someDownlink: RadioDownlink = {
  id: 1,
  gatewayEui: '0102030405060708',
  deviceClass: 'A',
  phyPayload: Uint8Array.of(1),
  isBeacon: true,
  windows: [someWindow, { ...someWindow, timing: { kind: 'gps', gpsTimeMs: 5 } }],
}
const someMessages: readonly CarryMessage[] = [
  { kind: 'ready', epoch: 1n, receiptCount: 2, total: 3n, voucherSignature: signature },
  {
    kind: 'uplinks',
    uplinks: [
      someUplink,
      { sequence: 2, holdMs: 0, uplink: { ...anUplink, modulation: { kind: 'fsk', bitRate: 50_000 } } },
    ],
  },
  { kind: 'outcomes', outcomes: [someOutcome] },
  { kind: 'status', status: aStatus },
  { kind: 'notice', reason: 'unpaid' },
  {
    kind: 'decisions',
    decisions: [
      { sequence: 1, kind: 'bought', epoch: 2n, index: 3, copies: 1, priceNano: 5n },
      { sequence: 2, kind: 'declined', reason: 'not-drawn', winner: `0x${'33'.repeat(20)}` },
      someDecision,
    ],
  },
  { kind: 'receipts', epoch: 1n, firstIndex: 2, receipts: [someReceipt] },
  {
    kind: 'voucher',
    total: 1n,
    voucherSignature: signature,
    epoch: 2n,
    packets: 3,
    units: 4n,
    nanoCredits: 5n,
    root: hash,
    tallySignature: signature,
  },
  { kind: 'downlinks', downlinks: [someDownlink] },
  { kind: 'reveal', epoch: 1n, secret: hash, nextCommitment: hash },
]

function assertFinite(value: unknown): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value))
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) assertFinite(one)
}

test('any body is a message or none, whatever its kind; one that was read is written and read again the same', () => {
  const valid = fc.constantFrom(...someMessages).map(encodeMessage)
  const odd = valid.chain(({ kind, body }) =>
    fc.tuple(fc.oneof(fc.constant(kind), uint(8)), strange(fc.constant(body))),
  )
  let readCount = 0
  fc.assert(
    fc.property(odd, ([kind, body]) => {
      const message = decodeMessage({ kind, body })
      if (message === undefined) return
      readCount += 1
      assertFinite(message)
      const written = encodeMessage(message)
      assert.ok(written.kind === kind && written.body.length <= carryBodyBytesMax)
      assert.deepEqual(decodeMessage(written), message)
    }),
    { numRuns: 5000 },
  )
  assert.ok(readCount > 500, 'changed messages are read too')
  for (const message of someMessages) assert.deepEqual(decodeMessage(encodeMessage(message)), message)
})

test('a list may have as many items as its bound, and no more; none is not sent', () => {
  const listed = <Item>(item: Item, count: number): Item[] => Array.from({ length: count }, () => item)
  const [uplink, outcome, decision, downlink] = [someUplink, someOutcome, someDecision, someDownlink]
  const lists: readonly (readonly [number, (count: number) => CarryMessage])[] = [
    [uplinksPerMessageMax, (count) => ({ kind: 'uplinks', uplinks: listed(uplink, count) })],
    [downlinksPerMessageMax, (count) => ({ kind: 'outcomes', outcomes: listed(outcome, count) })],
    [decisionsPerMessageMax, (count) => ({ kind: 'decisions', decisions: listed(decision, count) })],
    [
      receiptsPerMessageMax,
      (count) => ({ kind: 'receipts', epoch: 1n, firstIndex: 0, receipts: listed(someReceipt, count) }),
    ],
    [downlinksPerMessageMax, (count) => ({ kind: 'downlinks', downlinks: listed(downlink, count) })],
    [2, (count) => ({ kind: 'downlinks', downlinks: [{ ...downlink, windows: listed(downlink.windows[0]!, count) }] })],
  ]
  for (const [countMax, messageOf] of lists) {
    assert.deepEqual(decodeMessage(encodeMessage(messageOf(countMax))), messageOf(countMax))
    assert.equal(decodeMessage(encodeMessage(messageOf(countMax + 1))), undefined)
    assert.equal(decodeMessage(encodeMessage(messageOf(0))), undefined)
  }
  assertQuick(() => {
    for (const kind of [2, 3, 6, 7, 9]) decodeMessage({ kind, body: new Uint8Array(carryBodyBytesMax).fill(0xff) })
  })
})

test('a byte reader that has failed stays failed, whatever is asked of it', () => {
  const asks = fc.array(
    fc.tuple(fc.constantFrom('u8', 'u16', 'i16', 'u32', 'u53', 'u64', 'u128', 'f64', 'raw', 'short', 'long'), uint(8)),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), asks, (bytes, all) => {
      const reader = byteReader(bytes)
      let hadFailed = false
      for (const [name, size] of all) {
        const value =
          name === 'raw' || name === 'short' || name === 'long' ? reader[name](size).length : reader[name as 'u8']()
        assert.ok(hadFailed ? Number(value) === 0 : true)
        assert.ok(!hadFailed || reader.hasFailed)
        hadFailed = reader.hasFailed
      }
      assert.ok(!(hadFailed && reader.isWhole))
    }),
    manyRuns,
  )
})

test('any bytes are a hello, a welcome and a message of the stream, or none; what was changed on the way is none', async () => {
  const signer = softwareNodeSigner(new Uint8Array(32).fill(3))
  const hello: Hello = {
    chainId: 5n,
    nonce: hash,
    ephemeral: hash,
    routerKey: signer.nodeKey,
    ownerSignature: signature,
    node: { nodeKey: signer.nodeKey, owner: `0x${'44'.repeat(20)}`, validUntilMs: 6 },
  }
  const bytes = await signHello(hello, signer)
  assert.deepEqual(openHello(bytes, verifyNode), hello)
  fc.assert(
    fc.property(strange(fc.constant(bytes)), (odd) => {
      const read = openHello(odd, verifyNode)
      assert.equal(read !== undefined, Buffer.compare(odd, bytes) === 0)
    }),
  )
  fc.assert(
    fc.property(fc.oneof(bytesOf(welcomeBytes), bytesOf(helloBytes), fc.uint8Array()), (odd) => {
      assert.equal(openWelcome(odd, { hello: bytes, routerKey: signer.nodeKey, verify: verifyNode }), undefined)
      assert.equal(openHello(odd, verifyNode), undefined)
    }),
  )
  const key = new Uint8Array(32).fill(8)
  const sealed = carrySealer({ key }).seal(2, Uint8Array.of(1, 2, 3))
  fc.assert(
    fc.property(strange(fc.constant(sealed)), (odd) => {
      const opened = carryOpener({ key }).open(odd)
      assert.equal(opened.tag === 'opened', Buffer.compare(odd, sealed) === 0)
    }),
    manyRuns,
  )
  const tooLong = carryOpener({ key }).open(new Uint8Array(carryMessageBytesMax + 1))
  assert.deepEqual(tooLong, { tag: 'refused', reason: 'too-long' })
  fc.assert(
    fc.property(fc.oneof(hexOf(32), fc.constant<Hex>(`0x${'00'.repeat(32)}`)), (theirs) => {
      const { secret } = ephemeralOf(new Uint8Array(32).fill(2))
      const keys = carryKeys({ secret, theirs, hello: bytes, welcome: bytes })
      assert.ok(keys === undefined || keys.toRouter.length === 32)
    }),
    { numRuns: 20 },
  )
})

const domain: Domain = { chainId: 31_337n, verifyingContract: `0x${'55'.repeat(20)}` }

test('any signature has a signer or none', () => {
  const voucher = fc.record({ payer: hexOf(20), payee: hexOf(20), total: wide(128) })
  const tally = fc.record({
    router: hexOf(20),
    owner: hexOf(20),
    epoch: wide(64),
    packets: fc.maxSafeNat(),
    units: wide(128),
    nanoCredits: wide(128),
    root: hexOf(32),
  })
  const odd = fc.oneof(
    hexOf(65),
    // A well-formed end, so that the curve is asked.
    bytesOf(64).chain((rs) => fc.constantFrom(27, 28).map((v): Hex => `0x${Buffer.from([...rs, v]).toString('hex')}`)),
    fc.uint8Array({ maxLength: 70 }).map((bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`),
    fc.string().map((text) => text as Hex),
  )
  fc.assert(
    fc.property(voucher, tally, odd, (oneVoucher, oneTally, oddSignature) => {
      for (const signer of [
        voucherSignerOf({ voucher: oneVoucher, signature: oddSignature }, domain),
        tallySignerOf({ tally: oneTally, signature: oddSignature }, domain),
      ])
        assert.ok(signer === undefined || /^0x[0-9a-f]{40}$/.test(signer))
    }),
    { numRuns: 60 },
  )
})

const sumPath = fc.integer({ min: 0, max: 6 }).chain((length) =>
  fc.record(
    {
      sides: fc.bigInt(0n, 2n ** BigInt(length) - 1n),
      hashes: fc.array(hexOf(32), { minLength: length, maxLength: length }),
      sums: fc.array(wide(128), { minLength: length, maxLength: length }),
    },
    plain,
  ),
)
const carriage: fc.Arbitrary<CarriageBlock> = fc
  .record(
    {
      router: hexOf(20),
      owner: hexOf(20),
      epoch: wide(64),
      tallies: fc.array(
        fc.record(
          {
            epoch: wide(64),
            packets: fc.maxSafeNat(),
            units: wide(128),
            nanoCredits: wide(128),
            root: hexOf(32),
            signature: hexOf(65),
          },
          plain,
        ),
        { maxLength: 4 },
      ),
      shown: fc.array(
        fc.record(
          { tallyIndex: fc.nat({ max: talliesPerEntryMax - 1 }), receipt: bytesOf(receiptBytes), path: sumPath },
          plain,
        ),
        { maxLength: receiptDrawCount },
      ),
    },
    plain,
  )
  .map(({ router, owner, epoch, tallies, shown }) => ({
    router,
    owner,
    epoch,
    tallies: tallies.map(({ signature: signed, ...tally }) => ({
      tally: { router, owner, ...tally },
      signature: signed,
    })),
    shown,
  }))

test('a carriage block reads back; any bytes are one in its one form, or none', () => {
  fc.assert(
    fc.property(carriage, (block) => {
      assert.deepEqual(decodeCarriage(encodeCarriage(block).bytes), block)
    }),
    { numRuns: 100 },
  )
  fc.assert(
    fc.property(strange(carriage.map((block) => encodeCarriage(block).bytes)), (bytes) => {
      const block = decodeCarriage(bytes)
      if (block !== undefined) assert.equal(Buffer.compare(encodeCarriage(block).bytes, bytes), 0)
    }),
    manyRuns,
  )
  const pathOf = (length: number): CarriageBlock => ({
    router: `0x${'11'.repeat(20)}`,
    owner: `0x${'22'.repeat(20)}`,
    epoch: 1n,
    tallies: [],
    shown: [
      {
        tallyIndex: 0,
        receipt: someReceipt,
        path: { sides: 0n, hashes: Array.from({ length }, () => hash), sums: Array.from({ length }, () => 1n) },
      },
    ],
  })
  assert.deepEqual(decodeCarriage(encodeCarriage(pathOf(40)).bytes), pathOf(40))
  assert.equal(decodeCarriage(encodeCarriage(pathOf(41)).bytes), undefined)
  assertQuick(() => {
    // Lists of lists, maps of maps, and long heads that promise much.
    for (const piece of [
      [0x81],
      [0xa1, 0x61, 0x61],
      [0x9a, 0xff, 0xff, 0xff, 0xff],
      [0x5b, 0, 0, 0, 1, 0, 0, 0, 0],
      [0xd8, 42],
      [0xfb],
    ]) {
      const bytes = Uint8Array.from({ length: carriageBytesMax }, (_, index) => piece[index % piece.length]!)
      assert.equal(decodeCarriage(bytes), undefined)
    }
  })
})

test('any stream of a client passes the gate or is ended, and nothing of it is kept', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
      fc.nat({ max: 100 }),
      (chunks, packetBytesMax) => {
        const isWithin = mqttLengthGate(packetBytesMax)
        for (const chunk of chunks) if (!isWithin(chunk)) return
        // What passed is the same in one piece.
        assert.equal(mqttLengthGate(packetBytesMax)(Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))), true)
      },
    ),
    manyRuns,
  )
})
