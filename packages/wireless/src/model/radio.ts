/**
 * What a gateway hears and what it is asked to send, whatever protocol it speaks.
 *
 * Everything here is as the gateway says it: signal, frequency and clock are claims, not facts.
 *
 * @module
 */

import type { Modulation } from './modulation.ts'

/** Longest PHYPayload: MHDR 1, MACPayload 250, MIC 4, and one byte that some concentrators report. */
export const phyPayloadBytesMax = 256

/** Highest frequency that is believed, in Hz, inclusive: above all bands, and it fits 32 bits however it is rounded. */
export const frequencyHzMax = 4_000_000_000

/** Longest name of a gateway's software, in UTF-16 units. */
export const softwareLengthMax = 64

/** 16 lower-case hexadecimal digits, most significant first, as printed on devices and gateways. */
export type Eui = string

/** One frame as one gateway heard it. CRC was right; frames with a bad or no CRC never become one of these. */
export interface RadioUplink {
  readonly gatewayEui: Eui
  readonly phyPayload: Uint8Array
  /** rounded to the channel raster of 100 Hz */
  readonly frequencyHz: number
  readonly modulation: Modulation
  readonly rssiDbm: number
  /** absent for FSK */
  readonly snrDb?: number
  readonly channel: number
  /** GPS time of the end of reception, in milliseconds, where the gateway has it */
  readonly gpsTimeMs?: number
  /** Unix milliseconds when our own program took it from the forwarder */
  readonly heardAtMs: number
  /** how long it then waited before it came here, where it had to; its windows are that much nearer, or over */
  readonly heldMs?: number
  /**
   * Where in the concentrator's own time the frame ended, in the gateway protocol's own form: whoever answers in RX1 or RX2
   * hands it back unread to the gateway it came from. At most `contextBytesMax`.
   */
  readonly context: Uint8Array
}

export const contextBytesMax = 32

/** When a gateway sends. */
export type TransmitTiming =
  | { readonly kind: 'delay'; readonly context: Uint8Array; readonly delayMs: number }
  | { readonly kind: 'immediate' }
  | { readonly kind: 'gps'; readonly gpsTimeMs: number }

/** One way to send a frame. */
export interface TransmitWindow {
  readonly frequencyHz: number
  readonly modulation: Modulation
  /** EIRP */
  readonly powerDbm: number
  readonly timing: TransmitTiming
}

/** A frame to be sent, with the windows it may be sent in, in order of preference: the gateway uses the first that it can. */
export interface RadioDownlink {
  /** 1 to 2^31 - 1, unique per gateway while an outcome is awaited */
  readonly id: number
  readonly gatewayEui: Eui
  readonly deviceClass: 'A' | 'B' | 'C'
  readonly phyPayload: Uint8Array
  /** 1 or 2 */
  readonly windows: readonly TransmitWindow[]
  /** of class B: beacons are sent without inverting the polarity, without header and CRC */
  readonly isBeacon?: boolean
  /** sent as devices send, so that other gateways hear it: polarity not inverted, with header and CRC */
  readonly isLikeUplink?: boolean
}

/** Why a gateway did not send. The first six are the forwarder's own words (PROTOCOL.TXT of Semtech UDP, section 6). */
export type TransmitRefusal =
  | 'too-late'
  | 'too-early'
  | 'collision-packet'
  | 'collision-beacon'
  | 'tx-freq'
  | 'tx-power'
  | 'gps-unlocked'
  | 'duty-cycle'
  | 'dwell-time'
  | 'no-context'
  | 'gateway-away'
  | 'no-answer'
  | 'unknown-error'

/** What became of one window of a downlink. */
export interface TransmitOutcome {
  readonly id: number
  readonly gatewayEui: Eui
  readonly windowIndex: number
  /** undefined: it was sent */
  readonly refusal?: TransmitRefusal
  /** Unix milliseconds */
  readonly atMs: number
}

/** What a gateway says about itself now and then. */
export interface GatewayStatus {
  readonly gatewayEui: Eui
  readonly atMs: number
  readonly latitude?: number
  readonly longitude?: number
  readonly altitudeM?: number
  readonly protocol: 'semtech-udp-1' | 'semtech-udp-2' | 'basics-station'
  /** well-formed, at most `softwareLengthMax` */
  readonly software?: string
  readonly heardCount?: number
  readonly crcOkCount?: number
  readonly forwardedCount?: number
  readonly sentCount?: number
}
