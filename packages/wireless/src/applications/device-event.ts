/**
 * What goes out to an application: one event of one device, already written, so that every way out sends the same bytes.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'

export const deviceEventNames = ['up', 'join', 'ack', 'txack', 'status', 'log', 'location'] as const
export type DeviceEventName = (typeof deviceEventNames)[number]

export interface DeviceEvent {
  readonly applicationId: string
  readonly devEui: Eui
  readonly name: DeviceEventName
  readonly atMs: number
  /** ChirpStack's JSON, see chirpstack-event.ts */
  readonly json: string
}

/** A way out. Called once per event; never throws and never waits: what it cannot take it counts. */
export interface EventSink {
  take(event: DeviceEvent): void
}
