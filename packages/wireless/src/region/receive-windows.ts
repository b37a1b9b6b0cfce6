/**
 * Where a device listens for its answer: RX1 follows from the uplink, RX2 is fixed until the network says otherwise.
 *
 * @module
 */

import type { Region } from './region.ts'

/** Where the first window of a join is, and the second one after it. LoRaWAN 1.0.4 section 6.2.5. */
export const joinRx1DelaySeconds = 5

/** Seconds between the two windows. */
export const rx2AfterRx1Seconds = 1

export interface Window {
  readonly hz: number
  /** of the downlink table */
  readonly dataRate: number
}

/** @returns the index of the channel that a frame was sent on, or undefined when the band has no such channel by default */
export function channelIndexOf(region: Region, hz: number, dataRate?: number): number | undefined {
  const index = region.uplinkChannels.findIndex(
    (channel) =>
      channel.hz === hz &&
      (dataRate === undefined || (dataRate >= channel.dataRateMin && dataRate <= channel.dataRateMax)),
  )
  if (index !== -1) return index
  const loose = region.uplinkChannels.findIndex((channel) => channel.hz === hz)
  return loose === -1 ? undefined : loose
}

/** What RX1 follows from. */
export interface Rx1Facts {
  readonly uplinkHz: number
  readonly uplinkDataRate: number
  readonly rx1DataRateOffset: number
  /** whether the downlink's dwell time is limited */
  readonly downlinkDwell: boolean
  /** where this channel's answers are, when the network moved them (DlChannelReq) */
  readonly downlinkHz?: number | undefined
}

/** @returns where RX1 is, or undefined when the band has none for such an uplink */
export function rx1Of(region: Region, facts: Rx1Facts): Window | undefined {
  const { uplinkHz, uplinkDataRate, rx1DataRateOffset, downlinkDwell, downlinkHz } = facts
  const table = downlinkDwell ? (region.rx1DataRatesDwell ?? region.rx1DataRates) : region.rx1DataRates
  const dataRate = table[uplinkDataRate]?.[rx1DataRateOffset]
  const hz = downlinkHz ?? rx1Hz(region, uplinkHz, uplinkDataRate)
  return dataRate === undefined || hz === undefined ? undefined : { hz, dataRate }
}

/** Own channel, or in bands with downlink channels that of the uplink's number modulo their count. */
function rx1Hz(region: Region, uplinkHz: number, uplinkDataRate: number): number | undefined {
  const join = region.joinChannels.find(({ hz }) => hz === uplinkHz)
  if (join !== undefined && channelIndexOf(region, uplinkHz) === undefined) return join.rx1Hz
  if (region.downlinkChannels.length === 0) return uplinkHz
  const index = channelIndexOf(region, uplinkHz, uplinkDataRate)
  return index === undefined ? undefined : region.downlinkChannels[index % region.downlinkChannels.length]?.hz
}

/** RX2 of a join, which no session has changed yet. */
export function joinRx2Of(region: Region, uplinkHz: number): Window {
  const join = region.joinChannels.find(({ hz }) => hz === uplinkHz)
  return { hz: join?.rx2Hz ?? region.rx2.hz, dataRate: region.rx2.dataRate }
}
