/**
 * What the wireless network needs from the world, as interfaces: a radio, a broker, places for devices and sessions, time.
 *
 * Types only. Adapters stand in adapters/, the in-memory ones beside the tests that use them.
 *
 * @module
 */

import type { Application, Device, DeviceProfile, RootKeys } from './model/device.ts'
import type { DeviceMessage, QueueItem } from './model/message.ts'
import type { MulticastGroup } from './model/multicast-group.ts'
import type { Eui, GatewayStatus, RadioDownlink, RadioUplink, TransmitOutcome } from './model/radio.ts'
import type { DeviceSession } from './model/session.ts'

export interface Waiting {
  readonly signal: AbortSignal
}

/** Gateways within reach: own ones over UDP or WebSocket, strangers' ones over the carry stream. */
export interface Radio {
  /** Never throws and never waits: what becomes of it comes through the listener's `outcome`. */
  send(downlink: RadioDownlink): void
  /** Whether the gateway can be asked to send now. */
  isReachable(gatewayEui: Eui): boolean
}

/** Who hears a radio. Called synchronously, once per frame; must not throw and must not block. */
export interface RadioListener {
  heard(uplink: RadioUplink): void
  outcome(outcome: TransmitOutcome): void
  status(status: GatewayStatus): void
}

/** Where events of devices go: MQTT, webhooks, streams. */
export interface Broker {
  /** Never throws and never waits; what cannot be taken is counted. */
  publish(message: DeviceMessage): void
}

export interface Clock {
  /** Unix milliseconds */
  nowMs(): number
  /** milliseconds of a clock that never goes back */
  elapsedMs(): number
}

/** Timers, so that a simulation owns them. */
export interface Timers {
  /** Calls `run` once, `delayMs` from now. @returns cancels it */
  after(delayMs: number, run: () => void): () => void
}

/** Unpredictable bytes. */
export interface Random {
  bytes(sizeBytes: number): Uint8Array
}

/** What customers provision. Reads are synchronous and from memory; writes resolve after the flush. */
export interface Devices {
  device(devEui: Eui): Device | undefined
  /** unwrapped for this one use */
  rootKeys(devEui: Eui): RootKeys | undefined
  profile(id: string): DeviceProfile | undefined
  application(id: string): Application | undefined
}

/** Sessions of all devices. Reads are synchronous and from memory. */
export interface Sessions {
  /** every session with this address, the last heard first; addresses are not unique */
  sessionsFor(devAddr: number): readonly DeviceSession[]
  sessionOf(devEui: Eui): DeviceSession | undefined
  /** Takes effect in memory at once. Resolves once it is on disk: only then may anything that follows from it leave. */
  put(session: DeviceSession): Promise<void>
  /** A session that was just agreed on: it stands beside the old one, until `put` is called with what was heard on it. */
  putPending(session: DeviceSession): Promise<void>
  remove(devEui: Eui): Promise<void>
  /** @returns false when the nonce was used or, with `mustRise`, is not above all used; else it is used from now on, on disk once resolved */
  spendDevNonce(spent: {
    readonly devEui: Eui
    readonly devNonce: number
    readonly mustRise: boolean
  }): Promise<boolean>
  /** The repair of a device that has forgotten which nonces it used: all of them may be used again. */
  forgetDevNonces(devEui: Eui): Promise<void>
  /** The next JoinNonce of a device, 24 bits, rising; on disk once resolved. */
  nextJoinNonce(devEui: Eui): Promise<number>
}

/** Multicast groups. Reads are synchronous and from memory. */
export interface MulticastGroups {
  group(id: string): MulticastGroup | undefined
  groups(): readonly MulticastGroup[]
  /**
   * Takes effect in memory at once; resolves once it is on disk: only then may a frame with a counter that this spent leave.
   *
   * @returns false when there are too many, it has too many members, or its counter would go back under a key that stays
   */
  put(group: MulticastGroup): Promise<boolean>
  remove(id: string): Promise<void>
}

/** Payloads that wait for their devices. */
export interface DownlinkQueue {
  /** the first that may still be sent */
  next(devEui: Eui, nowMs: number): QueueItem | undefined
  count(devEui: Eui): number
  /** all that wait, the next first, also those whose time is over: whoever takes them out tells of it */
  items(devEui: Eui): readonly QueueItem[]
  /** whose payloads wait: EUIs of devices, and names of groups */
  names(): readonly string[]
  /** @returns false when the device's queue is full; else it is on disk once resolved */
  add(item: QueueItem): Promise<boolean>
  remove(devEui: Eui, id: string): Promise<void>
  clear(devEui: Eui): Promise<void>
}
