/**
 * Goal: what simulated gateways say is what our own servers read, byte for byte, and what our servers ask for is what they do: in both
 * versions of Semtech's protocol, all dialects, and Basics Station's.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Modulation } from '../model/modulation.ts'
import { regionOf } from '../region/region-of.ts'
import {
  dnmsgOf,
  encodeStationContext,
  readDiscovery,
  readStationMessage,
  writeDiscovery,
} from '../wire/basics-station.ts'
import { writeExactJson } from '../wire/exact-json.ts'
import { buildDataFrame, buildJoinRequest } from '../wire/phy-payload.ts'
import { encodeAck, encodePullResp, parseForwarderDatagram, readPush, readTxAck } from '../wire/semtech-udp.ts'
import {
  encodeForwarderDatagram,
  forwarderDialects,
  pushJson,
  readServerDatagram,
  statusJson,
  txAckJson,
  versionOf,
} from './forwarder-wire.ts'
import type { Reception } from './radio-model.ts'
import { discoveryText, heardText, readServerMessage, sentText, versionText } from './station-wire.ts'

const gatewayEui = '0102030405060708'
const region = regionOf('EU868')
const sf7: Modulation = { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 }

function receptionOf(payload: Uint8Array): Reception<Uint8Array> {
  const where = { emission: 1, gateway: 0, endUs: 5, counterUs: 4_294_967_295, hz: 868_099_900, channel: 2 }
  return { ...where, modulation: sf7, rssiDbm: -97.3, snrDb: 6.25, isGhost: false, payload }
}

const bytes = (sizeMax: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ maxLength: sizeMax }).map((one) => Uint8Array.from(one))
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const dataFrame = fc
  .record({
    isConfirmed: fc.boolean(),
    devAddr: word,
    fCtrl: fc.constantFrom(0, 0x20, 0x80, 0xa0, 0xe0),
    fCnt: fc.integer({ min: 0, max: 65_535 }),
    fOpts: bytes(15),
    mic: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    content: fc.option(fc.record({ fPort: fc.integer({ min: 0, max: 255 }), payload: bytes(60) }), { nil: undefined }),
  })
  .map(({ mic, content, ...rest }) => {
    const { fPort, payload = new Uint8Array(0) } = content ?? {}
    const frame = buildDataFrame({ isUp: true, ...rest, fPort, payload })
    frame.set(mic, frame.length - 4)
    return frame
  })
const joinRequest = fc
  .record({ devNonce: fc.integer({ min: 0, max: 65_535 }), mic: fc.uint8Array({ minLength: 4, maxLength: 4 }) })
  .map(({ devNonce, mic }) => {
    const frame = buildJoinRequest({ joinEui: '70b3d57ed0ffffff', devEui: 'ffeeddccbbaa9988', devNonce })
    frame.set(mic, frame.length - 4)
    return frame
  })
const uplink = fc.oneof(dataFrame, joinRequest)

test('a forwarder’s push is read as it was received, in every dialect', () => {
  fc.assert(
    fc.property(
      uplink,
      fc.constantFrom(...forwarderDialects),
      fc.integer({ min: 0, max: 65_535 }),
      (frame, dialect, token) => {
        const version = versionOf(dialect)
        const head = { version, token, gatewayEui }
        const datagram = parseForwarderDatagram(
          encodeForwarderDatagram('pushData', head, pushJson(receptionOf(frame), dialect)),
        )
        assert.ok(typeof datagram !== 'string' && datagram.kind === 'push-data')
        assert.deepEqual({ version: datagram.version, token: datagram.token, gatewayEui: datagram.gatewayEui }, head)
        const push = readPush(datagram.json)
        assert.deepEqual(push?.faults, [])
        const [packet] = push?.packets ?? []
        assert.deepEqual(packet?.phyPayload, frame)
        assert.equal(packet?.timestampUs, 4_294_967_295)
        assert.equal(packet?.frequencyHz, 868_099_900)
        assert.deepEqual(packet?.modulation, sf7)
        assert.equal(packet?.channel, 2)
        assert.ok(Math.abs((packet?.rssiDbm ?? 0) + 97.3) <= 0.5 && Math.abs((packet?.snrDb ?? 0) - 6.25) < 0.1)
        const answer = readServerDatagram(encodeAck(datagram))
        assert.deepEqual(answer, { kind: 'push-ack', token })
      },
    ),
  )
})

test('a forwarder’s report of itself is read', () => {
  const place = { latitude: 53.5, longitude: 10 }
  const json = statusJson({ place, heightM: 15, heard: 7, forwarded: 6, sent: 2, unixMs: 1_800_000_000_000 })
  const { status } = readPush(new TextEncoder().encode(json)) ?? {}
  assert.deepEqual(status, {
    ...place,
    altitudeM: 15,
    software: 'simulated',
    heardCount: 7,
    crcOkCount: 7,
    forwardedCount: 6,
    sentCount: 2,
  })
})

test('a forwarder does what a pull response asks, and says what it cannot', () => {
  const phyPayload = Uint8Array.of(0x60, 1, 2, 3)
  const downlink = { phyPayload }
  const timing = { kind: 'delay', context: new Uint8Array(8), delayMs: 1000 } as const
  const window = { frequencyHz: 869_525_000, modulation: sf7, powerDbm: 27, timing }
  const told = { downlink, window, timestampUs: 123, antennaGainDbi: 3 }
  const read = readServerDatagram(encodePullResp({ version: 2, token: 7 }, told))
  assert.deepEqual(read, {
    kind: 'pull-resp',
    token: 7,
    asked: { phyPayload, hz: 869_525_000, modulation: sf7, powerDbm: 24, isInverted: true, when: 123 },
  })
  const at = { downlink, window: { ...window, timing: { kind: 'immediate' } as const }, antennaGainDbi: 3 }
  const now = readServerDatagram(encodePullResp({ version: 2, token: 7 }, at))
  assert.ok(now?.kind === 'pull-resp' && now.asked.when === 'now')
  const encoder = new TextEncoder()
  assert.deepEqual(readTxAck(encoder.encode(txAckJson(undefined))), {})
  for (const refusal of ['too-late', 'too-early', 'collision-packet', 'gps-unlocked'] as const)
    assert.deepEqual(readTxAck(encoder.encode(txAckJson(refusal))), { refusal })
})

test('what no server sends is nothing to a forwarder', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (some) => void readServerDatagram(some)))
  assert.equal(readServerDatagram(Uint8Array.of(2, 0, 0, 3, 123)), undefined)
  assert.equal(readServerDatagram(Uint8Array.of(2, 0)), undefined)
})

test('what a station tells is put together again byte for byte', () => {
  fc.assert(
    fc.property(uplink, fc.bigInt(0n, 2n ** 55n), (frame, xtime) => {
      const text = heardText(receptionOf(frame), { region, xtime })
      const read = readStationMessage(text ?? '')
      assert.ok(typeof read !== 'string' && read.kind === 'frame', text)
      assert.deepEqual(read.phyPayload, frame)
      assert.equal(read.place.xtime, xtime)
      assert.equal(read.dataRate, 5)
    }),
  )
})

test('a station asks where its server is, and is told', () => {
  assert.equal(readDiscovery(discoveryText(gatewayEui)), gatewayEui)
  assert.deepEqual(readServerMessage(writeDiscovery(gatewayEui, { uri: 'ws://host:3001/gateway/x' })), {
    kind: 'where',
    uri: 'ws://host:3001/gateway/x',
  })
  const version = readStationMessage(versionText)
  assert.ok(typeof version !== 'string' && version.kind === 'version')
})

test('a station reads both windows of a downlink, and says that it has sent', () => {
  const context = encodeStationContext({ xtime: 2n ** 50n + 3n, rctx: 0n, session: 1 })
  const timing = (delayMs: number) => ({ kind: 'delay', context, delayMs }) as const
  const first = { frequencyHz: 868_100_000, modulation: sf7, powerDbm: 14, timing: timing(5000) }
  const second = { ...first, frequencyHz: 869_525_000, timing: timing(6000) }
  const phyPayload = Uint8Array.of(0x20, 255, 0)
  const message = dnmsgOf({ id: 9, phyPayload }, [first, second], region)
  assert.ok(typeof message !== 'string')
  assert.deepEqual(readServerMessage(writeExactJson(message)), {
    kind: 'send',
    asked: {
      id: 9,
      phyPayload,
      deviceClass: 0,
      xtime: 2n ** 50n + 3n,
      rxDelaySeconds: 5,
      rx1: { dataRate: 5, hz: 868_100_000 },
      rx2: { dataRate: 5, hz: 869_525_000 },
    },
  })
  const sent = readStationMessage(sentText({ id: 9, dataRate: 5, hz: 868_100_000, xtime: 2n ** 50n + 5_000_003n }))
  assert.deepEqual(sent, { kind: 'sent', id: 9, xtime: 2n ** 50n + 5_000_003n, frequencyHz: 868_100_000 })
  fc.assert(fc.property(fc.string(), (text) => void readServerMessage(text)))
})
