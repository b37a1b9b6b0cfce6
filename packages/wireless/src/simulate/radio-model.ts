/**
 * What a simulated world is made of: its laws, and the radios in it.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import type { ConcentratorClock } from './concentrator-clock.ts'
import type { FadingModel } from './fading.ts'
import { town, type PathLossModel } from './path-loss.ts'
import type { Place } from './place.ts'
import { townShadowing, type ShadowingModel } from './shadowing.ts'

/**
 * A strong neighbour is heard a second time, on the mirrored channel, far weaker.
 *
 * Levels are estimates from forwarders' logs; nothing but the order of size should be read into them.
 */
export interface GhostModel {
  /** signals above this have an image */
  readonly aboveDbm: number
  readonly rejectionDb: number
}

export interface RadioModel {
  readonly pathLoss: PathLossModel
  readonly shadowing: ShadowingModel
  readonly fading: FadingModel
  /** absent: there are none */
  readonly ghosts?: GhostModel
  /** the frequency that path loss is computed at; bands are narrow enough for one */
  readonly hz: number
  /** what a hill between two places takes, beyond the rest */
  readonly terrainLossDb?: (from: Place, to: Place) => number
}

/** A town in a band around 868 MHz. */
export const townRadio: RadioModel = {
  pathLoss: town,
  shadowing: townShadowing,
  fading: { kind: 'nakagami', shape: 4 },
  ghosts: { aboveDbm: -45, rejectionDb: 50 },
  hz: 868_000_000,
}

/** A channel that a concentrator listens on: any spreading factor of a bandwidth, or one modulation alone. */
export interface ListeningChannel {
  readonly hz: number
  readonly bandwidthHz: number
  /** absent: every LoRa rate of the bandwidth */
  readonly only?: Modulation
}

export interface GatewayRadio {
  readonly place: Place
  readonly antennaGainDbi?: number
  /** 6 when left out */
  readonly noiseFigureDb?: number
  readonly channels: readonly ListeningChannel[]
  /** 8 when left out, as concentrators have */
  readonly demodulators?: number
  readonly clock?: ConcentratorClock
}

export interface DeviceRadio {
  readonly place: Place
  readonly antennaGainDbi?: number
  readonly noiseFigureDb?: number
  /** what the walls around it take, both ways */
  readonly indoorLossDb?: number
}

/** Who sends: a device or a gateway of the world by its index, or a stranger at a place. */
export type Sender =
  | { readonly kind: 'device'; readonly index: number }
  | { readonly kind: 'gateway'; readonly index: number }
  | { readonly kind: 'stranger'; readonly place: Place }

/** A frame on the air. */
export interface Emission<Payload> {
  readonly sender: Sender
  readonly startUs: number
  readonly airtimeUs: number
  readonly hz: number
  readonly modulation: Modulation
  /** with the sender's antenna */
  readonly eirpDbm: number
  /** as downlinks are: devices hear it and gateways do not */
  readonly isInverted?: boolean
  readonly preambleSymbols?: number
  readonly payload: Payload
}

/** A frame as a gateway received it. */
export interface Reception<Payload> {
  readonly emission: number
  readonly gateway: number
  /** when its end reached the antenna */
  readonly endUs: number
  /** the concentrator's counter then; 32 bits */
  readonly counterUs: number
  readonly hz: number
  readonly channel: number
  readonly modulation: Modulation
  /** of signal and noise together, as concentrators say it */
  readonly rssiDbm: number
  readonly snrDb: number
  readonly isGhost: boolean
  readonly payload: Payload
}

/** Why a gateway did not receive a frame. */
export const lossReasons = [
  /** it is too far for any fading to help */
  'out-of-reach',
  'too-weak',
  /** no channel of its listens there */
  'not-listening',
  /** it was switched off */
  'off',
  /** it was sending itself */
  'transmitting',
  /** all demodulators were busy */
  'no-demodulator',
  /** another frame of the same spreading factor */
  'same-rate',
  /** frames of another spreading factor */
  'other-rate',
] as const

export type LossReason = (typeof lossReasons)[number]
