/**
 * The coverage note: what an owner's hotspots commit to and reveal in one epoch, as dag-cbor of at most 64 KiB.
 *
 * Of beacons that are to be sent two epochs later it has commitments, of those that were heard in its own epoch salted hashes, of
 * those of the epoch before secrets and opened reports. Pure. It says what was claimed, not that it is true:
 * coverage/judge-round.ts does.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { addressWord, bytes32Word, hashWords, uintWord } from '@groundwork/core/evidence/abi.ts'
import { decodeBlock, encodeBlock, type Block } from '@groundwork/core/evidence/block.ts'
import { readAll, readHex, readList, readMap, readNumber, readUint64 } from '@groundwork/core/evidence/field-reader.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { drawnDataBytes } from '../coverage/draw-beacon.ts'
import { regionNames, type RegionName } from '../region/region.ts'

/** Longest note, in bytes. */
export const noteBytesMax: number = 64 * 1024
/** Hotspots of one note. */
export const notedHotspotsMax = 64
/** Reports of one note. */
export const notedReportsMax = 256
/** Channels that one hotspot may name. */
export const notedChannelsMax = 16

const formatVersion = 1
const saltBytes = 16
const frequencyHzMax = 4_000_000_000
const unixMsMax = 2 ** 48
const signalTenthsMax = 32_767

/** A beacon that is to come. */
export interface PlannedBeacon {
  readonly gatewayEui: string
  /** see commitBeaconSecret */
  readonly commitment: Hex
  readonly region: RegionName
  /** channels that it is drawn from, 1 to `notedChannelsMax` */
  readonly frequenciesHz: readonly number[]
}

/** A beacon that was sent, with its secret. */
export interface RevealedBeacon {
  readonly gatewayEui: string
  readonly secret: Uint8Array
  /** when its last symbol ended, Unix milliseconds */
  readonly endedMs: number
}

/** What one gateway heard of a beacon; signal in tenths of dBm and dB. */
export interface BeaconReport {
  readonly gatewayEui: string
  readonly data: Uint8Array
  readonly frequencyHz: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
  readonly rssiTenths: number
  readonly snrTenths: number
  /** when its last symbol ended, Unix milliseconds */
  readonly heardMs: number
}

/** A report with the salt of its commitment. */
export interface OpenedReport {
  readonly salt: Uint8Array
  readonly report: BeaconReport
}

export interface CoverageNote {
  readonly owner: Hex
  /** of the batch's header */
  readonly epoch: bigint
  /** beacons of `epoch + 2` */
  readonly planned: readonly PlannedBeacon[]
  /** commitments to reports of beacons of `epoch` */
  readonly heard: readonly Hex[]
  /** beacons of `epoch - 1` */
  readonly revealed: readonly RevealedBeacon[]
  /** reports of beacons of `epoch - 1` */
  readonly opened: readonly OpenedReport[]
}

const reportTag = new TextEncoder().encode('groundwork/wireless/beacon-report/1')
const ownerBytes = 20
const packedReportBytes = 61

/** What an owner commits to: its address is inside, so that nobody passes off another's commitment as its own. */
export function reportCommitment(owner: Hex, { salt, report }: OpenedReport): Hex {
  const text = new Uint8Array(reportTag.length + ownerBytes + saltBytes + packedReportBytes)
  text.set(reportTag)
  text.set(fromHex(owner, ownerBytes), reportTag.length)
  text.set(salt, reportTag.length + ownerBytes)
  packReport(report, text.subarray(-packedReportBytes))
  return toHex(sha256(text))
}

/** Every field at its place, big-endian: one report has one form here too, and a million are hashed in seconds. */
function packReport(report: BeaconReport, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, packedReportBytes)
  into.set(euiBytes(report.gatewayEui))
  into.set(report.data, 8)
  view.setUint32(40, report.frequencyHz)
  view.setUint8(44, report.spreadingFactor)
  view.setUint32(45, report.bandwidthHz)
  view.setInt16(49, report.rssiTenths)
  view.setInt16(51, report.snrTenths)
  view.setUint32(53, Math.floor(report.heardMs / 2 ** 32))
  view.setUint32(57, report.heardMs % 2 ** 32)
}

/** A report by itself, as dag-cbor. */
export function reportBytesOf(report: BeaconReport): Uint8Array {
  return encodeBlock(reportItems(report)).bytes
}

/** Whether a note can hold it. */
export function isReport(report: BeaconReport): boolean {
  return readReport(reportItems(report)) !== undefined
}

export function readReportBytes(bytes: Uint8Array): BeaconReport | undefined {
  return readReport(decodeBlock(bytes))
}

export function encodeNote({ owner, epoch, planned, heard, revealed, opened }: CoverageNote): Block {
  return encodeBlock({
    version: formatVersion,
    owner: fromHex(owner, 20),
    epoch,
    planned: planned.map(({ gatewayEui, commitment, region, frequenciesHz }) => [
      euiBytes(gatewayEui),
      fromHex(commitment, 32),
      region,
      [...frequenciesHz],
    ]),
    heard: heard.map((commitment) => fromHex(commitment, 32)),
    revealed: revealed.map(({ gatewayEui, secret, endedMs }) => [euiBytes(gatewayEui), secret, endedMs]),
    opened: opened.map(({ salt, report }) => [salt, reportItems(report)]),
  })
}

/** Reads the bytes of a stranger; undefined when they are not a note in its one form. */
export function decodeNote(bytes: Uint8Array): CoverageNote | undefined {
  if (bytes.length > noteBytesMax) return undefined
  const map = readMap(decodeBlock(bytes), ['version', 'owner', 'epoch', 'planned', 'heard', 'revealed', 'opened'])
  if (map?.['version'] !== formatVersion) return undefined
  const owner = readHex(map['owner'], 20)
  const epoch = readUint64(map['epoch'])
  const planned = readAll(readList(map['planned'], notedHotspotsMax), readPlanned)
  const heard = readAll(readList(map['heard'], notedReportsMax), (item) => readHex(item, 32))
  const revealed = readAll(readList(map['revealed'], notedHotspotsMax), readRevealed)
  const opened = readAll(readList(map['opened'], notedReportsMax), readOpened)
  if (owner === undefined || epoch === undefined || planned === undefined) return undefined
  if (heard === undefined || revealed === undefined || opened === undefined) return undefined
  return { owner, epoch, planned, heard, revealed, opened }
}

/** What an entry's `detail` is: keccak256(abi.encode(owner, epoch, sha256 of the block)). */
export function noteDetail({ owner, epoch }: Pick<CoverageNote, 'owner' | 'epoch'>, noteSha256: Hex): Hex {
  return hashWords(addressWord(owner), uintWord(epoch), bytes32Word(noteSha256))
}

function reportItems(report: BeaconReport): unknown[] {
  const { gatewayEui, data, frequencyHz, spreadingFactor, bandwidthHz, rssiTenths, snrTenths, heardMs } = report
  return [euiBytes(gatewayEui), data, frequencyHz, spreadingFactor, bandwidthHz, rssiTenths, snrTenths, heardMs]
}

const euiBytes = (eui: string): Uint8Array => fromHex(`0x${eui}`, 8)

function readEui(value: unknown): string | undefined {
  return readHex(value, 8)?.slice(2)
}

function readBytes(value: unknown, size: number): Uint8Array | undefined {
  return value instanceof Uint8Array && value.length === size ? value : undefined
}

/** A whole number from -`max` to `max`. */
function readSigned(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= max ? value : undefined
}

function readPlanned(value: unknown): PlannedBeacon | undefined {
  const list = readList(value, 4)
  const gatewayEui = readEui(list?.[0])
  const commitment = readHex(list?.[1], 32)
  const region = regionNames.find((name) => name === list?.[2])
  const frequenciesHz = readAll(readList(list?.[3], notedChannelsMax), (item) => readNumber(item, frequencyHzMax))
  if (gatewayEui === undefined || commitment === undefined || region === undefined) return undefined
  if (list?.length !== 4 || frequenciesHz === undefined || frequenciesHz.length === 0) return undefined
  return { gatewayEui, commitment, region, frequenciesHz }
}

function readRevealed(value: unknown): RevealedBeacon | undefined {
  const list = readList(value, 3)
  const gatewayEui = readEui(list?.[0])
  const secret = readBytes(list?.[1], 32)
  const endedMs = readNumber(list?.[2], unixMsMax)
  if (list?.length !== 3 || gatewayEui === undefined || secret === undefined || endedMs === undefined) return undefined
  return { gatewayEui, secret, endedMs }
}

function readOpened(value: unknown): OpenedReport | undefined {
  const list = readList(value, 2)
  const salt = readBytes(list?.[0], saltBytes)
  const report = readReport(list?.[1])
  return list?.length !== 2 || salt === undefined || report === undefined ? undefined : { salt, report }
}

function readReport(value: unknown): BeaconReport | undefined {
  const list = readList(value, 8)
  const gatewayEui = readEui(list?.[0])
  const data = readBytes(list?.[1], drawnDataBytes)
  const frequencyHz = readNumber(list?.[2], frequencyHzMax)
  const spreadingFactor = readNumber(list?.[3], 12)
  const bandwidthHz = readNumber(list?.[4], 500_000)
  const rssiTenths = readSigned(list?.[5], signalTenthsMax)
  const snrTenths = readSigned(list?.[6], signalTenthsMax)
  const heardMs = readNumber(list?.[7], unixMsMax)
  if (list?.length !== 8 || gatewayEui === undefined || data === undefined || frequencyHz === undefined)
    return undefined
  if (spreadingFactor === undefined || bandwidthHz === undefined || rssiTenths === undefined) return undefined
  if (snrTenths === undefined || heardMs === undefined) return undefined
  return { gatewayEui, data, frequencyHz, spreadingFactor, bandwidthHz, rssiTenths, snrTenths, heardMs }
}
