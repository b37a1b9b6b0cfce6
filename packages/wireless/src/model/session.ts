/**
 * A device's session: its keys, counters and what the network has told it, as one plain value.
 *
 * Counters are the next that is expected or used, 32 bits; they never go back, also over a restart.
 *
 * @module
 */

import type { DeviceClass, MacVersion } from './device.ts'
import type { Eui } from './radio.ts'
import type { DownlinkCommand } from '../wire/mac-commands.ts'

/** 16 bytes each. In 1.0.x the three network keys are one and the same. */
export interface SessionKeys {
  readonly fNwkSIntKey: Uint8Array
  readonly sNwkSIntKey: Uint8Array
  readonly nwkSEncKey: Uint8Array
  readonly appSKey: Uint8Array
}

/** What an uplink channel of a device is, as far as the network has told it or knows it. */
export interface DeviceChannel {
  readonly uplinkHz: number
  /** where RX1 of this channel is, when it is not the uplink's own frequency (DlChannelReq) */
  readonly downlinkHz?: number
  readonly dataRateMin: number
  readonly dataRateMax: number
}

export interface DeviceSession {
  readonly devEui: Eui
  /** unsigned 32 bits */
  readonly devAddr: number
  readonly joinEui: Eui
  readonly keys: SessionKeys
  readonly macVersion: MacVersion
  /** Unix milliseconds when it began */
  readonly startedAtMs: number
  /** its join had a nonce that was used before, see network-server/nonce-repair.ts */
  readonly isRepaired?: true
  /** counters rise with each accepted frame; everything below `fCntUp` is spent */
  readonly fCntUp: number
  readonly nFCntDown: number
  /** 1.1 only; 1.0.x counts all downlinks in nFCntDown */
  readonly aFCntDown: number
  /** the last confirmed downlink, until the device's next frame says whether it came */
  readonly confirmedFCntDown?: number
  readonly confirmedItemId?: string
  /** what the last accepted frame acknowledged: its repetitions sign that too (1.1) */
  readonly acknowledgedFCntDown?: number
  /** gateways that heard a device of class B or C lately, so that it is reached also after a restart */
  readonly heardBy?: readonly Eui[]
  /** 1.1: next counter of a rejoin-request of type 0 or 2; 0 when left out */
  readonly rejoinCount?: number
  readonly radio: RadioState
  /** what the network asked of the device and has no answer to yet; one of a name */
  readonly requests: readonly MacRequest[]
}

/** Commands that are answered together: a block of LinkADRReq or NewChannelReq, or one of anything else. */
export interface MacRequest {
  readonly name: DownlinkCommand['name']
  /** as they were sent last, or will be */
  readonly commands: readonly DownlinkCommand[]
  /** how often something of this name was sent since it was last answered */
  readonly sentCount: number
  /** how often the device said no to these very commands */
  readonly refusedCount: number
  /** how often it said no to anything of this name, in this session */
  readonly refusedTotal: number
  /** these very commands are not sent again in this session */
  readonly isGivenUp?: true
}

/** What both sides hold about the radio; changes only once the device has said yes. */
export interface RadioState {
  readonly deviceClass: DeviceClass
  readonly rx1DelaySeconds: number
  readonly rx1DataRateOffset: number
  readonly rx2DataRate: number
  readonly rx2FrequencyHz: number
  readonly dataRate: number
  readonly txPowerIndex: number
  readonly nbTrans: number
  readonly eirpDbmMax?: number
  readonly uplinkDwell: boolean
  readonly downlinkDwell: boolean
  /** by channel index; a hole is not defined */
  readonly channels: readonly (DeviceChannel | undefined)[]
  /** indices of the channels that are switched on */
  readonly enabledChannels: readonly number[]
  readonly pingSlotPeriodicity?: number
  readonly pingSlotDataRate?: number
  readonly pingSlotFrequencyHz?: number
  /** where beacons are, when BeaconFreqReq moved them */
  readonly beaconFrequencyHz?: number
  readonly isBeaconLocked: boolean
  /** what the device's own refusals have taught: LinkADRReq above the first two or below the third would be refused again */
  readonly refusedAbove?: {
    readonly dataRate?: number
    readonly txPowerIndex?: number
    readonly isFullPowerRefused?: boolean
  }
  /** the device sends 1/2^k of all time at most (DutyCycleReq); 0 when left out */
  readonly dutyCycleExponent?: number
  /** after how many frames without an answer it lowers its data rate: 2^limit, then every 2^delay (ADRParamSetupReq); 6 and 5 when left out */
  readonly adrBackoff?: AdrBackoff
  /** how often it rejoins of itself: each 2^(time + 10) seconds or 2^(count + 4) frames (RejoinParamSetupReq) */
  readonly rejoin?: RejoinInterval
}

export interface AdrBackoff {
  readonly limitExponent: number
  readonly delayExponent: number
}

export interface RejoinInterval {
  readonly timeExponent: number
  readonly countExponent: number
}
