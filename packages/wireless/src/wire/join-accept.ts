/**
 * The answer to a join or rejoin request. LoRaWAN 1.0.4 section 6.2.3, 1.1 section 6.2.3.
 *
 * The network encrypts it with AES's decryption, so that a device needs only encryption to read it. The MIC is inside.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { blockBytes, decryptBlock, encryptBlock, type KeySchedule } from '../crypto/aes-128.ts'
import { cmacWord } from '../crypto/cmac.ts'
import type { Eui } from '../model/radio.ts'
import { readUint, readWord, writeEui, writeUint, writeWord } from './little-endian.ts'
import { mTypes } from './phy-payload.ts'

/** What a join-accept says. */
export interface JoinAccept {
  /** 24 bits; AppNonce in 1.0 */
  readonly joinNonce: number
  /** 24 bits */
  readonly netId: number
  /** 32 bits */
  readonly devAddr: number
  /** whether the network speaks 1.1; only a 1.1 device looks */
  readonly optNeg: boolean
  readonly rx1DataRateOffset: number
  readonly rx2DataRate: number
  /** 0 to 15; 0 means 1 */
  readonly rxDelaySeconds: number
  /** 16 bytes, `cf-list.ts` */
  readonly cfList?: Uint8Array | undefined
}

/** JoinReqType: what a join-accept answers, as its MIC in 1.1 says. */
export const joinTypes = { rejoin0: 0, rejoin1: 1, rejoin2: 2, join: 0xff } as const

/** What the MIC of 1.1 also covers. */
export interface JoinAnswered {
  readonly joinType: number
  readonly joinEui: Eui
  /** the DevNonce, or the counter of a rejoin-request */
  readonly devNonce: number
}

const bareBytes = 17
const cfListBytes = 16

/** @returns the whole PHYPayload, not encrypted, with four zero bytes for the MIC */
export function encodeJoinAccept(accept: JoinAccept): Uint8Array<ArrayBuffer> {
  const { joinNonce, netId, devAddr, optNeg, rx1DataRateOffset, rx2DataRate, rxDelaySeconds, cfList } = accept
  invariant(cfList === undefined || cfList.length === cfListBytes, 'a channel list has 16 bytes')
  const bytes = new Uint8Array(bareBytes + (cfList?.length ?? 0))
  bytes[0] = mTypes.joinAccept << 5
  writeUint(bytes, 1, 3, joinNonce)
  writeUint(bytes, 4, 3, netId)
  writeUint(bytes, 7, 4, devAddr)
  bytes[11] = (optNeg ? 0x80 : 0) | ((rx1DataRateOffset & 7) << 4) | (rx2DataRate & 15)
  bytes[12] = rxDelaySeconds & 15
  if (cfList !== undefined) bytes.set(cfList, 13)
  return bytes
}

/** @param plain decrypted PHYPayload of 17 or 33 bytes @returns what it says and its MIC, or undefined for another size */
export function decodeJoinAccept(plain: Uint8Array): { readonly accept: JoinAccept; readonly mic: number } | undefined {
  if (plain.length !== bareBytes && plain.length !== bareBytes + cfListBytes) return undefined
  const dlSettings = plain[11]!
  const accept: JoinAccept = {
    joinNonce: readUint(plain, 1, 3),
    netId: readUint(plain, 4, 3),
    devAddr: readUint(plain, 7, 4),
    optNeg: (dlSettings & 0x80) !== 0,
    rx1DataRateOffset: (dlSettings >>> 4) & 7,
    rx2DataRate: dlSettings & 15,
    rxDelaySeconds: plain[12]! & 15,
    cfList: plain.length === bareBytes ? undefined : plain.slice(13, 13 + cfListBytes),
  }
  return { accept, mic: readWord(plain, plain.length - 4) }
}

/** The MIC of 1.0, and of 1.1 without OptNeg. @param key AppKey, or NwkKey of a 1.1 device @param plain with its MIC or room for it */
export function joinAcceptMic10(key: KeySchedule, plain: Uint8Array): number {
  return cmacWord(key, plain, plain.length - 4)
}

/** The MIC of 1.1 with OptNeg. @param plain with its MIC or room for it */
export function joinAcceptMic11(
  jsIntKey: KeySchedule,
  plain: Uint8Array,
  { joinType, joinEui, devNonce }: JoinAnswered,
): number {
  const covered = new Uint8Array(11 + plain.length - 4)
  covered[0] = joinType
  writeEui(covered, 1, joinEui)
  writeUint(covered, 9, 2, devNonce)
  covered.set(plain.subarray(0, -4), 11)
  return cmacWord(jsIntKey, covered)
}

/** Puts the MIC in and encrypts all but the MHDR. @param key AppKey or NwkKey; JSEncKey for an answer to a rejoin-request */
export function sealJoinAccept(key: KeySchedule, plain: Uint8Array, mic: number): Uint8Array<ArrayBuffer> {
  const signed = Uint8Array.from(plain)
  writeWord(signed, signed.length - 4, mic)
  return crypt(signed, (block) => decryptBlock(key, block))
}

/** What a device does to read one. @param bytes 17 or 33 bytes */
export function openJoinAccept(key: KeySchedule, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return crypt(bytes, (block) => encryptBlock(key, block))
}

function crypt(bytes: Uint8Array, each: (block: Uint8Array) => Uint8Array): Uint8Array<ArrayBuffer> {
  invariant((bytes.length - 1) % blockBytes === 0, 'a join-accept is whole blocks after its MHDR')
  const result = Uint8Array.from(bytes)
  for (let at = 1; at < bytes.length; at += blockBytes) result.set(each(bytes.subarray(at, at + blockBytes)), at)
  return result
}
