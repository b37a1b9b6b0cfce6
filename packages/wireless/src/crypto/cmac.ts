/**
 * AES-CMAC (RFC 4493), with the subkeys that `aes-128.ts` keeps beside the schedule.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import {
  blockBytes,
  bytesOfState,
  encryptState,
  paddedSubkeyAt,
  subkeyAt,
  type BlockState,
  type KeySchedule,
} from './aes-128.ts'

/**
 * Goes on from what the blocks before left in `state`, to the end of the message.
 *
 * @param state the chaining value; after this the whole code
 * @param bytes what follows the blocks before, at least one byte of it between `from` and `to`
 */
export function finishCmac(
  schedule: KeySchedule,
  state: BlockState,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  let at = from
  for (; to - at > blockBytes; at += blockBytes) {
    state[0] = state[0]! ^ ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
    state[1] = state[1]! ^ ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!)
    state[2] = state[2]! ^ ((bytes[at + 8]! << 24) | (bytes[at + 9]! << 16) | (bytes[at + 10]! << 8) | bytes[at + 11]!)
    state[3] =
      state[3]! ^ ((bytes[at + 12]! << 24) | (bytes[at + 13]! << 16) | (bytes[at + 14]! << 8) | bytes[at + 15]!)
    encryptState(schedule, state)
  }
  const left = to - at
  for (let index = 0; index < left; index += 1) {
    const word = index >> 2
    state[word] = state[word]! ^ (bytes[at + index]! << (24 - 8 * (index & 3)))
  }
  let subkey = subkeyAt
  if (left < blockBytes) {
    const word = left >> 2
    state[word] = state[word]! ^ (0x80 << (24 - 8 * (left & 3)))
    subkey = paddedSubkeyAt
  }
  for (let index = 0; index < 4; index += 1) state[index] = state[index]! ^ schedule[subkey + index]!
  encryptState(schedule, state)
}

/** @returns the 16 bytes of the code of a message, which may be empty */
export function cmac(schedule: KeySchedule, message: Uint8Array): Uint8Array {
  const state = new Int32Array(4)
  finishCmac(schedule, state, message, 0, message.length)
  return bytesOfState(state)
}

/** @returns the first four bytes of the code as one word, first byte highest; how every MIC of LoRaWAN is made and compared */
export function cmacWord(schedule: KeySchedule, message: Uint8Array, to: number = message.length): number {
  invariant(to <= message.length, 'the code is over bytes that are there')
  const state = new Int32Array(4)
  finishCmac(schedule, state, message, 0, to)
  return state[0]!
}
