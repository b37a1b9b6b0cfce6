/**
 * Goal: datagrams of packet forwarders read as other servers read them, and nothing that a stranger sends throws.
 *
 * @see vectors/SOURCES.md
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64, encodeBase64 } from './base64.ts'
import {
  decodeUdpContext,
  encodeAck,
  encodePullResp,
  parseForwarderDatagram,
  readPacket,
  readPush,
  readTxAck,
  txpkOf,
  uplinkOf,
  type ForwarderDatagram,
  type ReceivedPacket,
} from './semtech-udp.ts'

type Fields = Readonly<Record<string, unknown>>

const file = path.join(import.meta.dirname, '../../../../vectors/wireless/gwmp.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: (Fields & { readonly id: string })[] }
const bytesOf = (hex: unknown): Uint8Array => Uint8Array.from(Buffer.from(String(hex), 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function parsed(hex: unknown): ForwarderDatagram {
  const datagram = parseForwarderDatagram(bytesOf(hex))
  assert.ok(typeof datagram !== 'string')
  return datagram
}

function packetOf(value: unknown): ReceivedPacket {
  const packet = readPacket(value)
  assert.ok(typeof packet !== 'string')
  return packet
}

const kindNames: Readonly<Record<string, string>> = { PUSH_DATA: 'push-data', PULL_DATA: 'pull-data', TX_ACK: 'tx-ack' }

function checkAck(ack: ReturnType<typeof readTxAck>, expected: Fields): void {
  const isTaken = expected['ok'] ?? expected['transmitted'] ?? expected['error'] === undefined
  assert.equal(ack.refusal === undefined, isTaken)
  const { error } = expected
  if (typeof error === 'string') assert.equal(ack.refusal, error.toLowerCase().replaceAll('_', '-'))
  const power = expected['adjustedPower'] ?? (expected['warn'] === 'TX_POWER' ? expected['value'] : undefined)
  assert.equal(ack.powerDbm, power)
}

function checkDatagram(one: Fields, expected: Fields): void {
  if (expected['type'] === 'PULL_RESP') {
    // Ours to send: version, token, kind, and the JSON at once.
    const { downlink, window } = downlinkOf({ phy: '01', frequencyHz: 868_100_000, power: 14, sf: 7, bwHz: 125_000 })
    const sent = encodePullResp({ version: 2, token: 0x7b00 }, { downlink, window, antennaGainDbi: 0 })
    return assert.equal(hexOf(sent.subarray(0, 5)), String(one['datagram']).slice(0, 10))
  }
  const datagram = parsed(one['datagram'])
  assert.equal(datagram.kind, kindNames[String(expected['type'])])
  const token = datagram.token.toString(16).padStart(4, '0')
  if (expected['token'] !== undefined) assert.equal(token, expected['token'])
  if (expected['tokenBytes'] !== undefined) assert.equal(token, expected['tokenBytes'])
  if (expected['mac'] !== undefined) assert.equal(datagram.gatewayEui, expected['mac'])
  if (datagram.kind === 'tx-ack') return checkAck(readTxAck(datagram.json), expected)
  if (datagram.kind !== 'push-data') return
  const push = readPush(datagram.json)
  assert.ok(push !== undefined)
  const wanted = fieldsOf(expected['rxpk0'])
  if (expected['rxpk0'] === undefined) return
  if (wanted['stat'] === -1) {
    assert.deepEqual(push.packets, [], 'a packet with a failed CRC is not delivered')
    return assert.deepEqual(push.faults, ['crc-failed'])
  }
  const [packet] = push.packets
  assert.ok(packet !== undefined)
  assert.equal(packet.timestampUs, wanted['tmst'])
  assert.equal(packet.frequencyHz, Number(wanted['freq']) * 1e6)
  const signal = fieldsOf(wanted['rsig0'])
  if (wanted['rsig0'] !== undefined) {
    assert.equal(packet.snrDb, signal['lsnr'])
    assert.equal(packet.rssiDbm, signal['rssic'])
  }
}

function checkUplink(packet: ReceivedPacket, expected: Fields): void {
  const uplink = uplinkOf(packet, { gatewayEui: '0102030405060708', heardAtMs: 5, era: 0 })
  const { modulation } = packet
  const found: Fields = {
    uplinks: 1,
    frequencyHz: uplink.frequencyHz,
    sf: modulation.kind === 'lora' ? modulation.spreadingFactor : undefined,
    bwHz: modulation.kind === 'lora' ? modulation.bandwidthHz : undefined,
    modulation: modulation.kind.toUpperCase(),
    ocwHz: modulation.kind === 'lr-fhss' ? modulation.widthHz : undefined,
    codeRate: packet.codingRate,
    gridSteps: packet.gridSteps,
    rssi: uplink.rssiDbm,
    snr: uplink.snrDb,
    timeSinceGpsEpochMs: uplink.gpsTimeMs,
    contextHex: hexOf(uplink.context.subarray(0, 4)),
    phy: hexOf(uplink.phyPayload),
    tmst: decodeUdpContext(uplink.context)?.timestampUs,
    fineTimestamp: packet.fineTimestampNs,
    frequencyOffset: packet.frequencyOffsetHz,
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(found[name], value, name)
}

function downlinkOf(one: Fields): Pick<Parameters<typeof txpkOf>[0], 'downlink' | 'window'> {
  return {
    downlink: { phyPayload: bytesOf(one['phy']) },
    window: {
      frequencyHz: Number(one['frequencyHz']),
      powerDbm: Number(one['power']),
      modulation: { kind: 'lora', spreadingFactor: Number(one['sf']), bandwidthHz: Number(one['bwHz']) },
      timing: { kind: 'immediate' },
    },
  }
}

function checkDownlink(one: Fields): void {
  const counter = one['contextHex'] === undefined ? undefined : Number.parseInt(textOf(one['contextHex']), 16)
  const timestampUs = counter === undefined ? undefined : (counter + Number(one['delayMs']) * 1000) % 2 ** 32
  const antenna = one['antenna'] as number | undefined
  const txpk = txpkOf({
    ...downlinkOf(one),
    timestampUs,
    antenna,
    board: one['board'] as number | undefined,
    antennaGainDbi: 0,
  })
  for (const [name, value] of Object.entries(fieldsOf(one['expectTxpk']))) assert.equal(txpk[name], value, name)
}

for (const one of cases) {
  test(`Semtech UDP ${one.id}`, () => {
    const expected = fieldsOf(one['expect'])
    if (one['datagram'] !== undefined) checkDatagram(one, expected)
    else if (one['txAckJson'] !== undefined) checkAck(readTxAck(textBytes(textOf(one['txAckJson']))), expected)
    else if (one['kind'] === 'uplink') checkUplink(packetOf(one['rxpk']), expected)
    else if (one['kind'] === 'downlink') checkDownlink(one)
    else if (one.id.includes('txpk')) checkTxpkShape(one)
    else checkPush(one, expected)
  })
}

/** A `txpk` of others: ours has the same names with values of the same kinds. */
function checkTxpkShape(one: Fields): void {
  const theirs = fieldsOf(
    one['txpkJson'] === undefined ? fieldsOf(one['json'])['txpk'] : JSON.parse(textOf(one['txpkJson'])),
  )
  const isTimed = typeof theirs['tmst'] === 'number'
  const window = downlinkOf({
    phy: '01',
    frequencyHz: Number(theirs['freq']) * 1e6,
    power: theirs['powe'],
    sf: 11,
    bwHz: 125_000,
  })
  const ours = txpkOf({ ...window, timestampUs: isTimed ? (theirs['tmst'] as number) : undefined, antennaGainDbi: 0 })
  assert.equal(ours['imme'] ?? false, theirs['imme'])
  if (isTimed) assert.equal(ours['tmst'], theirs['tmst'])
  for (const name of ['freq', 'rfch', 'powe', 'modu', 'datr', 'codr', 'ipol', 'size', 'data'])
    assert.equal(typeof ours[name], typeof theirs[name], name)
}

function checkPush(one: Fields, expected: Fields): void {
  const push = readPush(textBytes(JSON.stringify(one['json'])))
  assert.ok(push !== undefined)
  assert.deepEqual(push.faults, [])
  const { stat, rxpk } = fieldsOf(one['json'])
  if (stat !== undefined) {
    assert.equal(push.status?.latitude, expected['lat'])
    assert.equal(push.status?.longitude, expected['long'])
    return assert.equal(push.status?.altitudeM, expected['alt'])
  }
  const wanted = rxpk as Fields[]
  assert.equal(push.packets.length, wanted.length)
  for (const [index, packet] of push.packets.entries()) assert.equal(packet.phyPayload.length, wanted[index]?.['size'])
  const [first] = push.packets
  if (wanted.length === 1 && first !== undefined) checkUplink(first, expected)
}

test('an acknowledgement has the version and the token of what it answers', () => {
  const ack = (kind: 'push-data' | 'pull-data'): string => hexOf(encodeAck({ kind, version: 1, token: 0xabcd }))
  assert.equal(ack('push-data'), '01abcd01')
  assert.equal(ack('pull-data'), '01abcd04')
})

test('a channel written as a float is the channel', () => {
  const packet = packetOf({ freq: 868.099975, modu: 'LORA', datr: 'SF7BW125', data: 'AA==', tmst: 1 })
  assert.equal(packet.frequencyHz, 868_100_000)
})

test('base64 is read as the machine reads it, with or without padding, in either alphabet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      assert.equal(encodeBase64(bytes), text)
      for (const one of [text, text.replaceAll('=', ''), Buffer.from(bytes).toString('base64url')])
        assert.deepEqual(decodeBase64(one), Uint8Array.from(bytes))
    }),
  )
  for (const bad of ['A', 'AAAAA', 'AA=', '====', 'A*==', 'AAé=', '=AAA'])
    assert.equal(decodeBase64(bad), undefined, bad)
})

test('whatever bytes come, they are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.json(), (bytes, json) => {
      const datagram = parseForwarderDatagram(bytes)
      if (typeof datagram !== 'string' && datagram.kind !== 'pull-data') {
        readPush(datagram.json)
        readTxAck(datagram.json)
      }
      readPush(textBytes(`{"rxpk":[${json}],"stat":${json}}`))
      readTxAck(textBytes(`{"txpk_ack":${json}}`))
    }),
  )
})
