/**
 * The SHA-256 kernel of `wasm-hasher.ts`, as the bytes of a WebAssembly module: four 64-byte pairs at a time, one in
 * each lane of a 128-bit vector.
 *
 * Written here, instruction by instruction, so that what runs can be read. What makes it quick: the padding block's
 * schedule is a table, Maj reuses the XOR of the round before, truncation is one AND on the last word, and rounds are
 * unrolled by sixteen only, so that the machine code stays inside the instruction cache.
 *
 * @module
 */

import { initialState, paddingRoundWords, roundConstants } from './sha256-constants.ts'
import {
  advance,
  assembleModule,
  emitter,
  kernelParameters,
  untilOutputEnd,
  type Emitter,
  type Local,
} from './wasm-assembler.ts'

/** Pairs hashed at once. */
export const laneCount = 4

const vectorSizeBytes = 16
const roundCount = 64
const unrolledCount = 16
const tableSizeBytes = roundCount * vectorSizeBytes
const paddingTableBytes = tableSizeBytes

/** Where the tables end: below it lies what `kernelTables` gives, above it is free for input and output. */
export const kernelTablesEndBytes: number = 2 * tableSizeBytes

/** What must stand at address 0 of the memory: each round's word four times over, for the message and the padding block. */
export function kernelTables(): Uint8Array {
  const words = [...roundConstants, ...paddingRoundWords()]
  const bytes = new Uint8Array(kernelTablesEndBytes)
  const view = new DataView(bytes.buffer)
  words.forEach((word, round) => {
    for (let lane = 0; lane < laneCount; lane++) view.setUint32(round * vectorSizeBytes + lane * 4, word, true)
  })
  return bytes
}

const { input, output, outputEnd } = kernelParameters
const stateFirst: Local = outputEnd + 1
const savedFirst: Local = stateFirst + 8
const wordFirst: Local = savedFirst + 8
const scratchFirst: Local = wordFirst + 16
const partial: Local = scratchFirst
const xorEven: Local = scratchFirst + 1
const xorOdd: Local = scratchFirst + 2
const spare: Local = scratchFirst + 3
const vectorCount = 8 + 8 + 16 + 4
const table: Local = stateFirst + vectorCount

const swapWords = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]
const lowWords = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23]
const highWords = lowWords.map((byte) => byte + 8)
const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
const highHalves = lowHalves.map((byte) => byte + 8)

/** The rotations, and the shift, of one of the four sigma functions (FIPS 180-4, 4.1.2), of a local; left on the stack. */
function sigma(to: Emitter, word: Local, rotations: readonly number[], shift?: number): void {
  rotations.forEach((bits, index) => {
    to.get(word)
    to.shiftRight(bits)
    if (index > 0) to.xor()
    to.get(word)
    to.shiftLeft(32 - bits)
    to.xor()
  })
  if (shift === undefined) return
  to.get(word)
  to.shiftRight(shift)
  to.xor()
}

/** One round. `message` adds its word; without it the table holds constant and word together. */
function round(to: Emitter, index: number, message?: Local): void {
  const letter = (position: number): Local => stateFirst + ((position - index + 64) % 8)
  const [a, b, d, e, f, g, h] = [letter(0), letter(1), letter(3), letter(4), letter(5), letter(6), letter(7)]
  const [xorNow, xorBefore] = index % 2 === 0 ? [xorEven, xorOdd] : [xorOdd, xorEven]
  to.get(table)
  to.load(index * vectorSizeBytes)
  if (message !== undefined) {
    to.get(message)
    to.add()
  }
  to.get(h)
  to.add()
  to.get(f)
  to.get(g)
  to.xor()
  to.get(e)
  to.and()
  to.get(g)
  to.xor()
  to.add()
  sigma(to, e, [6, 11, 25])
  to.add()
  to.tee(partial)
  to.get(d)
  to.add()
  to.set(d)
  // Maj(a, b, c) = b ^ ((a ^ b) & (b ^ c)), and b ^ c is a ^ b of the round before.
  to.get(a)
  to.get(b)
  to.xor()
  to.tee(xorNow)
  to.get(xorBefore)
  to.and()
  to.get(b)
  to.xor()
  to.get(partial)
  to.add()
  sigma(to, a, [2, 13, 22])
  to.add()
  to.set(h)
}

/** The message word sixteen rounds on, in place of the one that is used up. */
function schedule(to: Emitter, index: number): void {
  const word = (ahead: number): Local => wordFirst + ((index + ahead) % 16)
  to.get(word(0))
  to.get(word(9))
  to.add()
  sigma(to, word(1), [7, 18], 3)
  to.add()
  sigma(to, word(14), [17, 19], 10)
  to.add()
  to.set(word(0))
}

function startBlock(to: Emitter, tableBytes: number): void {
  to.i32(tableBytes)
  to.set(table)
  to.get(stateFirst + 1)
  to.get(stateFirst + 2)
  to.xor()
  to.set(xorOdd)
}

/** Rows to columns and back: vectors of four words of one pair, and vectors of one word of four pairs. */
function transpose(to: Emitter, rows: readonly [Local, Local, Local, Local]): void {
  const [row0, row1, row2, row3] = rows
  const weave = (left: Local, right: Local, bytes: readonly number[]): void => {
    to.get(left)
    to.get(right)
    to.shuffle(bytes)
  }
  weave(row0, row1, lowWords)
  to.set(partial)
  weave(row0, row1, highWords)
  to.set(xorEven)
  weave(row2, row3, lowWords)
  to.set(xorOdd)
  weave(row2, row3, highWords)
  to.set(spare)
  weave(partial, xorOdd, lowHalves)
  to.set(row0)
  weave(partial, xorOdd, highHalves)
  to.set(row1)
  weave(xorEven, spare, lowHalves)
  to.set(row2)
  weave(xorEven, spare, highHalves)
  to.set(row3)
}

const fourFrom = (first: Local, step: number): [Local, Local, Local, Local] => [
  first,
  first + step,
  first + 2 * step,
  first + 3 * step,
]

function swapBytes(to: Emitter, word: Local): void {
  to.get(word)
  to.get(word)
  to.shuffle(swapWords)
  to.set(word)
}

/** Word w of the four pairs ends in local `wordFirst + w`. */
function loadMessage(to: Emitter): void {
  for (let quarter = 0; quarter < 4; quarter++) {
    const rows = fourFrom(wordFirst + quarter * 4, 1)
    rows.forEach((row, lane) => {
      to.get(input)
      to.load(lane * 64 + quarter * vectorSizeBytes)
      to.set(row)
      swapBytes(to, row)
    })
    transpose(to, rows)
  }
}

function storeNodes(to: Emitter): void {
  for (const half of [0, 1]) {
    const rows = fourFrom(stateFirst + half * 4, 1)
    transpose(to, rows)
    rows.forEach((row, lane) => {
      swapBytes(to, row)
      to.get(output)
      to.get(row)
      to.store(lane * 32 + half * vectorSizeBytes)
    })
  }
}

function splatInitialState(to: Emitter): void {
  initialState.forEach((word, index) => {
    to.i32(word)
    to.splat()
    to.set(stateFirst + index)
  })
}

/** The state after the message block, kept for the sum at the end (FIPS 180-4, 6.2.2 step 4). */
function sumAndSave(to: Emitter): void {
  initialState.forEach((word, index) => {
    to.get(stateFirst + index)
    to.i32(word)
    to.splat()
    to.add()
    to.tee(stateFirst + index)
    to.set(savedFirst + index)
  })
}

/** The digest's words; of the last, the two top bits of its lowest byte go (sha2-256-trunc254). */
function sumAndTruncate(to: Emitter): void {
  for (let index = 0; index < 8; index++) {
    to.get(stateFirst + index)
    to.get(savedFirst + index)
    to.add()
    if (index === 7) {
      to.i32(0xffffff3f)
      to.splat()
      to.and()
    }
    to.set(stateFirst + index)
  }
}

function sixteenRounds(to: Emitter, { message, extend }: { message: boolean; extend: boolean }): void {
  for (let index = 0; index < unrolledCount; index++) {
    round(to, index, message ? wordFirst + index : undefined)
    if (extend) schedule(to, index)
  }
}

function whileTableBelow(to: Emitter, endBytes: number, body: () => void): void {
  to.loopWhile(() => {
    body()
    advance(to, table, unrolledCount * vectorSizeBytes)
    to.get(table)
    to.i32(endBytes)
    to.lessThanUnsigned()
  })
}

function hashFour(to: Emitter): void {
  loadMessage(to)
  splatInitialState(to)
  startBlock(to, 0)
  const lastBytes = tableSizeBytes - unrolledCount * vectorSizeBytes
  whileTableBelow(to, lastBytes, () => sixteenRounds(to, { message: true, extend: true }))
  sixteenRounds(to, { message: true, extend: false })
  sumAndSave(to)
  startBlock(to, paddingTableBytes)
  whileTableBelow(to, kernelTablesEndBytes, () => sixteenRounds(to, { message: false, extend: false }))
  sumAndTruncate(to)
  storeNodes(to)
}

/**
 * The module. Its `run(input, output, outputEnd)` hashes four pairs at a time from address `input` on, writing nodes
 * from `output` up to `outputEnd`: at least four, and rounded up to a multiple of four.
 *
 * @param memoryPages size of its memory, in pages of 64 KiB; the tables take the first 2 KiB
 */
export function sha254Kernel(memoryPages: number): Uint8Array<ArrayBuffer> {
  const to = emitter()
  untilOutputEnd(to, () => {
    hashFour(to)
    advance(to, input, laneCount * 64)
    advance(to, output, laneCount * 32)
  })
  return assembleModule({ v128LocalCount: vectorCount, i32LocalCount: 1, code: to.code }, memoryPages)
}
