/**
 * An owner's beacons on air: each gateway sends what it was drawn to send, when, and every beacon that one of them hears is kept.
 *
 * Its part of the radio is small and unpredictable: one short frame a gateway and epoch, in the band's duty cycle.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { RadioUplink, TransmitOutcome } from '../model/radio.ts'
import type { Clock, Radio, Random, Timers } from '../ports.ts'
import type { BeaconPlan, BeaconStore } from '../ports/beacon-store.ts'
import { afterTransmission, freeAtMs, type DutyState } from '../region/duty-cycle.ts'
import { regionOf } from '../region/region-of.ts'
import { isReport, notedReportsMax, type OpenedReport } from '../wire/coverage-note.ts'
import { beaconAirtimeMs, beaconChoices, beaconDataOf, beaconFrame } from './beacon-frame.ts'
import { drawBeacon } from './draw-beacon.ts'
import { windowOf, type BeaconWindow } from './judge-round.ts'

/** Why a beacon that was due was not sent. */
export type BeaconSkip = 'too-late' | 'gateway-away' | 'duty-cycle' | 'refused' | 'not-written'

/** What became of a frame that looked like a beacon. */
export type HeardFate = 'heard' | 'known' | 'crowded-out' | 'out-of-window' | 'no-report' | 'not-written'

/** Ids of our frames, above those that routers give theirs. */
const idFirst = 2 ** 30
const idCount = 2 ** 30 - 1
/** Gateways whose duty cycle is remembered, and beacons whose outcome is awaited. */
const gatewaysMax = 256
/** Less than this before its moment a beacon does not reach the concentrator in time. */
const leadMs = 20
/** A timer that fires later than this after the moment makes no beacon of it. */
const lateMsMax = 100
/** What clocks may be apart, and the longest beacon: reports from outside a window and this are of no beacon. */
const windowSlackMs = { before: 500, after: 1500 }

export interface BeaconDeskOptions {
  readonly owner: Hex
  readonly antennaGainDbi: number
  readonly store: BeaconStore
  readonly radio: Radio
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** What could not be written: the radio goes on, and the beacon or report is lost. */
  readonly onTrouble: (error: unknown) => void
}

export interface BeaconDesk extends Disposable {
  isScheduled(epoch: bigint): boolean
  /** Plans the sending of an epoch's beacons, once for an epoch. */
  schedule(window: BeaconWindow): void
  /** @returns whether it was a beacon, and so is nobody's to carry */
  hear(uplink: RadioUplink, epoch: bigint): boolean
  /** @returns whether the frame was ours */
  outcome(outcome: TransmitOutcome): boolean
  counts(): Readonly<Record<string, number>>
}

export function beaconDesk(options: BeaconDeskOptions): BeaconDesk {
  const { owner, antennaGainDbi, store, radio, clock, timers, random, onTrouble } = options
  const counted = new Map<string, number>()
  const bump = (what: BeaconSkip | HeardFate | 'sent'): void => void counted.set(what, (counted.get(what) ?? 0) + 1)
  const awaited = new Map<number, { readonly epoch: bigint; readonly gatewayEui: string; readonly endedMs: number }>()
  const duty = new Map<string, DutyState>()
  const stops = new Set<() => void>()
  let [scheduled, nextId] = [-1n, 0]
  let window: BeaconWindow | undefined
  /** of the epoch in which something was heard last */
  let [fullEpoch, offered] = [-1n, 0]

  const isOutside = (epoch: bigint, heardMs: number): boolean => {
    if (window?.epoch !== epoch) return false
    const { startMs, lengthMs } = windowOf(window)
    return heardMs < startMs - windowSlackMs.before || heardMs > startMs + lengthMs + windowSlackMs.after
  }

  const noted = (fate: HeardFate): true => {
    bump(fate)
    return true
  }

  /** A full disk is no reason for a radio to end. */
  const written = <Fate>(write: () => Fate): Fate | 'not-written' => {
    try {
      return write()
    } catch (error) {
      onTrouble(error)
      return 'not-written'
    }
  }

  /** Once the epoch is full everything that was heard in it has the same chance to be kept: noise takes places only in proportion. */
  const keep = (epoch: bigint, opened: OpenedReport): HeardFate => {
    const answer = store.hear(epoch, opened)
    if (answer !== 'full') return answer === 'kept' ? 'heard' : 'known'
    if (epoch !== fullEpoch) [fullEpoch, offered] = [epoch, notedReportsMax]
    offered += 1
    const word = new DataView(Uint8Array.from(random.bytes(4)).buffer).getUint32(0)
    const place = Math.floor((word / 2 ** 32) * offered)
    if (place < notedReportsMax) store.swap(epoch, place, opened)
    return 'crowded-out'
  }

  const send = (plan: BeaconPlan, of: BeaconWindow, atMs: number): void => {
    const { gatewayEui } = plan
    const region = regionOf(plan.region)
    const startedMs = clock.nowMs()
    if (startedMs - atMs > lateMsMax) return bump('too-late')
    if (!radio.isReachable(gatewayEui)) return bump('gateway-away')
    const drawn = drawOf(plan, of)
    const state = duty.get(gatewayEui) ?? new Map()
    const free = freeAtMs(region, state, drawn.frequencyHz)
    if (free === undefined || free > atMs) return bump('duty-cycle')
    const airtimeMs = beaconAirtimeMs(drawn)
    const id = idFirst + (nextId++ % idCount)
    for (const oldest of awaited.keys()) if (awaited.size >= gatewaysMax) awaited.delete(oldest)
    awaited.set(id, { epoch: of.epoch, gatewayEui, endedMs: Math.round(startedMs + airtimeMs) })
    duty.delete(gatewayEui)
    duty.set(gatewayEui, afterTransmission(region, state, { hz: drawn.frequencyHz, startMs: atMs, airtimeMs }))
    for (const known of duty.keys()) if (duty.size > gatewaysMax) duty.delete(known)
    radio.send({
      id,
      gatewayEui,
      deviceClass: 'C',
      phyPayload: beaconFrame(drawn.data),
      windows: [
        {
          frequencyHz: drawn.frequencyHz,
          modulation: { kind: 'lora', spreadingFactor: drawn.spreadingFactor, bandwidthHz: drawn.bandwidthHz },
          powerDbm: drawn.powerDbm + antennaGainDbi,
          timing: { kind: 'immediate' },
        },
      ],
      isLikeUplink: true,
    })
  }

  const drawOf = (plan: BeaconPlan, of: BeaconWindow): ReturnType<typeof drawBeacon> =>
    drawBeacon(
      { sealed: fromHex(of.sealed, 32), secret: plan.secret, hotspot: `${owner}/${plan.gatewayEui}` },
      beaconChoices(regionOf(plan.region), {
        frequenciesHz: plan.frequenciesHz,
        antennaGainDbi,
        windowMs: windowOf(of).lengthMs,
      }),
    )

  return {
    isScheduled: (epoch) => epoch <= scheduled,
    schedule(next) {
      if (next.epoch <= scheduled) return
      scheduled = next.epoch
      window = next
      const { startMs } = windowOf(next)
      for (const plan of store.plansOf(next.epoch)) {
        if (plan.endedMs !== undefined) continue
        const atMs = startMs + drawOf(plan, next).offsetMs
        const waitMs = atMs - clock.nowMs()
        if (waitMs < leadMs) {
          bump('too-late')
          continue
        }
        const stop = timers.after(waitMs, () => {
          stops.delete(stop)
          send(plan, next, atMs)
        })
        stops.add(stop)
      }
    },
    hear(uplink, epoch) {
      const data = beaconDataOf(uplink.phyPayload)
      if (data === undefined) return false
      const { gatewayEui, frequencyHz, modulation, rssiDbm, snrDb, heardAtMs } = uplink
      if (modulation.kind !== 'lora' || snrDb === undefined) return noted('no-report')
      if (isOutside(epoch, heardAtMs)) return noted('out-of-window')
      const { spreadingFactor, bandwidthHz } = modulation
      const report = {
        gatewayEui,
        data,
        frequencyHz,
        spreadingFactor,
        bandwidthHz,
        rssiTenths: Math.round(rssiDbm * 10),
        snrTenths: Math.round(snrDb * 10),
        heardMs: Math.round(heardAtMs),
      }
      // A note with one report that is none would be none.
      if (!isReport(report)) return noted('no-report')
      return noted(written(() => keep(epoch, { salt: random.bytes(16), report })))
    },
    outcome({ id, refusal }) {
      const beacon = awaited.get(id)
      if (beacon === undefined) return id >= idFirst
      awaited.delete(id)
      const sent = (): 'sent' => {
        store.sent(beacon)
        return 'sent'
      }
      bump(refusal === undefined ? written(sent) : 'refused')
      return true
    },
    counts: () => Object.fromEntries(counted),
    [Symbol.dispose]() {
      for (const stop of stops) stop()
      stops.clear()
    },
  }
}
