/**
 * The JSON of one uplink, written as text: it is written for every uplink of every device, and costs a third of building an object.
 *
 * @module
 */

import type { JsonObject } from '../codec/payload-codec.ts'
import type { CopyView, UplinkMessage } from '../model/message.ts'
import type { Modulation } from '../model/modulation.ts'
import { encodeBase64 } from '../wire/base64.ts'

/** GPS time began on 6 January 1980 and has gone without the 18 leap seconds since. */
const gpsEpochMs = 315_964_800_000
const leapMs = 18_000

/** @returns the fields of an `up` event without braces, beginning with a name */
export function uplinkFieldsText(message: UplinkMessage, object: JsonObject | undefined): string {
  const { deduplicationId, isAdr, dataRate, fCnt, fPort = 0, isConfirmed, payload, copies, frequencyHz } = message
  let text = `"deduplicationId":${quote(deduplicationId)},"devAddr":"${devAddrText(message.devAddr)}","adr":${isAdr}`
  text += `,"dr":${dataRate},"fCnt":${fCnt},"fPort":${fPort},"confirmed":${isConfirmed},"data":"${encodeBase64(payload)}"`
  if (object !== undefined) text += `,"object":${JSON.stringify(object)}`
  text += `,"rxInfo":${copiesText(copies)}`
  return `${text},"txInfo":{"frequency":${frequencyHz},"modulation":${modulationText(message.modulation)}}`
}

/** @returns `rxInfo`, a list */
export function copiesText(copies: readonly CopyView[]): string {
  let text = '['
  for (const copy of copies) text += text === '[' ? copyText(copy) : `,${copyText(copy)}`
  return `${text}]`
}

function copyText(copy: CopyView): string {
  let text = `{"gatewayId":${quote(copy.gatewayEui)}`
  if (copy.gpsTimeMs !== undefined) {
    const seconds = (copy.gpsTimeMs / 1000).toFixed(3)
    text += `,"gwTime":"${timeText(copy.gpsTimeMs + gpsEpochMs - leapMs)}","timeSinceGpsEpoch":"${seconds}s"`
  }
  text += `,"nsTime":"${timeText(copy.heardAtMs)}","rssi":${Math.round(copy.rssiDbm)}`
  if (copy.snrDb !== undefined) text += `,"snr":${copy.snrDb}`
  text += `,"channel":${copy.channel}`
  if (copy.latitude !== undefined && copy.longitude !== undefined)
    text += `,"location":{"latitude":${copy.latitude},"longitude":${copy.longitude}}`
  return `${text},"context":"${encodeBase64(copy.context)}","metadata":{},"crcStatus":"CRC_OK"}`
}

/** LoRaWAN codes its LoRa frames at 4/5. */
function modulationText(used: Modulation): string {
  if (used.kind === 'fsk') return `{"fsk":{"datarate":${used.bitRate}}}`
  if (used.kind === 'lora') {
    const { bandwidthHz, spreadingFactor } = used
    return `{"lora":{"bandwidth":${bandwidthHz},"spreadingFactor":${spreadingFactor},"codeRate":"CR_4_5"}}`
  }
  const codeRate = used.codingRate === '1/3' ? 'CR_2_6' : 'CR_4_6'
  return `{"lrFhss":{"operatingChannelWidth":${used.widthHz},"codeRate":"${codeRate}"}}`
}

export function devAddrText(devAddr: number): string {
  return devAddr.toString(16).padStart(8, '0')
}

/** Most texts need no escape, and to see that is quicker than to look for one. */
export function quote(text: string): string {
  return /^[\w .:/+-]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** The second that was written last: uplinks come in the order of time. */
const lastSecond = { second: NaN, text: '' }

/** ChirpStack writes an offset and no 'Z'; consumers exist that read no other form. */
export function timeText(atMs: number): string {
  const wholeMs = Math.trunc(atMs)
  const second = Math.floor(wholeMs / 1000)
  if (second !== lastSecond.second) {
    lastSecond.text = new Date(second * 1000).toISOString().slice(0, 20)
    lastSecond.second = second
  }
  return `${lastSecond.text}${String(wholeMs - second * 1000).padStart(3, '0')}+00:00`
}
