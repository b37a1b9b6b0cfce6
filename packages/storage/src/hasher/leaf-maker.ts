/**
 * Where batches of raw bytes become leaves: the fr32 kernel, its memory, and room to hash what comes out.
 *
 * One for all pieces that are hashed on a thread: a batch is padded and hashed without an await in between, so nothing
 * in here outlives a call. It hashes nothing itself.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { quadPaddedBytes, quadRawBytes } from '../wire/fr32.ts'
import { fr32Kernel, kernelReadAheadBytes } from './fr32-kernel.ts'
import { startKernel } from './wasm-assembler.ts'

/** Quads in a batch, at most: 128 KiB of leaves, and half of that for the level above, stay in a near cache. */
export const quadsPerBatchMax = 1024

export interface LeafMaker {
  /** room for the leaves of a batch, and for every second level above */
  readonly leaves: Uint8Array
  /** room for the levels between */
  readonly spare: Uint8Array

  /**
   * Puts the leaves of `raw` at the start of `leaves`, and zero leaves after them until there are `quadCount` quads.
   *
   * @param raw at most `quadCount` * 127 bytes
   * @param quadCount 1 to 1024
   */
  make(raw: Uint8Array, quadCount: number): void
}

const leavesBytes = quadsPerBatchMax * quadPaddedBytes
const spareStart = leavesBytes
const rawStart = spareStart + leavesBytes / 2
const rawBytesMax = quadsPerBatchMax * quadRawBytes
const memoryPages = Math.ceil((rawStart + rawBytesMax + kernelReadAheadBytes) / 65_536)

function startLeafMaker(): LeafMaker {
  const { run, memory } = startKernel(fr32Kernel(memoryPages))
  const leaves = memory.subarray(0, leavesBytes)
  return {
    leaves,
    spare: memory.subarray(spareStart, spareStart + leavesBytes / 2),
    make(raw, quadCount) {
      invariant(quadCount >= 1 && quadCount <= quadsPerBatchMax, 'a batch has 1 to 1024 quads')
      invariant(raw.length <= quadCount * quadRawBytes, 'the raw bytes fit into the quads')
      const filledCount = Math.ceil(raw.length / quadRawBytes)
      memory.set(raw, rawStart)
      memory.fill(0, rawStart + raw.length, rawStart + filledCount * quadRawBytes)
      if (filledCount > 0) run(rawStart, 0, filledCount * quadPaddedBytes)
      leaves.fill(0, filledCount * quadPaddedBytes, quadCount * quadPaddedBytes)
    },
  }
}

let started: LeafMaker | undefined

/** The one of this thread, started when it is first needed. */
export function leafMaker(): LeafMaker {
  started ??= startLeafMaker()
  return started
}
