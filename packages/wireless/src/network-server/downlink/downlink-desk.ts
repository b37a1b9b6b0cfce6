/**
 * Answering devices: what is sent to one after it was heard, or at once where it always listens, and what came of it.
 *
 * A plan is made without waiting: it names the session as it will be and the frame. Whoever asked keeps the session first and only
 * then carries the plan out, so a counter is never used for two frames, whatever happens between.
 *
 * A queued payload ends once: unconfirmed as sent or not sent, confirmed as acknowledged or not, or as not sent.
 *
 * @module
 */

import type { Device, DeviceProfile } from '../../model/device.ts'
import type { DeviceMessage, QueueItem } from '../../model/message.ts'
import type { RadioUplink } from '../../model/radio.ts'
import type { DeviceSession, MacRequest } from '../../model/session.ts'
import type { Clock, DownlinkQueue } from '../../ports.ts'
import { gpsMsOf } from '../../gps-time.ts'
import type { Region } from '../../region/region.ts'
import type { DownlinkCommand } from '../../wire/mac-commands.ts'
import { beaconPeriodSeconds, hoppedHz, nextPingSlotMs } from '../class-b.ts'
import type { SchedulesOf } from '../key-schedules.ts'
import { buildFrame } from './build-frame.ts'
import { chooseContent, type Content } from './choose-content.ts'
import type { Step } from './downlink-ledger.ts'
import type { Candidate, EndedFrame, FramePlan, FrameSender, Unsendable } from './frame-sender.ts'
import { itemBook, withSteps, type ItemRecord } from './item-book.ts'
import { keptGateways, type LastHeard } from './last-heard.ts'
import { classAWindows, classCWindow, joinWindows, roomFor, type ListeningWindow } from './plan-windows.ts'

/** Tries of one queued payload that no gateway sent, inclusive; then it ends as not sent. */
export const itemTriesMax = 5
/** Times that a payload is put off because gateways rest, inclusive; each more counts as a try. */
export const itemWaitsMax = 64
/** Times that a confirmed payload is sent, inclusive, before it ends as not acknowledged. */
export const confirmedSendsMax = 3
/** Repetitions of one frame that are answered, inclusive: whoever plays an old frame again gets no more. */
export const repeatsAnsweredMax = 8
/** Devices whose repetitions are counted at once, inclusive. */
const repeatersMax = 65_536
/** Until a payload for a device that always listens is tried again. */
const retryMs = 5_000
/** Until a gateway that is off line is asked again. */
const awayMs = 30_000
/** How long a device that always listens has for its acknowledgement, where its profile does not say. */
const acknowledgeMs = 30_000
/** Between planning a ping slot and its moment. */
const pingLeadMs = 600
/** MHDR 1, FHDR without options 7, MIC 4. */
const emptyFrameBytes = 12

/** A device that was heard, and what there is to say to it. */
export interface Answerable {
  /** with what the device's frame said; `confirmedFCntDown` as it was before it */
  readonly session: DeviceSession
  readonly device: Device
  readonly profile: DeviceProfile
  readonly region: Region
  readonly copies: readonly RadioUplink[]
  readonly replies: readonly DownlinkCommand[]
  readonly wanted: readonly MacRequest[]
  /** FCnt of the frame */
  readonly fCnt: number
  /** the last frame again: it is answered, and nothing new is said */
  readonly isRepeated: boolean
  readonly isConfirmed: boolean
  /** whether it acknowledges what was sent confirmed before */
  readonly isAck: boolean
  /** whether the device wants to hear anything at all: it asks so, or repeats an answer until it does */
  readonly isHearingWanted: boolean
  readonly isAdr: boolean
}

export type Reachable = Pick<Answerable, 'session' | 'device' | 'profile' | 'region'>

/** The session as it has to be kept, and what is to be done once it is. */
export interface Plan {
  readonly session: DeviceSession
  /** Tells, takes out of the queue, sends. */
  carryOut(): void
  /** Instead, when the session could not be kept. */
  abandon(): void
}

export interface DownlinkDesk {
  answer(answerable: Answerable): Plan
  answerJoin(joined: {
    readonly devEui: string
    readonly region: Region
    readonly copies: readonly RadioUplink[]
    readonly answer: Uint8Array
  }): void
  /** For devices that listen without having sent: class C at once, class B at its next slot. @returns undefined when there is nothing to do */
  reach(reachable: Reachable): Plan | undefined
  /** Ends payloads whose time is over, and makes room for others. */
  sweep(devEui: string, session: DeviceSession | undefined): void
}

export interface DownlinkDeskOptions {
  readonly sender: FrameSender
  readonly queue: DownlinkQueue
  readonly clock: Clock
  readonly lastHeard: LastHeard
  readonly schedulesOf: SchedulesOf
  readonly publish: (message: DeviceMessage) => void
  /** a device that always listens wants `reach` again, so many milliseconds from now */
  readonly reachLater: (devEui: string, delayMs: number) => void
}

/** What is done once a session is kept; `undo` when it is not. */
interface Deed {
  do(): void
  undo?(): void
}

export function downlinkDesk(options: DownlinkDeskOptions): DownlinkDesk {
  const { sender, queue, clock, lastHeard, schedulesOf, publish, reachLater } = options
  const items = itemBook()
  const repeats = new Map<string, { readonly fCnt: number; readonly count: number }>()

  // ---- ends of queued payloads ----

  /** Its end is decided now and told later; until then nobody else decides it. */
  const ending = (item: QueueItem, message: DeviceMessage): Deed => {
    const record = items.of(item)
    record.isOver = true
    return {
      do() {
        void queue.remove(item.devEui, item.id)
        items.forget(item)
        publish(message)
      },
      undo: () => void (record.isOver = false),
    }
  }

  const acknowledgement = ({ id, devEui }: QueueItem, fCntDown: number, isAcknowledged: boolean): DeviceMessage => ({
    kind: 'ack',
    atMs: clock.nowMs(),
    devEui,
    queueItemId: id,
    fCntDown,
    isAcknowledged,
  })

  /** What was sent before and not acknowledged ends as that; what never was, as not sent. */
  const fruitless = (item: QueueItem, steps: readonly Step[]): DeviceMessage => {
    const { devEui, id } = item
    const { sends, fCnt = 0, gatewayEui, timeline } = items.of(item)
    if (sends > 0) return acknowledgement(item, fCnt, false)
    return {
      kind: 'txack',
      atMs: clock.nowMs(),
      devEui,
      queueItemId: id,
      ...(gatewayEui === undefined ? {} : { gatewayEui }),
      isSent: false,
      timeline: withSteps(timeline, steps),
    }
  }

  const isExpired = ({ expiresAtMs }: QueueItem): boolean => expiresAtMs !== undefined && expiresAtMs <= clock.nowMs()

  /** Whether the device still may say that a confirmed payload came. */
  const isAwaited = ({ session, profile }: Reachable, item: QueueItem, record: ItemRecord | undefined): boolean => {
    if (session.confirmedItemId !== item.id || record === undefined || record.sends === 0) return false
    return clock.elapsedMs() - record.sentMs < acknowledgeWithinMs(profile, session.radio.deviceClass)
  }

  const refusal = (reason: string): Step => ({ atMs: clock.nowMs(), step: 'refused', reason })

  /** The next payload that may go; those before it that never will end here. */
  const nextItem = (reachable: Reachable, way: Way, roomBytes: number, deeds: Deed[]): QueueItem | undefined => {
    for (const item of queue.items(reachable.session.devEui)) {
      const record = items.known(item)
      if (record?.isOver === true) continue
      // One after the other: order is kept, and the device owes one acknowledgement at a time.
      if (record?.isInFlight === true || isAwaited(reachable, item, record)) return undefined
      if (way.deviceClass !== 'A' && record !== undefined && clock.elapsedMs() < record.notBeforeMs) return undefined
      const isTooLong = item.payload.length > roomBytes
      const isSpent = (record?.sends ?? 0) >= confirmedSendsMax
      if (!isTooLong && !isSpent && !isExpired(item)) return item
      const reason = isExpired(item) ? 'expired' : 'too-long-for-data-rate'
      deeds.push(ending(item, fruitless(item, [refusal(reason)])))
    }
    return undefined
  }

  const hasMore = (devEui: string, sent: QueueItem | undefined): boolean =>
    queue.items(devEui).some((item) => {
      const record = items.known(item)
      return item !== sent && record?.isOver !== true && record?.isInFlight !== true && !isExpired(item)
    })

  /** What a new frame of the device says of what was sent to it confirmed. */
  const settle = (session: DeviceSession, isAck: boolean): { session: DeviceSession; deeds: Deed[] } => {
    const { confirmedFCntDown, confirmedItemId, ...settled } = session
    if (confirmedFCntDown === undefined) return { session, deeds: [] }
    const item = queue.items(session.devEui).find(({ id }) => id === confirmedItemId)
    const record = item === undefined ? undefined : items.of(item)
    if (item === undefined || record === undefined || record.isOver) return { session: settled, deeds: [] }
    if (isAck) return { session: settled, deeds: [ending(item, acknowledgement(item, confirmedFCntDown, true))] }
    if (record.sends > 0 && record.gatewayEui !== undefined) sender.doubted(record.gatewayEui)
    // It is sent again with this answer or ends there, as `nextItem` finds.
    return { session: settled, deeds: [] }
  }

  // ---- frames ----

  interface Way {
    readonly deviceClass: 'A' | 'B' | 'C'
    readonly candidates: readonly Candidate[]
    readonly takesItems: boolean
  }

  const planned = (session: DeviceSession, deeds: readonly Deed[]): Plan => ({
    session,
    carryOut: () => deeds.forEach((deed) => deed.do()),
    abandon: () => deeds.forEach((deed) => deed.undo?.()),
  })

  const notSent = (devEui: string, timeline: readonly Step[], end: Partial<EndedFrame> = {}): DeviceMessage => ({
    kind: 'txack',
    atMs: clock.nowMs(),
    devEui,
    ...(end.gatewayEui === undefined ? {} : { gatewayEui: end.gatewayEui }),
    isSent: false,
    timeline,
  })

  /** A payload that nobody sent now: it waits for the next chance, or is given up with the whole story. */
  const failed = (
    item: QueueItem,
    deviceClass: 'A' | 'B' | 'C',
    { steps, freeInMs }: Omit<Unsendable, 'isTooLate'>,
  ): void => {
    const record = items.of(item)
    // A gateway that is off line comes back, one that rests is free again: neither is a try.
    const waitMs =
      freeInMs ?? (steps.every(({ reason }) => reason === undefined || reason === 'gateway-away') ? awayMs : undefined)
    const isWaiting = waitMs !== undefined && record.waits < itemWaitsMax
    if (isWaiting) record.waits += 1
    else record.tries += 1
    if (record.tries >= itemTriesMax) {
      ending(item, fruitless(item, steps)).do()
      return reachLater(item.devEui, 0)
    }
    record.timeline = withSteps(record.timeline, steps)
    const delayMs = isWaiting ? Math.max(Math.ceil(waitMs), 1) : retryMs
    record.notBeforeMs = clock.elapsedMs() + delayMs
    // A device that always listens need not be heard before the next try.
    if (deviceClass !== 'A') reachLater(item.devEui, delayMs)
    return undefined
  }

  const itemEnded = (
    item: QueueItem,
    { session, profile }: Reachable,
    deviceClass: 'A' | 'B' | 'C',
    end: EndedFrame,
  ): void => {
    const { devEui, id, isConfirmed } = item
    const record = items.of(item)
    record.isInFlight = false
    const { isSent, atMs, gatewayEui, timeline, doneInMs = 0, freeInMs } = end
    if (gatewayEui !== undefined) record.gatewayEui = gatewayEui
    const isQueued = queue.items(devEui).some((one) => one.id === id)
    const sent: DeviceMessage = {
      kind: 'txack',
      atMs,
      devEui,
      queueItemId: id,
      ...(gatewayEui === undefined ? {} : { gatewayEui }),
      ...(record.fCnt === undefined ? {} : { fCntDown: record.fCnt }),
      isSent: true,
      timeline: withSteps(record.timeline, timeline),
    }
    // Acknowledged before the gateway had its say, or taken out of the queue by whoever put it in.
    if (!isQueued || record.isOver) {
      items.forget(item)
      if (isSent && !isConfirmed) publish(sent)
      return reachLater(devEui, 0)
    }
    if (!isSent) return failed(item, deviceClass, { steps: timeline, ...(freeInMs === undefined ? {} : { freeInMs }) })
    record.sends += 1
    record.sentMs = clock.elapsedMs() + doneInMs
    if (!isConfirmed) {
      ending(item, sent).do()
      return reachLater(devEui, 0)
    }
    record.timeline = sent.timeline
    publish(sent)
    if (deviceClass !== 'A') reachLater(devEui, doneInMs + acknowledgeWithinMs(profile, session.radio.deviceClass))
    return undefined
  }

  const plan = (answerable: Answerable, way: Way, before: readonly Deed[]): Plan => {
    const { session, region, replies, wanted, isConfirmed, isHearingWanted, isAdr, fCnt: upFCnt } = answerable
    const { deviceClass, candidates, takesItems } = way
    const { devEui, radio: state } = session
    const deeds = [...before]
    const windows = candidates[0]?.windows() ?? []
    if (windows.length === 0) return planned(session, deeds)
    const { downlinkDwell } = state
    const roomBytes = roomFor(windows, region, downlinkDwell)
    const next = takesItems ? nextItem(answerable, way, roomBytes, deeds) : undefined
    const content = chooseContent({
      replies,
      held: session.requests,
      wanted,
      item: next,
      roomBytes,
      isRequestsTurn: session.fCntUp % 2 === 1,
    })
    const { commands, item } = content
    if (!isConfirmed && !isHearingWanted && commands.length === 0 && item === undefined) return planned(session, deeds)
    const phyPayloadBytes = emptyFrameBytes + content.bodyBytes
    const frame: FramePlan = { deviceClass, candidates, region, downlinkDwell, phyPayloadBytes }
    const unsendable = sender.unsendable(frame)
    if (unsendable !== undefined) return planned(session, [...deeds, ...putOff(answerable, way, content, unsendable)])
    const built = buildFrame({ ...session, requests: content.requests }, schedulesOf(session.keys), {
      commands,
      item,
      isAck: isConfirmed,
      isAdr,
      isMore: content.isMore || hasMore(devEui, item),
      confFCnt: isConfirmed ? upFCnt : 0,
    })
    const { phyPayload, fCnt } = built
    if (item === undefined) {
      const ended = (end: EndedFrame): void => {
        if (!end.isSent) publish(notSent(devEui, end.timeline, end))
      }
      return planned(built.session, [...deeds, { do: () => sender.send({ ...frame, phyPayload, ended }) }])
    }
    const record = items.of(item)
    record.isInFlight = true
    const ended = (end: EndedFrame): void => itemEnded(item, answerable, deviceClass, end)
    const sending: Deed = {
      do() {
        record.fCnt = fCnt
        sender.send({ ...frame, phyPayload, ended })
      },
      undo: () => void (record.isInFlight = false),
    }
    return planned(built.session, [...deeds, sending])
  }

  /** A frame that nobody could send, were it built. */
  const putOff = (
    { session, replies, isConfirmed, isHearingWanted }: Answerable,
    { deviceClass }: Way,
    { item }: Content,
    unsendable: Unsendable,
  ): Deed[] => {
    // The device stopped listening before its frame came here, as after a gateway was off line: nothing is lost by that.
    if (unsendable.isTooLate) return []
    const deeds: Deed[] = []
    if (isConfirmed || isHearingWanted || replies.length > 0)
      deeds.push({ do: () => publish(notSent(session.devEui, unsendable.steps)) })
    if (item !== undefined) deeds.push({ do: () => failed(item, deviceClass, unsendable) })
    return deeds
  }

  /** A device that is to be reached without having just sent. */
  const remembered = ({ session, copies }: Answerable): DeviceSession => {
    lastHeard.note(session.devEui, copies)
    const heardBy = keptGateways(session.heardBy, copies)
    return heardBy === undefined || heardBy === session.heardBy ? session : { ...session, heardBy }
  }

  /** Most frames: the rest need not be worked out for them. */
  const isNothingToSay = (answerable: Answerable): boolean =>
    !answerable.isConfirmed &&
    !answerable.isHearingWanted &&
    answerable.replies.length === 0 &&
    answerable.wanted.length === 0 &&
    answerable.session.confirmedFCntDown === undefined &&
    queue.count(answerable.session.devEui) === 0

  const isAnsweredEnough = ({ session: { devEui }, fCnt, isRepeated }: Answerable): boolean => {
    if (!isRepeated) return false
    const before = repeats.get(devEui)
    const count = before?.fCnt === fCnt ? before.count + 1 : 1
    repeats.delete(devEui)
    if (repeats.size >= repeatersMax) repeats.delete(repeats.keys().next().value!)
    repeats.set(devEui, { fCnt, count })
    return count > repeatsAnsweredMax
  }

  return {
    answer(answerable) {
      const { region, copies, profile, isRepeated, isAck } = answerable
      if (isAnsweredEnough(answerable)) return planned(answerable.session, [])
      const heard = profile.supportsClassB || profile.supportsClassC ? remembered(answerable) : answerable.session
      if (isNothingToSay(answerable)) return planned(heard, nothing)
      // What was sent in answer to a frame cannot have been heard by the device that sends this frame again.
      const { session, deeds } = isRepeated ? { session: heard, deeds: [] } : settle(heard, isAck)
      const cameMs = clock.elapsedMs()
      const candidates = copies.map((copy): Candidate => ({
        ...heardBy(copy),
        windows: () => classAWindows(region, session.radio, copy, clock.elapsedMs() - cameMs),
      }))
      // Whoever plays an old frame again takes nothing out of the queue.
      const wanted = isRepeated ? [] : answerable.wanted
      return plan({ ...answerable, session, wanted }, { deviceClass: 'A', candidates, takesItems: !isRepeated }, deeds)
    },
    answerJoin({ devEui, region, copies, answer }) {
      const cameMs = clock.elapsedMs()
      sender.send({
        deviceClass: 'A',
        region,
        downlinkDwell: region.dwell.atBoot.downlink,
        phyPayloadBytes: answer.length,
        phyPayload: answer,
        candidates: copies.map((copy) => ({
          ...heardBy(copy),
          windows: () => joinWindows(region, copy, clock.elapsedMs() - cameMs),
        })),
        ended: (end) => {
          if (!end.isSent) publish(notSent(devEui, end.timeline, end))
        },
      })
    },
    reach(reachable) {
      const { session, profile, region } = reachable
      const { devEui, radio: state } = session
      const { deviceClass } = state
      if (deviceClass === 'A' || queue.count(devEui) === 0) return undefined
      const candidates = lastHeard.of(devEui).map((heard): Candidate => ({
        ...heard,
        windows: () =>
          deviceClass === 'C' ? [classCWindow(state)] : pingWindow(session, profile, region, clock.nowMs()),
      }))
      const quiet = {
        copies: [],
        replies: [],
        wanted: [],
        fCnt: 0,
        isRepeated: false,
        isConfirmed: false,
        isAck: false,
      }
      const answerable: Answerable = { ...reachable, ...quiet, isHearingWanted: false, isAdr: profile.adr === 'on' }
      return plan(answerable, { deviceClass, candidates, takesItems: true }, [])
    },
    sweep(devEui, session) {
      for (const item of queue.items(devEui)) {
        const record = items.known(item)
        const isFollowed = record !== undefined && (record.isInFlight || record.isOver || record.sends > 0)
        if (isFollowed || session?.confirmedItemId === item.id || !isExpired(item)) continue
        ending(item, fruitless(item, [refusal('expired')])).do()
      }
    },
  }
}

const nothing: readonly Deed[] = []

const heardBy = ({ gatewayEui, modulation, snrDb }: RadioUplink): Omit<Candidate, 'windows'> => ({
  gatewayEui,
  modulation,
  ...(snrDb === undefined ? {} : { snrDb }),
})

function acknowledgeWithinMs({ classB, classC }: DeviceProfile, deviceClass: 'A' | 'B' | 'C'): number {
  if (deviceClass === 'A') return 0
  const { timeoutSeconds } = deviceClass === 'B' ? classB : classC
  return timeoutSeconds > 0 ? timeoutSeconds * 1000 : acknowledgeMs
}

/** The next slot in which a device of class B listens. */
function pingWindow(
  { devAddr, radio }: DeviceSession,
  { classB }: DeviceProfile,
  region: Region,
  nowMs: number,
): ListeningWindow[] {
  const { pingSlotPeriodicity, isBeaconLocked, pingSlotDataRate, pingSlotFrequencyHz } = radio
  if (!isBeaconLocked) return []
  // A device tells how often it listens before it does; one whose word was lost does as its kind does.
  const periodicity = pingSlotPeriodicity ?? classB.pingSlotPeriodicity
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
