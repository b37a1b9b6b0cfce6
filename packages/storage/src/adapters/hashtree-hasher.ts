/**
 * The native `Hasher`: @chainsafe/hashtree, which hashes many 64-byte pairs at once with the machine's own
 * instructions.
 *
 * It gives plain SHA-256, so the truncation to 254 bits is ours. Where no prebuilt binary fits, loading this file
 * throws; `hasher/wasm-hasher.ts` then does the same work.
 *
 * @module
 */

import { hashInto } from '@chainsafe/hashtree'
import { invariant } from '@groundwork/core/invariant.ts'
import { nodeSizeBytes, pairSizeBytes, type Hasher } from '../ports/hasher.ts'

function truncate(nodes: Uint8Array): void {
  for (let last = nodeSizeBytes - 1; last < nodes.length; last += nodeSizeBytes) {
    nodes[last] = (nodes[last] ?? 0) & 0x3f
  }
}

/** Holds no state; every call gives an equal one. */
export function hashtreeHasher(): Hasher {
  return {
    name: 'hashtree',
    hashPairs(input, output) {
      invariant(input.length % pairSizeBytes === 0, 'input is whole pairs')
      invariant(output.length * 2 === input.length, 'output holds one node for each pair')
      if (input.length === 0) return
      hashInto(input, output)
      truncate(output)
    },
  }
}
