/**
 * One gateway's receiver: what is on the air at its antenna, which demodulators are busy, and when it cannot hear at all.
 *
 * @module
 */

import { isSameModulation } from '../region/data-rate.ts'
import type { Modulation } from '../model/modulation.ts'
import { destroyedBy, isSameChannel, type FrameEnergy } from './interference.ts'
import type { GatewayRadio, LossReason } from './radio-model.ts'
import { bandwidthHzOf, noiseFigureDb } from './receiver.ts'

/** Frames of its own that a gateway can have ahead of it, or behind it while others that met them are still on the air. */
export const transmissionsMax = 256

/** Times that a gateway was or will be off; the oldest is forgotten first. */
export const outagesMax = 64

const demodulatorsUsual = 8

/** A frame at one gateway's antenna. */
export interface Arrival extends FrameEnergy {
  readonly emission: number
  readonly gateway: number
  readonly channel: number
  readonly hz: number
  readonly bandwidthHz: number
  readonly powerDbm: number
  readonly snrDb: number
  /** whether it would be decoded if it were alone */
  readonly isDecodable: boolean
  readonly isGhost: boolean
  hasDemodulator: boolean
}

export interface Span {
  readonly fromUs: number
  readonly untilUs: number
}

export interface GatewayReceiver {
  readonly noiseFigureDb: number
  /** The channel that hears a frame, or its image; undefined when none listens there. */
  channelFor(frame: {
    readonly hz: number
    readonly modulation: Modulation
    readonly isGhost: boolean
  }): number | undefined
  hzOf(channel: number): number
  arrive(arrival: Arrival): void
  /** Gives the arrival a demodulator if one is free. Called in the order of preambles. */
  lock(arrival: Arrival): void
  /** Why a decodable arrival is not received; undefined when it is. */
  lossOf(arrival: Arrival): Exclude<LossReason, 'out-of-reach' | 'too-weak' | 'not-listening'> | undefined
  /**
   * @param settledUs all that began before this time has been judged
   * @returns why it cannot send; undefined when it does
   */
  transmit(span: Span, settledUs: number): 'busy' | 'off' | undefined
  switchOff(span: Span): void
  /** What ended before this time disturbs nothing that is still to be judged. */
  forget(beforeUs: number): void
}

export function gatewayReceiver(radio: GatewayRadio): GatewayReceiver {
  const { channels, demodulators = demodulatorsUsual } = radio
  const busyUntilUs = new Float64Array(demodulators).fill(Number.NEGATIVE_INFINITY)
  // A channel for one modulation alone has a demodulator of its own.
  const ownBusyUntilUs = new Float64Array(channels.length).fill(Number.NEGATIVE_INFINITY)
  let arrivals: Arrival[] = []
  let transmissions: Span[] = []
  let outages: Span[] = []

  const direct = (hz: number, modulation: Modulation): number =>
    channels.findIndex(
      (channel) =>
        channel.hz === hz &&
        channel.bandwidthHz === bandwidthHzOf(modulation) &&
        (channel.only === undefined ? modulation.kind === 'lora' : isSameModulation(channel.only, modulation)),
    )

  const isWithin = (spans: readonly Span[], { criticalUs, endUs }: FrameEnergy): boolean =>
    spans.some(({ fromUs, untilUs }) => fromUs < endUs && untilUs > criticalUs)

  return {
    noiseFigureDb: radio.noiseFigureDb ?? noiseFigureDb,

    channelFor({ hz, modulation, isGhost }) {
      const channel = direct(hz, modulation)
      if (channel === -1) return undefined
      if (!isGhost) return channel
      const mirrored = channels[channels.length - 1 - channel]
      if (mirrored === undefined || mirrored.hz === hz) return undefined
      const ghost = direct(mirrored.hz, modulation)
      return ghost === -1 ? undefined : ghost
    },

    hzOf: (channel) => channels[channel]!.hz,

    arrive: (arrival) => void arrivals.push(arrival),

    lock(arrival) {
      if (isWithin(outages, { ...arrival, endUs: arrival.criticalUs })) return
      const isOwn = channels[arrival.channel]?.only !== undefined
      const pool = isOwn ? ownBusyUntilUs.subarray(arrival.channel, arrival.channel + 1) : busyUntilUs
      const free = pool.findIndex((untilUs) => untilUs <= arrival.criticalUs)
      if (free === -1) return
      pool[free] = arrival.endUs
      arrival.hasDemodulator = true
    },

    lossOf(arrival) {
      if (isWithin(outages, arrival)) return 'off'
      if (isWithin(transmissions, arrival)) return 'transmitting'
      if (!arrival.hasDemodulator) return 'no-demodulator'
      return destroyedBy(
        arrival,
        arrivals.filter((other) => other.emission !== arrival.emission && isSameChannel(other, arrival)),
      )
    },

    transmit(span, settledUs) {
      const overlaps = ({ fromUs, untilUs }: Span): boolean => fromUs < span.untilUs && untilUs > span.fromUs
      transmissions = transmissions.filter(({ untilUs }) => untilUs > settledUs)
      if (outages.some(overlaps)) return 'off'
      if (transmissions.some(overlaps) || transmissions.length >= transmissionsMax) return 'busy'
      transmissions.push(span)
      return undefined
    },

    switchOff(span) {
      outages = [...outages, span].slice(-outagesMax)
    },

    forget(beforeUs) {
      arrivals = arrivals.filter(({ endUs }) => endUs > beforeUs)
    },
  }
}
