/**
 * What an application is told and what it asks for: events of devices, and payloads to be sent to them.
 *
 * @module
 */

import type { Eui, RadioUplink } from './radio.ts'

/** One gateway's copy of an uplink, as the application sees it. */
export type CopyView = Pick<RadioUplink, 'gatewayEui' | 'rssiDbm' | 'snrDb' | 'channel' | 'heardAtMs' | 'gpsTimeMs'> & {
  readonly latitude?: number
  readonly longitude?: number
  readonly context: Uint8Array
}

export interface UplinkMessage {
  readonly kind: 'up'
  /** one for each accepted uplink, whatever the number of copies */
  readonly deduplicationId: string
  readonly atMs: number
  readonly devEui: Eui
  readonly devAddr: number
  readonly fCnt: number
  /** absent when the frame carried no port */
  readonly fPort?: number
  readonly payload: Uint8Array
  readonly isConfirmed: boolean
  readonly isAdr: boolean
  readonly isAck: boolean
  readonly dataRate: number
  readonly frequencyHz: number
  readonly modulation: RadioUplink['modulation']
  readonly copies: readonly CopyView[]
}

export interface JoinMessage {
  readonly kind: 'join'
  readonly deduplicationId: string
  readonly atMs: number
  readonly devEui: Eui
  readonly joinEui: Eui
  readonly devAddr: number
  readonly copies: readonly CopyView[]
}

export interface AckMessage {
  readonly kind: 'ack'
  readonly atMs: number
  readonly devEui: Eui
  readonly queueItemId: string
  readonly fCntDown: number
  readonly isAcknowledged: boolean
}

/** A downlink's way: queued, planned, tried, sent or refused, each with its time. */
export interface DownlinkEvent {
  readonly kind: 'txack'
  readonly atMs: number
  readonly devEui: Eui
  readonly queueItemId?: string
  readonly gatewayEui?: Eui
  readonly fCntDown?: number
  readonly isSent: boolean
  /** every step with its reason and Unix milliseconds, in order */
  readonly timeline: readonly { readonly atMs: number; readonly step: string; readonly reason?: string }[]
}

export interface StatusMessage {
  readonly kind: 'status'
  readonly atMs: number
  readonly devEui: Eui
  /** -1 to 254 as DevStatusAns has it: 0 external power, 1..254 level, 255 unknown is left out */
  readonly batteryLevel?: number
  readonly isExternalPower: boolean
  readonly marginDb: number
}

/** Something that someone who runs the network should see; never about a single stranger's frame. */
export interface LogMessage {
  readonly kind: 'log'
  readonly atMs: number
  readonly devEui: Eui
  readonly level: 'info' | 'warning' | 'error'
  /** stable, kebab-case, such as dev-nonce-used */
  readonly code: string
  readonly description: string
  readonly facts: Readonly<Record<string, string>>
}

export type DeviceMessage = UplinkMessage | JoinMessage | AckMessage | DownlinkEvent | StatusMessage | LogMessage

/** A payload that waits for its device. */
export interface QueueItem {
  readonly id: string
  readonly devEui: Eui
  readonly fPort: number
  readonly payload: Uint8Array
  readonly isConfirmed: boolean
  /** drop it when it was not sent until then, Unix milliseconds */
  readonly expiresAtMs?: number
}
