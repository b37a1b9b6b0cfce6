/**
 * The protocol of Semtech's UDP packet forwarder, versions 1 and 2, both directions. PROTOCOL.TXT of Lora-net/packet_forwarder;
 * version 2 of the JSON (several antennas) as the SX1302 forwarder sends it.
 *
 * Anyone can send us UDP, so a bad datagram is an ordinary value with a reason, never a throw. Numbers are read leniently, as
 * forwarders write them: `datr` may be text or a number, base64 may lack its padding, JSON may end in a zero byte.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import {
  frequencyHzMax,
  phyPayloadBytesMax,
  softwareLengthMax,
  type GatewayStatus,
  type RadioDownlink,
  type RadioUplink,
  type TransmitRefusal,
} from '../model/radio.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** Byte 3 of a datagram. */
export const datagramKinds = {
  pushData: 0,
  pushAck: 1,
  pullData: 2,
  pullResp: 3,
  pullAck: 4,
  txAck: 5,
} as const

/** Largest datagram that is read, in bytes: PROTOCOL.TXT asks for 2408 of a push, and eight long frames need more. */
export const datagramBytesMax = 8192

/** Packets of one push that are read. */
export const packetsPerPushMax = 64

/** What a forwarder sends. */
export type ForwarderDatagram = {
  readonly version: 1 | 2
  /** 16 bits, as the two bytes stand */
  readonly token: number
  readonly gatewayEui: string
} & (
  | { readonly kind: 'push-data'; readonly json: Uint8Array }
  | { readonly kind: 'pull-data' }
  | { readonly kind: 'tx-ack'; readonly json: Uint8Array }
)

export type DatagramFault = 'too-short' | 'too-long' | 'unknown-version' | 'unknown-kind'

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function euiAt(bytes: Uint8Array, at: number): string {
  let text = ''
  for (let index = at; index < at + 8; index += 1) text += hexOfByte[bytes[index]!]!
  return text
}

export function parseForwarderDatagram(bytes: Uint8Array): ForwarderDatagram | DatagramFault {
  if (bytes.length < 12) return 'too-short'
  if (bytes.length > datagramBytesMax) return 'too-long'
  const version = bytes[0]!
  if (version !== 1 && version !== 2) return 'unknown-version'
  const token = (bytes[1]! << 8) | bytes[2]!
  const gatewayEui = euiAt(bytes, 4)
  switch (bytes[3]) {
    case datagramKinds.pushData:
      return { kind: 'push-data', version, token, gatewayEui, json: bytes.subarray(12) }
    case datagramKinds.pullData:
      return { kind: 'pull-data', version, token, gatewayEui }
    case datagramKinds.txAck:
      return { kind: 'tx-ack', version, token, gatewayEui, json: bytes.subarray(12) }
    default:
      return 'unknown-kind'
  }
}

/** The answer to a push or a pull: its own version and token. */
export function encodeAck({ kind, version, token }: Pick<ForwarderDatagram, 'kind' | 'version' | 'token'>): Uint8Array {
  const answer = kind === 'push-data' ? datagramKinds.pushAck : datagramKinds.pullAck
  return Uint8Array.of(version, token >>> 8, token & 0xff, answer)
}

/** A packet as a forwarder reports it. */
export interface ReceivedPacket {
  readonly phyPayload: Uint8Array
  readonly frequencyHz: number
  readonly modulation: Modulation
  readonly codingRate: string
  readonly rssiDbm: number
  readonly snrDb?: number | undefined
  readonly channel: number
  readonly rfChain: number
  readonly antenna: number
  readonly board: number
  /** microseconds of the concentrator's counter at the end of reception, 32 bits */
  readonly timestampUs?: number | undefined
  /** milliseconds since the GPS epoch */
  readonly gpsTimeMs?: number | undefined
  /** nanoseconds within the GPS second */
  readonly fineTimestampNs?: number | undefined
  readonly frequencyOffsetHz?: number | undefined
  /** LR-FHSS: width of the hopping grid, in steps */
  readonly gridSteps?: number | undefined
}

/** Why a packet of a push was dropped. */
export type PacketFault =
  | 'crc-failed'
  | 'crc-absent'
  | 'no-packet'
  | 'bad-data'
  | 'size-differs'
  | 'bad-modulation'
  | 'bad-frequency'
  | 'bad-number'
  | 'too-many-packets'

/** What a push carries. */
export interface Push {
  readonly packets: readonly ReceivedPacket[]
  /** one for each packet that was dropped */
  readonly faults: readonly PacketFault[]
  readonly status?: Omit<GatewayStatus, 'gatewayEui' | 'atMs' | 'protocol'>
}

/** A forwarder that says nothing of a signal's strength counts as one that barely heard it. */
const silentRssiDbm = -150

const decoder = new TextDecoder()

type Json = Readonly<Record<string, unknown>>

function parseJson(bytes: Uint8Array): Json | undefined {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end -= 1
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes.subarray(0, end)))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

/** @returns undefined when the JSON is none, or no object */
export function readPush(json: Uint8Array): Push | undefined {
  const body = parseJson(json)
  if (body === undefined) return undefined
  const packets: ReceivedPacket[] = []
  const faults: PacketFault[] = []
  const { rxpk, stat } = body
  if (Array.isArray(rxpk)) {
    for (const [index, one] of (rxpk as unknown[]).entries()) {
      if (index >= packetsPerPushMax) {
        faults.push('too-many-packets')
        break
      }
      const read = readPacket(one)
      if (typeof read === 'string') faults.push(read)
      else packets.push(read)
    }
  }
  const status = readStatus(stat)
  return status === undefined ? { packets, faults } : { packets, faults, status }
}

/** Reads one element of `rxpk`. */
export function readPacket(value: unknown): ReceivedPacket | PacketFault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no-packet'
  const packet = value as Json
  if (packet['stat'] === -1) return 'crc-failed'
  if (packet['stat'] === 0) return 'crc-absent'
  const phyPayload = typeof packet['data'] === 'string' ? decodeBase64(packet['data']) : undefined
  if (phyPayload === undefined || phyPayload.length === 0 || phyPayload.length > phyPayloadBytesMax) return 'bad-data'
  if ((packet['size'] ?? phyPayload.length) !== phyPayload.length) return 'size-differs'
  const frequencyHz = hzOf(packet['freq'])
  if (frequencyHz === undefined) return 'bad-frequency'
  const modulation = modulationOf(packet['modu'], packet['datr'], packet['codr'])
  if (modulation === undefined) return 'bad-modulation'
  const best = bestAntenna(packet)
  const rssiDbm = signalOf(best['rssic'] ?? best['rssi'] ?? best['rssis'] ?? packet['rssi'], silentRssiDbm)
  // What is null was not measured.
  const snrDb = best['lsnr'] ?? packet['lsnr'] ?? undefined
  const timestampUs = packet['tmst'] ?? undefined
  const isCounter = timestampUs === undefined || isUint(timestampUs, 2 ** 32 - 1)
  if (rssiDbm === undefined || (snrDb !== undefined && signalOf(snrDb, 0) === undefined) || !isCounter)
    return 'bad-number'
  return {
    phyPayload,
    frequencyHz,
    modulation,
    codingRate: typeof packet['codr'] === 'string' ? packet['codr'] : '4/5',
    rssiDbm,
    snrDb: modulation.kind === 'fsk' ? undefined : (snrDb as number | undefined),
    channel: smallOf(best['chan'] ?? packet['chan']),
    rfChain: smallOf(packet['rfch']),
    antenna: smallOf(best['ant'] ?? packet['ant']),
    board: smallOf(packet['brd']),
    timestampUs,
    gpsTimeMs: isUint(packet['tmms'], Number.MAX_SAFE_INTEGER) ? packet['tmms'] : undefined,
    fineTimestampNs: isUint(packet['ftime'], 999_999_999) ? packet['ftime'] : undefined,
    frequencyOffsetHz: signalOf(packet['foff'], undefined),
    gridSteps: isUint(packet['hpw'], 255) ? packet['hpw'] : undefined,
  }
}

const isUint = (value: unknown, maximum: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maximum

/** Board, antenna, channel and radio chain are one byte each; anything else is as good as 0. */
const smallOf = (value: unknown): number => (isUint(value, 255) ? value : 0)

function signalOf<Fallback>(value: unknown, fallback: Fallback): number | Fallback | undefined {
  if (value === undefined || value === null) return fallback
  return typeof value === 'number' && Math.abs(value) < 1e6 ? value : undefined
}

/** Frequencies come as MHz in a float and are rounded to 100 Hz, as LoRaWAN counts them. */
function hzOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 1 && value <= frequencyHzMax / 1e6
    ? Math.round(value * 10_000) * 100
    : undefined
}

/** Of the antennas in `rsig` (JSON version 2) the one with the best signal to noise, then the strongest. */
function bestAntenna(packet: Json): Json {
  const { rsig } = packet
  if (!Array.isArray(rsig)) return packet
  let best: Json = {}
  for (const one of (rsig as unknown[]).slice(0, 16)) {
    if (typeof one !== 'object' || one === null) continue
    const signal = one as Json
    const [snr, bestSnr] = [numberOr(signal['lsnr'], -99), numberOr(best['lsnr'], -99)]
    const [rssi, bestRssi] = [numberOr(signal['rssic'], -999), numberOr(best['rssic'], -999)]
    if (snr > bestSnr || (snr === bestSnr && rssi > bestRssi)) best = signal
  }
  return best
}

/** An object of a stranger's cannot be asked for a number: it may throw. */
const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

function modulationOf(modu: unknown, datr: unknown, codr: unknown): Modulation | undefined {
  if (modu === 'FSK') {
    const bitRate = typeof datr === 'string' && /^\d{1,7}$/.test(datr) ? Number(datr) : datr
    return isUint(bitRate, 1_000_000) && bitRate > 0 ? { kind: 'fsk', bitRate } : undefined
  }
  if (typeof datr !== 'string') return undefined
  if (modu === 'LR-FHSS') {
    const width = /^M\dCW(\d{2,4})$/.exec(datr)?.[1]
    const codingRate = codr === '2/6' || codr === '1/3' ? '1/3' : codr === '4/6' || codr === '2/3' ? '2/3' : undefined
    return width === undefined || Number(width) === 0 || codingRate === undefined
      ? undefined
      : { kind: 'lr-fhss', codingRate, widthHz: Number(width) * 1000 }
  }
  return modu === 'LORA' || modu === undefined ? loraOf(datr) : undefined
}

const loraRates = new Map<string, Modulation>()
for (let spreadingFactor = 5; spreadingFactor <= 12; spreadingFactor += 1)
  for (const kiloHertz of [125, 250, 500])
    loraRates.set(`SF${spreadingFactor}BW${kiloHertz}`, {
      kind: 'lora',
      spreadingFactor,
      bandwidthHz: kiloHertz * 1000,
    })

function loraOf(datr: string): Modulation | undefined {
  return loraRates.get(datr)
}

function readStatus(stat: unknown): Push['status'] {
  if (typeof stat !== 'object' || stat === null || Array.isArray(stat)) return undefined
  const { lati, long, alti, rxnb, rxok, rxfw, txnb, desc } = stat as Json
  const number = (value: unknown, maximum: number): number | undefined =>
    typeof value === 'number' && Math.abs(value) <= maximum ? value : undefined
  const latitude = number(lati, 90)
  const longitude = number(long, 180)
  const isPlaced = latitude !== undefined && longitude !== undefined && (latitude !== 0 || longitude !== 0)
  const altitudeM = number(alti, 100_000)
  const count = (value: unknown): number | undefined => (isUint(value, 2 ** 32 - 1) ? value : undefined)
  return withoutUndefined({
    latitude: isPlaced ? latitude : undefined,
    longitude: isPlaced ? longitude : undefined,
    altitudeM: isPlaced ? altitudeM : undefined,
    software: typeof desc === 'string' && desc !== '' ? desc.slice(0, softwareLengthMax).toWellFormed() : undefined,
    heardCount: count(rxnb),
    crcOkCount: count(rxok),
    forwardedCount: count(rxfw),
    sentCount: count(txnb),
  })
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): NonNullable<Push['status']> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/**
 * Where in a forwarder's own time a frame ended, as a context that only this protocol reads.
 *
 * `era` counts the restarts of the forwarder's counter, so that a context from before one is not used after it.
 */
export interface UdpContext {
  readonly timestampUs: number
  readonly antenna: number
  readonly board: number
  /** 16 bits */
  readonly era: number
}

/** Bytes: counter 4, antenna 1, board 1, era 2; most significant first. */
const contextBytes = 8

export function encodeUdpContext({ timestampUs, antenna, board, era }: UdpContext): Uint8Array {
  const bytes = new Uint8Array(contextBytes)
  bytes[0] = timestampUs >>> 24
  bytes[1] = timestampUs >>> 16
  bytes[2] = timestampUs >>> 8
  bytes[3] = timestampUs
  bytes[4] = antenna
  bytes[5] = board
  bytes[6] = era >>> 8
  bytes[7] = era
  return bytes
}

export function decodeUdpContext(bytes: Uint8Array): UdpContext | undefined {
  if (bytes.length !== contextBytes) return undefined
  const timestampUs = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0
  return { timestampUs, antenna: bytes[4]!, board: bytes[5]!, era: (bytes[6]! << 8) | bytes[7]! }
}

/** What became of a downlink, as a TX_ACK says it. */
export interface TxAck {
  /** undefined: it was, or will be, sent */
  readonly refusal?: TransmitRefusal
  /** the power that was used instead of the one asked for, in dBm */
  readonly powerDbm?: number
}

const refusals: ReadonlyMap<string, TransmitRefusal> = new Map([
  ['TOO_LATE', 'too-late'],
  ['TOO_EARLY', 'too-early'],
  ['COLLISION_PACKET', 'collision-packet'],
  ['COLLISION_BEACON', 'collision-beacon'],
  ['TX_FREQ', 'tx-freq'],
  ['TX_POWER', 'tx-power'],
  ['GPS_UNLOCKED', 'gps-unlocked'],
])

/** No JSON, a zero byte, an empty object, no error, "" and "NONE" all mean that it was taken. */
export function readTxAck(json: Uint8Array): TxAck {
  if (json.every((byte) => byte === 0)) return {}
  const ack = parseJson(json)?.['txpk_ack']
  if (ack === undefined) return { refusal: 'unknown-error' }
  if (typeof ack !== 'object' || ack === null) return {}
  const { error, warn, value } = ack as Json
  if (typeof error === 'string' && error !== '' && error !== 'NONE')
    return { refusal: refusals.get(error) ?? 'unknown-error' }
  const powerDbm = warn === 'TX_POWER' ? signalOf(value, undefined) : undefined
  return powerDbm === undefined ? {} : { powerDbm }
}

/** One window of a downlink, as the forwarder is told to send it. */
export interface TransmitPacket {
  readonly downlink: Pick<RadioDownlink, 'phyPayload' | 'isBeacon' | 'isLikeUplink'>
  readonly window: RadioDownlink['windows'][number]
  /** the concentrator's counter at which to send; undefined: at once, or by GPS time */
  readonly timestampUs?: number | undefined
  readonly antenna?: number | undefined
  readonly board?: number | undefined
  /** of the antenna, subtracted from the EIRP that is asked for */
  readonly antennaGainDbi: number
}

/** The `txpk` object. */
export function txpkOf(packet: TransmitPacket): Readonly<Record<string, unknown>> {
  const { downlink, window, timestampUs, antenna, board, antennaGainDbi } = packet
  const { modulation, timing, frequencyHz, powerDbm } = window
  const when =
    timing.kind === 'gps'
      ? { tmms: timing.gpsTimeMs }
      : timestampUs === undefined
        ? { imme: true }
        : { tmst: timestampUs }
  return {
    ...when,
    freq: frequencyHz / 1_000_000,
    rfch: 0,
    powe: Math.round(powerDbm - antennaGainDbi),
    ...(antenna === undefined ? {} : { ant: antenna }),
    ...(board === undefined ? {} : { brd: board }),
    ...rateOf(modulation),
    ...(modulation.kind === 'fsk'
      ? { fdev: Math.round(modulation.bitRate / 2) }
      : { ipol: downlink.isBeacon !== true && downlink.isLikeUplink !== true }),
    ...(downlink.isBeacon === true ? { prea: 10, nhdr: true } : {}),
    ncrc: downlink.isLikeUplink !== true,
    size: downlink.phyPayload.length,
    data: encodeBase64(downlink.phyPayload),
  }
}

function rateOf(modulation: Modulation): Readonly<Record<string, unknown>> {
  if (modulation.kind === 'lora')
    return { modu: 'LORA', datr: `SF${modulation.spreadingFactor}BW${modulation.bandwidthHz / 1000}`, codr: '4/5' }
  if (modulation.kind === 'fsk') return { modu: 'FSK', datr: modulation.bitRate }
  const codr = modulation.codingRate === '1/3' ? '2/6' : '4/6'
  return { modu: 'LR-FHSS', datr: `M0CW${modulation.widthHz / 1000}`, codr }
}

const encoder = new TextEncoder()

/** A PULL_RESP. @param token 16 bits; version 1 has none, and forwarders of it look at nothing but the JSON */
export function encodePullResp(
  { version, token }: Pick<ForwarderDatagram, 'version' | 'token'>,
  packet: TransmitPacket,
): Uint8Array {
  const json = encoder.encode(JSON.stringify({ txpk: txpkOf(packet) }))
  const bytes = new Uint8Array(4 + json.length)
  bytes.set([version, token >>> 8, token & 0xff, datagramKinds.pullResp])
  bytes.set(json, 4)
  return bytes
}

/** The forwarder's packet as the network knows it. */
export function uplinkOf(
  packet: ReceivedPacket,
  { gatewayEui, heardAtMs, era }: { readonly gatewayEui: string; readonly heardAtMs: number; readonly era: number },
): RadioUplink {
  const { phyPayload, frequencyHz, modulation, rssiDbm, snrDb, channel, gpsTimeMs, timestampUs, antenna, board } =
    packet
  return {
    gatewayEui,
    phyPayload,
    frequencyHz,
    modulation,
    rssiDbm,
    ...(snrDb === undefined ? {} : { snrDb }),
    channel,
    ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
    heardAtMs,
    context: timestampUs === undefined ? noContext : encodeUdpContext({ timestampUs, antenna, board, era }),
  }
}

const noContext = new Uint8Array(0)
