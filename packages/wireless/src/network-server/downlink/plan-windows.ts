/**
 * In which windows a frame may be sent to a device by a gateway, and why not in the others.
 *
 * @module
 */

import type { RadioUplink, TransmitTiming, TransmitWindow } from '../../model/radio.ts'
import type { RadioState } from '../../model/session.ts'
import { airtimeUs } from '../../region/airtime.ts'
import { uplinkDataRateOf } from '../../region/data-rate.ts'
import { subBandAt } from '../../region/duty-cycle.ts'
import type { BookingConflict, Transmission } from './transmission-book.ts'
import { joinRx1DelaySeconds, joinRx2Of, rx1Of, rx2AfterRx1Seconds, type Window } from '../../region/receive-windows.ts'
import type { Region } from '../../region/region.ts'

export type WindowRefusal =
  | 'no-data-rate'
  | 'too-long-for-data-rate'
  | 'dwell-time'
  | 'too-late'
  | BookingConflict['reason']

/** Why a frame cannot be sent in a window; `freeMs`: when the gateway could, on the clock of its book. */
export interface ClosedWindow {
  readonly refusal: WindowRefusal
  readonly freeMs?: number
}

/** A place in time and frequency where a device listens. */
export interface ListeningWindow extends Window {
  readonly name: 'rx1' | 'rx2' | 'class-c' | 'ping-slot'
  readonly timing: TransmitTiming
  /** milliseconds from now */
  readonly inMs: number
}

/** A window that a frame may be sent in. */
export interface OpenWindow {
  readonly window: TransmitWindow
  readonly transmission: Transmission
}

/** A copy of an uplink that is answered. */
export type AnsweredCopy = Pick<RadioUplink, 'frequencyHz' | 'modulation' | 'context' | 'heldMs'>

/**
 * RX1 and RX2 after an uplink of a session.
 *
 * @param sinceMs how long ago the copy came here
 */
export function classAWindows(
  region: Region,
  radio: RadioState,
  copy: AnsweredCopy,
  sinceMs: number,
): ListeningWindow[] {
  const { rx1DelaySeconds, rx1DataRateOffset, downlinkDwell, channels, rx2FrequencyHz, rx2DataRate } = radio
  const uplinkDataRate = uplinkDataRateOf(region, copy.modulation)
  const moved = channels.find((channel) => channel?.uplinkHz === copy.frequencyHz)?.downlinkHz
  const rx1 =
    uplinkDataRate === undefined
      ? undefined
      : rx1Of(region, {
          uplinkHz: copy.frequencyHz,
          uplinkDataRate,
          rx1DataRateOffset,
          downlinkDwell,
          downlinkHz: moved,
        })
  const rx2 = { hz: rx2FrequencyHz, dataRate: rx2DataRate }
  return delayed({ rx1, rx2 }, rx1DelaySeconds, copy, sinceMs)
}

/** RX1 and RX2 after a join-request. */
export function joinWindows(region: Region, copy: AnsweredCopy, sinceMs: number): ListeningWindow[] {
  const uplinkDataRate = uplinkDataRateOf(region, copy.modulation)
  const rx1 =
    uplinkDataRate === undefined
      ? undefined
      : rx1Of(region, {
          uplinkHz: copy.frequencyHz,
          uplinkDataRate,
          rx1DataRateOffset: 0,
          downlinkDwell: region.dwell.atBoot.downlink,
        })
  return delayed({ rx1, rx2: joinRx2Of(region, copy.frequencyHz) }, joinRx1DelaySeconds, copy, sinceMs)
}

function delayed(
  { rx1, rx2 }: { readonly rx1: Window | undefined; readonly rx2: Window },
  rx1Seconds: number,
  { context, heldMs = 0 }: AnsweredCopy,
  sinceMs: number,
): ListeningWindow[] {
  const at = (name: 'rx1' | 'rx2', window: Window, seconds: number): ListeningWindow => ({
    ...window,
    name,
    timing: { kind: 'delay', context, delayMs: seconds * 1000 },
    inMs: seconds * 1000 - heldMs - sinceMs,
  })
  const second = at('rx2', rx2, rx1Seconds + rx2AfterRx1Seconds)
  return rx1 === undefined ? [second] : [at('rx1', rx1, rx1Seconds), second]
}

/** A device of class C listens always, where RX2 is. */
export function classCWindow({ rx2FrequencyHz, rx2DataRate }: RadioState): ListeningWindow {
  return { name: 'class-c', hz: rx2FrequencyHz, dataRate: rx2DataRate, timing: { kind: 'immediate' }, inMs: 0 }
}

/** A frame that is to be sent, as far as windows ask. */
export interface SizedFrame {
  readonly region: Region
  readonly downlinkDwell: boolean
  readonly phyPayloadBytes: number
}

/** Bytes of a MACPayload: a PHYPayload without MHDR and MIC. */
const envelopeBytes = 5

/**
 * @param conflictOf why the gateway cannot send it then, if it cannot
 * @param elapsedMs now, on the clock of the gateway's book
 * @returns how to send in that window, or why not
 */
export function openWindow(
  listening: ListeningWindow,
  { region, downlinkDwell, phyPayloadBytes }: SizedFrame,
  conflictOf: (transmission: Transmission) => BookingConflict | undefined,
  elapsedMs: number,
): OpenWindow | ClosedWindow {
  const { hz, inMs, timing } = listening
  const rate = region.downlinkDataRates[listening.dataRate]
  if (rate === undefined) return { refusal: 'no-data-rate' }
  if (timing.kind !== 'immediate' && inMs <= 0) return { refusal: 'too-late' }
  const { macPayloadBytesMax, macPayloadBytesMaxDwell = macPayloadBytesMax } = rate
  if (phyPayloadBytes - envelopeBytes > (downlinkDwell ? macPayloadBytesMaxDwell : macPayloadBytesMax))
    return { refusal: 'too-long-for-data-rate' }
  const isDwellLimited = region.dwell.downlink === 'always' || (region.dwell.downlink === 'settable' && downlinkDwell)
  const airtimeMs = airtimeUs({ phyPayloadBytes, modulation: rate.modulation, hasCrc: false }) / 1000
  if (isDwellLimited && airtimeMs > region.dwell.msMax) return { refusal: 'dwell-time' }
  const transmission = { hz, startMs: elapsedMs + inMs, airtimeMs }
  const conflict = conflictOf(transmission)
  if (conflict !== undefined) {
    const { reason, ...rest } = conflict
    return { refusal: reason, ...rest }
  }
  const powerDbm = Math.floor(subBandAt(region, hz)?.gatewayEirpDbmMax ?? 0)
  return { window: { frequencyHz: hz, modulation: rate.modulation, powerDbm, timing }, transmission }
}

/** The most of options and payload together that any of the windows can carry. */
export function roomFor(windows: readonly ListeningWindow[], region: Region, downlinkDwell: boolean): number {
  const headerBytes = 8
  return windows.reduce((room, { dataRate }) => {
    const rate = region.downlinkDataRates[dataRate]
    if (rate === undefined) return room
    const { macPayloadBytesMax, macPayloadBytesMaxDwell = macPayloadBytesMax } = rate
    return Math.max(room, (downlinkDwell ? macPayloadBytesMaxDwell : macPayloadBytesMax) - headerBytes)
  }, 0)
}
