/**
 * The ChaCha stream of a key, as Rust's `rand_chacha` draws from it: a 64-bit block counter from 0 and a stream number of 0.
 *
 * A generator of numbers from a seed, used with 12 rounds for a beacon's content. Not a cipher: nothing is kept secret with it.
 *
 * @module
 * @see https://cr.yp.to/chacha/chacha-20080128.pdf
 */

import { invariant } from '@groundwork/core/invariant.ts'

/** Words of one block. */
const blockWords = 16

/** Most words of one draw: 4,096 blocks, far more than a frame holds. */
export const chachaWordsMax = 65_536

function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  mix(state, a, b, d, 16)
  mix(state, c, d, b, 12)
  mix(state, a, b, d, 8)
  mix(state, c, d, b, 7)
}

function mix(state: Uint32Array, sum: number, addend: number, turned: number, bits: number): void {
  const total = ((state[sum] ?? 0) + (state[addend] ?? 0)) >>> 0
  const word = (state[turned] ?? 0) ^ total
  state[sum] = total
  state[turned] = (word << bits) | (word >>> (32 - bits))
}

function doubleRound(state: Uint32Array): void {
  quarterRound(state, 0, 4, 8, 12)
  quarterRound(state, 1, 5, 9, 13)
  quarterRound(state, 2, 6, 10, 14)
  quarterRound(state, 3, 7, 11, 15)
  quarterRound(state, 0, 5, 10, 15)
  quarterRound(state, 1, 6, 11, 12)
  quarterRound(state, 2, 7, 8, 13)
  quarterRound(state, 3, 4, 9, 14)
}

function startOf(key: Uint8Array): Uint32Array {
  const start = new Uint32Array(blockWords)
  // 'expand 32-byte k'
  start.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574])
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  for (let word = 0; word < 8; word += 1) start[4 + word] = view.getUint32(word * 4, true)
  return start
}

/**
 * @param key 32 bytes
 * @param rounds even: 8, 12 or 20
 * @param words how many, 0 to `chachaWordsMax`
 * @returns the first 32-bit words of the stream; byte order is the reader's, each word little-endian on paper
 */
export function chachaWords(
  key: Uint8Array,
  { rounds, words }: { readonly rounds: 8 | 12 | 20; readonly words: number },
): Uint32Array {
  invariant(key.length === 32, 'a key has 32 bytes')
  invariant(words <= chachaWordsMax, 'a draw is bounded')
  const stream = new Uint32Array(Math.ceil(words / blockWords) * blockWords)
  const start = startOf(key)
  const state = new Uint32Array(blockWords)
  for (let block = 0; block * blockWords < words; block += 1) {
    start[12] = block
    state.set(start)
    for (let round = 0; round < rounds; round += 2) doubleRound(state)
    for (let word = 0; word < blockWords; word += 1) {
      stream[block * blockWords + word] = (state[word] ?? 0) + (start[word] ?? 0)
    }
  }
  return stream.subarray(0, words)
}
