/**
 * What every simulated gateway that speaks a real protocol tells the one who keeps count, whatever the protocol.
 *
 * @module
 */

import type { TransmitRefusal } from '../model/radio.ts'

/**
 * What became of a copy of an uplink: its concentrator received it, the backhaul lost it, it was handed to the network, and the
 * server said that it has it. A station's line says nothing of that; what it wrote into an open line counts as taken.
 */
export type CopyFate = 'heard' | 'lost' | 'sent' | 'taken'

export interface GatewayWatch {
  copy(phyPayload: Uint8Array, fate: CopyFate): void
}

export interface GatewayCounts {
  readonly heard: number
  readonly taken: number
  /** downlinks that were asked for, and that left the antenna */
  readonly asked: number
  readonly sent: number
  readonly refusals: ReadonlyMap<TransmitRefusal, number>
  readonly restarts: number
  /** times that its server saw it at another address, or on another line */
  readonly rebinds: number
  /** whether a server has answered it */
  readonly isAnswered: boolean
}

/** A gateway that speaks a real protocol in simulated time. */
export interface LiveGateway {
  start(): void
  /** Switched off for a while; its counter begins again, and what waited to be sent is lost. */
  restart(offUs: number): void
  counts(): GatewayCounts
}
