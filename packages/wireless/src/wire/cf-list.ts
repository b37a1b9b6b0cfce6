/**
 * The list of channels in a join-accept: five frequencies (type 0), or masks over channels (type 1). LoRaWAN regional
 * parameters RP002 section 2.
 *
 * @module
 */

import { readUint, writeUint } from './little-endian.ts'

export type CfList =
  /** Hz, whole 100 Hz; 0 is unused */
  | { readonly kind: 'frequencies'; readonly frequenciesHz: readonly number[] }
  /** indices of the channels that are on */
  | { readonly kind: 'masks'; readonly enabledChannels: readonly number[] }

/** Frequencies of a list of type 0. */
export const listFrequencies = 5
/** Channels that the masks of a list of type 1 reach. */
const maskChannels = 96
const typeAt = 15

export function encodeCfList(list: CfList): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16)
  if (list.kind === 'frequencies') {
    for (const [index, hz] of list.frequenciesHz.slice(0, listFrequencies).entries())
      writeUint(bytes, 3 * index, 3, Math.round(hz / 100))
    return bytes
  }
  for (const channel of list.enabledChannels) {
    const at = channel >> 3
    if (channel >= 0 && channel < maskChannels) bytes[at] = bytes[at]! | (1 << (channel & 7))
  }
  bytes[typeAt] = 1
  return bytes
}

/** @returns the list, or undefined when it is not 16 bytes of type 0 or 1 */
export function decodeCfList(bytes: Uint8Array): CfList | undefined {
  if (bytes.length !== 16) return undefined
  if (bytes[typeAt] === 0) {
    const frequenciesHz = Array.from({ length: listFrequencies }, (_, index) => readUint(bytes, 3 * index, 3) * 100)
    return { kind: 'frequencies', frequenciesHz }
  }
  if (bytes[typeAt] !== 1) return undefined
  const channels = Array.from({ length: maskChannels }, (_, channel) => channel)
  return {
    kind: 'masks',
    enabledChannels: channels.filter((channel) => ((bytes[channel >> 3]! >>> (channel & 7)) & 1) === 1),
  }
}
