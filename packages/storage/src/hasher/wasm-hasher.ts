/**
 * The `Hasher` for anywhere: our own WebAssembly SIMD kernel, built at load, in Node and in browsers alike.
 *
 * No node:*, no fetch, no file: the kernel's bytes come from `sha254-kernel.ts`. Where the native one can be loaded,
 * `adapters/hashtree-hasher.ts` is quicker.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { nodeSizeBytes, pairSizeBytes, type Hasher } from '../ports/hasher.ts'
import { kernelTables, kernelTablesEndBytes, sha254Kernel } from './sha254-kernel.ts'
import { startKernel } from './wasm-assembler.ts'

/** Pairs that go through the kernel's memory at once, a multiple of its lanes: 64 KiB of input stay in a near cache. */
const pairsPerRunMax = 1024
const inputBytes = kernelTablesEndBytes
const outputBytes = inputBytes + pairsPerRunMax * pairSizeBytes
const pageSizeBytes = 65_536
const memoryPages = Math.ceil((outputBytes + pairsPerRunMax * nodeSizeBytes) / pageSizeBytes)

/** A hasher with a kernel and 160 KiB of memory of its own; takes a few milliseconds to build, so keep it. */
export function wasmHasher(): Hasher {
  const { run, memory } = startKernel(sha254Kernel(memoryPages))
  memory.set(kernelTables())

  function hashRun(input: Uint8Array, output: Uint8Array): void {
    memory.set(input, inputBytes)
    run(inputBytes, outputBytes, outputBytes + output.length)
    output.set(memory.subarray(outputBytes, outputBytes + output.length))
  }

  return {
    name: 'wasm-simd',
    hashPairs(input, output) {
      invariant(input.length % pairSizeBytes === 0, 'input is whole pairs')
      invariant(output.length * 2 === input.length, 'output holds one node for each pair')
      for (let first = 0; first * pairSizeBytes < input.length; first += pairsPerRunMax) {
        const last = first + pairsPerRunMax
        hashRun(
          input.subarray(first * pairSizeBytes, last * pairSizeBytes),
          output.subarray(first * nodeSizeBytes, last * nodeSizeBytes),
        )
      }
    },
  }
}
