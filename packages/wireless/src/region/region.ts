/**
 * A region as data: what LoRaWAN's regional parameters say about one band, in one revision, as a plain table.
 *
 * Everything that differs between bands stands in these tables (eu868.ts, us915.ts, …); the functions beside them
 * know no band by name. Numbers are Hz, dBm, bytes and milliseconds; a data rate is its index. Tables are of the
 * default plan, for devices without a repeater between them and the network.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'

export const regionNames = [
  'EU868',
  'US915',
  'AU915',
  'AS923-1',
  'AS923-2',
  'AS923-3',
  'AS923-4',
  'IN865',
  'KR920',
  'CN470',
  'CN470-20A',
  'CN470-20B',
  'CN470-26A',
  'CN470-26B',
  'EU433',
] as const

/** CN470 is the plan of 96 channels (RP001); the four others are its successors (RP002), by antenna and type. */
export type RegionName = (typeof regionNames)[number]

export const parameterRevisions = ['RP001-1.0.2B', 'RP001-1.0.3A', 'RP001-1.1B', 'RP002-1.0.4'] as const

/** Which edition of the regional parameters a device was built to. */
export type ParameterRevision = (typeof parameterRevisions)[number]

export interface DataRate {
  readonly modulation: Modulation
  /** Longest MACPayload (M of the specification): FHDR, FPort and FRMPayload; 0 where the rate may carry none. */
  readonly macPayloadBytesMax: number
  /** The same while a dwell time of 400 ms is in force; absent where that changes nothing. */
  readonly macPayloadBytesMaxDwell?: number
}

/** Index to data rate; a hole is reserved, or not for this direction. */
export type DataRates = readonly (DataRate | undefined)[]

export interface Channel {
  readonly hz: number
  readonly dataRateMin: number
  readonly dataRateMax: number
}

/** A stretch of the band under one rule. The signal's whole width lies inside it. */
export interface SubBand {
  readonly minHz: number
  readonly maxHz: number
  /** The part of time that one transmitter may use, 1 for all of it. */
  readonly dutyCycle: number
  readonly deviceEirpDbmMax: number
  readonly gatewayEirpDbmMax: number
}

/** Whether a limit on the length of one transmission holds: by law, not at all, or as TxParamSetupReq said. */
export type DwellRule = 'always' | 'never' | 'settable'

export interface Dwell {
  readonly msMax: number
  readonly uplink: DwellRule
  readonly downlink: DwellRule
  /** What a device assumes before a TxParamSetupReq. */
  readonly atBoot: { readonly uplink: boolean; readonly downlink: boolean }
}

/**
 * What one value of ChMaskCntl means: a mask over the 16 channels from a first one, one bit per bank of 8 channels of
 * 125 kHz and their 500 kHz channel, all on, all off, or all 125 kHz channels on or off with a mask for the 500 kHz ones.
 */
export type ChMaskRule =
  | { readonly firstChannel: number }
  | 'banks'
  | 'all-on'
  | 'all-off'
  | 'all-125-on'
  | 'all-125-off'

export interface Beacon {
  readonly dataRate: number
  /** Hz of each channel; several are hopped over, one beacon period each. */
  readonly hz: readonly number[]
  /** Bytes: RFU1 and Param together, Time 4, CRC 2, GwSpecific 7, RFU2, CRC 2. */
  readonly sizeBytes: number
  readonly rfu1Bytes: number
  readonly rfu2Bytes: number
}

/** A channel for joining alone, with the windows that its answer comes in (CN470 of RP002). */
export interface JoinChannel {
  readonly hz: number
  readonly rx1Hz: number
  readonly rx2Hz: number
}

export interface Region {
  readonly name: RegionName
  readonly revision: ParameterRevision
  /** 'dynamic': a few default channels, others made by the network. 'fixed': all channels given, switched by masks. */
  readonly plan: 'dynamic' | 'fixed'
  /** How many channels a device can hold. */
  readonly channelCountMax: number
  readonly subBands: readonly SubBand[]
  readonly uplinkChannels: readonly Channel[]
  /** Empty where the answer comes on the uplink's own channel. */
  readonly downlinkChannels: readonly Channel[]
  readonly joinChannels: readonly JoinChannel[]
  readonly uplinkDataRates: DataRates
  readonly downlinkDataRates: DataRates
  /** Uplink data rate, then RX1DROffset, to the downlink data rate. */
  readonly rx1DataRates: readonly (readonly number[] | undefined)[]
  /** The same while the downlink's dwell time is limited; absent where that changes nothing. */
  readonly rx1DataRatesDwell?: readonly (readonly number[] | undefined)[]
  readonly rx2: { readonly hz: number; readonly dataRate: number }
  /** The power of TXPower 0; each further index is 2 dB less. */
  readonly deviceEirpDbmMax: number
  readonly txPowerIndexMax: number
  /** The kind of channel list in a Join-Accept. */
  readonly cfList: 'frequencies' | 'masks' | 'none'
  /** By ChMaskCntl; a hole is reserved. */
  readonly chMaskRules: readonly (ChMaskRule | undefined)[]
  readonly dwell: Dwell
  readonly beacon: Beacon
  readonly pingSlot: { readonly dataRate: number; readonly hz: readonly number[] }
}

export type RegionRevisions = Readonly<Record<ParameterRevision, Region>>
