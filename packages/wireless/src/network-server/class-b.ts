/**
 * Class B: when a device listens between uplinks, and the beacon that it keeps time by. LoRaWAN 1.0.4 sections 11 to 15.
 *
 * @module
 */

import { encryptState, keySchedule } from '../crypto/aes-128.ts'
import type { Beacon } from '../region/region.ts'

/** Seconds from one beacon to the next. */
export const beaconPeriodSeconds = 128
const beaconReservedMs = 2120
const pingSlotMs = 30
const slotsPerPeriod = 4096

const zeroKey = keySchedule(new Uint8Array(16))

/** Seconds between a device's ping slots, from the periodicity that it told: 0 to 7. */
export function pingPeriodSlots(periodicity: number): number {
  return 2 ** (5 + periodicity)
}

/**
 * The first slot of a device in a beacon period.
 *
 * @param beaconGpsSeconds when the period began
 * @param periodSlots slots from one of the device's to the next, 32 to 4096, a power of two
 * @returns undefined for another period
 */
export function pingOffset(beaconGpsSeconds: number, devAddr: number, periodSlots: number): number | undefined {
  if (periodSlots < 32 || periodSlots > slotsPerPeriod || (periodSlots & (periodSlots - 1)) !== 0) return undefined
  const state = Int32Array.of(swap(beaconGpsSeconds), swap(devAddr), 0, 0)
  encryptState(zeroKey, state)
  const first = state[0]!
  return ((first >>> 24) + ((first >>> 16) & 0xff) * 256) % periodSlots
}

const swap = (word: number): number =>
  ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)

/**
 * When a device listens next.
 *
 * @param afterGpsMs at or after this
 * @returns milliseconds of GPS time
 */
export function nextPingSlotMs(
  { devAddr, periodicity }: { readonly devAddr: number; readonly periodicity: number },
  afterGpsMs: number,
): number {
  const periodSlots = pingPeriodSlots(periodicity)
  const first = Math.floor(afterGpsMs / 1000 / beaconPeriodSeconds) * beaconPeriodSeconds
  let soonestMs = Number.POSITIVE_INFINITY
  // Each period has a slot, so the present one or the next one holds it.
  for (const beacon of [first, first + beaconPeriodSeconds]) {
    const offset = pingOffset(beacon, devAddr, periodSlots) ?? 0
    for (let slot = offset; slot < slotsPerPeriod; slot += periodSlots) {
      const atMs = beacon * 1000 + beaconReservedMs + slot * pingSlotMs
      if (atMs >= afterGpsMs) soonestMs = Math.min(soonestMs, atMs)
    }
  }
  return soonestMs
}

/**
 * The channels that one device hops over: all of the band's, or where a band has join channels the share of the one that it joined on.
 *
 * RP002-1.0.4 section 3.9.8: in CN470 each common join channel stands for a group of channels of its own.
 */
export function classBChannelsHz(
  channelsHz: readonly number[],
  { joinChannels, joinChannel = 0 }: { readonly joinChannels: readonly unknown[]; readonly joinChannel?: number },
): readonly number[] {
  const groupSize = Math.floor(channelsHz.length / Math.max(joinChannels.length, 1))
  return groupSize === 0 ? channelsHz : channelsHz.slice(joinChannel * groupSize, (joinChannel + 1) * groupSize)
}

/** On which of a band's channels a beacon, or a ping slot of a device, is. */
export function hoppedHz(channelsHz: readonly number[], beaconGpsSeconds: number, devAddr: number = 0): number {
  const period = Math.floor(beaconGpsSeconds / beaconPeriodSeconds)
  return channelsHz[(devAddr + period) % channelsHz.length] ?? channelsHz[0] ?? 0
}

/** CRC-16 of CCITT without reflection, from 0, as beacons have it. */
export function beaconCrc(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc
}

/** How long the parts of a band's beacon are. */
export type BeaconLayout = Pick<Beacon, 'sizeBytes' | 'rfu1Bytes' | 'rfu2Bytes'>

/**
 * A beacon: RFU and Param, time, CRC; then what the gateway says of itself, RFU, CRC. LoRaWAN 1.0.4 section 15.
 *
 * @param layout of the band
 * @param gatewayInfo 7 bytes
 */
export function encodeBeacon(
  layout: BeaconLayout,
  gpsSeconds: number,
  gatewayInfo: Uint8Array = new Uint8Array(7),
): Uint8Array {
  const bytes = new Uint8Array(layout.sizeBytes)
  const timeAt = layout.rfu1Bytes
  for (let index = 0; index < 4; index += 1) bytes[timeAt + index] = (gpsSeconds / 256 ** index) & 0xff
  const firstCrcAt = timeAt + 4
  setCrc(bytes, 0, firstCrcAt)
  const infoAt = firstCrcAt + 2
  bytes.set(gatewayInfo.subarray(0, 7), infoAt)
  setCrc(bytes, infoAt, infoAt + 7 + layout.rfu2Bytes)
  return bytes
}

/** What a beacon says. */
export interface BeaconContent {
  readonly gpsSeconds: number
  /** 7 bytes; absent when their code is wrong, for a device needs the time alone */
  readonly gatewayInfo?: Uint8Array
}

/** @returns undefined when it is not of the band's size or the code of its first part is wrong */
export function decodeBeacon(layout: BeaconLayout, bytes: Uint8Array): BeaconContent | undefined {
  const timeAt = layout.rfu1Bytes
  const infoAt = timeAt + 6
  const secondCrcAt = infoAt + 7 + layout.rfu2Bytes
  if (bytes.length !== layout.sizeBytes || !hasCrc(bytes, 0, timeAt + 4)) return undefined
  let gpsSeconds = 0
  for (let index = 3; index >= 0; index -= 1) gpsSeconds = gpsSeconds * 256 + bytes[timeAt + index]!
  return hasCrc(bytes, infoAt, secondCrcAt)
    ? { gpsSeconds, gatewayInfo: bytes.slice(infoAt, infoAt + 7) }
    : { gpsSeconds }
}

function hasCrc(bytes: Uint8Array, from: number, at: number): boolean {
  return beaconCrc(bytes.subarray(from, at)) === (bytes[at]! | (bytes[at + 1]! << 8))
}

function setCrc(bytes: Uint8Array, from: number, at: number): void {
  const crc = beaconCrc(bytes.subarray(from, at))
  bytes[at] = crc & 0xff
  bytes[at + 1] = crc >>> 8
}
