/**
 * A PHYPayload of LoRaWAN: which kind of frame it is and where its parts stand. LoRaWAN 1.0.4 section 4, 1.1 section 4.
 *
 * Nothing is copied and nothing is believed: integrity and secrecy are `frame-crypto.ts`. Bytes come from strangers, so a bad
 * frame is an ordinary value with a reason.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { phyPayloadBytesMax, type Eui } from '../model/radio.ts'
import { readEui, readUint, readWord, writeEui, writeUint } from './little-endian.ts'

/** Bits 7 to 5 of the MHDR. */
export const mTypes = {
  joinRequest: 0,
  joinAccept: 1,
  unconfirmedUp: 2,
  unconfirmedDown: 3,
  confirmedUp: 4,
  confirmedDown: 5,
  rejoinRequest: 6,
  proprietary: 7,
} as const

/** Bits of FCtrl. Bit 4 is FPending downwards and the class B bit upwards; bit 6 is ADRACKReq upwards and reserved downwards. */
export const fCtrlBits = { adr: 0x80, adrAckReq: 0x40, ack: 0x20, fPendingOrClassB: 0x10 } as const

export const micBytes = 4
/** Bytes of FOpts, inclusive: four bits count them. */
export const fOptsBytesMax = 15
const headerBytes = 8
const dataFrameBytesMin: number = headerBytes + micBytes

/** A data frame, up or down; spans are of `bytes`. */
export interface DataFrame {
  readonly kind: 'data'
  readonly bytes: Uint8Array
  readonly isUp: boolean
  readonly isConfirmed: boolean
  /** unsigned 32 bits */
  readonly devAddr: number
  readonly fCtrl: number
  /** the 16 bits that are sent */
  readonly fCnt16: number
  readonly fOptsEnd: number
  /** -1 when the frame has none */
  readonly fPort: number
  readonly payloadFrom: number
  /** where the MIC begins */
  readonly payloadTo: number
  readonly mic: number
}

/** FOpts begin here in every data frame. */
export const fOptsFrom: number = headerBytes

export interface JoinRequest {
  readonly kind: 'join-request'
  readonly bytes: Uint8Array
  readonly joinEui: Eui
  readonly devEui: Eui
  readonly devNonce: number
  readonly mic: number
}

/** LoRaWAN 1.1 section 6.2.4. Type 1 names the JoinEUI, types 0 and 2 the NetID. */
export type RejoinRequest = {
  readonly kind: 'rejoin-request'
  readonly bytes: Uint8Array
  readonly devEui: Eui
  readonly rjCount: number
  readonly mic: number
} & ({ readonly rejoinType: 0 | 2; readonly netId: number } | { readonly rejoinType: 1; readonly joinEui: Eui })

/** Still encrypted. */
export interface JoinAcceptFrame {
  readonly kind: 'join-accept'
  readonly bytes: Uint8Array
}

/** What follows the MHDR is between those who agreed on it. */
export interface ProprietaryFrame {
  readonly kind: 'proprietary'
  readonly bytes: Uint8Array
}

export type FrameFault =
  | 'empty'
  | 'too-long'
  | 'unknown-major'
  | 'wrong-size'
  | 'options-overrun'
  | 'unknown-rejoin-type'

export interface MalformedFrame {
  readonly kind: 'malformed'
  readonly reason: FrameFault
}

export type PhyPayload = DataFrame | JoinRequest | RejoinRequest | JoinAcceptFrame | ProprietaryFrame

const malformed = (reason: FrameFault): MalformedFrame => ({ kind: 'malformed', reason })

const joinRequestBytes = 23
const joinAcceptBytes = 17
const joinAcceptWithListBytes = 33

export function parsePhyPayload(bytes: Uint8Array): PhyPayload | MalformedFrame {
  const { length } = bytes
  if (length === 0) return malformed('empty')
  if (length > phyPayloadBytesMax) return malformed('too-long')
  const mHdr = bytes[0]!
  const mType = mHdr >>> 5
  if (mType === mTypes.proprietary) return { kind: 'proprietary', bytes }
  if ((mHdr & 3) !== 0) return malformed('unknown-major')
  switch (mType) {
    case mTypes.joinRequest:
      return parseJoinRequest(bytes)
    case mTypes.joinAccept:
      return length === joinAcceptBytes || length === joinAcceptWithListBytes
        ? { kind: 'join-accept', bytes }
        : malformed('wrong-size')
    case mTypes.rejoinRequest:
      return parseRejoinRequest(bytes)
    default:
      return parseDataFrame(bytes, mType)
  }
}

function parseDataFrame(bytes: Uint8Array, mType: number): DataFrame | MalformedFrame {
  const { length } = bytes
  if (length < dataFrameBytesMin) return malformed('wrong-size')
  const fCtrl = bytes[5]!
  const fOptsEnd = headerBytes + (fCtrl & fOptsBytesMax)
  const payloadTo = length - micBytes
  if (fOptsEnd > payloadTo) return malformed('options-overrun')
  const hasPort = fOptsEnd < payloadTo
  return {
    kind: 'data',
    bytes,
    isUp: (mType & 1) === 0,
    isConfirmed: mType >= mTypes.confirmedUp,
    devAddr: (bytes[1]! | (bytes[2]! << 8) | (bytes[3]! << 16) | (bytes[4]! << 24)) >>> 0,
    fCtrl,
    fCnt16: bytes[6]! | (bytes[7]! << 8),
    fOptsEnd,
    fPort: hasPort ? bytes[fOptsEnd]! : -1,
    payloadFrom: hasPort ? fOptsEnd + 1 : fOptsEnd,
    payloadTo,
    mic: readWord(bytes, payloadTo),
  }
}

function parseJoinRequest(bytes: Uint8Array): JoinRequest | MalformedFrame {
  if (bytes.length !== joinRequestBytes) return malformed('wrong-size')
  return {
    kind: 'join-request',
    bytes,
    joinEui: readEui(bytes, 1),
    devEui: readEui(bytes, 9),
    devNonce: readUint(bytes, 17, 2),
    mic: readWord(bytes, 19),
  }
}

/** Without MHDR, type and MIC: NetID 3 or JoinEUI 8, DevEUI 8, counter 2. */
function parseRejoinRequest(bytes: Uint8Array): RejoinRequest | MalformedFrame {
  if (bytes.length < 2) return malformed('wrong-size')
  const rejoinType = bytes[1]!
  if (rejoinType > 2) return malformed('unknown-rejoin-type')
  const isTypeOne = rejoinType === 1
  const at = isTypeOne ? 10 : 5
  if (bytes.length !== at + 14) return malformed('wrong-size')
  const rest = {
    kind: 'rejoin-request',
    bytes,
    devEui: readEui(bytes, at),
    rjCount: readUint(bytes, at + 8, 2),
    mic: readWord(bytes, at + 10),
  } as const
  return isTypeOne
    ? { ...rest, rejoinType: 1, joinEui: readEui(bytes, 2) }
    : { ...rest, rejoinType: rejoinType === 0 ? 0 : 2, netId: readUint(bytes, 2, 3) }
}

/** A data frame to be made; payload and options as they go on air, so encrypted where they have to be. */
export interface DataFrameParts {
  readonly isUp: boolean
  readonly isConfirmed: boolean
  readonly devAddr: number
  /** of `fCtrlBits`; the length of FOpts is added */
  readonly fCtrl: number
  /** 32 bits; the lower 16 are sent */
  readonly fCnt: number
  /** at most `fOptsBytesMax` */
  readonly fOpts: Uint8Array
  /** undefined: neither port nor payload */
  readonly fPort?: number | undefined
  readonly payload: Uint8Array
}

/** @returns the frame with four zero bytes where the MIC belongs */
export function buildDataFrame(parts: DataFrameParts): Uint8Array<ArrayBuffer> {
  const { isUp, isConfirmed, devAddr, fCtrl, fCnt, fOpts, fPort, payload } = parts
  invariant(fOpts.length <= fOptsBytesMax, 'FOpts fit their length')
  invariant(fPort !== undefined || payload.length === 0, 'a payload has a port')
  const portBytes = fPort === undefined ? 0 : 1
  const bytes = new Uint8Array(headerBytes + fOpts.length + portBytes + payload.length + micBytes)
  invariant(bytes.length <= phyPayloadBytesMax, 'a frame fits the air')
  bytes[0] = (isConfirmed ? mTypes.confirmedUp + (isUp ? 0 : 1) : mTypes.unconfirmedUp + (isUp ? 0 : 1)) << 5
  writeUint(bytes, 1, 4, devAddr)
  bytes[5] = (fCtrl & 0xf0) | fOpts.length
  writeUint(bytes, 6, 2, fCnt % 65_536)
  bytes.set(fOpts, headerBytes)
  if (fPort !== undefined) bytes[headerBytes + fOpts.length] = fPort
  bytes.set(payload, headerBytes + fOpts.length + portBytes)
  return bytes
}

/** @returns a join-request with four zero bytes where the MIC belongs */
export function buildJoinRequest({
  joinEui,
  devEui,
  devNonce,
}: Pick<JoinRequest, 'joinEui' | 'devEui' | 'devNonce'>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(joinRequestBytes)
  bytes[0] = mTypes.joinRequest << 5
  writeEui(bytes, 1, joinEui)
  writeEui(bytes, 9, devEui)
  writeUint(bytes, 17, 2, devNonce)
  return bytes
}

export type RejoinRequestParts =
  | { readonly rejoinType: 0 | 2; readonly netId: number; readonly devEui: Eui; readonly rjCount: number }
  | { readonly rejoinType: 1; readonly joinEui: Eui; readonly devEui: Eui; readonly rjCount: number }

/** @returns a rejoin-request with four zero bytes where the MIC belongs */
export function buildRejoinRequest(parts: RejoinRequestParts): Uint8Array<ArrayBuffer> {
  const at = parts.rejoinType === 1 ? 10 : 5
  const bytes = new Uint8Array(at + 14)
  bytes[0] = mTypes.rejoinRequest << 5
  bytes[1] = parts.rejoinType
  if (parts.rejoinType === 1) writeEui(bytes, 2, parts.joinEui)
  else writeUint(bytes, 2, 3, parts.netId)
  writeEui(bytes, at, parts.devEui)
  writeUint(bytes, at + 8, 2, parts.rjCount)
  return bytes
}
