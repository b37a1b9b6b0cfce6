/**
 * The packet forwarder's half of Semtech's UDP protocol, as forwarders of the field write and read it. PROTOCOL.TXT of
 * Lora-net/packet_forwarder, versions 1 and 2; the JSON of version 2 with several antennas as the SX1302 forwarder sends it.
 *
 * Only simulations send these datagrams; what a server does with them is `wire/semtech-udp.ts`.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import type { Eui, TransmitRefusal } from '../model/radio.ts'
import { decodeBase64, encodeBase64 } from '../wire/base64.ts'
import { datagramKinds } from '../wire/semtech-udp.ts'
import type { Degrees } from './place.ts'
import type { Reception } from './radio-model.ts'

/**
 * How forwarders differ: `legacy` speaks version 1, `v2` is lora_pkt_fwd, `sx1302` has its signals by antenna, and a zero byte after
 * its JSON, as some builds leave one.
 */
export const forwarderDialects = ['v2', 'sx1302', 'legacy'] as const
export type ForwarderDialect = (typeof forwarderDialects)[number]

export const versionOf = (dialect: ForwarderDialect): 1 | 2 => (dialect === 'legacy' ? 1 : 2)

/** However near a device is, a concentrator reports no better. */
export const snrReportedMaxDb = 15

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface DatagramHead {
  readonly version: 1 | 2
  /** 16 bits */
  readonly token: number
  readonly gatewayEui: Eui
}

/** A datagram to the server: head, the gateway's name, and JSON where the kind has some. */
export function encodeForwarderDatagram(
  kind: 'pushData' | 'pullData' | 'txAck',
  { version, token, gatewayEui }: DatagramHead,
  json = '',
): Uint8Array {
  const body = encoder.encode(json)
  const bytes = new Uint8Array(12 + body.length)
  bytes.set([version, token >>> 8, token & 0xff, datagramKinds[kind]])
  for (let index = 0; index < 8; index += 1)
    bytes[4 + index] = Number.parseInt(gatewayEui.slice(2 * index, 2 * index + 2), 16)
  bytes.set(body, 12)
  return bytes
}

const tenths = (value: number): number => Math.round(value * 10) / 10

function rateOf(modulation: Modulation): Readonly<Record<string, unknown>> {
  if (modulation.kind === 'lora')
    return { modu: 'LORA', datr: `SF${modulation.spreadingFactor}BW${modulation.bandwidthHz / 1000}`, codr: '4/5' }
  if (modulation.kind === 'fsk') return { modu: 'FSK', datr: modulation.bitRate }
  return {
    modu: 'LR-FHSS',
    datr: `M0CW${modulation.widthHz / 1000}`,
    codr: modulation.codingRate === '1/3' ? '2/6' : '4/6',
  }
}

/** The JSON of a push with one packet. */
export function pushJson(reception: Reception<Uint8Array>, dialect: ForwarderDialect): string {
  const { payload, hz, modulation, rssiDbm, snrDb, channel, counterUs } = reception
  const signal = {
    ...(modulation.kind === 'lora' ? { lsnr: tenths(Math.min(snrDb, snrReportedMaxDb)) } : {}),
    ...(dialect === 'sx1302' ? { rssic: tenths(rssiDbm), ant: 0, chan: channel } : { rssi: Math.round(rssiDbm) }),
  }
  const packet = {
    ...(dialect === 'sx1302' ? { jver: 2, brd: 0, rsig: [signal] } : { chan: channel, ...signal }),
    tmst: counterUs,
    rfch: channel > 3 ? 1 : 0,
    freq: hz / 1e6,
    stat: 1,
    ...rateOf(modulation),
    size: payload.length,
    data: encodeBase64(payload),
  }
  return JSON.stringify({ rxpk: [packet] }) + (dialect === 'sx1302' ? '\0' : '')
}

/** What a forwarder says of itself every half minute. */
export function statusJson(facts: {
  readonly place: Degrees
  readonly heightM: number
  readonly heard: number
  readonly forwarded: number
  readonly sent: number
  readonly unixMs: number
}): string {
  const { place, heightM, heard, forwarded, sent, unixMs } = facts
  const time = `${new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ')} GMT`
  const { latitude: lati, longitude: long } = place
  return JSON.stringify({
    stat: { time, lati, long, alti: heightM, rxnb: heard, rxok: heard, rxfw: forwarded, txnb: sent, desc: 'simulated' },
  })
}

/** The protocol's words for refusals that a forwarder has. */
const refusalWords: Readonly<Partial<Record<TransmitRefusal, string>>> = {
  'too-late': 'TOO_LATE',
  'too-early': 'TOO_EARLY',
  'collision-packet': 'COLLISION_PACKET',
  'gps-unlocked': 'GPS_UNLOCKED',
  'tx-freq': 'TX_FREQ',
}

export function txAckJson(refusal: TransmitRefusal | undefined): string {
  return JSON.stringify({ txpk_ack: { error: refusal === undefined ? 'NONE' : (refusalWords[refusal] ?? 'TX_FREQ') } })
}

/** A frame that the server asks for. */
export interface AskedFrame {
  readonly phyPayload: Uint8Array
  readonly hz: number
  readonly modulation: Modulation
  readonly powerDbm: number
  readonly isInverted: boolean
  /** the counter at which it is to begin; 'now' for at once, 'gps' for a time that these gateways do not have */
  readonly when: number | 'now' | 'gps'
}

/** What the server says. */
export type ServerDatagram =
  | { readonly kind: 'push-ack' | 'pull-ack'; readonly token: number }
  | { readonly kind: 'pull-resp'; readonly token: number; readonly asked: AskedFrame }

/** @returns undefined for what no server of the protocol sends */
export function readServerDatagram(bytes: Uint8Array): ServerDatagram | undefined {
  if (bytes.length < 4) return undefined
  const token = (bytes[1]! << 8) | bytes[2]!
  if (bytes[3] === datagramKinds.pushAck) return { kind: 'push-ack', token }
  if (bytes[3] === datagramKinds.pullAck) return { kind: 'pull-ack', token }
  const asked = bytes[3] === datagramKinds.pullResp ? readAsked(bytes.subarray(4)) : undefined
  return asked === undefined ? undefined : { kind: 'pull-resp', token, asked }
}

function readAsked(json: Uint8Array): AskedFrame | undefined {
  const txpk = txpkIn(decoder.decode(json))
  if (txpk === undefined) return undefined
  const { data, freq, modu, datr, powe, ipol, imme, tmst } = txpk
  const phyPayload = typeof data === 'string' ? decodeBase64(data) : undefined
  const modulation = modulationOf(modu, datr)
  if (phyPayload === undefined || modulation === undefined || typeof freq !== 'number') return undefined
  return {
    phyPayload,
    hz: Math.round(freq * 1e6),
    modulation,
    powerDbm: typeof powe === 'number' ? powe : 14,
    isInverted: ipol === true,
    when: imme === true ? 'now' : typeof tmst === 'number' ? tmst : 'gps',
  }
}

function txpkIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return (JSON.parse(text) as { readonly txpk?: Readonly<Record<string, unknown>> } | null)?.txpk
  } catch {
    return undefined
  }
}

function modulationOf(modu: unknown, datr: unknown): Modulation | undefined {
  if (modu === 'FSK') return typeof datr === 'number' ? { kind: 'fsk', bitRate: datr } : undefined
  const match = typeof datr === 'string' ? /^SF(\d{1,2})BW(\d{3})$/.exec(datr) : null
  return match === null
    ? undefined
    : { kind: 'lora', spreadingFactor: Number(match[1]), bandwidthHz: Number(match[2]) * 1000 }
}
