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
import { joinRx1DelaySeconds, joinRx2Of, rx1Of, rx2AfterRx1Seconds, type Window } from '../../region/receive-windows.ts'
import type { Region } from '../../region/region.ts'

export type WindowRefusal =
  | 'no-window'
  | 'no-data-rate'
  | 'too-long-for-data-rate'
  | 'dwell-time'
  | 'duty-cycle'
  | 'band'

/** A place in time and frequency where a device listens. */
export interface ListeningWindow extends Window {
  readonly name: 'rx1' | 'rx2' | 'class-c' | 'ping-slot'
  readonly timing: TransmitTiming
  /** milliseconds from now, for the duty cycle */
  readonly inMs: number
}

/** RX1 and RX2 after an uplink of a session. */
export function classAWindows(region: Region, radio: RadioState, copy: RadioUplink): ListeningWindow[] {
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
  return delayed({ rx1, rx2 }, rx1DelaySeconds, copy)
}

/** RX1 and RX2 after a join-request. */
export function joinWindows(region: Region, copy: RadioUplink): ListeningWindow[] {
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
  return delayed({ rx1, rx2: joinRx2Of(region, copy.frequencyHz) }, joinRx1DelaySeconds, copy)
}

function delayed(
  { rx1, rx2 }: { readonly rx1: Window | undefined; readonly rx2: Window },
  rx1Seconds: number,
  { context }: RadioUplink,
): ListeningWindow[] {
  const at = (name: 'rx1' | 'rx2', window: Window, seconds: number): ListeningWindow => ({
    ...window,
    name,
    timing: { kind: 'delay', context, delayMs: seconds * 1000 },
    inMs: seconds * 1000,
  })
  const second = at('rx2', rx2, rx1Seconds + rx2AfterRx1Seconds)
  return rx1 === undefined ? [second] : [at('rx1', rx1, rx1Seconds), second]
}

/** A device of class C listens always, where RX2 is. */
export function classCWindow({ rx2FrequencyHz, rx2DataRate }: RadioState): ListeningWindow {
  return { name: 'class-c', hz: rx2FrequencyHz, dataRate: rx2DataRate, timing: { kind: 'immediate' }, inMs: 0 }
}

export interface WindowLimits {
  readonly region: Region
  readonly downlinkDwell: boolean
  readonly phyPayloadBytes: number
  /** whether the gateway may send there then */
  readonly isFree: (hz: number, inMs: number) => boolean
}

/** Bytes of a MACPayload: a PHYPayload without MHDR and MIC. */
const envelopeBytes = 5

/** @returns how to send in that window, or why not */
export function transmitWindow(window: ListeningWindow, limits: WindowLimits): TransmitWindow | WindowRefusal {
  const { region, downlinkDwell, phyPayloadBytes, isFree } = limits
  const rate = region.downlinkDataRates[window.dataRate]
  if (rate === undefined) return 'no-data-rate'
  const { macPayloadBytesMax, macPayloadBytesMaxDwell = macPayloadBytesMax } = rate
  if (phyPayloadBytes - envelopeBytes > (downlinkDwell ? macPayloadBytesMaxDwell : macPayloadBytesMax))
    return 'too-long-for-data-rate'
  const isDwellLimited = region.dwell.downlink === 'always' || (region.dwell.downlink === 'settable' && downlinkDwell)
  const airtimeMs = airtimeUs({ phyPayloadBytes, modulation: rate.modulation, hasCrc: false }) / 1000
  if (isDwellLimited && airtimeMs > region.dwell.msMax) return 'dwell-time'
  const band = subBandAt(region, window.hz)
  if (band === undefined) return 'band'
  if (!isFree(window.hz, window.inMs)) return 'duty-cycle'
  return {
    frequencyHz: window.hz,
    modulation: rate.modulation,
    powerDbm: Math.floor(band.gatewayEirpDbmMax),
    timing: window.timing,
  }
}

/** The most of a payload that any of the windows can carry, with so many bytes of options beside it. */
export function roomFor(windows: readonly ListeningWindow[], region: Region, downlinkDwell: boolean): number {
  const headerBytes = 8
  return windows.reduce((room, { dataRate }) => {
    const rate = region.downlinkDataRates[dataRate]
    if (rate === undefined) return room
    const { macPayloadBytesMax, macPayloadBytesMaxDwell = macPayloadBytesMax } = rate
    return Math.max(room, (downlinkDwell ? macPayloadBytesMaxDwell : macPayloadBytesMax) - headerBytes)
  }, 0)
}
