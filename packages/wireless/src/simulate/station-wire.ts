/**
 * The station's half of the protocol between Basics Station and its network server, as the station's own program writes and reads it.
 *
 * Only simulations send these messages; what a server does with them is `wire/basics-station.ts`.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'
import { uplinkDataRateOf } from '../region/data-rate.ts'
import type { Region } from '../region/region.ts'
import { readExactJson, wholeNumberOf, writeExactJson, type ExactJson } from '../wire/exact-json.ts'
import { readUint } from '../wire/little-endian.ts'
import { parsePhyPayload, type DataFrame } from '../wire/phy-payload.ts'
import { writeId6 } from '../wire/station-eui.ts'
import type { Reception } from './radio-model.ts'

export const discoveryText = (gatewayEui: Eui): string => JSON.stringify({ router: writeId6(gatewayEui) })

export const versionText: string = JSON.stringify({
  msgtype: 'version',
  station: '2.0.6(simulated)',
  firmware: null,
  package: null,
  model: 'simulated',
  protocol: 2,
  features: '',
})

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const pairsOf = (eui: Eui): string => (eui.match(/../g) ?? []).join('-').toUpperCase()
const signed = (word: number): number => word | 0

/** A frame as a station tells it, taken apart. @returns undefined for what a station does not pass on, or a rate that its band lacks */
export function heardText(
  reception: Reception<Uint8Array>,
  { region, xtime }: { readonly region: Region; readonly xtime: bigint },
): string | undefined {
  const { payload, modulation, hz, rssiDbm, snrDb } = reception
  const dataRate = uplinkDataRateOf(region, modulation)
  const fields = fieldsOf(payload)
  if (dataRate === undefined || fields === undefined) return undefined
  const upinfo = { rctx: 0, xtime, gpstime: 0, rssi: Math.round(rssiDbm), snr: Math.round(snrDb * 4) / 4 }
  return writeExactJson({ ...fields, RefTime: 0, DR: dataRate, Freq: hz, upinfo })
}

function fieldsOf(payload: Uint8Array): { readonly [name: string]: ExactJson } | undefined {
  const frame = parsePhyPayload(payload)
  const mic = payload.length < 4 ? 0 : signed(readUint(payload, payload.length - 4, 4))
  if (frame.kind === 'join-request') {
    const { joinEui, devEui, devNonce } = frame
    const named = { JoinEui: pairsOf(joinEui), DevEui: pairsOf(devEui) }
    return { msgtype: 'jreq', MHdr: payload[0]!, ...named, DevNonce: devNonce, MIC: mic }
  }
  if (frame.kind === 'proprietary') return { msgtype: 'propdf', FRMPayload: hexOf(payload) }
  return frame.kind === 'data' && frame.isUp ? dataFields(frame, mic) : undefined
}

function dataFields(frame: DataFrame, mic: number): { readonly [name: string]: ExactJson } {
  const { bytes, devAddr, fCtrl, fCnt16, fOptsEnd, fPort, payloadFrom, payloadTo } = frame
  return {
    msgtype: 'updf',
    MHdr: bytes[0]!,
    DevAddr: signed(devAddr),
    FCtrl: fCtrl,
    FCnt: fCnt16,
    FOpts: hexOf(bytes.subarray(8, fOptsEnd)),
    FPort: fPort,
    FRMPayload: hexOf(bytes.subarray(payloadFrom, payloadTo)),
    MIC: mic,
  }
}

/** A frame that the server asks a station to send. */
export interface AskedMessage {
  readonly id: number
  readonly phyPayload: Uint8Array
  /** 0, 1, 2: class A, B, C */
  readonly deviceClass: number
  /** of the uplink that it answers; absent where it answers none */
  readonly xtime: bigint | undefined
  readonly rxDelaySeconds: number
  readonly rx1: { readonly dataRate: number; readonly hz: number } | undefined
  readonly rx2: { readonly dataRate: number; readonly hz: number } | undefined
}

/** What a server says to a station. */
export type ServerMessage =
  | { readonly kind: 'where'; readonly uri: string }
  | { readonly kind: 'config' }
  | { readonly kind: 'send'; readonly asked: AskedMessage }
  | { readonly kind: 'other' }

/** @returns undefined for what is none of the protocol's messages */
export function readServerMessage(text: string): ServerMessage | undefined {
  const message = readExactJson(text) as Readonly<Record<string, unknown>> | null | undefined
  if (typeof message !== 'object' || message === null) return undefined
  if (typeof message['uri'] === 'string') return { kind: 'where', uri: message['uri'] }
  if (message['msgtype'] === 'router_config') return { kind: 'config' }
  if (message['msgtype'] !== 'dnmsg') return { kind: 'other' }
  const { diid, pdu, dC, RxDelay, xtime } = message
  if (typeof diid !== 'number' || typeof pdu !== 'string') return undefined
  const window = (name: 'RX1' | 'RX2'): AskedMessage['rx1'] => {
    const [dataRate, hz] = [message[`${name}DR`], message[`${name}Freq`]]
    return typeof dataRate === 'number' && typeof hz === 'number' ? { dataRate, hz } : undefined
  }
  return {
    kind: 'send',
    asked: {
      id: diid,
      phyPayload: Uint8Array.from(pdu.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
      deviceClass: typeof dC === 'number' ? dC : 0,
      xtime: wholeNumberOf(xtime),
      rxDelaySeconds: typeof RxDelay === 'number' ? Math.max(RxDelay, 1) : 1,
      rx1: window('RX1'),
      rx2: window('RX2'),
    },
  }
}

/** The station has sent. */
export function sentText(sent: {
  readonly id: number
  readonly dataRate: number
  readonly hz: number
  readonly xtime: bigint
}): string {
  const { id, dataRate, hz, xtime } = sent
  return writeExactJson({
    msgtype: 'dntxed',
    seqno: id,
    diid: id,
    DR: dataRate,
    Freq: hz,
    rctx: 0,
    xtime,
    txtime: 0,
    gpstime: 0,
  })
}
