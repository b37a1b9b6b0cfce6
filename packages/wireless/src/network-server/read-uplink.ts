/**
 * Whose frame it is, whether it is new, and what it says: the step from a data frame of the air to a device's message.
 *
 * Pure. An address may belong to many devices, so a MIC decides; tries are bounded, and the likely ones come first: a device whose
 * counter is where the frame's is. Nothing here is published or kept: the caller does that, in the other order.
 *
 * @module
 */

import type { DeviceSession } from '../model/session.ts'
import { cryptPayload, mic10, optionsOf, uplinkMic11, type UplinkMicFacts } from '../wire/frame-crypto.ts'
import { readUplinkCommands, type ReadCommands, type UplinkCommand } from '../wire/mac-commands.ts'
import { fCtrlBits, fOptsFrom, type DataFrame } from '../wire/phy-payload.ts'
import { fullFrameCounter } from './frame-counter.ts'
import type { SchedulesOf } from './key-schedules.ts'

/** MICs that are computed to find whose one frame is, inclusive. */
export const micTriesMax = 1024
/** A frame this far ahead of what is expected, inclusive, is likely to be of that session. */
const nearMax = 64
/** Ways in which one frame was heard that are tried in 1.1, inclusive: its MIC covers channel and rate, of which gateways may be wrong. */
export const heardWaysMax = 4

export type UplinkRefusal =
  | 'downlink'
  | 'unknown-address'
  | 'wrong-mic'
  | 'too-many-tries'
  | 'counter-reset'
  | 'disabled'
  | 'options-beside-port-0'

/** An accepted frame as it reads. */
export interface ReadUplink {
  readonly tag: 'accepted'
  /** with its counter above this frame's; the same when the frame is a repetition */
  readonly session: DeviceSession
  /** MICs that were computed */
  readonly tries: number
  /** as it was before this frame */
  readonly before: DeviceSession
  readonly fCnt: number
  /** the last accepted frame again: it is answered, and published no second time */
  readonly isRepeated: boolean
  readonly fPort?: number
  /** of the application, decrypted; empty for port 0 */
  readonly payload: Uint8Array
  readonly commands: ReadCommands<UplinkCommand>
  readonly isConfirmed: boolean
  readonly isAdr: boolean
  readonly isAdrAckReq: boolean
  readonly isAck: boolean
  readonly isClassB: boolean
}

export type UplinkVerdict =
  | ReadUplink
  /** `session`: of a device that is known to have sent it, where one is */
  | {
      readonly tag: 'refused'
      readonly reason: UplinkRefusal
      readonly session?: DeviceSession
      readonly tries: number
    }

export interface ReadUplinkOptions {
  readonly frame: DataFrame
  /** of the frame's address, the most likely first */
  readonly candidates: readonly DeviceSession[]
  readonly schedulesOf: SchedulesOf
  /** what a device of 1.1 signs beside the frame, for each way in which it was heard; `heardWaysMax` of them are looked at */
  readonly sentWith: (session: DeviceSession) => readonly SentWith[]
  readonly skipsFrameCounter: (session: DeviceSession) => boolean
  /** whether the frame is byte for byte the last one that was accepted of the device; asked only where counters are skipped */
  readonly isLastFrame: (session: DeviceSession) => boolean
  readonly isDisabled: (session: DeviceSession) => boolean
  readonly triesMax?: number
}

export type SentWith = Pick<UplinkMicFacts, 'txDataRate' | 'txChannel'>

export function readUplink(options: ReadUplinkOptions): UplinkVerdict {
  const { frame, candidates, triesMax = micTriesMax } = options
  if (!frame.isUp) return { tag: 'refused', reason: 'downlink', tries: 0 }
  if (candidates.length === 0) return { tag: 'refused', reason: 'unknown-address', tries: 0 }
  let tries = 0
  for (const wantsNear of [true, false]) {
    for (const session of candidates) {
      if (isNear(session, frame) !== wantsNear || mayNotBeOf(session, frame)) continue
      const fCnt = fullFrameCounter(session.fCntUp, frame.fCnt16)
      if (isSpent(session, fCnt)) continue
      if (tries >= triesMax) return { tag: 'refused', reason: 'too-many-tries', tries }
      tries += 1
      if (isSignedWith(options, session, fCnt)) return readWith(options, { before: session, fCnt, tries })
    }
  }
  return resetOf(options, tries, triesMax)
}

function isNear({ fCntUp }: DeviceSession, { fCnt16 }: DataFrame): boolean {
  // One behind, for a repetition, to `nearMax` ahead.
  return ((fCnt16 - fCntUp + 1) & 0xffff) <= nearMax + 1
}

/** Below the last accepted one: only where 32 bits are at their end, for else the counter is taken as the next with these 16 bits. */
function isSpent({ fCntUp }: DeviceSession, fCnt: number): boolean {
  return fCnt + 1 < fCntUp
}

/** A device acknowledges only what was sent to it. */
function mayNotBeOf(session: DeviceSession, { fCtrl }: DataFrame): boolean {
  return (
    (fCtrl & fCtrlBits.ack) !== 0 &&
    session.confirmedFCntDown === undefined &&
    session.nFCntDown === 0 &&
    session.aFCntDown === 0
  )
}

function isSignedWith(
  { frame, schedulesOf, sentWith }: ReadUplinkOptions,
  session: DeviceSession,
  fCnt: number,
): boolean {
  const schedules = schedulesOf(session.keys)
  const { bytes, payloadTo, devAddr } = frame
  const mic = mic10(schedules.fNwkSIntKey, { isUp: true, devAddr, fCnt }, bytes, payloadTo)
  if (session.macVersion !== '1.1.0') return mic === frame.mic
  // In 1.1 half of the MIC is the same code as in 1.0: it tells most strangers apart before anyone asks how the frame was heard.
  if (mic >>> 16 !== (frame.mic & 0xffff)) return false
  const confFCnt = (isRepetition(session, fCnt) ? session.acknowledgedFCntDown : session.confirmedFCntDown) ?? 0
  return sentWith(session)
    .slice(0, heardWaysMax)
    .some((way) => uplinkMic11(schedules, frame, fCnt, { ...way, confFCnt }) === frame.mic)
}

const isRepetition = ({ fCntUp }: DeviceSession, fCnt: number): boolean => fCnt + 1 === fCntUp

/**
 * A device that began to count again signs with the 16 bits alone. Only bench devices may: whoever recorded the old frames could
 * send them again.
 */
function resetOf(options: ReadUplinkOptions, triesBefore: number, triesMax: number): UplinkVerdict {
  const { frame, candidates, skipsFrameCounter } = options
  const { fCnt16 } = frame
  let tries = triesBefore
  for (const session of candidates) {
    if (fCnt16 >= session.fCntUp || mayNotBeOf(session, frame)) continue
    if (tries >= triesMax) return { tag: 'refused', reason: 'too-many-tries', tries }
    tries += 1
    if (!isSignedWith(options, session, fCnt16)) continue
    if (skipsFrameCounter(session)) return readWith(options, { before: session, fCnt: fCnt16, tries })
    return { tag: 'refused', reason: 'counter-reset', session, tries }
  }
  return { tag: 'refused', reason: 'wrong-mic', tries }
}

function readWith(
  options: ReadUplinkOptions,
  { before, fCnt, tries }: { readonly before: DeviceSession; readonly fCnt: number; readonly tries: number },
): UplinkVerdict {
  const { frame, schedulesOf, isDisabled, skipsFrameCounter, isLastFrame } = options
  if (isDisabled(before)) return { tag: 'refused', reason: 'disabled', session: before, tries }
  const { fPort, fCtrl, bytes, payloadFrom, payloadTo, devAddr } = frame
  if (fPort === 0 && frame.fOptsEnd > fOptsFrom)
    return { tag: 'refused', reason: 'options-beside-port-0', session: before, tries }
  const schedules = schedulesOf(before.keys)
  const place = { isUp: true, devAddr, fCnt }
  const is11 = before.macVersion === '1.1.0'
  const plain = cryptPayload(
    fPort === 0 ? schedules.nwkSEncKey : schedules.appSKey,
    place,
    bytes,
    payloadFrom,
    payloadTo,
  )
  const options11 = frame.fOptsEnd > fOptsFrom && is11 ? schedules.nwkSEncKey : undefined
  const commandBytes = fPort === 0 ? plain : optionsOf(frame, fCnt, options11)
  // One that counts from 0 after each start says new things under the same counter.
  const isRepeated = isRepetition(before, fCnt) && !(skipsFrameCounter(before) && !isLastFrame(before))
  const isAck = (fCtrl & fCtrlBits.ack) !== 0
  return {
    tag: 'accepted',
    before,
    session: isRepeated ? before : heardOnce(before, fCnt, isAck),
    tries,
    fCnt,
    isRepeated,
    ...(fPort < 0 ? {} : { fPort }),
    payload: fPort > 0 ? plain : empty,
    commands: commandBytes.length === 0 ? noCommands : readUplinkCommands(commandBytes),
    isConfirmed: frame.isConfirmed,
    isAdr: (fCtrl & fCtrlBits.adr) !== 0,
    isAdrAckReq: (fCtrl & fCtrlBits.adrAckReq) !== 0,
    isAck,
    isClassB: (fCtrl & fCtrlBits.fPendingOrClassB) !== 0,
  }
}

/** The counter is spent, and a repetition of the frame will sign what this one acknowledged. */
function heardOnce(before: DeviceSession, fCnt: number, isAck: boolean): DeviceSession {
  const { acknowledgedFCntDown: last, ...rest } = before
  const acknowledged = isAck ? before.confirmedFCntDown : undefined
  if (acknowledged === last) return { ...before, fCntUp: fCnt + 1 }
  return acknowledged === undefined
    ? { ...rest, fCntUp: fCnt + 1 }
    : { ...rest, fCntUp: fCnt + 1, acknowledgedFCntDown: acknowledged }
}

const empty = new Uint8Array(0)
const noCommands: ReadCommands<UplinkCommand> = { commands: [] }
