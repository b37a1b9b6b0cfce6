/**
 * The fr32 padding as a WebAssembly kernel: a quad, 127 raw bytes, to four leaves in eight vectors.
 *
 * The same layout as `wire/fr32.ts`, which says what it is, some five times quicker; a test holds them equal.
 *
 * @module
 */

import { quadPaddedBytes, quadRawBytes } from '../wire/fr32.ts'
import { advance, assembleModule, emitter, kernelParameters, untilOutputEnd, type Emitter } from './wasm-assembler.ts'

const { input, output } = kernelParameters

/** Bytes after the raw ones that the kernel may read; what stands there does not matter. */
export const kernelReadAheadBytes = 8

/** All bits but the two highest. */
const leafMask = [...Array.from({ length: 15 }, () => 0xff), 0x3f]

/** Half a leaf: 16 bytes from bit `shift` of byte `start` on, as two words of 64 bits with what follows each. */
function halfLeaf(to: Emitter, { start, shift, isLast }: { start: number; shift: number; isLast: boolean }): void {
  to.get(input)
  to.load(start)
  if (shift > 0) {
    to.shiftRight64(shift)
    to.get(input)
    to.load(start + 8)
    to.shiftLeft64(64 - shift)
    to.or()
  }
  if (!isLast) return
  to.constant(leafMask)
  to.and()
}

/** Leaf n starts at bit 254n: for n above 0 that is bit 8 - 2n of byte 32n - 1. */
function expandQuad(to: Emitter): void {
  for (let half = 0; half < 8; half++) {
    const leaf = Math.floor(half / 2)
    const start = (leaf === 0 ? 0 : 32 * leaf - 1) + (half % 2) * 16
    to.get(output)
    halfLeaf(to, { start, shift: leaf === 0 ? 0 : 8 - 2 * leaf, isLast: half % 2 === 1 })
    to.store(half * 16)
  }
}

/**
 * The module. Its `run(input, output, outputEnd)` pads whole quads, at least one.
 *
 * @param memoryPages size of its memory, in pages of 64 KiB
 */
export function fr32Kernel(memoryPages: number): Uint8Array<ArrayBuffer> {
  const to = emitter()
  untilOutputEnd(to, () => {
    expandQuad(to)
    advance(to, input, quadRawBytes)
    advance(to, output, quadPaddedBytes)
  })
  return assembleModule({ v128LocalCount: 0, i32LocalCount: 0, code: to.code }, memoryPages)
}
