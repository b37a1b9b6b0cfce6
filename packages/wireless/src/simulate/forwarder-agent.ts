/**
 * A packet forwarder in simulated time: what its concentrator receives leaves as datagrams of Semtech's protocol, and what the
 * server asks for is sent when its counter says so.
 *
 * Between it and the server lies a backhaul that delays, loses, doubles and reorders both ways, and a router that changes the port
 * that the server sees. Datagrams themselves are the caller's to send.
 *
 * @module
 */

import type { TransmitRefusal } from '../model/radio.ts'
import { airtimeUs } from '../region/airtime.ts'
import { bindingAt, deliveriesMs, type BackhaulModel } from './backhaul.ts'
import { timeOfCounter } from './concentrator-clock.ts'
import {
  encodeForwarderDatagram,
  pushJson,
  readServerDatagram,
  statusJson,
  txAckJson,
  versionOf,
  type AskedFrame,
  type ForwarderDialect,
} from './forwarder-wire.ts'
import type { GatewayWatch, LiveGateway } from './gateway-wire.ts'
import type { Degrees } from './place.ts'
import type { SimulatedAir } from './simulated-air.ts'
import { transmitLeadUs, transmitQueue } from './transmit-queue.ts'

/** Seconds from one pull to the next, and from one report of itself to the next: lora_pkt_fwd's own. */
const pullSeconds = 10
const statusSeconds = 30
/** Pushes whose answer is awaited, inclusive; the oldest is forgotten. */
export const pushesAwaitedMax = 1024

export interface ForwarderAgentOptions {
  readonly air: SimulatedAir
  /** of the world */
  readonly index: number
  readonly gatewayEui: string
  readonly seed: number
  readonly backhaul: BackhaulModel
  readonly dialect: ForwarderDialect
  readonly place: Degrees
  readonly heightM: number
  /** Unix milliseconds when the world began */
  readonly epochMs: number
  readonly watch: GatewayWatch
  /** A datagram leaves for the server. */
  readonly send: (bytes: Uint8Array) => void
  /** From now on the server sees another port. */
  readonly rebind: () => void
}

export interface ForwarderAgent extends LiveGateway {
  /** A datagram of the server reached this end of the backhaul. */
  receive(bytes: Uint8Array): void
}

export function forwarderAgent(options: ForwarderAgentOptions): ForwarderAgent {
  const { air, index, gatewayEui, seed, backhaul, dialect, place, heightM, epochMs, watch } = options
  const { queue, world } = air
  const version = versionOf(dialect)
  const refusals = new Map<TransmitRefusal, number>()
  const booked = transmitQueue()
  const awaited = new Map<number, Uint8Array>()
  let [datagram, token, binding, life] = [0, 0, 0, 0]
  let [heard, taken, asked, sent, restarts, rebinds] = [0, 0, 0, 0, 0, 0]
  let isAnswered = false

  const after = (seconds: number, run: () => void): void => {
    queue.at(queue.nowUs + seconds * 1e6, run)
  }
  const nextToken = (): number => (token = (token + 1) & 0xffff)
  const isOff = (): boolean => queue.nowUs < world.clockOf(index).bootUs

  /** @returns whether any copy of it arrives */
  const carry = (run: () => void): boolean => {
    datagram += 1
    const delaysMs = deliveriesMs(backhaul, { seed, gateway: index, datagram })
    for (const delayMs of delaysMs) after(delayMs / 1000, run)
    return delaysMs.length > 0
  }

  const say = (bytes: Uint8Array, left?: () => void): boolean =>
    carry(() => {
      const now = bindingAt(backhaul, { seed, gateway: index }, queue.nowUs / 1000)
      if (now !== binding) {
        binding = now
        rebinds += 1
        options.rebind()
      }
      options.send(bytes)
      left?.()
    })

  const pull = (): void => {
    after(pullSeconds, pull)
    if (!isOff()) say(encodeForwarderDatagram('pullData', { version, token: nextToken(), gatewayEui }))
  }
  const report = (): void => {
    after(statusSeconds, report)
    if (isOff()) return
    const unixMs = epochMs + queue.nowUs / 1000
    const json = statusJson({ place, heightM, heard, forwarded: heard, sent, unixMs })
    say(encodeForwarderDatagram('pushData', { version, token: nextToken(), gatewayEui }, json))
  }

  air.onReception(index, (reception) => {
    heard += 1
    const { payload } = reception
    const own = nextToken()
    if (awaited.size >= pushesAwaitedMax) awaited.delete(awaited.keys().next().value!)
    awaited.set(own, payload)
    watch.copy(payload, 'heard')
    const bytes = encodeForwarderDatagram('pushData', { version, token: own, gatewayEui }, pushJson(reception, dialect))
    if (!say(bytes, () => watch.copy(payload, 'sent'))) watch.copy(payload, 'lost')
  })

  const startOf = ({ when }: AskedFrame): number =>
    typeof when === 'number'
      ? timeOfCounter(world.clockOf(index), when, queue.nowUs)
      : queue.nowUs + (when === 'now' ? transmitLeadUs : 0)

  const transmit = (frame: AskedFrame): TransmitRefusal | undefined => {
    const { hz, modulation, powerDbm: eirpDbm, isInverted, phyPayload: payload } = frame
    if (frame.when === 'gps') return 'gps-unlocked'
    const fromUs = startOf(frame)
    const spanUs = airtimeUs({ phyPayloadBytes: payload.length, modulation, hasCrc: false })
    const refusal = booked.book({ fromUs, untilUs: fromUs + spanUs }, queue.nowUs)
    if (refusal !== undefined) return refusal
    const born = life
    queue.at(fromUs, () => {
      const emission = { hz, modulation, eirpDbm, airtimeUs: spanUs, isInverted, payload }
      if (born === life && air.send({ ...emission, sender: { kind: 'gateway', index } })) sent += 1
    })
    return undefined
  }

  const obey = (frame: AskedFrame, ownToken: number): void => {
    if (isOff()) return
    asked += 1
    const refusal = transmit(frame)
    if (refusal !== undefined) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
    // Version 1 has no word for what became of it.
    if (version === 2)
      say(encodeForwarderDatagram('txAck', { version, token: ownToken, gatewayEui }, txAckJson(refusal)))
  }

  return {
    start() {
      pull()
      after(statusSeconds / 10, report)
    },
    receive(bytes) {
      const read = readServerDatagram(bytes)
      if (read === undefined) return
      isAnswered = true
      if (read.kind === 'pull-resp') carry(() => obey(read.asked, read.token))
      if (read.kind !== 'push-ack') return
      const payload = awaited.get(read.token)
      if (payload === undefined || !awaited.delete(read.token)) return
      taken += 1
      watch.copy(payload, 'taken')
    },
    restart(offUs) {
      restarts += 1
      life += 1
      booked.clear()
      world.restart(index, { fromUs: queue.nowUs, untilUs: queue.nowUs + offUs })
    },
    counts: () => ({ heard, taken, asked, sent, refusals, restarts, rebinds, isAnswered }),
  }
}
