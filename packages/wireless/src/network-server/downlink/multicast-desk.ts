/**
 * Sending to multicast groups: one frame through as few gateways as reach all members, one gateway after the other.
 *
 * Each payload spends one counter, which is kept on disk before the frame leaves. Gateways send one after another, so that they do not
 * drown each other for a member that hears two. Each member's application is told once what became of it.
 *
 * @module
 */

import { gpsMsOf } from '../../gps-time.ts'
import type { DeviceMessage, QueueItem } from '../../model/message.ts'
import { groupQueueName, type MulticastGroup } from '../../model/multicast-group.ts'
import type { Clock, DownlinkQueue, MulticastGroups } from '../../ports.ts'
import { airtimeUs } from '../../region/airtime.ts'
import { regionOf } from '../../region/region-of.ts'
import type { Region } from '../../region/region.ts'
import { beaconPeriodSeconds, hoppedHz, nextPingSlotMs } from '../class-b.ts'
import { buildGroupFrame } from './build-group-frame.ts'
import { coverMembers, type CoveringGateway } from './cover-members.ts'
import { stepsMax, type Step } from './downlink-ledger.ts'
import type { EndedFrame, FrameSender } from './frame-sender.ts'
import type { HeardBy } from './gateway-book.ts'
import { withSteps } from './item-book.ts'
import type { LastHeard } from './last-heard.ts'
import { roomFor, type ListeningWindow } from './plan-windows.ts'

/** Gateways that are asked for one frame of a group, inclusive, over all its tries. */
export const gatewaysPerGroupFrameMax = 256
/** Times that one frame waits for gateways that rest, inclusive. */
export const groupWaitsMax = 64
/** Between one gateway's end and the next one's beginning. */
const gapMs = 100
/** Until gateways that are off line are looked for again. */
const awayMs = 30_000
/** Between planning a ping slot and its moment. */
const pingLeadMs = 600
/** dB above the floor at which a gateway surely reaches a member. */
const marginDbMin = 3

export interface MulticastDesk {
  /** A payload was queued for a group: it goes as soon as nothing of the group is under way. */
  groupChanged(id: string): void
  /** Groups with a frame under way. */
  readonly busyCount: number
}

export interface MulticastDeskOptions {
  readonly sender: FrameSender
  readonly groups: MulticastGroups
  readonly queue: DownlinkQueue
  readonly clock: Clock
  readonly lastHeard: LastHeard
  readonly isReachable: (gatewayEui: string) => boolean
  readonly publish: (message: DeviceMessage) => void
  /** runs once, so many milliseconds from now, unless all is over by then */
  readonly after: (delayMs: number, run: () => void) => void
  /** keeps hold of what is not done yet; its failure is counted there */
  readonly track: (work: Promise<unknown>) => void
}

/** A frame on its way to a group. */
interface Errand {
  readonly group: MulticastGroup
  readonly region: Region
  readonly item: QueueItem
  readonly phyPayload: Uint8Array
  readonly fCnt: number
  readonly left: Set<string>
  /** gateways that refused it */
  readonly refused: Set<string>
  readonly steps: Step[]
  asked: number
  waits: number
}

export function multicastDesk(options: MulticastDeskOptions): MulticastDesk {
  const { sender, groups, queue, clock, lastHeard, isReachable, publish, after, track } = options
  const busy = new Set<string>()

  const tell = (
    { id: queueItemId }: QueueItem,
    members: Iterable<string>,
    told: { readonly isSent: boolean; readonly timeline: readonly Step[]; fCnt?: number; gatewayEui?: string },
  ): void => {
    const { isSent, timeline, fCnt, gatewayEui } = told
    for (const devEui of members) {
      publish({
        kind: 'txack',
        atMs: clock.nowMs(),
        devEui,
        queueItemId,
        ...(gatewayEui === undefined ? {} : { gatewayEui }),
        ...(fCnt === undefined ? {} : { fCntDown: fCnt }),
        isSent,
        timeline,
      })
    }
  }

  /** The next payload that can be sent at all; those before it end with their reason. */
  const nextItem = (group: MulticastGroup, region: Region): QueueItem | undefined => {
    const name = groupQueueName(group)
    const nowMs = clock.nowMs()
    const room = roomFor([windowOf(group, region, nowMs)], region, region.dwell.atBoot.downlink)
    for (const item of queue.items(name)) {
      const isExpired = item.expiresAtMs !== undefined && item.expiresAtMs <= nowMs
      if (!isExpired && item.payload.length <= room) return item
      const reason = isExpired ? 'expired' : 'too-long-for-data-rate'
      void queue.remove(name, item.id)
      tell(item, group.members, { isSent: false, timeline: [{ atMs: nowMs, step: 'refused', reason }] })
    }
    return undefined
  }

  const begin = (id: string): void => {
    const group = groups.group(id)
    if (group === undefined || busy.has(id)) return
    const region = regionOf(group.region, group.parameterRevision)
    const item = nextItem(group, region)
    if (item === undefined) return
    busy.add(id)
    const built = buildGroupFrame(group, item, { isMore: queue.count(groupQueueName(group)) > 1 })
    const { phyPayload, fCnt } = built
    const errand: Errand = {
      group,
      region,
      item,
      phyPayload,
      fCnt,
      left: new Set(group.members),
      refused: new Set(),
      steps: [{ atMs: clock.nowMs(), step: 'planned' }],
      asked: 0,
      waits: 0,
    }
    const kept = groups.put(built.group).then(
      (isKept) => (isKept ? step(errand) : end(errand, 'not-kept')),
      (error: unknown) => {
        end(errand, 'not-kept')
        throw error
      },
    )
    track(kept)
  }

  /** Asks the next gateway, or ends when there is none left. */
  const step = (errand: Errand): void => {
    const { left, refused } = errand
    if (left.size === 0) return end(errand, 'all-sent')
    const members = [...left].map((devEui) => ({ devEui, heard: lastHeard.of(devEui) }))
    const isUsable = (gatewayEui: string): boolean => !refused.has(gatewayEui) && isReachable(gatewayEui)
    const { gateways } = coverMembers(members, { isUsable, marginDbMin })
    const [first] = gateways
    if (first === undefined) {
      const isAway = members.some(({ heard }) => heard.some(({ gatewayEui }) => !refused.has(gatewayEui)))
      if (!isAway || errand.waits >= groupWaitsMax) return end(errand, 'gateway-away')
      errand.waits += 1
      return after(awayMs, () => step(errand))
    }
    if (errand.asked >= gatewaysPerGroupFrameMax) return end(errand, 'too-many-gateways')
    errand.asked += 1
    return ask(
      errand,
      first,
      members.flatMap(({ heard }) => heard),
    )
  }

  const ask = (errand: Errand, { gatewayEui, members }: CoveringGateway, heard: readonly HeardBy[]): void => {
    const { group, region, phyPayload } = errand
    const by = heard.find((one) => one.gatewayEui === gatewayEui)
    if (by === undefined) return end(errand, 'gateway-away')
    const candidate = { ...by, windows: () => [windowOf(group, region, clock.nowMs())] }
    sender.send({
      deviceClass: group.deviceClass,
      region,
      downlinkDwell: region.dwell.atBoot.downlink,
      phyPayloadBytes: phyPayload.length,
      phyPayload,
      candidates: [candidate],
      ended: (ended) => asked(errand, { gatewayEui, members }, ended),
    })
    return undefined
  }

  const asked = (errand: Errand, { gatewayEui, members }: CoveringGateway, ended: EndedFrame): void => {
    const { item, fCnt, left, refused, steps } = errand
    const { isSent, timeline, doneInMs = 0, freeInMs } = ended
    if (isSent) {
      for (const devEui of members) left.delete(devEui)
      tell(item, members, { isSent: true, timeline: withSteps(steps, timeline), fCnt, gatewayEui })
      return after(doneInMs + gapMs, () => step(errand))
    }
    steps.push(...timeline.slice(0, stepsMax))
    steps.splice(0, Math.max(steps.length - stepsMax, 0))
    if (freeInMs !== undefined && errand.waits < groupWaitsMax) {
      errand.waits += 1
      return after(Math.max(Math.ceil(freeInMs), 1), () => step(errand))
    }
    refused.add(gatewayEui)
    // A gateway that says nothing may still be sending.
    const airtimeMs = airtimeOf(errand)
    return after(airtimeMs + gapMs, () => step(errand))
  }

  const end = (errand: Errand, reason: string): void => {
    const { group, item, left, steps, fCnt } = errand
    for (const devEui of left) {
      const isUnheard = lastHeard.of(devEui).length === 0
      const last: Step = { atMs: clock.nowMs(), step: 'gave up', reason: isUnheard ? 'not-heard-yet' : reason }
      tell(item, [devEui], { isSent: false, timeline: withSteps(steps, [last]), fCnt })
    }
    void queue.remove(groupQueueName(group), item.id)
    busy.delete(group.id)
    begin(group.id)
  }

  return {
    groupChanged: begin,
    get busyCount() {
      return busy.size
    },
  }
}

function airtimeOf({ group, region, phyPayload }: Errand): number {
  const rate = region.downlinkDataRates[group.dataRate]
  if (rate === undefined) return 0
  return airtimeUs({ phyPayloadBytes: phyPayload.length, modulation: rate.modulation, hasCrc: false }) / 1000
}

function windowOf(group: MulticastGroup, region: Region, nowMs: number): ListeningWindow {
  const { deviceClass, frequencyHz: hz, dataRate, devAddr, pingSlotPeriodicity: periodicity } = group
  if (deviceClass === 'C') return { name: 'class-c', hz, dataRate, timing: { kind: 'immediate' }, inMs: 0 }
  const gpsTimeMs = nextPingSlotMs({ devAddr, periodicity }, gpsMsOf(nowMs) + pingLeadMs)
  const beaconSeconds = Math.floor(gpsTimeMs / 1000 / beaconPeriodSeconds) * beaconPeriodSeconds
  return {
    name: 'ping-slot',
    hz: hz === 0 ? hoppedHz(region.pingSlot.hz, beaconSeconds, devAddr) : hz,
    dataRate,
    timing: { kind: 'gps', gpsTimeMs },
    inMs: gpsTimeMs - gpsMsOf(nowMs),
  }
}
