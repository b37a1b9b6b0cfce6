/**
 * Answering devices: what is sent to one after it was heard, or at once where it always listens, and what came of it.
 *
 * A plan is made without waiting: it names the session as it will be and the frame. Whoever asked keeps the session first and only
 * then lets the frame leave, so a counter is never used for two frames, whatever happens between.
 *
 * @module
 */

import type { Device, DeviceProfile } from '../../model/device.ts'
import type { DeviceMessage, QueueItem } from '../../model/message.ts'
import type { RadioDownlink, RadioUplink, TransmitOutcome, TransmitWindow } from '../../model/radio.ts'
import type { DeviceSession } from '../../model/session.ts'
import type { Clock, DownlinkQueue, Radio } from '../../ports.ts'
import { airtimeUs } from '../../region/airtime.ts'
import type { Region } from '../../region/region.ts'
import type { DownlinkCommand } from '../../wire/mac-commands.ts'
import { gpsMsOf } from '../../gps-time.ts'
import { hoppedHz, beaconPeriodSeconds, nextPingSlotMs } from '../class-b.ts'
import type { SchedulesOf } from '../key-schedules.ts'
import { packCommands } from '../mac/pack-commands.ts'
import { buildFrame, needsPort0 } from './build-frame.ts'
import { downlinkLedger, type EndedDownlink, type Step } from './downlink-ledger.ts'
import { gatewayBook } from './gateway-book.ts'
import {
  classAWindows,
  classCWindow,
  joinWindows,
  roomFor,
  transmitWindow,
  type ListeningWindow,
} from './plan-windows.ts'
import type { MacRequest } from '../../model/session.ts'

/** Tries of one queued payload that no gateway sent, inclusive; then it ends as not sent. */
export const itemTriesMax = 5
/** Devices whose last copies are remembered, inclusive, so that class C can be reached. */
export const lastHeardMax = 1_048_576
/** Between planning a ping slot and its moment. */
const pingLeadMs = 600
const optionsBytesMax = 15

/** A device that was heard, and what there is to say to it. */
export interface Answerable {
  readonly session: DeviceSession
  readonly device: Device
  readonly profile: DeviceProfile
  readonly region: Region
  readonly copies: readonly RadioUplink[]
  readonly replies: readonly DownlinkCommand[]
  readonly wanted: readonly MacRequest[]
  /** FCnt of a confirmed uplink, to be acknowledged */
  readonly acknowledges?: number | undefined
  readonly isAdrAckReq: boolean
  readonly isAdr: boolean
}

/** The session as it has to be kept, and the frame to be sent once it is. */
export interface Plan {
  readonly session: DeviceSession
  /** undefined: nothing is to be sent */
  send?(): void
}

export interface DownlinkDesk {
  answer(answerable: Answerable): Plan
  answerJoin(joined: {
    readonly devEui: string
    readonly region: Region
    readonly copies: readonly RadioUplink[]
    readonly answer: Uint8Array
  }): void
  /** For devices that listen without having sent: class C at once, class B at its next slot. */
  reach(reachable: Pick<Answerable, 'session' | 'device' | 'profile' | 'region'>): Plan
  outcome(outcome: TransmitOutcome): void
  /** Ends what was never heard of again; to be called now and then. */
  tidy(): void
  readonly awaitedCount: number
}

export interface DownlinkDeskOptions {
  readonly radio: Radio
  readonly queue: DownlinkQueue
  readonly clock: Clock
  readonly schedulesOf: SchedulesOf
  readonly publish: (message: DeviceMessage) => void
  /** told once a queued payload was sent or given up, so that the next one can go */
  readonly onItemEnded: (devEui: string) => void
  /** told when a payload could not be sent to a device that always listens: it wants another try later */
  readonly onTryFailed: (devEui: string) => void
}

export function downlinkDesk(options: DownlinkDeskOptions): DownlinkDesk {
  const { radio, queue, clock, schedulesOf, publish, onItemEnded, onTryFailed } = options
  const ledger = downlinkLedger()
  const gateways = gatewayBook()
  const tries = new Map<string, number>()
  const inFlight = new Set<string>()
  const lastHeard = new Map<string, readonly RadioUplink[]>()

  const rememberHeard = (devEui: string, copies: readonly RadioUplink[]): void => {
    lastHeard.delete(devEui)
    if (lastHeard.size >= lastHeardMax) lastHeard.delete(lastHeard.keys().next().value!)
    lastHeard.set(devEui, copies)
  }

  /** The next payload that fits; what never will is ended with its reason, and the queue goes on. */
  const nextItem = (devEui: string, roomBytes: number, nowMs: number): QueueItem | undefined => {
    for (let looks = 0; looks < 64; looks += 1) {
      const item = queue.next(devEui, nowMs)
      if (item === undefined || inFlight.has(item.id)) return undefined
      if (item.payload.length <= roomBytes) return item
      endItem(item, { atMs: nowMs, step: 'refused', reason: 'too-long-for-data-rate' })
    }
    return undefined
  }

  const endItem = ({ id, devEui }: Pick<QueueItem, 'id' | 'devEui'>, step: Step): void => {
    tries.delete(id)
    inFlight.delete(id)
    void queue.remove(devEui, id)
    publish({ kind: 'txack', atMs: step.atMs, devEui, queueItemId: id, isSent: false, timeline: [step] })
  }

  interface Send {
    readonly devEui: string
    readonly deviceClass: 'A' | 'B' | 'C'
    readonly region: Region
    readonly downlinkDwell: boolean
    readonly copies: readonly RadioUplink[]
    readonly windowsOf: (copy: RadioUplink) => readonly ListeningWindow[]
    readonly phyPayload: Uint8Array
    readonly fCnt?: number | undefined
    readonly item?: QueueItem | undefined
  }

  /** Asks the best gateway that can; when none can, the item waits for the next chance and the reasons are told. */
  const send = (wanted: Send): void => {
    const nowMs = clock.nowMs()
    const timeline: Step[] = [{ atMs: nowMs, step: 'planned' }]
    for (const copy of gateways.order(wanted.copies, nowMs)) {
      const { gatewayEui } = copy
      if (!radio.isReachable(gatewayEui)) {
        timeline.push({ atMs: nowMs, step: `gateway ${gatewayEui}`, reason: 'gateway-away' })
        continue
      }
      const windows = usableWindows(wanted, copy, timeline, nowMs)
      if (windows.length === 0) continue
      const downlink: RadioDownlink = {
        id: ledger.nextId(),
        gatewayEui,
        deviceClass: wanted.deviceClass,
        phyPayload: wanted.phyPayload,
        windows: windows.map(({ window }) => window),
      }
      const { devEui, fCnt, item } = wanted
      timeline.push({ atMs: nowMs, step: `handed to gateway ${gatewayEui}` })
      ledger.add({ downlink, devEui, fCnt, queueItemId: item?.id, timeline }, nowMs)
      reserve(wanted, gatewayEui, windows[0], nowMs)
      radio.send(downlink)
      return
    }
    ended({
      downlink: { id: 0, gatewayEui: '', deviceClass: wanted.deviceClass, phyPayload: wanted.phyPayload, windows: [] },
      devEui: wanted.devEui,
      fCnt: wanted.fCnt,
      queueItemId: wanted.item?.id,
      timeline,
      isSent: false,
      atMs: nowMs,
    })
  }

  const usableWindows = (
    { region, downlinkDwell, phyPayload, windowsOf }: Send,
    copy: RadioUplink,
    timeline: Step[],
    nowMs: number,
  ): { readonly window: TransmitWindow; readonly inMs: number }[] =>
    windowsOf(copy).flatMap((listening) => {
      const window = transmitWindow(listening, {
        region,
        downlinkDwell,
        phyPayloadBytes: phyPayload.length,
        isFree: (hz, inMs) => gateways.isFree(copy.gatewayEui, region, hz, nowMs + inMs),
      })
      if (typeof window !== 'string') return [{ window, inMs: listening.inMs }]
      timeline.push({ atMs: nowMs, step: `${listening.name} of gateway ${copy.gatewayEui}`, reason: window })
      return []
    })

  const reserve = (
    { region, phyPayload }: Send,
    gatewayEui: string,
    first: { readonly window: TransmitWindow; readonly inMs: number } | undefined,
    nowMs: number,
  ): void => {
    if (first === undefined) return
    const { frequencyHz: hz, modulation } = first.window
    const airtimeMs = airtimeUs({ phyPayloadBytes: phyPayload.length, modulation, hasCrc: false }) / 1000
    gateways.sent(gatewayEui, region, { hz, startMs: nowMs + first.inMs, airtimeMs })
  }

  /** The last word about a downlink: told to the application, and its payload is over or tried again. */
  const ended = ({ downlink, devEui, fCnt, queueItemId, timeline, isSent, atMs }: EndedDownlink): void => {
    if (!isSent && downlink.gatewayEui !== '') gateways.failed(downlink.gatewayEui, atMs)
    if (queueItemId === undefined) return
    inFlight.delete(queueItemId)
    const tried = (tries.get(queueItemId) ?? 0) + 1
    const isOver = isSent || tried >= itemTriesMax
    if (!isOver) {
      tries.set(queueItemId, tried)
      // A device that always listens need not be heard before the next try.
      if (downlink.deviceClass !== 'A') onTryFailed(devEui)
      return
    }
    tries.delete(queueItemId)
    void queue.remove(devEui, queueItemId).then(() => onItemEnded(devEui))
    publish({
      kind: 'txack',
      atMs,
      devEui,
      queueItemId,
      ...(downlink.gatewayEui === '' ? {} : { gatewayEui: downlink.gatewayEui }),
      ...(fCnt === undefined ? {} : { fCntDown: fCnt }),
      isSent,
      timeline,
    })
  }

  const plan = (
    answerable: Answerable,
    { deviceClass, windowsOf }: { readonly deviceClass: 'A' | 'B' | 'C'; readonly windowsOf: Send['windowsOf'] },
  ): Plan => {
    const { session, region, copies, replies, wanted, acknowledges, isAdrAckReq, isAdr } = answerable
    const { devEui, radio: state } = session
    const [nearest] = copies
    if (nearest === undefined) return { session }
    const nowMs = clock.nowMs()
    const roomBytes = roomFor(windowsOf(nearest), region, state.downlinkDwell)
    const hasItem = queue.count(devEui) > 0
    const packed = packCommands({
      replies,
      held: session.requests,
      wanted,
      sizeBytesMax: Math.max(0, Math.min(roomBytes, hasItem ? optionsBytesMax : 200)),
    })
    const isAlone = needsPort0(packed.commands)
    const optionBytes = isAlone ? roomBytes : optionsSize(packed.commands)
    const item = isAlone ? undefined : nextItem(devEui, roomBytes - optionBytes, nowMs)
    const isNeeded = acknowledges !== undefined || isAdrAckReq || packed.commands.length > 0 || item !== undefined
    if (!isNeeded) return { session }
    const asked = { ...session, requests: packed.requests }
    const built = buildFrame(asked, schedulesOf(session.keys), {
      commands: packed.commands,
      item,
      isAck: acknowledges !== undefined,
      isAdr,
      isMore: packed.isMore || queue.count(devEui) > (item === undefined ? 0 : 1),
      confFCnt: acknowledges ?? 0,
    })
    if (item !== undefined) inFlight.add(item.id)
    const { phyPayload, fCnt } = built
    return {
      session: built.session,
      send: () =>
        send({
          devEui,
          deviceClass,
          region,
          downlinkDwell: state.downlinkDwell,
          copies,
          windowsOf,
          phyPayload,
          fCnt,
          item,
        }),
    }
  }

  return {
    answer(answerable) {
      const { session, region, copies } = answerable
      rememberHeard(session.devEui, copies)
      const windowsOf = (copy: RadioUplink): ListeningWindow[] => classAWindows(region, session.radio, copy)
      return plan(answerable, { deviceClass: 'A', windowsOf })
    },
    answerJoin({ devEui, region, copies, answer }) {
      const downlinkDwell = region.dwell.atBoot.downlink
      const windowsOf = (copy: RadioUplink): ListeningWindow[] => joinWindows(region, copy)
      send({ devEui, deviceClass: 'A', region, downlinkDwell, copies, windowsOf, phyPayload: answer })
    },
    reach({ session, device, profile, region }) {
      const copies = lastHeard.get(session.devEui)
      const { deviceClass } = session.radio
      if (copies === undefined || deviceClass === 'A') return { session }
      const windowsOf = (): ListeningWindow[] =>
        deviceClass === 'C' ? [classCWindow(session.radio)] : pingWindow(session, region, clock.nowMs())
      const answerable = {
        session,
        device,
        profile,
        region,
        copies,
        replies: [],
        wanted: [],
        isAdrAckReq: false,
        isAdr: false,
      }
      return queue.count(session.devEui) === 0 ? { session } : plan(answerable, { deviceClass, windowsOf })
    },
    outcome(outcome) {
      const one = ledger.note(outcome)
      if (one !== undefined) ended(one)
    },
    tidy() {
      for (const one of ledger.expire(clock.nowMs())) ended(one)
    },
    get awaitedCount() {
      return ledger.size
    },
  }
}

function optionsSize(commands: readonly DownlinkCommand[]): number {
  return commands.length === 0 ? 0 : optionsBytesMax
}

/** The next slot in which a device of class B listens, once it has told how often. */
function pingWindow({ devAddr, radio }: DeviceSession, region: Region, nowMs: number): ListeningWindow[] {
  const { pingSlotPeriodicity: periodicity, isBeaconLocked, pingSlotDataRate, pingSlotFrequencyHz } = radio
  if (periodicity === undefined || !isBeaconLocked) return []
  const gpsTimeMs = nextPingSlotMs({ devAddr, periodicity }, gpsMsOf(nowMs) + pingLeadMs)
  const beaconSeconds = Math.floor(gpsTimeMs / 1000 / beaconPeriodSeconds) * beaconPeriodSeconds
  return [
    {
      name: 'ping-slot',
      hz: pingSlotFrequencyHz ?? hoppedHz(region.pingSlot.hz, beaconSeconds, devAddr),
      dataRate: pingSlotDataRate ?? region.pingSlot.dataRate,
      timing: { kind: 'gps', gpsTimeMs },
      inMs: gpsTimeMs - gpsMsOf(nowMs),
    },
  ]
}
