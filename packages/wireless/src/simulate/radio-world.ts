/**
 * A world of radios: who sends is told, and each gateway receives what physics leaves of it; what it does not receive is counted by
 * reason.
 *
 * Time is the caller's, in microseconds. Whatever begins before a time has to be told before the world is advanced beyond it. The
 * same seed and the same frames give the same receptions, whatever the steps of time.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { lightMPerS } from '../coverage/free-space.ts'
import type { Modulation } from '../model/modulation.ts'
import { isSameModulation } from '../region/data-rate.ts'
import { counterAt, type ConcentratorClock } from './concentrator-clock.ts'
import { fadingDb, fadingHeadroomDb } from './fading.ts'
import { gatewayReceiver, type Arrival } from './gateway-receiver.ts'
import { criticalUs, destroyedBy, isSameChannel, rateOf } from './interference.ts'
import { linkTable, type Links } from './link-table.ts'
import {
  townRadio,
  type DeviceRadio,
  type Emission,
  type GatewayRadio,
  type LossReason,
  lossReasons,
  type RadioModel,
  type Reception,
} from './radio-model.ts'
import type { Place } from './place.ts'
import { bandwidthHzOf, decodeProbability, floorDbOf, milliwattsOf, noiseFigureDb, noiseFloorDbm } from './receiver.ts'
import { drawUnit } from './seeded-random.ts'

/** Frames on the air at once, in the whole world; more are refused. */
export const emissionsInFlightMax = 65_536

/** The longest frame there is: 255 bytes at SF12 and 125 kHz take 9.2 s. */
export const airtimeUsMax = 10_000_000

/** How long a downlink is remembered after its end, for devices that are asked later what they heard. */
const rememberUs = 2_000_000

/** Below this over its floor a signal is not even worth being counted among the disturbers of others. */
const disturbanceDb = -6

/** The strongest that anything sends. */
const eirpDbmMax = 30

/** What the slowest rate is heard at, in a channel of the usual width. */
const slowestFloorDb = -20
const usualBandwidthHz = 125_000

const decodePurpose = 0xdec0

export interface RadioWorldOptions {
  readonly seed: number
  readonly model?: RadioModel
  readonly gateways: readonly GatewayRadio[]
  readonly devices: readonly DeviceRadio[]
  /** the strongest that devices and strangers send; a lower one makes the world faster. 30 dBm when left out */
  readonly eirpDbmMax?: number
  /** told of each loss; for tests and traces, since it is called very often */
  readonly onLoss?: (loss: { readonly emission: number; readonly gateway: number; readonly reason: LossReason }) => void
}

/** What a device listens to. */
export interface ListeningWindow {
  /** a preamble has to be on the air in this time */
  readonly fromUs: number
  readonly untilUs: number
  readonly hz: number
  readonly modulation: Modulation
  /** beacons are not inverted; true when left out */
  readonly isInverted?: boolean
}

/** What a device heard. */
export interface HeardByDevice<Payload> {
  readonly emission: number
  readonly gateway: number
  readonly endUs: number
  readonly rssiDbm: number
  readonly snrDb: number
  readonly payload: Payload
}

export interface RadioWorld<Payload> {
  /** @returns its number, or why it does not leave the antenna: the gateway sends or is off, or the air is full */
  emit(emission: Emission<Payload>): number | 'busy' | 'off' | 'full'
  /** All that ended at or before this time and was received, by the time of its end. */
  advance(untilUs: number): readonly Reception<Payload>[]
  /** The strongest frame that a device decodes in a window. Asked once the window's frame would be over and before it is forgotten. */
  listen(device: number, window: ListeningWindow): HeardByDevice<Payload> | undefined
  moveDevice(device: number, place: Place): void
  /** A gateway is off for a while; its counter begins again at 0. */
  restart(gateway: number, outage: { readonly fromUs: number; readonly untilUs: number }): void
  clockOf(gateway: number): ConcentratorClock
  losses(gateway: number): Readonly<Record<LossReason, number>>
  receivedCount(gateway: number): number
}

interface Flight<Payload> {
  readonly id: number
  readonly emission: Emission<Payload>
  readonly criticalUs: number
  readonly endUs: number
  readonly arrivals: readonly Arrival[]
  isLocked: boolean
}

interface Downlink<Payload> {
  readonly id: number
  readonly gateway: number
  readonly emission: Emission<Payload>
  readonly criticalUs: number
  readonly endUs: number
}

export function radioWorld<Payload>(options: RadioWorldOptions): RadioWorld<Payload> {
  const { seed, model = townRadio, gateways, onLoss } = options
  const devices = [...options.devices]
  const bestFigureDb = gateways.reduce(
    (best, gateway) => Math.min(best, gateway.noiseFigureDb ?? noiseFigureDb),
    noiseFigureDb,
  )
  const weakestDbm = noiseFloorDbm(usualBandwidthHz, bestFigureDb) + slowestFloorDb + disturbanceDb
  const lossDbMax = Math.min(options.eirpDbmMax ?? eirpDbmMax, eirpDbmMax) - weakestDbm
  const headroomDb = fadingHeadroomDb(model.fading)
  const table = linkTable({ seed, model, gateways, lossDbMax })
  const receivers = gateways.map((gateway) => gatewayReceiver(gateway))
  const clocks = gateways.map(({ clock }): ConcentratorClock => clock ?? { driftPpm: 0, bootUs: 0 })
  const deviceLinks: (Links | undefined)[] = devices.map(() => undefined)
  const gatewayLinks: (Links | undefined)[] = gateways.map(() => undefined)
  const losses = new Float64Array(gateways.length * lossReasons.length)
  const received = new Float64Array(gateways.length)
  let flights: Flight<Payload>[] = []
  let downlinks: Downlink<Payload>[] = []
  let emitted = 0
  const reachedBy = new Float64Array(gateways.length)
  let [nextId, nowUs] = [1, Number.NEGATIVE_INFINITY]

  const lose = (emission: number, gateway: number, reason: LossReason): void => {
    const at = gateway * lossReasons.length + lossReasons.indexOf(reason)
    losses[at] = losses[at]! + 1
    onLoss?.({ emission, gateway, reason })
  }

  /** All frames that began before this time have been judged. */
  const settledUs = (): number => flights.reduce((oldest, { emission }) => Math.min(oldest, emission.startUs), nowUs)

  const linksOfDevice = (index: number): Links => {
    const device = devices[index]
    invariant(device !== undefined, 'a sender is one of the world’s devices')
    return (deviceLinks[index] ??= table.from(device.place, device.indoorLossDb))
  }

  const linksOf = ({ sender }: Emission<Payload>): Links => {
    if (sender.kind === 'device') return linksOfDevice(sender.index)
    if (sender.kind === 'gateway') return (gatewayLinks[sender.index] ??= table.fromGateway(sender.index))
    return table.from(sender.place)
  }

  /** How a frame reaches the gateways around it: a place in each one's receiver, or a loss that is certain already. */
  const arrive = (id: number, emission: Emission<Payload>): Arrival[] => {
    const { modulation, startUs, airtimeUs, eirpDbm, hz, preambleSymbols } = emission
    const links = linksOf(emission)
    const floorDb = floorDbOf(modulation)
    const bandwidthHz = bandwidthHzOf(modulation)
    const noiseDb = noiseFloorDbm(bandwidthHz, 0)
    const preambleUs = criticalUs(startUs, modulation, preambleSymbols) - startUs
    const rate = rateOf(modulation)
    const arrivals: Arrival[] = []
    emitted += 1
    // A gateway's own frame is no loss of its.
    if (emission.sender.kind === 'gateway') reachedBy[emission.sender.index] = reachedBy[emission.sender.index]! + 1
    for (let at = 0; at < links.gateways.length; at += 1) {
      const gateway = links.gateways[at]!
      reachedBy[gateway] = reachedBy[gateway]! + 1
      const receiver = receivers[gateway]!
      const direct = receiver.channelFor({ hz, modulation, isGhost: false })
      const meanDbm = eirpDbm + links.gainDb[at]!
      const hopelessDbm = noiseDb + receiver.noiseFigureDb + (floorDb ?? Number.POSITIVE_INFINITY) + disturbanceDb
      // Most gateways are too far for most frames, and no luck would help.
      if (direct === undefined || meanDbm + headroomDb < hopelessDbm) {
        lose(id, gateway, direct === undefined ? 'not-listening' : 'too-weak')
        continue
      }
      const signalDbm = meanDbm + fadingDb(model.fading, { seed, frame: id, receiver: gateway })
      const delayUs = (links.distanceM[at]! / lightMPerS) * 1e6
      const isGhostly = model.ghosts !== undefined && signalDbm > model.ghosts.aboveDbm
      for (const isGhost of isGhostly ? [false, true] : [false]) {
        const channel = isGhost ? receiver.channelFor({ hz, modulation, isGhost }) : direct
        if (channel === undefined) continue
        const powerDbm = isGhost ? signalDbm - (model.ghosts?.rejectionDb ?? 0) : signalDbm
        const snrDb = powerDbm - noiseDb - receiver.noiseFigureDb
        const overFloorDb = floorDb === undefined ? Number.NEGATIVE_INFINITY : snrDb - floorDb
        const isDecodable =
          floorDb !== undefined &&
          drawUnit(seed, id, gateway, decodePurpose + (isGhost ? 1 : 0)) < decodeProbability({ snrDb, floorDb })
        if (!isDecodable && !isGhost) lose(id, gateway, 'too-weak')
        if (!isDecodable && overFloorDb < disturbanceDb) continue
        const arrival: Arrival = {
          emission: id,
          gateway,
          channel,
          hz: receiver.hzOf(channel),
          bandwidthHz,
          rate,
          powerDbm,
          milliwatts: milliwattsOf(powerDbm),
          snrDb,
          startUs: startUs + delayUs,
          criticalUs: startUs + preambleUs + delayUs,
          endUs: startUs + airtimeUs + delayUs,
          isDecodable,
          isGhost,
          hasDemodulator: false,
        }
        receiver.arrive(arrival)
        arrivals.push(arrival)
      }
    }
    return arrivals
  }

  /** Demodulators go to frames in the order in which their preambles are found. */
  const lock = (untilUs: number): void => {
    const due = flights.filter((flight) => !flight.isLocked && flight.criticalUs <= untilUs)
    for (const flight of due.toSorted((a, b) => a.criticalUs - b.criticalUs || a.id - b.id)) {
      flight.isLocked = true
      for (const arrival of flight.arrivals) if (arrival.isDecodable) receivers[arrival.gateway]!.lock(arrival)
    }
  }

  const judge = ({ emission, id }: Flight<Payload>, arrival: Arrival): Reception<Payload> | undefined => {
    const { gateway, powerDbm, snrDb, endUs, channel, hz, isGhost } = arrival
    const reason = receivers[gateway]!.lossOf(arrival)
    if (reason !== undefined) {
      if (!isGhost) lose(id, gateway, reason)
      return undefined
    }
    received[gateway] = received[gateway]! + 1
    const noiseMw = milliwattsOf(powerDbm - snrDb)
    return {
      emission: id,
      gateway,
      endUs,
      counterUs: counterAt(clocks[gateway]!, endUs),
      hz,
      channel,
      modulation: emission.modulation,
      rssiDbm: 10 * Math.log10(arrival.milliwatts + noiseMw),
      snrDb,
      isGhost,
      payload: emission.payload,
    }
  }

  return {
    emit(emission) {
      const { sender, startUs, airtimeUs, isInverted = false } = emission
      invariant(startUs >= nowUs, 'a frame does not begin in the past')
      invariant(airtimeUs > 0 && airtimeUs <= airtimeUsMax, 'a frame is on the air for a time that a frame can be')
      if (flights.length + downlinks.length >= emissionsInFlightMax) return 'full'
      if (sender.kind === 'gateway') {
        const refusal = receivers[sender.index]!.transmit(
          { fromUs: startUs, untilUs: startUs + airtimeUs },
          settledUs(),
        )
        if (refusal !== undefined) return refusal
      }
      const id = nextId
      nextId += 1
      const endUs = startUs + airtimeUs
      const lockUs = criticalUs(startUs, emission.modulation, emission.preambleSymbols)
      if (sender.kind === 'gateway') downlinks.push({ id, gateway: sender.index, emission, criticalUs: lockUs, endUs })
      if (isInverted) return id
      const arrivals = arrive(id, emission)
      const lastUs = arrivals.reduce((last, arrival) => Math.max(last, arrival.endUs), endUs)
      flights.push({ id, emission, criticalUs: lockUs, endUs: lastUs, arrivals, isLocked: false })
      return id
    },

    advance(untilUs) {
      invariant(untilUs >= nowUs, 'time goes forward')
      nowUs = untilUs
      lock(untilUs)
      downlinks = downlinks.filter(({ endUs }) => endUs + rememberUs > untilUs)
      const ended = flights.filter(({ endUs }) => endUs <= untilUs)
      if (ended.length === 0) return []
      flights = flights.filter(({ endUs }) => endUs > untilUs)
      const receptions: Reception<Payload>[] = []
      for (const flight of ended.toSorted((a, b) => a.endUs - b.endUs || a.id - b.id))
        for (const arrival of flight.arrivals) {
          if (!arrival.isDecodable) continue
          const reception = judge(flight, arrival)
          if (reception !== undefined) receptions.push(reception)
        }
      const oldestUs = settledUs()
      const touched = new Set(ended.flatMap(({ arrivals }) => arrivals.map(({ gateway }) => gateway)))
      for (const gateway of touched) receivers[gateway]!.forget(oldestUs)
      return receptions
    },

    listen(device, window) {
      const { isInverted = true } = window
      const links = linksOfDevice(device)
      const { antennaGainDbi = 0, noiseFigureDb: figureDb = noiseFigureDb } = devices[device]!
      const bandwidthHz = bandwidthHzOf(window.modulation)
      const floorDb = floorDbOf(window.modulation)
      if (floorDb === undefined) return undefined
      const noiseDbm = noiseFloorDbm(bandwidthHz, figureDb)
      const here = downlinks.flatMap((downlink) => {
        const { emission, id, gateway, endUs } = downlink
        if ((emission.isInverted ?? false) !== isInverted) return []
        const at = links.gateways.indexOf(gateway)
        const width = bandwidthHzOf(emission.modulation)
        if (at === -1 || !isSameChannel({ hz: emission.hz, bandwidthHz: width }, { hz: window.hz, bandwidthHz }))
          return []
        const linkDb = links.gainDb[at]! - (gateways[gateway]!.antennaGainDbi ?? 0) + antennaGainDbi
        // A receiver's number that no gateway has: frames fade at each device on their own.
        const receiver = -1 - device
        const powerDbm = emission.eirpDbm + linkDb + fadingDb(model.fading, { seed, frame: id, receiver })
        const energy = {
          rate: rateOf(emission.modulation),
          milliwatts: milliwattsOf(powerDbm),
          startUs: emission.startUs,
          criticalUs: downlink.criticalUs,
          endUs,
        }
        return [{ downlink, powerDbm, energy }]
      })
      const energies = here.map(({ energy }) => energy)
      const decoded = here.filter(({ downlink: { id, emission, criticalUs: foundUs }, powerDbm, energy }) => {
        const snrDb = powerDbm - noiseDbm
        return (
          isSameModulation(emission.modulation, window.modulation) &&
          foundUs >= window.fromUs &&
          emission.startUs <= window.untilUs &&
          drawUnit(seed, id, -1 - device, decodePurpose) < decodeProbability({ snrDb, floorDb }) &&
          destroyedBy(energy, energies) === undefined
        )
      })
      const best = decoded.toSorted((a, b) => b.powerDbm - a.powerDbm)[0]
      if (best === undefined) return undefined
      const { downlink, powerDbm } = best
      return {
        emission: downlink.id,
        gateway: downlink.gateway,
        endUs: downlink.endUs,
        rssiDbm: 10 * Math.log10(milliwattsOf(powerDbm) + milliwattsOf(noiseDbm)),
        snrDb: powerDbm - noiseDbm,
        payload: downlink.emission.payload,
      }
    },

    moveDevice(device, place) {
      const before = devices[device]
      invariant(before !== undefined, 'a device that moves is one of the world’s')
      devices[device] = { ...before, place }
      deviceLinks[device] = undefined
    },

    restart(gateway, { fromUs, untilUs }) {
      receivers[gateway]!.switchOff({ fromUs, untilUs })
      clocks[gateway] = { driftPpm: clocks[gateway]!.driftPpm, bootUs: untilUs }
    },

    clockOf: (gateway) => clocks[gateway]!,

    losses(gateway) {
      const row = lossReasons.map((reason, index) => [reason, losses[gateway * lossReasons.length + index]!] as const)
      const counts = Object.fromEntries(row) as Record<LossReason, number>
      return { ...counts, 'out-of-reach': emitted - reachedBy[gateway]! }
    },

    receivedCount: (gateway) => received[gateway]!,
  }
}
