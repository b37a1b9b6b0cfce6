/**
 * A device in made time: it joins, sends now and then, repeats, rests as its band asks, and listens in its windows.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import { airtimeUs } from '../region/airtime.ts'
import { afterTransmission, freeAtMs, type DutyState } from '../region/duty-cycle.ts'
import type { Region } from '../region/region.ts'
import { floorDbOf } from './receiver.ts'
import { randomStream } from './seeded-random.ts'
import type { SimulatedAir } from './simulated-air.ts'
import type { ReceivedDownlink, ReceiveWindow, SentFrame, SimulatedDevice } from './simulated-device.ts'

export interface DeviceAgentOptions {
  readonly air: SimulatedAir
  readonly device: SimulatedDevice
  /** of the world */
  readonly index: number
  readonly region: Region
  readonly seed: number
  /** from one message to the next, on average; a fifth more or less */
  readonly intervalSeconds: number
  readonly fPort?: number
  readonly payloadOf?: (count: number) => Uint8Array
  readonly isConfirmed?: boolean
  readonly onDownlink?: (downlink: ReceivedDownlink) => void
  /**
   * From a battery change to the first join, at least; 0 when left out. The answer to a join of 1.0.x does not name the join: whoever
   * joins anew while an answer is under way can take it for the new one's, and nobody then reads what it sends.
   */
  readonly bootSeconds?: number
  /** A frame left the antenna. @param message the last message's number; it may be sent several times */
  readonly onSent?: (sent: SentFrame, message: number) => void
}

export interface DeviceAgent {
  readonly device: SimulatedDevice
  /** Switches it on. */
  start(): void
  /** The battery is changed: it begins to join anew. */
  powerCycle(): void
  /** Never again. */
  stop(): void
  counts(): AgentCounts
}

export interface AgentCounts {
  readonly joins: number
  readonly messages: number
  /** messages that were not even made, since the one before still waited for the band */
  readonly skipped: number
  readonly frames: number
  readonly downlinks: number
}

/** A receiver is open so long before and after the time that it was told. */
const windowErrorUs = 10_000
/** Between two tries to join, doubled each time. */
const joinSeconds = 15
const joinSecondsMax = 3600
/** From the end of the second window to a repetition. LoRaWAN 1.0.4 section 5.2: 1 to 3 seconds. */
const repeatSeconds = [1, 3] as const
const spread = 0.2

export function deviceAgent(options: DeviceAgentOptions): DeviceAgent {
  const { air, device, index, region, intervalSeconds, fPort = 1, isConfirmed = false, onDownlink, onSent } = options
  const { queue, world } = air
  const { payloadOf = (count) => Uint8Array.of(count >> 8, count & 255) } = options
  const random = randomStream(options.seed)
  let duty: DutyState = new Map()
  let [joins, messages, skipped, frames, downlinks, joinTry] = [0, 0, 0, 0, 0, 0]
  let isWaiting = false
  /** what was begun before a power cycle is not gone on with */
  let life = 0
  let busyUntilUs = 0

  const after = (seconds: number, run: () => void): void => {
    const born = life
    queue.at(queue.nowUs + seconds * 1e6, () => {
      if (born === life) run()
    })
  }
  const around = (seconds: number): number => seconds * (1 - spread + 2 * spread * random.unit())

  /** When the band allows a frame there: what the law asks, and what DutyCycleReq asked. */
  const restUs = (hz: number): number => {
    const freeMs = freeAtMs(region, duty, hz) ?? 0
    return Math.max(freeMs * 1000, busyUntilUs) - queue.nowUs
  }

  const transmit = (sent: SentFrame, over: (heard: boolean) => void): void => {
    const waitUs = restUs(sent.frequencyHz)
    isWaiting = waitUs > 0
    if (isWaiting) return after(waitUs / 1e6, () => transmit(sent, over))
    const { phyPayload, modulation, frequencyHz: hz, eirpDbm } = sent
    const spanUs = airtimeUs({ phyPayloadBytes: phyPayload.length, modulation, hasCrc: true })
    const startMs = queue.nowUs / 1000
    duty = afterTransmission(region, duty, { hz, startMs, airtimeMs: spanUs / 1000 })
    busyUntilUs = queue.nowUs + spanUs / device.radio.dutyShare
    air.send({ sender: { kind: 'device', index }, airtimeUs: spanUs, hz, modulation, eirpDbm, payload: phyPayload })
    frames += 1
    onSent?.(sent, messages)
    after(spanUs / 1e6, () => listen(device.windows(sent), queue.nowUs, over))
  }

  const receive = (payload: Uint8Array, snrDb: number, modulation: Modulation): ReceivedDownlink => {
    const received = device.receive(payload, { marginDb: snrDb - (floorDbOf(modulation) ?? 0) })
    if (received.kind !== 'ignored') downlinks += 1
    onDownlink?.(received)
    return received
  }

  /** One window after the other, until one brought a frame that was for the device. */
  const listen = (windows: readonly ReceiveWindow[], endUs: number, over: (heard: boolean) => void): void => {
    const [window, ...others] = windows
    if (window === undefined) return over(false)
    const { hz, modulation, afterSeconds } = window
    const atUs = endUs + afterSeconds * 1e6
    const span = { fromUs: atUs - windowErrorUs, untilUs: atUs + windowErrorUs, hz, modulation }
    after((span.untilUs - queue.nowUs) / 1e6, () => {
      const found = world.listen(index, span)
      if (found === undefined) return listen(others, endUs, over)
      // Whether it is decoded is known when it is over: others may still disturb it.
      after((found.endUs - queue.nowUs) / 1e6, () => {
        const heard = world.listen(index, span)
        const isOurs = heard !== undefined && receive(heard.payload, heard.snrDb, modulation).kind !== 'ignored'
        if (isOurs) over(true)
        else listen(others, endUs, over)
      })
    })
  }

  const join = (): void => {
    joins += 1
    transmit(device.join(), () => {
      if (device.isJoined) {
        joinTry = 0
        return after(around(Math.min(intervalSeconds, joinSeconds)), say)
      }
      const seconds = Math.min(joinSeconds * 2 ** joinTry, joinSecondsMax)
      joinTry += 1
      after(around(seconds), join)
    })
  }

  const say = (): void => {
    after(around(intervalSeconds), say)
    if (isWaiting) {
      skipped += 1
      return
    }
    messages += 1
    repeated(device.send({ fPort, payload: payloadOf(messages), isConfirmed }), 1)
  }

  const repeated = (sent: SentFrame, count: number): void => {
    const { fCntUp } = device
    transmit(sent, (heard) => {
      if (heard || count >= device.nbTrans) return
      const [least, most] = repeatSeconds
      after(least + (most - least) * random.unit(), () => {
        // What is older than a newer message is not repeated.
        const again = device.fCntUp === fCntUp ? device.repeat() : undefined
        if (again !== undefined) repeated(again, count + 1)
      })
    })
  }

  if (device.deviceClass === 'C')
    air.onDownlink(({ startUs, hz }) => {
      const { hz: ownHz, dataRate } = device.rx2()
      const modulation = region.downlinkDataRates[dataRate]?.modulation
      if (!device.isJoined || hz !== ownHz || modulation === undefined) return
      const heard = world.listen(index, { fromUs: startUs, untilUs: startUs, hz, modulation })
      if (heard !== undefined) receive(heard.payload, heard.snrDb, modulation)
    })

  return {
    device,
    start: () => after(around(joinSeconds) * random.unit(), join),
    powerCycle() {
      life += 1
      device.powerCycle()
      joinTry = 0
      isWaiting = false
      after((options.bootSeconds ?? 0) + random.unit(), join)
    },
    stop: () => void (life += 1),
    counts: () => ({ joins, messages, skipped, frames, downlinks }),
  }
}
