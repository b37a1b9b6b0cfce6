/**
 * keccak256(0x01, left node, right node): the one hash of every parent in a sum tree.
 *
 * A preimage of 129 bytes is one block of keccak-256, so the permutation runs on one reused state: half again as fast as
 * hashing afresh, and it is most of the time of an epoch. Assumes little-endian typed arrays, as every platform of ours
 * has. docs/protocol/evidence.md#sum-tree
 *
 * @module
 */

import { keccakP } from '@noble/hashes/sha3.js'

const preimageSizeBytes = 129
const blockSizeBytes = 136
const state = new Uint32Array(50)
const stateBytes = new Uint8Array(state.buffer)
const digest = stateBytes.subarray(0, 32)

/**
 * @param pair 128 bytes: left hash, left sum, right hash, right sum
 * @returns 32 bytes that the next call overwrites: copy them
 */
export function hashPair(pair: Uint8Array): Uint8Array {
  state.fill(0)
  stateBytes[0] = 1
  stateBytes.set(pair, 1)
  stateBytes[preimageSizeBytes] = 0x01
  stateBytes[blockSizeBytes - 1] = 0x80
  keccakP(state, 24)
  return digest
}
