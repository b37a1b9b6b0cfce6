/**
 * The protocol between Basics Station and its network server (LNS), both directions: JSON over a WebSocket. Facts from Semtech's
 * documentation of the protocol and from the station's own program (lorabasics/basicstation 2.0.6: tc.c, s2e.c, lora.c).
 *
 * The station takes frames apart and sends their fields; here the frame is put together again, byte for byte. `xtime` has 64 bits
 * and is carried exactly. What a station sends is an ordinary value or a named fault, never a throw.
 *
 * @see wire/station-config.ts for what the station is told to listen to
 * @module
 */

import {
  frequencyHzMax,
  phyPayloadBytesMax,
  softwareLengthMax,
  type Eui,
  type RadioDownlink,
  type RadioUplink,
  type TransmitWindow,
} from '../model/radio.ts'
import { downlinkDataRateOf } from '../region/data-rate.ts'
import { channelIndexOf } from '../region/receive-windows.ts'
import type { Region } from '../region/region.ts'
import { readExactJson, wholeNumberOf, writeExactJson, type ExactJson } from './exact-json.ts'
import { writeEui, writeUint } from './little-endian.ts'
import { readStationEui, writeId6 } from './station-eui.ts'

/** Longest message of a station that is read, in bytes; a station's own buffer is 80 KiB for many of them. */
export const stationMessageBytesMax: number = 16 * 1024

/** A frame that a station heard. */
export interface StationFrame {
  readonly kind: 'frame'
  readonly phyPayload: Uint8Array
  /** index among the region's uplink data rates */
  readonly dataRate: number
  /** rounded to 100 Hz */
  readonly frequencyHz: number
  readonly rssiDbm: number
  readonly snrDb: number | undefined
  /** milliseconds since the GPS epoch, where the station knows */
  readonly gpsTimeMs: number | undefined
  readonly place: StationPlace
}

/** When and by which antenna a station heard a frame: both are handed back with the answer, unread. */
export interface StationPlace {
  /** microseconds of the concentrator, below marks of its session and unit; 64 bits */
  readonly xtime: bigint
  readonly rctx: bigint
}

export type StationMessage =
  | StationFrame
  | { readonly kind: 'version'; readonly software: string }
  /** frequencyHz is 0 where the station does not say, as before 2.0.4 */
  | { readonly kind: 'sent'; readonly id: number; readonly xtime: bigint | undefined; readonly frequencyHz: number }
  | { readonly kind: 'timesync'; readonly txtime: number | bigint }
  /** of a remote shell or a command, or of a later version: nothing for us */
  | { readonly kind: 'ignored' }

export type StationFault = 'not-json' | 'no-type' | 'bad-field' | 'bad-payload' | 'too-long' | 'downlink-heard'

type Json = Readonly<Record<string, unknown>>

function readObject(text: string): Json | undefined {
  const value = readExactJson(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

/** Reads one message of a station that has connected. */
export function readStationMessage(text: string): StationMessage | StationFault {
  const message = readObject(text)
  if (message === undefined) return 'not-json'
  switch (message['msgtype']) {
    case 'updf':
      return frameOf(message, dataFrameOf(message))
    case 'jreq':
    case 'rejoin':
      return frameOf(message, joinFrameOf(message))
    case 'propdf':
      return frameOf(message, proprietaryFrameOf(message))
    case 'dntxed':
      return sentOf(message)
    case 'version':
      return versionOf(message)
    case 'timesync':
      return timesyncOf(message)
    case 'dndf':
    case 'jacc':
      return 'downlink-heard'
    default:
      return typeof message['msgtype'] === 'string' ? { kind: 'ignored' } : 'no-type'
  }
}

const isUint = (value: unknown, maximum: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maximum

/** Addresses and MICs are written as signed numbers of 32 bits; some servers' tools write them unsigned. */
const isWord = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32

const hexDigits = /^(?:[0-9a-fA-F]{2})*$/

/** @returns undefined when it is no text of hexadecimal digits, or longer than any frame */
function hexBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > 2 * phyPayloadBytesMax || !hexDigits.test(value)) return undefined
  const bytes = new Uint8Array(value.length / 2)
  for (let index = 0; index < bytes.length; index += 1)
    bytes[index] = Number.parseInt(value.slice(2 * index, 2 * index + 2), 16)
  return bytes
}

/** MHDR 1, DevAddr 4, FCtrl 1, FCnt 2, FOpts, FPort 0 or 1, FRMPayload, MIC 4. */
function dataFrameOf(message: Json): Uint8Array | StationFault {
  const { MHdr: mHdr, DevAddr: devAddr, FCtrl: fCtrl, FPort: fPort, MIC: mic } = message
  // One known server's tools write Fcnt.
  const fCnt = message['FCnt'] ?? message['Fcnt']
  if (!isUint(mHdr, 255) || !isUint(fCtrl, 255) || !isUint(fCnt, 65_535) || !isWord(devAddr) || !isWord(mic))
    return 'bad-field'
  const hasPort = fPort !== -1 && fPort !== undefined && fPort !== null
  if (hasPort && !isUint(fPort, 255)) return 'bad-field'
  const options = hexBytes(message['FOpts'] ?? '')
  const payload = hexBytes(message['FRMPayload'] ?? '')
  if (options === undefined || payload === undefined) return 'bad-payload'
  if (options.length > 15 || (payload.length > 0 && !hasPort)) return 'bad-payload'
  const size = 12 + options.length + (hasPort ? 1 : 0) + payload.length
  if (size > phyPayloadBytesMax) return 'too-long'
  const bytes = new Uint8Array(size)
  bytes[0] = mHdr
  writeUint(bytes, 1, 4, devAddr >>> 0)
  bytes[5] = fCtrl
  writeUint(bytes, 6, 2, fCnt)
  bytes.set(options, 8)
  if (hasPort) bytes[8 + options.length] = fPort
  bytes.set(payload, size - 4 - payload.length)
  writeUint(bytes, size - 4, 4, mic >>> 0)
  return bytes
}

/** MHDR 1, JoinEUI 8, DevEUI 8, DevNonce 2, MIC 4. */
function joinFrameOf(message: Json): Uint8Array | StationFault {
  const { MHdr: mHdr, DevNonce: devNonce, MIC: mic } = message
  const joinEui = readStationEui(message['JoinEui'] ?? message['JoinEUI'])
  const devEui = readStationEui(message['DevEui'] ?? message['DevEUI'])
  if (!isUint(mHdr, 255) || !isUint(devNonce, 65_535) || !isWord(mic)) return 'bad-field'
  if (joinEui === undefined || devEui === undefined) return 'bad-field'
  const bytes = new Uint8Array(23)
  bytes[0] = mHdr
  writeEui(bytes, 1, joinEui)
  writeEui(bytes, 9, devEui)
  writeUint(bytes, 17, 2, devNonce)
  writeUint(bytes, 19, 4, mic >>> 0)
  return bytes
}

/** The whole frame stands in FRMPayload. */
function proprietaryFrameOf(message: Json): Uint8Array | StationFault {
  const bytes = hexBytes(message['FRMPayload'])
  return bytes === undefined || bytes.length === 0 ? 'bad-payload' : bytes
}

function frameOf(message: Json, phyPayload: Uint8Array | StationFault): StationFrame | StationFault {
  if (typeof phyPayload === 'string') return phyPayload
  const { DR: dataRate, Freq: frequencyHz, upinfo } = message
  if (typeof upinfo !== 'object' || upinfo === null) return 'bad-field'
  const { rssi, snr, gpstime } = upinfo as Json
  const xtime = signed64(placeNumber((upinfo as Json)['xtime']))
  const rctx = signed64(placeNumber((upinfo as Json)['rctx'] ?? 0))
  if (!isUint(dataRate, 15) || !isUint(frequencyHz, frequencyHzMax) || frequencyHz === 0) return 'bad-field'
  if (xtime === undefined || rctx === undefined || !isSignal(rssi)) return 'bad-field'
  if (snr !== undefined && !isSignal(snr)) return 'bad-field'
  const gpsTimeUs = wholeNumberOf(gpstime)
  return {
    kind: 'frame',
    phyPayload,
    dataRate,
    frequencyHz: Math.round(frequencyHz / 100) * 100,
    rssiDbm: rssi,
    snrDb: snr,
    gpsTimeMs: gpsTimeUs === undefined || gpsTimeUs <= 0n ? undefined : Math.round(Number(gpsTimeUs) / 1000),
    place: { xtime, rctx },
  }
}

/** Programs whose numbers have no 64 bits write them as text. */
const placeNumber = (value: unknown): bigint | undefined =>
  typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : wholeNumberOf(value)

const isSignal = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= 1000

const signed64 = (value: bigint | undefined): bigint | undefined =>
  value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined

function sentOf(message: Json): StationMessage | StationFault {
  // Stations of before 2.0 call it seqno.
  const id = message['diid'] ?? message['seqno']
  if (!isUint(id, Number.MAX_SAFE_INTEGER)) return 'bad-field'
  const { Freq: frequencyHz } = message
  return {
    kind: 'sent',
    id,
    xtime: signed64(placeNumber(message['xtime'])),
    frequencyHz: isUint(frequencyHz, frequencyHzMax) ? frequencyHz : 0,
  }
}

function versionOf({ station, firmware, model }: Json): StationMessage {
  const words = [station, firmware, model].filter((word) => typeof word === 'string' && word !== '')
  return { kind: 'version', software: words.join(' ').slice(0, softwareLengthMax).toWellFormed() }
}

function timesyncOf({ txtime }: Json): StationMessage | StationFault {
  if (typeof txtime === 'number' && Number.isFinite(txtime)) return { kind: 'timesync', txtime }
  const whole = signed64(wholeNumberOf(txtime))
  return whole === undefined ? 'bad-field' : { kind: 'timesync', txtime: whole }
}

/** What a station asks before it connects: where the server of its EUI is. @returns undefined when it does not ask that */
export function readDiscovery(text: string): Eui | undefined {
  const message = readObject(text)
  return message === undefined ? undefined : readStationEui(message['router'])
}

/** The answer to that. @param answer `uri` with a port and a path, for the station insists on both; 127 characters at most */
export function writeDiscovery(gatewayEui: Eui, answer: { readonly uri: string } | { readonly error: string }): string {
  return writeExactJson({ router: writeId6(gatewayEui), muxs: '::0', ...answer })
}

/**
 * Tells a station the time. With `txtime` it is the answer to its question and fixes which second a pulse of its GPS belongs to; with
 * a place instead the station takes the time as it stands.
 *
 * @param gpsTimeMs since the GPS epoch
 */
export function writeTimesync(facts: {
  readonly gpsTimeMs: number
  readonly unixMs: number
  readonly txtime?: number | bigint
  readonly xtime?: bigint
}): string {
  const { gpsTimeMs, unixMs, txtime, xtime } = facts
  return writeExactJson({
    msgtype: 'timesync',
    gpstime: Math.round(gpsTimeMs * 1000),
    txtime,
    xtime,
    MuxTime: unixMs / 1000,
  })
}

/** The frame as the network knows it. @returns undefined when the band has no such uplink data rate */
export function stationUplink(
  frame: StationFrame,
  about: {
    readonly gatewayEui: Eui
    readonly region: Region
    readonly heardAtMs: number
    readonly session: number
  },
): RadioUplink | undefined {
  const { gatewayEui, region, heardAtMs, session } = about
  const { phyPayload, dataRate, frequencyHz, rssiDbm, snrDb, gpsTimeMs, place } = frame
  const modulation = region.uplinkDataRates[dataRate]?.modulation
  if (modulation === undefined) return undefined
  return {
    gatewayEui,
    phyPayload,
    frequencyHz,
    modulation,
    rssiDbm,
    ...(snrDb === undefined || modulation.kind === 'fsk' ? {} : { snrDb }),
    channel: channelIndexOf(region, frequencyHz, dataRate) ?? 0,
    ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
    heardAtMs,
    context: encodeStationContext({ ...place, session }),
  }
}

/** A place of a station in one of its connections: with a new one its concentrator starts to count anew. */
export interface StationContext extends StationPlace {
  /** 16 bits */
  readonly session: number
}

/** Bytes: xtime 8, rctx 8, session 2; most significant first. */
const contextBytes = 18

export function encodeStationContext({ xtime, rctx, session }: StationContext): Uint8Array {
  const bytes = new Uint8Array(contextBytes)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, xtime)
  view.setBigInt64(8, rctx)
  view.setUint16(16, session)
  return bytes
}

export function decodeStationContext(bytes: Uint8Array): StationContext | undefined {
  if (bytes.length !== contextBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { xtime: view.getBigInt64(0), rctx: view.getBigInt64(8), session: view.getUint16(16) }
}

/** The station confirms only what has a DevEUI, whichever. */
const anyDevEui = '01-01-01-01-01-01-01-01'
/** Whole seconds that RxDelay can say. */
const rxDelaySecondsMax = 15

/** Whether one message can ask for both: the station's second window is a second after the first, or at any time for class C. */
export function areOneMessage(first: TransmitWindow, second: TransmitWindow): boolean {
  if (first.timing.kind !== 'delay') return false
  return (
    second.timing.kind === 'immediate' ||
    (second.timing.kind === 'delay' && second.timing.delayMs === first.timing.delayMs + 1000)
  )
}

/**
 * The message that asks a station to send, in the first window or in the one after it, as the station can.
 *
 * @returns 'no-context' when a window's context is none of a station's, 'no-data-rate' when the band has no such rate for downlinks
 */
export function dnmsgOf(
  downlink: Pick<RadioDownlink, 'id' | 'phyPayload'>,
  windows: readonly [TransmitWindow, (TransmitWindow | undefined)?],
  region: Region,
): { readonly [name: string]: ExactJson } | 'no-context' | 'no-data-rate' {
  const [first, second] = windows
  const rate = downlinkDataRateOf(region, first.modulation)
  const secondRate = second === undefined ? rate : downlinkDataRateOf(region, second.modulation)
  if (rate === undefined || secondRate === undefined) return 'no-data-rate'
  const common = {
    msgtype: 'dnmsg',
    DevEui: anyDevEui,
    diid: downlink.id,
    priority: 1,
    pdu: hexOf(downlink.phyPayload),
  }
  const { timing, frequencyHz } = first
  // RxDelay says nothing here, but a station complains where it is missing.
  if (timing.kind === 'immediate') return { ...common, dC: 2, RxDelay: 1, RX2DR: rate, RX2Freq: frequencyHz }
  if (timing.kind === 'gps')
    return { ...common, dC: 1, DR: rate, Freq: frequencyHz, gpstime: Math.round(timing.gpsTimeMs * 1000) }
  const context = decodeStationContext(timing.context)
  if (context === undefined) return 'no-context'
  const seconds = Math.min(rxDelaySecondsMax, Math.max(1, Math.floor(timing.delayMs / 1000)))
  return {
    ...common,
    dC: second?.timing.kind === 'immediate' ? 2 : 0,
    rctx: context.rctx,
    // What RxDelay cannot say is added to the moment that it counts from.
    xtime: context.xtime + BigInt(Math.round((timing.delayMs - seconds * 1000) * 1000)),
    RxDelay: seconds,
    RX1DR: rate,
    RX1Freq: frequencyHz,
    ...(second === undefined ? {} : { RX2DR: secondRate, RX2Freq: second.frequencyHz }),
  }
}

/** Frames at GPS times, for many devices or none; the station says nothing of what becomes of them. */
export function dnschedOf(
  frames: readonly {
    readonly phyPayload: Uint8Array
    readonly dataRate: number
    readonly frequencyHz: number
    readonly gpsTimeMs: number
  }[],
): { readonly [name: string]: ExactJson } {
  return {
    msgtype: 'dnsched',
    schedule: frames.map(({ phyPayload, dataRate, frequencyHz, gpsTimeMs }, index) => ({
      diid: index + 1,
      priority: 1,
      DR: dataRate,
      Freq: frequencyHz,
      gpstime: Math.round(gpsTimeMs * 1000),
      pdu: hexOf(phyPayload),
    })),
  }
}

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexOfByte[byte]!
  return text
}
