/**
 * Keys that follow from other keys: of a session, of a join server, of a multicast group. LoRaWAN 1.0.4 section 6.2.4, 1.1
 * section 6.1.1.3 and 6.2.5, TS005 (multicast) section 4.
 *
 * @module
 */

import { encryptBlock, keySchedule, type KeySchedule } from '../crypto/aes-128.ts'
import type { SessionKeys } from '../model/session.ts'
import type { Eui } from '../model/radio.ts'
import { writeEui, writeUint } from './little-endian.ts'

/** What both sides know after a join of 1.0. */
export interface JoinFacts10 {
  readonly joinNonce: number
  readonly netId: number
  readonly devNonce: number
}

/** What both sides know after a join of 1.1. */
export interface JoinFacts11 {
  readonly joinNonce: number
  readonly joinEui: Eui
  readonly devNonce: number
}

function blockOf(kind: number, fill: (block: Uint8Array) => void = () => undefined): Uint8Array {
  const block = new Uint8Array(16)
  block[0] = kind
  fill(block)
  return block
}

/** @param appKey of 1.0; NwkKey of a 1.1 device that joins a 1.0 network */
export function sessionKeys10(appKey: Uint8Array, { joinNonce, netId, devNonce }: JoinFacts10): SessionKeys {
  const schedule = keySchedule(appKey)
  const derive = (kind: number): Uint8Array =>
    encryptBlock(
      schedule,
      blockOf(kind, (block) => {
        writeUint(block, 1, 3, joinNonce)
        writeUint(block, 4, 3, netId)
        writeUint(block, 7, 2, devNonce)
      }),
    )
  return ofOneKey({ nwkSKey: derive(1), appSKey: derive(2) })
}

/** The session of 1.0 in the words of 1.1: one network key in all three places. */
export function ofOneKey({
  nwkSKey,
  appSKey,
}: {
  readonly nwkSKey: Uint8Array
  readonly appSKey: Uint8Array
}): SessionKeys {
  return { fNwkSIntKey: nwkSKey, sNwkSIntKey: nwkSKey, nwkSEncKey: nwkSKey, appSKey }
}

export function sessionKeys11(
  { appKey, nwkKey }: { readonly appKey: Uint8Array; readonly nwkKey: Uint8Array },
  { joinNonce, joinEui, devNonce }: JoinFacts11,
): SessionKeys {
  const [application, network] = [keySchedule(appKey), keySchedule(nwkKey)]
  const derive = (schedule: KeySchedule, kind: number): Uint8Array =>
    encryptBlock(
      schedule,
      blockOf(kind, (block) => {
        writeUint(block, 1, 3, joinNonce)
        writeEui(block, 4, joinEui)
        writeUint(block, 12, 2, devNonce)
      }),
    )
  return {
    fNwkSIntKey: derive(network, 1),
    appSKey: derive(application, 2),
    sNwkSIntKey: derive(network, 3),
    nwkSEncKey: derive(network, 4),
  }
}

/** Keys of a join server for one device of 1.1, under which rejoins are answered. */
export function joinServerKeys(
  nwkKey: Uint8Array,
  devEui: Eui,
): { readonly jsIntKey: Uint8Array; readonly jsEncKey: Uint8Array } {
  const schedule = keySchedule(nwkKey)
  const derive = (kind: number): Uint8Array =>
    encryptBlock(
      schedule,
      blockOf(kind, (block) => writeEui(block, 1, devEui)),
    )
  return { jsEncKey: derive(5), jsIntKey: derive(6) }
}

/** The root of a relay's wake-on-radio keys (TS011). @param nwkSKey NwkSEncKey in 1.1 */
export function rootWorKey(nwkSKey: Uint8Array): Uint8Array {
  return encryptBlock(keySchedule(nwkSKey), blockOf(1))
}

/** Under what a group's key is sent to a device. @param genAppKey of 1.0 devices; AppKey of 1.1 ones with `is11` */
export function multicastKeyKey(genAppKey: Uint8Array, { is11 }: { readonly is11: boolean }): Uint8Array {
  const root = encryptBlock(keySchedule(genAppKey), blockOf(is11 ? 0x20 : 0))
  return encryptBlock(keySchedule(root), blockOf(0))
}

/** The session keys of a group. @param groupAddr 32 bits */
export function multicastKeys(
  groupKey: Uint8Array,
  groupAddr: number,
): { readonly appSKey: Uint8Array; readonly nwkSKey: Uint8Array } {
  const schedule = keySchedule(groupKey)
  const derive = (kind: number): Uint8Array =>
    encryptBlock(
      schedule,
      blockOf(kind, (block) => writeUint(block, 1, 4, groupAddr)),
    )
  return { appSKey: derive(1), nwkSKey: derive(2) }
}
