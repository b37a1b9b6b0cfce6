/**
 * The `Hasher` for anywhere: our own WebAssembly SIMD kernel, built at load, in Node and in browsers alike.
 *
 * No node:*, no fetch, no file: the kernel's bytes come from `sha254-kernel.ts`. Where the native one can be loaded,
 * `adapters/hashtree-hasher.ts` is quicker.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { Hasher } from '../ports/hasher.ts'
import { nodeSizeBytes, pairSizeBytes } from '../ports/hasher.ts'
import { kernelTables, kernelTablesEndBytes, laneCount, sha254Kernel } from './sha254-kernel.ts'

/** Pairs that go through the kernel's memory at once: 64 KiB of input and 32 KiB of output stay in a near cache. */
const pairsPerRunMax = 1024
const inputBytes = kernelTablesEndBytes
const outputBytes = inputBytes + pairsPerRunMax * pairSizeBytes
const pageSizeBytes = 65_536
const memoryPages = Math.ceil((outputBytes + pairsPerRunMax * nodeSizeBytes) / pageSizeBytes)

type Run = (input: number, output: number, outputEnd: number) => void

function startKernel(): { run: Run; memory: Uint8Array } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(sha254Kernel(memoryPages)))
  const { run, memory } = exports
  invariant(typeof run === 'function' && memory instanceof WebAssembly.Memory, 'the kernel exports run and memory')
  const bytes = new Uint8Array(memory.buffer)
  bytes.set(kernelTables())
  return { run: run as Run, memory: bytes }
}

/** A hasher with a kernel and 160 KiB of memory of its own; takes a few milliseconds to build, so keep it. */
export function wasmHasher(): Hasher {
  const { run, memory } = startKernel()

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

invariant(pairsPerRunMax % laneCount === 0, 'a full run fills every lane')
