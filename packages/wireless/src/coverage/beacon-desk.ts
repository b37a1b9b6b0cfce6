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
import { beaconAirtimeMs, beaconChoices, beaconDataOf, beaconFrame } from './beacon-frame.ts'
import { drawBeacon } from './draw-beacon.ts'
import { windowOf, type BeaconWindow } from './judge-round.ts'

/** Why a beacon that was due was not sent. */
export type BeaconSkip = 'too-late' | 'gateway-away' | 'duty-cycle' | 'refused'

/** Ids of our frames, above those that routers give theirs. */
const idFirst = 2 ** 30
const idCount = 2 ** 30 - 1
/** Gateways whose duty cycle is remembered. */
const gatewaysMax = 256
/** Less than this before its moment a beacon does not reach the concentrator in time. */
const leadMs = 20

export interface BeaconDeskOptions {
  readonly owner: Hex
  readonly antennaGainDbi: number
  readonly store: BeaconStore
  readonly radio: Radio
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
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
  const { owner, antennaGainDbi, store, radio, clock, timers, random } = options
  const counted = new Map<string, number>()
  const bump = (what: BeaconSkip | 'sent' | 'heard' | 'not-kept'): void =>
    void counted.set(what, (counted.get(what) ?? 0) + 1)
  const awaited = new Map<number, { readonly epoch: bigint; readonly gatewayEui: string; readonly endedMs: number }>()
  const duty = new Map<string, DutyState>()
  const stops = new Set<() => void>()
  let [scheduled, nextId] = [-1n, 0]

  const send = (plan: BeaconPlan, window: BeaconWindow, atMs: number): void => {
    const { gatewayEui } = plan
    const region = regionOf(plan.region)
    if (!radio.isReachable(gatewayEui)) return bump('gateway-away')
    const drawn = drawOf(plan, window)
    const state = duty.get(gatewayEui) ?? new Map()
    const free = freeAtMs(region, state, drawn.frequencyHz)
    if (free === undefined || free > atMs) return bump('duty-cycle')
    const airtimeMs = beaconAirtimeMs(drawn)
    const id = idFirst + (nextId++ % idCount)
    awaited.set(id, { epoch: window.epoch, gatewayEui, endedMs: Math.round(atMs + airtimeMs) })
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

  const drawOf = (plan: BeaconPlan, window: BeaconWindow): ReturnType<typeof drawBeacon> =>
    drawBeacon(
      { sealed: fromHex(window.sealed, 32), secret: plan.secret, hotspot: `${owner}/${plan.gatewayEui}` },
      beaconChoices(regionOf(plan.region), {
        frequenciesHz: plan.frequenciesHz,
        antennaGainDbi,
        windowMs: windowOf(window).lengthMs,
      }),
    )

  return {
    isScheduled: (epoch) => epoch <= scheduled,
    schedule(window) {
      if (window.epoch <= scheduled) return
      scheduled = window.epoch
      const { startMs } = windowOf(window)
      for (const plan of store.plansOf(window.epoch)) {
        if (plan.endedMs !== undefined) continue
        const atMs = startMs + drawOf(plan, window).offsetMs
        const waitMs = atMs - clock.nowMs()
        if (waitMs < leadMs) {
          bump('too-late')
          continue
        }
        const stop = timers.after(waitMs, () => {
          stops.delete(stop)
          send(plan, window, atMs)
        })
        stops.add(stop)
      }
    },
    hear(uplink, epoch) {
      const data = beaconDataOf(uplink.phyPayload)
      if (data === undefined) return false
      const { gatewayEui, frequencyHz, modulation, rssiDbm, snrDb, heardAtMs } = uplink
      if (modulation.kind !== 'lora' || snrDb === undefined) return true
      const { spreadingFactor, bandwidthHz } = modulation
      const isKept = store.hear(epoch, {
        salt: random.bytes(16),
        report: {
          gatewayEui,
          data,
          frequencyHz,
          spreadingFactor,
          bandwidthHz,
          rssiTenths: Math.round(rssiDbm * 10),
          snrTenths: Math.round(snrDb * 10),
          heardMs: Math.round(heardAtMs),
        },
      })
      bump(isKept ? 'heard' : 'not-kept')
      return true
    },
    outcome({ id, refusal }) {
      const beacon = awaited.get(id)
      if (beacon === undefined) return id >= idFirst
      awaited.delete(id)
      if (refusal === undefined) store.sent(beacon)
      bump(refusal === undefined ? 'sent' : 'refused')
      return true
    },
    counts: () => Object.fromEntries(counted),
    [Symbol.dispose]() {
      for (const stop of stops) stop()
      stops.clear()
    },
  }
}
