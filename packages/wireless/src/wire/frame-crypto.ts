/**
 * Integrity and secrecy of data frames: MIC, FRMPayload and FOpts. LoRaWAN 1.0.4 section 4.3.3 and 4.4, 1.1 section 4.3.1.6,
 * 4.3.3 and 4.4, with the errata on FOpts.
 *
 * A MIC is a word with the first byte highest, so that comparing it is one comparison whatever differs. Counters have 32 bits here,
 * of which a frame carries 16.
 *
 * @module
 */

import { encryptState, type KeySchedule } from '../crypto/aes-128.ts'
import { finishCmac } from '../crypto/cmac.ts'
import { fCtrlBits, fOptsFrom, micBytes, type DataFrame } from './phy-payload.ts'
import { writeWord } from './little-endian.ts'

/** Which frame a block is about. */
export interface FramePlace {
  readonly isUp: boolean
  readonly devAddr: number
  /** 32 bits */
  readonly fCnt: number
}

// One frame is done after another and none of this waits, so one state serves all.
const state = new Int32Array(4)

const swap = (word: number): number =>
  ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)

/** The block that differs only in its first word and its last byte between MICs and key streams. */
function setBlock(first: number, extra: number, isUp: boolean, devAddr: number, fCnt: number, last: number): void {
  const address = swap(devAddr)
  const count = swap(fCnt)
  state[0] = first
  state[1] = (extra << 24) | (isUp ? 0 : 0x10000) | (address >>> 16)
  state[2] = (address << 16) | (count >>> 16)
  state[3] = (count << 16) | last
}

/** CMAC over B0 or B1 and the frame up to its MIC. @param confirmed bytes 1 to 4 of the block as one word */
function micOf(schedule: KeySchedule, confirmed: number, place: FramePlace, bytes: Uint8Array, to: number): number {
  setBlock(0x49000000 | (confirmed >>> 8), confirmed & 0xff, place.isUp, place.devAddr, place.fCnt, to)
  encryptState(schedule, state)
  finishCmac(schedule, state, bytes, 0, to)
  return state[0]!
}

/** LoRaWAN 1.0: the MIC of a frame in either direction, under the NwkSKey. */
export function mic10(nwkSKey: KeySchedule, place: FramePlace, bytes: Uint8Array, to: number): number {
  return micOf(nwkSKey, 0, place, bytes, to)
}

/** What an uplink of LoRaWAN 1.1 also signs. */
export interface UplinkMicFacts {
  /** FCnt, modulo 2^16, of the confirmed downlink that the frame acknowledges; counts only with the ACK bit */
  readonly confFCnt: number
  /** data rate and channel index that it was sent with */
  readonly txDataRate: number
  readonly txChannel: number
}

/** LoRaWAN 1.1: two bytes under the serving network's key, then two under the forwarding one's. */
export function uplinkMic11(
  { sNwkSIntKey, fNwkSIntKey }: { readonly sNwkSIntKey: KeySchedule; readonly fNwkSIntKey: KeySchedule },
  frame: Pick<DataFrame, 'bytes' | 'devAddr' | 'fCtrl' | 'payloadTo'>,
  fCnt: number,
  { confFCnt, txDataRate, txChannel }: UplinkMicFacts,
): number {
  const place = { isUp: true, devAddr: frame.devAddr, fCnt }
  const acknowledged = (frame.fCtrl & fCtrlBits.ack) === 0 ? 0 : confFCnt % 65_536
  const confirmed =
    ((acknowledged & 0xff) << 24) | ((acknowledged & 0xff00) << 8) | ((txDataRate & 0xff) << 8) | (txChannel & 0xff)
  const serving = micOf(sNwkSIntKey, confirmed, place, frame.bytes, frame.payloadTo)
  const forwarding = micOf(fNwkSIntKey, 0, place, frame.bytes, frame.payloadTo)
  return (serving & 0xffff0000) | (forwarding >>> 16)
}

/**
 * LoRaWAN 1.1: the MIC of a downlink under SNwkSIntKey.
 *
 * @param confFCnt FCnt of the confirmed uplink that it acknowledges; counts only with the ACK bit
 */
export function downlinkMic11(
  sNwkSIntKey: KeySchedule,
  place: FramePlace,
  bytes: Uint8Array,
  to: number,
  confFCnt: number,
): number {
  const hasAck = (bytes[5]! & fCtrlBits.ack) !== 0
  const acknowledged = hasAck ? confFCnt % 65_536 : 0
  return micOf(sNwkSIntKey, ((acknowledged & 0xff) << 24) | ((acknowledged & 0xff00) << 8), place, bytes, to)
}

/** Writes a MIC where a built frame has room for it. */
export function setMic(bytes: Uint8Array, mic: number): void {
  writeWord(bytes, bytes.length - micBytes, mic)
}

/**
 * Encrypts or decrypts FRMPayload; the same both ways.
 *
 * @param schedule of AppSKey, or of the network's encryption key for port 0
 * @returns new bytes
 */
export function cryptPayload(
  schedule: KeySchedule,
  place: FramePlace,
  bytes: Uint8Array,
  from: number = 0,
  to: number = bytes.length,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(to - from)
  for (let at = from, block = 1; at < to; at += 16, block += 1) {
    setBlock(0x01000000, 0, place.isUp, place.devAddr, place.fCnt, block)
    encryptState(schedule, state)
    mix(bytes, at, Math.min(to, at + 16), result, at - from)
  }
  return result
}

/**
 * Encrypts or decrypts FOpts of LoRaWAN 1.1; the same both ways.
 *
 * @param isApplicationCounter whether the counter is AFCntDown: of a downlink with a port above 0
 */
export function cryptOptions(
  nwkSEncKey: KeySchedule,
  place: FramePlace & { readonly isApplicationCounter: boolean },
  bytes: Uint8Array,
  from: number = 0,
  to: number = bytes.length,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(to - from)
  setBlock(0x01000000, place.isApplicationCounter ? 2 : 1, place.isUp, place.devAddr, place.fCnt, 1)
  encryptState(nwkSEncKey, state)
  mix(bytes, from, to, result, 0)
  return result
}

function mix(bytes: Uint8Array, from: number, to: number, result: Uint8Array, resultAt: number): void {
  for (let index = 0; index < to - from; index += 1)
    result[resultAt + index] = bytes[from + index]! ^ (state[index >> 2]! >>> (24 - 8 * (index & 3)))
}

/** The options of a received frame, decrypted where its version encrypts them. */
export function optionsOf(frame: DataFrame, fCnt: number, nwkSEncKey: KeySchedule | undefined): Uint8Array {
  if (nwkSEncKey === undefined) return frame.bytes.subarray(fOptsFrom, frame.fOptsEnd)
  const { isUp, devAddr, fPort, bytes, fOptsEnd } = frame
  return cryptOptions(
    nwkSEncKey,
    { isUp, devAddr, fCnt, isApplicationCounter: !isUp && fPort > 0 },
    bytes,
    fOptsFrom,
    fOptsEnd,
  )
}
