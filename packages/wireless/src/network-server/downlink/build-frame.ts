/**
 * A downlink frame: options or port 0, payload, acknowledgement, the right counter, all signed.
 *
 * @module
 */

import type { DeviceSession } from '../../model/session.ts'
import type { QueueItem } from '../../model/message.ts'
import { cryptOptions, cryptPayload, downlinkMic11, mic10, setMic } from '../../wire/frame-crypto.ts'
import { writeCommands, type DownlinkCommand } from '../../wire/mac-commands.ts'
import { buildDataFrame, fCtrlBits, fOptsBytesMax, micBytes } from '../../wire/phy-payload.ts'
import type { Schedules } from '../key-schedules.ts'

export interface FrameContent {
  readonly commands: readonly DownlinkCommand[]
  /** not together with commands that need port 0 */
  readonly item?: Pick<QueueItem, 'id' | 'fPort' | 'payload' | 'isConfirmed'> | undefined
  readonly isAck: boolean
  readonly isAdr: boolean
  readonly isMore: boolean
  /** FCnt of the confirmed uplink that is acknowledged */
  readonly confFCnt: number
}

export interface BuiltFrame {
  readonly phyPayload: Uint8Array
  /** the counter that it spends */
  readonly fCnt: number
  /** with that counter spent */
  readonly session: DeviceSession
}

/** Whether such commands need a frame of their own. */
export function needsPort0(commands: readonly DownlinkCommand[]): boolean {
  return writeCommands(commands, { isUp: false }).length > fOptsBytesMax
}

export function buildFrame(session: DeviceSession, schedules: Schedules, content: FrameContent): BuiltFrame {
  const { commands, item, isAck, isAdr, isMore, confFCnt } = content
  const is11 = session.macVersion === '1.1.0'
  const options = writeCommands(commands, { isUp: false })
  const isPort0 = options.length > fOptsBytesMax
  const sent = isPort0 ? undefined : item
  const fPort = isPort0 ? 0 : sent?.fPort
  // 1.1 counts what applications send apart from what the network sends.
  const isApplicationCounter = is11 && sent !== undefined
  const fCnt = isApplicationCounter ? session.aFCntDown : session.nFCntDown
  const place = { isUp: false, devAddr: session.devAddr, fCnt }
  const plainOptions = isPort0 ? empty : options
  const fOpts =
    is11 && plainOptions.length > 0
      ? cryptOptions(schedules.nwkSEncKey, { ...place, isApplicationCounter }, plainOptions)
      : plainOptions
  const phyPayload = buildDataFrame({
    isUp: false,
    isConfirmed: sent?.isConfirmed ?? false,
    devAddr: session.devAddr,
    fCtrl: (isAdr ? fCtrlBits.adr : 0) | (isAck ? fCtrlBits.ack : 0) | (isMore ? fCtrlBits.fPendingOrClassB : 0),
    fCnt,
    fOpts,
    fPort,
    payload: isPort0
      ? cryptPayload(schedules.nwkSEncKey, place, options)
      : sent === undefined
        ? empty
        : cryptPayload(schedules.appSKey, place, sent.payload),
  })
  const to = phyPayload.length - micBytes
  const mic = is11
    ? downlinkMic11(schedules.sNwkSIntKey, place, phyPayload, to, confFCnt)
    : mic10(schedules.fNwkSIntKey, place, phyPayload, to)
  setMic(phyPayload, mic)
  return { phyPayload, fCnt, session: spent(session, { isApplicationCounter, fCnt, sent }) }
}

function spent(
  session: DeviceSession,
  {
    isApplicationCounter,
    fCnt,
    sent,
  }: { readonly isApplicationCounter: boolean; readonly fCnt: number; readonly sent: FrameContent['item'] },
): DeviceSession {
  const counted = isApplicationCounter
    ? { ...session, aFCntDown: session.aFCntDown + 1 }
    : { ...session, nFCntDown: session.nFCntDown + 1 }
  return sent?.isConfirmed === true ? { ...counted, confirmedFCntDown: fCnt, confirmedItemId: sent.id } : counted
}

const empty = new Uint8Array(0)
