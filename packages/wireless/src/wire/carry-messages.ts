/**
 * The bodies of the carry stream: what a hotspot and a router say to each other once the hello is done.
 *
 * Uplinks go whole, not header first: the router cannot tell a frame from noise before it has checked the MIC, which needs
 * the payload; to ask and wait would cost a round trip of the 1 s that a downlink has; and what a router could take without
 * paying is bounded by credit in any case. Many uplinks share one message. Pure; a stranger's body decodes or is undefined.
 *
 * @see docs/protocol/wireless.md#messages
 * @module
 */

import { unreachable } from '@groundwork/core/invariant.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import {
  contextBytesMax,
  phyPayloadBytesMax,
  softwareLengthMax,
  type GatewayStatus,
  type RadioDownlink,
  type RadioUplink,
  type TransmitOutcome,
  type TransmitRefusal,
  type TransmitTiming,
  type TransmitWindow,
} from '../model/radio.ts'
import { copiesMax } from '../model/route.ts'
import { byteReader, type ByteReader } from './byte-reader.ts'
import { byteWriter, type ByteWriter } from './byte-writer.ts'
import { carryBodyBytesMax } from './carry-stream.ts'
import { readModulation, writeModulation } from './modulation-field.ts'
import { bytesOfEui, deciOf, euiOfBytes, receiptBytes } from './receipt.ts'

/** An uplink on its way: `sequence` names it on this stream, counted by the hotspot. */
export interface CarriedUplink {
  readonly sequence: number
  /** how long it waited at the hotspot */
  readonly holdMs: number
  /** signal in tenths, as it travels and as receipts have it */
  readonly uplink: RadioUplink
}

export const declineReasons = [
  'not-drawn',
  'same-owner',
  'late',
  'already-bought',
  'unknown-device',
  'mic-failed',
  'replayed',
  'refused',
  'over-budget',
  'join-free',
  'unjudged',
  'busy',
  'mic-failures',
  'gateway-unknown',
  'too-far',
  'too-strong',
  'too-weak',
  'snr-below-floor',
  'snr-above-radio',
  'snr-above-noise',
] as const

/** Why a copy is not paid. */
export type DeclineReason = (typeof declineReasons)[number]

/** What became of a copy. Whoever lost a draw is told the winner, so that it can check the draw at the reveal. */
export type CarryDecision =
  | {
      readonly sequence: number
      readonly kind: 'bought'
      readonly epoch: bigint
      /** place of the receipt among those of the epoch, from 0 */
      readonly index: number
      readonly copies: number
      readonly priceNano: bigint
    }
  | { readonly sequence: number; readonly kind: 'declined'; readonly reason: DeclineReason; readonly winner?: Hex }

export const noticeReasons = [
  'no-allotment',
  'unpaid',
  'allotment-spent',
  'allotment-ending',
  'voucher-bad',
  'receipts-differ',
  'resumed',
  'route-closed',
  'not-bonded',
  'gateway-taken',
  'replaced',
  'too-many-gateways',
] as const

/** What one side tells the other about itself: why a hotspot stops carrying, why a router takes nothing. */
export type NoticeReason = (typeof noticeReasons)[number]

export type CarryMessage =
  /** the hotspot's first: what it holds, so that the router knows what to say again */
  | {
      readonly kind: 'ready'
      readonly epoch: bigint
      readonly receiptCount: number
      readonly total: bigint
      /** 65 bytes over the voucher of that total; absent when it holds none */
      readonly voucherSignature?: Hex
    }
  | { readonly kind: 'uplinks'; readonly uplinks: readonly CarriedUplink[] }
  | { readonly kind: 'outcomes'; readonly outcomes: readonly TransmitOutcome[] }
  | { readonly kind: 'status'; readonly status: GatewayStatus }
  | { readonly kind: 'notice'; readonly reason: NoticeReason }
  | { readonly kind: 'decisions'; readonly decisions: readonly CarryDecision[] }
  | {
      readonly kind: 'receipts'
      readonly epoch: bigint
      readonly firstIndex: number
      readonly receipts: readonly Uint8Array[]
    }
  | {
      readonly kind: 'voucher'
      readonly total: bigint
      readonly voucherSignature: Hex
      /** the tally of the epoch, without router and owner: the stream knows them */
      readonly epoch: bigint
      readonly packets: number
      readonly units: bigint
      readonly nanoCredits: bigint
      readonly root: Hex
      readonly tallySignature: Hex
    }
  | { readonly kind: 'downlinks'; readonly downlinks: readonly RadioDownlink[] }
  | { readonly kind: 'reveal'; readonly epoch: bigint; readonly secret: Hex; readonly nextCommitment: Hex }

/** Most uplinks of one message. */
export const uplinksPerMessageMax = 128
/** Most decisions of one message. */
export const decisionsPerMessageMax = 512
/** Most receipts of one message. */
export const receiptsPerMessageMax = 512
/** Most downlinks, and most outcomes, of one message. */
export const downlinksPerMessageMax = 32
/** No text is longer than three bytes for each of its UTF-16 units. */
const softwareBytesMax: number = 3 * softwareLengthMax

const kinds = [
  'ready',
  'uplinks',
  'outcomes',
  'status',
  'notice',
  'decisions',
  'receipts',
  'voucher',
  'downlinks',
  'reveal',
] as const satisfies readonly CarryMessage['kind'][]

/** Who may say what. */
export const hotspotKinds: ReadonlySet<CarryMessage['kind']> = new Set([
  'ready',
  'uplinks',
  'outcomes',
  'status',
  'notice',
])
export const routerKinds: ReadonlySet<CarryMessage['kind']> = new Set([
  'notice',
  'decisions',
  'receipts',
  'voucher',
  'downlinks',
  'reveal',
])

const refusals: readonly TransmitRefusal[] = [
  'too-late',
  'too-early',
  'collision-packet',
  'collision-beacon',
  'tx-freq',
  'tx-power',
  'gps-unlocked',
  'duty-cycle',
  'dwell-time',
  'no-context',
  'gateway-away',
  'no-answer',
  'unknown-error',
]
const protocols = ['semtech-udp-1', 'semtech-udp-2', 'basics-station'] as const
const classes = ['A', 'B', 'C'] as const

/** Kind and body of a message of our own; within the bounds above it fits an envelope. */
export function encodeMessage(message: CarryMessage): { readonly kind: number; readonly body: Uint8Array } {
  const writer = byteWriter(message.kind === 'uplinks' ? 4096 : 256)
  writeBody(writer, message)
  return { kind: kinds.indexOf(message.kind) + 1, body: writer.bytes() }
}

/** Reads a stranger's body; undefined when it is none of that kind, or out of bounds. */
export function decodeMessage({
  kind,
  body,
}: {
  readonly kind: number
  readonly body: Uint8Array
}): CarryMessage | undefined {
  const name = kinds[kind - 1]
  if (name === undefined || body.length > carryBodyBytesMax) return undefined
  const reader = byteReader(body)
  const message = readBody(reader, name)
  return reader.isWhole ? message : undefined
}

function writeBody(writer: ByteWriter, message: CarryMessage): void {
  switch (message.kind) {
    case 'ready': {
      writer.u64(message.epoch)
      writer.u32(message.receiptCount)
      writer.u128(message.total)
      writer.short(message.voucherSignature === undefined ? new Uint8Array() : fromHex(message.voucherSignature, 65))
      return
    }
    case 'uplinks': {
      writeList(writer, message.uplinks, writeUplink)
      return
    }
    case 'outcomes': {
      writeList(writer, message.outcomes, writeOutcome)
      return
    }
    case 'status': {
      writeStatus(writer, message.status)
      return
    }
    case 'notice': {
      writer.u8(noticeReasons.indexOf(message.reason))
      return
    }
    case 'decisions': {
      writeList(writer, message.decisions, writeDecision)
      return
    }
    case 'receipts': {
      writer.u64(message.epoch)
      writer.u32(message.firstIndex)
      writeList(writer, message.receipts, (to, receipt) => to.raw(receipt))
      return
    }
    case 'voucher': {
      writer.u128(message.total)
      writer.raw(fromHex(message.voucherSignature, 65))
      writer.u64(message.epoch)
      writer.u53(message.packets)
      writer.u128(message.units)
      writer.u128(message.nanoCredits)
      writer.raw(fromHex(message.root, 32))
      writer.raw(fromHex(message.tallySignature, 65))
      return
    }
    case 'downlinks': {
      writeList(writer, message.downlinks, writeDownlink)
      return
    }
    case 'reveal': {
      writer.u64(message.epoch)
      writer.raw(fromHex(message.secret, 32))
      writer.raw(fromHex(message.nextCommitment, 32))
    }
  }
}

function readBody(reader: ByteReader, kind: CarryMessage['kind']): CarryMessage {
  switch (kind) {
    case 'ready': {
      const held = { kind, epoch: reader.u64(), receiptCount: reader.u32(), total: reader.u128() }
      const signature = reader.short(65)
      if (signature.length !== 0 && signature.length !== 65) reader.fail()
      return signature.length === 0 ? held : { ...held, voucherSignature: toHex(signature) }
    }
    case 'uplinks': {
      return { kind, uplinks: readItems(reader, uplinksPerMessageMax, readUplink) }
    }
    case 'outcomes': {
      return { kind, outcomes: readItems(reader, downlinksPerMessageMax, readOutcome) }
    }
    case 'status': {
      return { kind, status: readStatus(reader) }
    }
    case 'notice': {
      return { kind, reason: pick(reader, noticeReasons) }
    }
    case 'decisions': {
      return { kind, decisions: readItems(reader, decisionsPerMessageMax, readDecision) }
    }
    case 'receipts': {
      const epoch = reader.u64()
      const firstIndex = reader.u32()
      return {
        kind,
        epoch,
        firstIndex,
        receipts: readItems(reader, receiptsPerMessageMax, (at) => at.raw(receiptBytes)),
      }
    }
    case 'voucher': {
      return {
        kind,
        total: reader.u128(),
        voucherSignature: toHex(reader.raw(65)),
        epoch: reader.u64(),
        packets: reader.u53(),
        units: reader.u128(),
        nanoCredits: reader.u128(),
        root: toHex(reader.raw(32)),
        tallySignature: toHex(reader.raw(65)),
      }
    }
    case 'downlinks': {
      return { kind, downlinks: readItems(reader, downlinksPerMessageMax, readDownlink) }
    }
    case 'reveal': {
      return {
        kind,
        epoch: reader.u64(),
        secret: toHex(reader.raw(32)),
        nextCommitment: toHex(reader.raw(32)),
      }
    }
    default: {
      return unreachable(kind)
    }
  }
}

function writeList<Item>(
  writer: ByteWriter,
  items: readonly Item[],
  write: (to: ByteWriter, item: Item) => void,
): void {
  writer.u16(items.length)
  for (const item of items) write(writer, item)
}

/** An empty list is not sent, so it is none. */
function readItems<Item>(reader: ByteReader, countMax: number, read: (from: ByteReader) => Item): Item[] {
  const count = reader.u16()
  if (count < 1 || count > countMax) reader.fail()
  const items: Item[] = []
  for (let index = 0; index < count && !reader.hasFailed; index += 1) items.push(read(reader))
  return items
}

/** An index into a table of ours; outside of it the reader fails. */
function pick<Value>(reader: ByteReader, table: readonly Value[]): Value {
  const value = table[reader.u8()]
  if (value !== undefined) return value
  reader.fail()
  return table[0] as Value
}

const hasSnr = 1
const hasGps = 2

function writeUplink(writer: ByteWriter, { sequence, holdMs, uplink }: CarriedUplink): void {
  writer.u32(sequence)
  writer.u32(holdMs)
  writer.raw(bytesOfEui(uplink.gatewayEui))
  writer.u32(uplink.frequencyHz)
  writeModulation(writer, uplink.modulation)
  writer.u8((uplink.snrDb === undefined ? 0 : hasSnr) | (uplink.gpsTimeMs === undefined ? 0 : hasGps))
  writer.i16(deciOf(uplink.rssiDbm))
  if (uplink.snrDb !== undefined) writer.i16(deciOf(uplink.snrDb))
  writer.u16(uplink.channel)
  if (uplink.gpsTimeMs !== undefined) writer.f64(uplink.gpsTimeMs)
  writer.u53(Math.floor(uplink.heardAtMs))
  writer.short(uplink.context)
  writer.long(uplink.phyPayload)
}

function readUplink(reader: ByteReader): CarriedUplink {
  const sequence = reader.u32()
  const holdMs = reader.u32()
  const gatewayEui = euiOfBytes(reader.raw(8))
  const frequencyHz = reader.u32()
  const modulation = readModulation(reader)
  const flags = reader.u8()
  if (flags > (hasSnr | hasGps)) reader.fail()
  const rssiDbm = reader.i16() / 10
  const snr = (flags & hasSnr) === 0 ? undefined : reader.i16()
  if (snr === -0x8000) reader.fail()
  const channel = reader.u16()
  const gpsTimeMs = (flags & hasGps) === 0 ? undefined : reader.f64()
  if (gpsTimeMs !== undefined && !Number.isFinite(gpsTimeMs)) reader.fail()
  const heardAtMs = reader.u53()
  const context = reader.short(contextBytesMax)
  const phyPayload = reader.long(phyPayloadBytesMax)
  if (phyPayload.length === 0) reader.fail()
  const uplink: RadioUplink = {
    gatewayEui,
    phyPayload,
    frequencyHz,
    modulation,
    rssiDbm,
    channel,
    heardAtMs,
    context,
    ...(snr === undefined ? {} : { snrDb: snr / 10 }),
    ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
  }
  return { sequence, holdMs, uplink }
}

function writeDecision(writer: ByteWriter, decision: CarryDecision): void {
  writer.u32(decision.sequence)
  if (decision.kind === 'bought') {
    writer.u8(0)
    writer.u64(decision.epoch)
    writer.u32(decision.index)
    writer.u8(decision.copies)
    writer.u64(decision.priceNano)
    return
  }
  writer.u8(1 + declineReasons.indexOf(decision.reason))
  if (decision.reason === 'not-drawn')
    writer.short(decision.winner === undefined ? new Uint8Array() : fromHex(decision.winner, 20))
}

function readDecision(reader: ByteReader): CarryDecision {
  const sequence = reader.u32()
  const code = reader.u8()
  if (code === 0) {
    const bought = {
      sequence,
      kind: 'bought' as const,
      epoch: reader.u64(),
      index: reader.u32(),
      copies: reader.u8(),
      priceNano: reader.u64(),
    }
    if (bought.copies < 1 || bought.copies > copiesMax) reader.fail()
    return bought
  }
  const reason = declineReasons[code - 1]
  if (reason === undefined) reader.fail()
  const declined = { sequence, kind: 'declined' as const, reason: reason ?? declineReasons[0] }
  if (reason !== 'not-drawn') return declined
  const winner = reader.short(20)
  if (winner.length !== 0 && winner.length !== 20) reader.fail()
  return winner.length === 0 ? declined : { ...declined, winner: toHex(winner) }
}

function writeOutcome(writer: ByteWriter, { id, gatewayEui, windowIndex, refusal, atMs }: TransmitOutcome): void {
  writer.u32(id)
  writer.raw(bytesOfEui(gatewayEui))
  writer.u8(windowIndex)
  writer.u8(refusal === undefined ? 0xff : refusals.indexOf(refusal))
  writer.u53(Math.floor(atMs))
}

function readOutcome(reader: ByteReader): TransmitOutcome {
  const id = reader.u32()
  const gatewayEui = euiOfBytes(reader.raw(8))
  const windowIndex = reader.u8()
  const code = reader.u8()
  const refusal = code === 0xff ? undefined : refusals[code]
  if (windowIndex > 1 || (code !== 0xff && refusal === undefined)) reader.fail()
  const atMs = reader.u53()
  return { id, gatewayEui, windowIndex, atMs, ...(refusal === undefined ? {} : { refusal }) }
}

const encoder = new TextEncoder()
/** A mark before the text is text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const counts = ['heardCount', 'crcOkCount', 'forwardedCount', 'sentCount'] as const

function writeStatus(writer: ByteWriter, status: GatewayStatus): void {
  const { latitude, longitude, altitudeM } = status
  writer.raw(bytesOfEui(status.gatewayEui))
  writer.u53(Math.floor(status.atMs))
  writer.u8(protocols.indexOf(status.protocol))
  writeOptional(
    writer,
    latitude === undefined || longitude === undefined ? undefined : { latitude, longitude },
    (to, at) => {
      to.f64(at.latitude)
      to.f64(at.longitude)
    },
  )
  writeOptional(writer, altitudeM, (to, value) => to.f64(value))
  writer.short(encoder.encode(status.software?.slice(0, softwareLengthMax) ?? ''))
  for (const name of counts) writeOptional(writer, status[name], (to, value) => to.u53(value))
}

function readStatus(reader: ByteReader): GatewayStatus {
  const gatewayEui = euiOfBytes(reader.raw(8))
  const atMs = reader.u53()
  const protocol = pick(reader, protocols)
  const position = readOptional(reader, (from) => ({ latitude: from.f64(), longitude: from.f64() }))
  if (position !== undefined && !(Math.abs(position.latitude) <= 90 && Math.abs(position.longitude) <= 180))
    reader.fail()
  const altitudeM = readOptional(reader, (from) => from.f64())
  if (altitudeM !== undefined && !Number.isFinite(altitudeM)) reader.fail()
  const software = decoder.decode(reader.short(softwareBytesMax)).slice(0, softwareLengthMax).toWellFormed()
  const counted = counts.flatMap((name) => {
    const value = readOptional(reader, (from) => from.u53())
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    gatewayEui,
    atMs,
    protocol,
    ...position,
    ...(altitudeM === undefined ? {} : { altitudeM }),
    ...(software === '' ? {} : { software }),
    ...Object.fromEntries(counted),
  }
}

function writeOptional<Value>(
  writer: ByteWriter,
  value: Value | undefined,
  write: (to: ByteWriter, value: Value) => void,
): void {
  writer.u8(value === undefined ? 0 : 1)
  if (value !== undefined) write(writer, value)
}

function readOptional<Value>(reader: ByteReader, read: (from: ByteReader) => Value): Value | undefined {
  const flag = reader.u8()
  if (flag > 1) reader.fail()
  return flag === 1 ? read(reader) : undefined
}

function writeDownlink(
  writer: ByteWriter,
  { id, gatewayEui, deviceClass, phyPayload, windows, isBeacon }: RadioDownlink,
): void {
  writer.u32(id)
  writer.raw(bytesOfEui(gatewayEui))
  writer.u8(classes.indexOf(deviceClass))
  writer.u8(isBeacon === true ? 1 : 0)
  writer.long(phyPayload)
  writer.u8(windows.length)
  for (const { frequencyHz, modulation, powerDbm, timing } of windows) {
    writer.u32(frequencyHz)
    writeModulation(writer, modulation)
    writer.i16(deciOf(powerDbm))
    writeTiming(writer, timing)
  }
}

function readDownlink(reader: ByteReader): RadioDownlink {
  const id = reader.u32()
  if (id < 1 || id >= 2 ** 31) reader.fail()
  const gatewayEui = euiOfBytes(reader.raw(8))
  const deviceClass = pick(reader, classes)
  const beacon = reader.u8()
  if (beacon > 1) reader.fail()
  const phyPayload = reader.long(phyPayloadBytesMax)
  if (phyPayload.length === 0) reader.fail()
  const count = reader.u8()
  if (count < 1 || count > 2) reader.fail()
  const windows: TransmitWindow[] = []
  for (let index = 0; index < count && !reader.hasFailed; index += 1) {
    const frequencyHz = reader.u32()
    const modulation = readModulation(reader)
    const powerDbm = reader.i16() / 10
    windows.push({ frequencyHz, modulation, powerDbm, timing: readTiming(reader) })
  }
  const downlink = { id, gatewayEui, deviceClass, phyPayload, windows }
  return beacon === 1 ? { ...downlink, isBeacon: true } : downlink
}

function writeTiming(writer: ByteWriter, timing: TransmitTiming): void {
  if (timing.kind === 'immediate') writer.u8(0)
  else if (timing.kind === 'delay') {
    writer.u8(1)
    writer.u32(timing.delayMs)
    writer.short(timing.context)
  } else {
    writer.u8(2)
    writer.f64(timing.gpsTimeMs)
  }
}

function readTiming(reader: ByteReader): TransmitTiming {
  const code = reader.u8()
  if (code === 1) return { kind: 'delay', delayMs: reader.u32(), context: reader.short(contextBytesMax) }
  if (code === 2) {
    const gpsTimeMs = reader.f64()
    if (!Number.isFinite(gpsTimeMs)) reader.fail()
    return { kind: 'gps', gpsTimeMs }
  }
  if (code !== 0) reader.fail()
  return { kind: 'immediate' }
}
