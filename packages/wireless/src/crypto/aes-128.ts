/**
 * AES with 128-bit keys (FIPS 197), by tables, with the key's schedule kept by whoever has the key.
 *
 * Made for a server that checks and reads millions of short radio frames, where expanding a key and crossing into native code
 * cost more than the cipher. Look-ups by secret bytes leak through the cache to whoever shares the machine: right for frames of
 * the air, not for keys that live for years. Works on state of four big-endian words and allocates nothing.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'

/** Bytes of a key and of a block. */
export const blockBytes = 16

const rounds = 10
const scheduleWords = 4 * (rounds + 1)

/** Round keys, then the two subkeys of CMAC (RFC 4493), so that one lookup has all that a key is used for. */
export type KeySchedule = Int32Array

/** Where in a schedule the subkeys of CMAC stand: for a whole last block, and for a padded one. */
export const subkeyAt: number = scheduleWords
export const paddedSubkeyAt: number = scheduleWords + 4

/** Four words, first byte highest. */
export type BlockState = Int32Array

const sBox = new Uint8Array(256)
const inverseSBox = new Uint8Array(256)
const t0 = new Int32Array(256)
const t1 = new Int32Array(256)
const t2 = new Int32Array(256)
const t3 = new Int32Array(256)

const double = (byte: number): number => ((byte << 1) ^ ((byte >>> 7) * 0x1b)) & 0xff
const rotateByte = (byte: number, count: number): number => ((byte << count) | (byte >>> (8 - count))) & 0xff

/** Walks the field by its generator 3, whose inverses walk backwards. */
function fillTables(): void {
  let value = 1
  let inverse = 1
  do {
    value ^= double(value)
    inverse ^= inverse << 1
    inverse ^= inverse << 2
    inverse ^= inverse << 4
    inverse &= 0xff
    if (inverse & 0x80) inverse ^= 0x09
    const mixed =
      inverse ^ rotateByte(inverse, 1) ^ rotateByte(inverse, 2) ^ rotateByte(inverse, 3) ^ rotateByte(inverse, 4)
    setBox(value, mixed ^ 0x63)
  } while (value !== 1)
  setBox(0, 0x63)
}

function setBox(value: number, substitute: number): void {
  sBox[value] = substitute
  inverseSBox[substitute] = value
  const twice = double(substitute)
  const word = (twice << 24) | (substitute << 16) | (substitute << 8) | (twice ^ substitute)
  t0[value] = word
  t1[value] = (word >>> 8) | (word << 24)
  t2[value] = (word >>> 16) | (word << 16)
  t3[value] = (word >>> 24) | (word << 8)
}

fillTables()

const wordOf = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

const substituteWord = (word: number): number =>
  (sBox[word >>> 24]! << 24) | (sBox[(word >>> 16) & 255]! << 16) | (sBox[(word >>> 8) & 255]! << 8) | sBox[word & 255]!

/** @param key 16 bytes */
export function keySchedule(key: Uint8Array): KeySchedule {
  invariant(key.length === blockBytes, 'an AES-128 key has 16 bytes')
  const words = new Int32Array(scheduleWords + 8)
  for (let index = 0; index < 4; index += 1) words[index] = wordOf(key, 4 * index)
  let constant = 1
  for (let index = 4; index < scheduleWords; index += 1) {
    let word = words[index - 1]!
    if (index % 4 === 0) {
      word = substituteWord((word << 8) | (word >>> 24)) ^ (constant << 24)
      constant = double(constant)
    }
    words[index] = words[index - 4]! ^ word
  }
  setSubkeys(words)
  return words
}

function setSubkeys(words: Int32Array): void {
  const state = new Int32Array(4)
  encryptState(words, state)
  for (const at of [subkeyAt, paddedSubkeyAt]) {
    doubleState(state)
    words.set(state, at)
  }
}

/** Doubling in GF(2^128), as RFC 4493 section 2.3 makes subkeys. */
function doubleState(state: BlockState): void {
  const carry = state[0]! >>> 31
  for (let index = 0; index < 3; index += 1) state[index] = (state[index]! << 1) | (state[index + 1]! >>> 31)
  state[3] = (state[3]! << 1) ^ (carry * 0x87)
}

/** Encrypts the state in place. */
export function encryptState(schedule: KeySchedule, state: BlockState): void {
  let a = state[0]! ^ schedule[0]!
  let b = state[1]! ^ schedule[1]!
  let c = state[2]! ^ schedule[2]!
  let d = state[3]! ^ schedule[3]!
  let at = 4
  for (let round = 1; round < rounds; round += 1, at += 4) {
    const e = t0[a >>> 24]! ^ t1[(b >>> 16) & 255]! ^ t2[(c >>> 8) & 255]! ^ t3[d & 255]! ^ schedule[at]!
    const f = t0[b >>> 24]! ^ t1[(c >>> 16) & 255]! ^ t2[(d >>> 8) & 255]! ^ t3[a & 255]! ^ schedule[at + 1]!
    const g = t0[c >>> 24]! ^ t1[(d >>> 16) & 255]! ^ t2[(a >>> 8) & 255]! ^ t3[b & 255]! ^ schedule[at + 2]!
    d = t0[d >>> 24]! ^ t1[(a >>> 16) & 255]! ^ t2[(b >>> 8) & 255]! ^ t3[c & 255]! ^ schedule[at + 3]!
    a = e
    b = f
    c = g
  }
  state[0] = lastWord(a, b, c, d) ^ schedule[at]!
  state[1] = lastWord(b, c, d, a) ^ schedule[at + 1]!
  state[2] = lastWord(c, d, a, b) ^ schedule[at + 2]!
  state[3] = lastWord(d, a, b, c) ^ schedule[at + 3]!
}

function lastWord(a: number, b: number, c: number, d: number): number {
  return (sBox[a >>> 24]! << 24) | (sBox[(b >>> 16) & 255]! << 16) | (sBox[(c >>> 8) & 255]! << 8) | sBox[d & 255]!
}

/** Encrypts one block. @param block 16 bytes @returns 16 new bytes */
export function encryptBlock(schedule: KeySchedule, block: Uint8Array): Uint8Array {
  const state = stateOf(block)
  encryptState(schedule, state)
  return bytesOfState(state)
}

/** Decrypts one block; byte by byte, for it is only needed once in a device's life. @param block 16 bytes @returns 16 new bytes */
export function decryptBlock(schedule: KeySchedule, block: Uint8Array): Uint8Array {
  const state = stateOf(block)
  addRoundKey(schedule, state, rounds)
  for (let round = rounds - 1; round >= 0; round -= 1) {
    const bytes = bytesOfState(state)
    const moved = new Uint8Array(blockBytes)
    for (let column = 0; column < 4; column += 1)
      for (let row = 0; row < 4; row += 1)
        moved[4 * ((column + row) % 4) + row] = inverseSBox[bytes[4 * column + row]!]!
    state.set(stateOf(moved))
    addRoundKey(schedule, state, round)
    if (round > 0) unmixColumns(state)
  }
  return bytesOfState(state)
}

function addRoundKey(schedule: KeySchedule, state: BlockState, round: number): void {
  for (let index = 0; index < 4; index += 1) state[index] = state[index]! ^ schedule[4 * round + index]!
}

/** Multiplies each column by the inverse polynomial 0b x^3 + 0d x^2 + 09 x + 0e. */
function unmixColumns(state: BlockState): void {
  const bytes = bytesOfState(state)
  const unmixed = new Uint8Array(blockBytes)
  for (let column = 0; column < 4; column += 1)
    for (let row = 0; row < 4; row += 1) {
      let byte = 0
      for (let other = 0; other < 4; other += 1)
        byte ^= multiply(bytes[4 * column + other]!, [0x0e, 0x0b, 0x0d, 0x09][(other - row + 4) % 4]!)
      unmixed[4 * column + row] = byte
    }
  state.set(stateOf(unmixed))
}

function multiply(left: number, right: number): number {
  let product = 0
  for (let bits = right, power = left; bits > 0; bits >>>= 1, power = double(power)) if (bits & 1) product ^= power
  return product
}

/** @param block 16 bytes */
export function stateOf(block: Uint8Array): BlockState {
  invariant(block.length === blockBytes, 'a block has 16 bytes')
  return Int32Array.of(wordOf(block, 0), wordOf(block, 4), wordOf(block, 8), wordOf(block, 12))
}

export function bytesOfState(state: BlockState): Uint8Array {
  const bytes = new Uint8Array(blockBytes)
  for (let index = 0; index < blockBytes; index += 1) bytes[index] = state[index >> 2]! >>> (24 - 8 * (index & 3))
  return bytes
}
