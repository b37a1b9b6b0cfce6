/**
 * A gateway in made time: what its concentrator received goes to a server, and what the server asks for is sent when its counter
 * says so.
 *
 * It speaks no protocol: uplinks and downlinks are those of our own model. Between it and the server lies a backhaul.
 *
 * @module
 */

import type {
  Eui,
  RadioDownlink,
  RadioUplink,
  TransmitOutcome,
  TransmitRefusal,
  TransmitWindow,
} from '../model/radio.ts'
import { airtimeUs } from '../region/airtime.ts'
import { readUint, writeUint } from '../wire/little-endian.ts'
import { deliveriesMs, type BackhaulModel } from './backhaul.ts'
import { timeOfCounter } from './concentrator-clock.ts'
import type { Reception } from './radio-model.ts'
import type { SimulatedAir } from './simulated-air.ts'
import { transmitLeadUs, transmitQueue } from './transmit-queue.ts'

export interface GatewayAgentOptions {
  readonly air: SimulatedAir
  /** of the world */
  readonly index: number
  readonly gatewayEui: Eui
  readonly seed: number
  readonly backhaul: BackhaulModel
  /** Unix milliseconds when the world began */
  readonly epochMs: number
  readonly heard: (uplink: RadioUplink) => void
  readonly outcome: (outcome: TransmitOutcome) => void
}

export interface GatewayAgent {
  /** A downlink on its way from the server. */
  send(downlink: RadioDownlink): void
  /** frames that were sent, and why others were not */
  readonly sentCount: number
  readonly refusals: ReadonlyMap<TransmitRefusal, number>
}

/** However near a device is, a concentrator reports no better. */
const snrReportedMaxDb = 15
/** The context of an uplink is the counter of its end, lowest byte first. */
const contextBytes = 4

export function gatewayAgent(options: GatewayAgentOptions): GatewayAgent {
  const { air, index, gatewayEui, seed, backhaul, epochMs, heard, outcome } = options
  const { queue, world } = air
  const refusals = new Map<TransmitRefusal, number>()
  const booked = transmitQueue()
  let [datagram, sentCount] = [0, 0]

  const carry = (run: () => void): void => {
    datagram += 1
    for (const delayMs of deliveriesMs(backhaul, { seed, gateway: index, datagram }))
      queue.at(queue.nowUs + delayMs * 1000, run)
  }

  const startOf = ({ timing }: TransmitWindow): number | undefined => {
    if (timing.kind === 'immediate') return queue.nowUs + transmitLeadUs
    // These gateways have no GPS.
    if (timing.kind === 'gps') return undefined
    const counter = readUint(timing.context, 0, contextBytes) + timing.delayMs * 1000
    return timeOfCounter(world.clockOf(index), counter, queue.nowUs)
  }

  const say = (downlink: RadioDownlink, windowIndex: number, refusal?: TransmitRefusal): void => {
    if (refusal !== undefined) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
    const atMs = epochMs + queue.nowUs / 1000
    carry(() =>
      outcome({ id: downlink.id, gatewayEui, windowIndex, atMs, ...(refusal === undefined ? {} : { refusal }) }),
    )
  }

  /** The first window that can still be met; what is said of the others is the reason of the last. */
  const book = (downlink: RadioDownlink): void => {
    const { windows, phyPayload, isBeacon = false, isLikeUplink = false } = downlink
    let refusal: TransmitRefusal = 'too-late'
    for (const [windowIndex, window] of windows.entries()) {
      const { modulation, frequencyHz: hz, powerDbm: eirpDbm } = window
      const fromUs = startOf(window) ?? queue.nowUs
      const spanUs = airtimeUs({ phyPayloadBytes: phyPayload.length, modulation, hasCrc: false })
      const span = { fromUs, untilUs: fromUs + spanUs }
      const refused = window.timing.kind === 'gps' ? 'gps-unlocked' : booked.book(span, queue.nowUs)
      if (refused !== undefined) {
        refusal = refused
        continue
      }
      queue.at(fromUs, () => {
        const emission = {
          hz,
          modulation,
          eirpDbm,
          airtimeUs: spanUs,
          isInverted: !isBeacon && !isLikeUplink,
          payload: phyPayload,
        }
        if (air.send({ ...emission, sender: { kind: 'gateway', index } })) sentCount += 1
      })
      return say(downlink, windowIndex)
    }
    say(downlink, windows.length - 1, refusal)
  }

  air.onReception(index, (reception) => {
    const uplink = uplinkOf(reception, gatewayEui)
    carry(() => heard({ ...uplink, heardAtMs: epochMs + queue.nowUs / 1000 }))
  })

  return {
    send: (downlink) => carry(() => book(downlink)),
    get sentCount() {
      return sentCount
    },
    refusals,
  }
}

function uplinkOf(reception: Reception<Uint8Array>, gatewayEui: Eui): Omit<RadioUplink, 'heardAtMs'> {
  const { payload, hz, modulation, rssiDbm, snrDb, channel, counterUs } = reception
  const context = new Uint8Array(contextBytes)
  writeUint(context, 0, contextBytes, counterUs)
  return {
    gatewayEui,
    phyPayload: payload,
    frequencyHz: hz,
    modulation,
    rssiDbm: Math.round(rssiDbm * 10) / 10,
    ...(modulation.kind === 'lora' ? { snrDb: Math.min(Math.round(snrDb * 10) / 10, snrReportedMaxDb) } : {}),
    channel,
    context,
  }
}
