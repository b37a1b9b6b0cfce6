/**
 * A Basics Station in simulated time: it asks where its server is, says who it is, tells what it hears, and sends in the first window
 * that it still can, the second otherwise.
 *
 * Its line is TCP: nothing is lost or overtaken on it while it stands, what the backhaul loses comes late. The line itself is the
 * caller's to open.
 *
 * @module
 */

import type { Eui, TransmitRefusal } from '../model/radio.ts'
import { airtimeUs } from '../region/airtime.ts'
import { subBandAt } from '../region/duty-cycle.ts'
import type { Region } from '../region/region.ts'
import { rx2AfterRx1Seconds } from '../region/receive-windows.ts'
import { deliveriesMs, type BackhaulModel } from './backhaul.ts'
import type { GatewayWatch, LiveGateway } from './gateway-wire.ts'
import type { SimulatedAir } from './simulated-air.ts'
import {
  discoveryText,
  heardText,
  readServerMessage,
  sentText,
  versionText,
  type AskedMessage,
} from './station-wire.ts'
import { transmitLeadUs, transmitQueue } from './transmit-queue.ts'

/** Seconds until a station tries again that has no line. */
const retrySeconds = 5
/** What the network loses TCP sends again after so long. */
const resendMs = 250
/** Messages that wait for a line, inclusive; the oldest is lost. A station keeps a short time of them. */
export const stationBacklogMax = 64

/** A WebSocket as the station sees it. What is said before it is open waits in it. */
export interface StationLine {
  send(text: string): void
  close(): void
}

export interface StationAgentOptions {
  readonly air: SimulatedAir
  /** of the world */
  readonly index: number
  readonly gatewayEui: Eui
  readonly seed: number
  readonly region: Region
  readonly backhaul: BackhaulModel
  /** of the server, as ws://127.0.0.1:3001 */
  readonly serverUri: string
  readonly watch: GatewayWatch
  /** @param closed called once, however it ends */
  readonly open: (
    uri: string,
    line: { readonly text: (text: string) => void; readonly closed: () => void },
  ) => StationLine
}

export function stationAgent(options: StationAgentOptions): LiveGateway {
  const { air, index, gatewayEui, seed, region, backhaul, serverUri, watch } = options
  const { queue, world } = air
  const refusals = new Map<TransmitRefusal, number>()
  const booked = transmitQueue()
  let line: StationLine | undefined
  let isConfigured = false
  let [message, life, upArrivesUs, downArrivesUs] = [0, 0, 0, 0]
  let [heard, taken, asked, sent, restarts, rebinds] = [0, 0, 0, 0, 0, 0]
  let isAnswered = false
  let backlog: { readonly text: string; readonly payload: Uint8Array }[] = []

  const after = (seconds: number, run: () => void): void => {
    const born = life
    queue.at(queue.nowUs + seconds * 1e6, () => {
      if (born === life) run()
    })
  }
  const delayMs = (): number => {
    message += 1
    const [first] = deliveriesMs(backhaul, { seed, gateway: index, datagram: message })
    return first ?? backhaul.medianMs + resendMs
  }
  /** In the order in which it was said. */
  const carryUp = (run: () => void): void => {
    upArrivesUs = Math.max(upArrivesUs, queue.nowUs + delayMs() * 1000)
    after((upArrivesUs - queue.nowUs) / 1e6, run)
  }
  const carryDown = (run: () => void): void => {
    downArrivesUs = Math.max(downArrivesUs, queue.nowUs + delayMs() * 1000)
    after((downArrivesUs - queue.nowUs) / 1e6, run)
  }

  /** Microseconds of its concentrator in 48 bits, below the number of its life. */
  const xtimeAt = (worldUs: number): bigint => {
    const { driftPpm, bootUs } = world.clockOf(index)
    return (
      (BigInt((restarts % 127) + 1) << 48n) | BigInt(Math.max(0, Math.floor((worldUs - bootUs) * (1 + driftPpm / 1e6))))
    )
  }
  const timeOf = (xtime: bigint): number | undefined => {
    if (xtime >> 48n !== BigInt((restarts % 127) + 1)) return undefined
    const { driftPpm, bootUs } = world.clockOf(index)
    return bootUs + Number(BigInt.asUintN(48, xtime)) / (1 + driftPpm / 1e6)
  }

  const goOn = (): void => {
    const waiting = backlog
    backlog = []
    for (const one of waiting) tell(one)
  }

  const connect = (uri: string): void => {
    const born = life
    const opened = options.open(uri, {
      text: (text) => {
        if (born === life) take(text)
      },
      closed: () => {
        if (born !== life || line !== opened) return
        line = undefined
        isConfigured = false
        after(retrySeconds, discover)
      },
    })
    line = opened
    opened.send(versionText)
  }

  const discover = (): void => {
    const born = life
    let isTold = false
    const asking = options.open(`${serverUri}/router-info`, {
      text: (text) => {
        const read = readServerMessage(text)
        if (born !== life || isTold || read?.kind !== 'where') return
        isTold = true
        asking.close()
        connect(read.uri)
      },
      closed: () => {
        if (born === life && !isTold) after(retrySeconds, discover)
      },
    })
    asking.send(discoveryText(gatewayEui))
  }

  const take = (text: string): void => {
    const read = readServerMessage(text)
    if (read?.kind === 'config') {
      isConfigured = true
      isAnswered = true
      goOn()
    }
    if (read?.kind === 'send') carryDown(() => obey(read.asked))
  }

  const tell = (one: { readonly text: string; readonly payload: Uint8Array }): void => {
    carryUp(() => {
      if (line === undefined || !isConfigured) {
        backlog.push(one)
        if (backlog.length > stationBacklogMax) watch.copy(backlog.shift()!.payload, 'lost')
        return
      }
      line.send(one.text)
      taken += 1
      watch.copy(one.payload, 'sent')
      watch.copy(one.payload, 'taken')
    })
  }

  air.onReception(index, (reception) => {
    const text = heardText(reception, { region, xtime: xtimeAt(reception.endUs) })
    if (text === undefined) return
    heard += 1
    const { payload } = reception
    watch.copy(payload, 'heard')
    tell({ text, payload })
  })

  /** The windows that a message asks for, with when each begins. */
  const windowsOf = ({ deviceClass, xtime, rxDelaySeconds, rx1, rx2 }: AskedMessage) => {
    const endUs = xtime === undefined ? undefined : timeOf(xtime)
    const answers =
      endUs === undefined
        ? []
        : [
            { ...rx1, fromUs: endUs + rxDelaySeconds * 1e6 },
            ...(deviceClass === 2 ? [] : [{ ...rx2, fromUs: endUs + (rxDelaySeconds + rx2AfterRx1Seconds) * 1e6 }]),
          ]
    return deviceClass === 2 ? [...answers, { ...rx2, fromUs: queue.nowUs + transmitLeadUs }] : answers
  }

  const obey = (frame: AskedMessage): void => {
    asked += 1
    // It has no GPS, so no class B; what it cannot send it is silent about, but counts.
    let refusal: TransmitRefusal = frame.deviceClass === 1 ? 'gps-unlocked' : 'no-context'
    for (const { dataRate, hz, fromUs } of frame.deviceClass === 1 ? [] : windowsOf(frame)) {
      const modulation = dataRate === undefined ? undefined : region.downlinkDataRates[dataRate]?.modulation
      if (modulation === undefined || hz === undefined || dataRate === undefined) continue
      const spanUs = airtimeUs({ phyPayloadBytes: frame.phyPayload.length, modulation, hasCrc: false })
      const refused = booked.book({ fromUs, untilUs: fromUs + spanUs }, queue.nowUs)
      if (refused !== undefined) {
        refusal = refused
        continue
      }
      const eirpDbm = subBandAt(region, hz)?.gatewayEirpDbmMax ?? region.deviceEirpDbmMax
      after((fromUs - queue.nowUs) / 1e6, () => {
        const emission = { hz, modulation, eirpDbm, airtimeUs: spanUs, isInverted: true, payload: frame.phyPayload }
        if (!air.send({ ...emission, sender: { kind: 'gateway', index } })) return
        sent += 1
        const text = sentText({ id: frame.id, dataRate, hz, xtime: xtimeAt(queue.nowUs) })
        carryUp(() => line?.send(text))
      })
      return
    }
    refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
  }

  return {
    start: discover,
    restart(offUs) {
      restarts += 1
      rebinds += 1
      life += 1
      booked.clear()
      for (const { payload } of backlog) watch.copy(payload, 'lost')
      backlog = []
      const before = line
      line = undefined
      isConfigured = false
      before?.close()
      world.restart(index, { fromUs: queue.nowUs, untilUs: queue.nowUs + offUs })
      after(offUs / 1e6, discover)
    },
    counts: () => ({ heard, taken, asked, sent, refusals, restarts, rebinds, isAnswered }),
  }
}
