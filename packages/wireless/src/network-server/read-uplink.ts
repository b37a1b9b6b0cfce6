/**
 * Whose frame it is, whether it is new, and what it says: the step from a data frame of the air to a device's message.
 *
 * Pure. An address may belong to many devices, so a MIC decides; tries are bounded, and cheap facts come first. Nothing here is
 * published or kept: the caller does that, in that order.
 *
 * @module
 */

import type { DeviceSession } from '../model/session.ts'
import { cryptPayload, mic10, optionsOf, uplinkMic11, type UplinkMicFacts } from '../wire/frame-crypto.ts'
import { readUplinkCommands, type ReadCommands, type UplinkCommand } from '../wire/mac-commands.ts'
import { fCtrlBits, fOptsFrom, type DataFrame } from '../wire/phy-payload.ts'
import { fullFrameCounter } from './frame-counter.ts'
import type { SchedulesOf } from './key-schedules.ts'

/** Sessions that are tried for one frame, inclusive. */
export const micTriesMax = 256

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
  | { readonly tag: 'refused'; readonly reason: UplinkRefusal; readonly session?: DeviceSession }

export interface ReadUplinkOptions {
  readonly frame: DataFrame
  /** of the frame's address, the most likely first */
  readonly candidates: readonly DeviceSession[]
  readonly schedulesOf: SchedulesOf
  /** what a device of 1.1 signs beside the frame, by how it was heard */
  readonly sentWith: (session: DeviceSession) => Pick<UplinkMicFacts, 'txDataRate' | 'txChannel'>
  readonly skipsFrameCounter: (session: DeviceSession) => boolean
  readonly isDisabled: (session: DeviceSession) => boolean
  readonly triesMax?: number
}

export function readUplink(options: ReadUplinkOptions): UplinkVerdict {
  const { frame, candidates, triesMax = micTriesMax } = options
  if (!frame.isUp) return { tag: 'refused', reason: 'downlink' }
  if (candidates.length === 0) return { tag: 'refused', reason: 'unknown-address' }
  let tries = 0
  for (const session of candidates) {
    if (mayNotBeOf(session, frame)) continue
    if (tries >= triesMax) return { tag: 'refused', reason: 'too-many-tries' }
    tries += 1
    const fCnt = fullFrameCounter(session.fCntUp, frame.fCnt16)
    if (isSignedWith(options, session, fCnt)) return readWith(options, session, fCnt)
  }
  return resetOf(options, triesMax - tries) ?? { tag: 'refused', reason: 'wrong-mic' }
}

/** A device acknowledges only what was sent to it confirmed. */
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
  if (session.macVersion !== '1.1.0')
    return mic10(schedules.fNwkSIntKey, { isUp: true, devAddr, fCnt }, bytes, payloadTo) === frame.mic
  const facts = { ...sentWith(session), confFCnt: session.confirmedFCntDown ?? 0 }
  return uplinkMic11(schedules, frame, fCnt, facts) === frame.mic
}

/**
 * A device that began to count again signs with the 16 bits alone. Only bench devices may: whoever recorded the old frames could
 * send them again.
 */
function resetOf(options: ReadUplinkOptions, triesLeft: number): UplinkVerdict | undefined {
  const { frame, candidates, skipsFrameCounter } = options
  for (const session of candidates.slice(0, Math.max(triesLeft, 0))) {
    if (frame.fCnt16 >= session.fCntUp || !isSignedWith(options, session, frame.fCnt16)) continue
    if (skipsFrameCounter(session)) return readWith(options, session, frame.fCnt16)
    return { tag: 'refused', reason: 'counter-reset', session }
  }
  return undefined
}

function readWith(options: ReadUplinkOptions, before: DeviceSession, fCnt: number): UplinkVerdict {
  const { frame, schedulesOf, isDisabled } = options
  if (isDisabled(before)) return { tag: 'refused', reason: 'disabled', session: before }
  const { fPort, fCtrl, bytes, payloadFrom, payloadTo, devAddr } = frame
  if (fPort === 0 && frame.fOptsEnd > fOptsFrom)
    return { tag: 'refused', reason: 'options-beside-port-0', session: before }
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
  const isRepeated = fCnt + 1 === before.fCntUp
  return {
    tag: 'accepted',
    before,
    session: isRepeated ? before : { ...before, fCntUp: fCnt + 1 },
    fCnt,
    isRepeated,
    ...(fPort < 0 ? {} : { fPort }),
    payload: fPort > 0 ? plain : empty,
    commands: commandBytes.length === 0 ? noCommands : readUplinkCommands(commandBytes),
    isConfirmed: frame.isConfirmed,
    isAdr: (fCtrl & fCtrlBits.adr) !== 0,
    isAdrAckReq: (fCtrl & fCtrlBits.adrAckReq) !== 0,
    isAck: (fCtrl & fCtrlBits.ack) !== 0,
    isClassB: (fCtrl & fCtrlBits.fPendingOrClassB) !== 0,
  }
}

const empty = new Uint8Array(0)
const noCommands: ReadCommands<UplinkCommand> = { commands: [] }
