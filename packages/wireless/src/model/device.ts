/**
 * A device, what kind it is, and the keys that it was made with: what a customer provisions.
 *
 * @module
 */

import type { RegionName, ParameterRevision } from '../region/region.ts'
import type { Eui } from './radio.ts'

export const macVersions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4', '1.1.0'] as const
export type MacVersion = (typeof macVersions)[number]

export type DeviceClass = 'A' | 'B' | 'C'

export interface Device {
  readonly devEui: Eui
  /** all zeros for ABP devices that have none */
  readonly joinEui: Eui
  readonly name: string
  readonly description: string
  readonly applicationId: string
  readonly profileId: string
  readonly isDisabled: boolean
  /** accept frame counters that start again, for bench devices; replay is then possible */
  readonly skipsFrameCounter: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly variables: Readonly<Record<string, string>>
  /** most credits of uplinks per day, whole units of 24 bytes; absent: no bound */
  readonly unitsPerDayMax?: number
}

/** Root keys, 16 bytes each. 1.0.x has an AppKey alone. */
export interface RootKeys {
  readonly appKey: Uint8Array
  /** 1.1 only */
  readonly nwkKey?: Uint8Array
}

export interface Application {
  readonly id: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
}

/** How payloads are read and written. */
export type PayloadCodec =
  | { readonly kind: 'none' }
  | { readonly kind: 'cayenne-lpp' }
  | { readonly kind: 'javascript'; readonly script: string }

export interface DeviceProfile {
  readonly id: string
  readonly name: string
  readonly region: RegionName
  readonly macVersion: MacVersion
  readonly parameterRevision: ParameterRevision
  readonly supportsJoin: boolean
  readonly supportsClassB: boolean
  readonly supportsClassC: boolean
  /** what an ABP device was made with */
  readonly abp: {
    readonly rx1DelaySeconds: number
    readonly rx1DataRateOffset: number
    readonly rx2DataRate: number
    readonly rx2FrequencyHz: number
    readonly factoryFrequenciesHz: readonly number[]
  }
  readonly classB: {
    readonly timeoutSeconds: number
    /** 0 to 7: a ping slot each 2^k seconds */
    readonly pingSlotPeriodicity: number
    readonly pingSlotDataRate: number
    readonly pingSlotFrequencyHz: number
  }
  readonly classC: { readonly timeoutSeconds: number }
  readonly eirpDbmMax?: number
  readonly adr: 'on' | 'off'
  /** how often it is expected to send, for the display and for session bounds */
  readonly uplinkIntervalSeconds: number
  readonly codec: PayloadCodec
  readonly tags: Readonly<Record<string, string>>
}
