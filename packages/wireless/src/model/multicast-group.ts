/**
 * A multicast group: devices that listen together, under one address, with one set of keys and one counter.
 *
 * How devices came to know it (TS005, or at their making) is not the network's affair. LoRaWAN 1.0.4 section 4.3.2.5 and 16.
 *
 * @module
 */

import type { ParameterRevision, RegionName } from '../region/region.ts'
import type { Eui } from './radio.ts'

/** Devices of one group, inclusive. */
export const groupMembersMax = 1_024

export interface MulticastGroup {
  /** 1 to 64 of A-Z, a-z, 0-9, _ and - */
  readonly id: string
  readonly name: string
  readonly applicationId: string
  readonly region: RegionName
  readonly parameterRevision: ParameterRevision
  /** unsigned 32 bits */
  readonly devAddr: number
  /** 16 bytes each */
  readonly mcNwkSKey: Uint8Array
  readonly mcAppSKey: Uint8Array
  /** next used, 32 bits; it never goes back while the keys are the same */
  readonly fCntDown: number
  readonly deviceClass: 'B' | 'C'
  readonly frequencyHz: number
  /** of the band's downlink table */
  readonly dataRate: number
  /** class B: a ping slot each 2^k seconds */
  readonly pingSlotPeriodicity: number
  /** at most `groupMembersMax` */
  readonly members: readonly Eui[]
}

/** Payloads of groups wait beside those of devices; no device has such an EUI. */
export function groupQueueName({ id }: Pick<MulticastGroup, 'id'>): string {
  return `group ${id}`
}

/** @returns the id of the group with that name, or undefined for a device's EUI */
export function groupOfQueueName(name: string): string | undefined {
  return name.startsWith('group ') ? name.slice('group '.length) : undefined
}
