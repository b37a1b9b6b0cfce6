/**
 * A tally that grows: receipts go in one by one, and its root can be asked at any time, at the cost of a few hashes.
 *
 * Keeps the peaks of the sum tree only (evidence.md#sum-tree promotes an odd last node, so whole subtrees never change). The
 * tree itself is built when an epoch is proven.
 *
 * @see docs/protocol/wireless.md#receipts
 * @module
 */

import { hashPair } from '@groundwork/core/merkle/hash-pair.ts'
import { nodeBytes, readSum, writeSum } from '@groundwork/core/merkle/sum-node.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { concatBytes } from '@groundwork/core/units/bytes.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { receiptsPerEpochMax, type Tally } from '../model/receipt.ts'
import { decodeReceipt, receiptLeaf } from '../wire/receipt.ts'

export interface OpenTally {
  /** @param encoded of a receipt that is well formed @returns false when the epoch has `receiptsPerEpochMax`, then nothing changes */
  add(encoded: Uint8Array): boolean
  /** as of now */
  tally(): Tally
  readonly packets: number
  readonly epoch: bigint
}

interface Peak {
  readonly bytes: Uint8Array
  readonly size: number
}

const emptyRoot: Hex = `0x${'00'.repeat(32)}`

export function openTally({
  router,
  owner,
  epoch,
  packetsMax = receiptsPerEpochMax,
}: Pick<Tally, 'router' | 'owner' | 'epoch'> & { readonly packetsMax?: number }): OpenTally {
  const peaks: Peak[] = []
  let packets = 0
  let units = 0n
  let nanoCredits = 0n

  return {
    epoch,
    add(encoded) {
      if (packets >= packetsMax) return false
      const receipt = decodeReceipt(encoded)
      invariant(receipt !== undefined, 'a tally is of receipts')
      const leaf = receiptLeaf(encoded)
      let peak: Peak = { bytes: bytesOf(leaf), size: 1 }
      for (let last = peaks.at(-1); last?.size === peak.size; last = peaks.at(-1)) {
        peaks.pop()
        peak = { bytes: parentOf(last.bytes, peak.bytes), size: last.size * 2 }
      }
      peaks.push(peak)
      packets += 1
      units += leaf.sum
      nanoCredits += receipt.priceNano
      return true
    },
    tally() {
      const root = peaks.reduceRight<Uint8Array | undefined>(
        (right, { bytes }) => (right === undefined ? bytes : parentOf(bytes, right)),
        undefined,
      )
      const hash = root === undefined ? emptyRoot : toHex(root.subarray(0, 32))
      return { router, owner, epoch, packets, units, nanoCredits, root: hash }
    },
    get packets() {
      return packets
    },
  }
}

function bytesOf(leaf: { readonly hash: Hex; readonly sum: bigint }): Uint8Array {
  const bytes = nodeBytes(leaf)
  invariant(bytes !== undefined, 'a leaf has a hash and a sum')
  return bytes
}

function parentOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  const parent = new Uint8Array(64)
  parent.set(hashPair(concatBytes(left, right)))
  const view = new DataView(parent.buffer)
  writeSum(view, 32, sumOf(left) + sumOf(right))
  return parent
}

/** Units of an epoch are far below a lane. */
function sumOf(node: Uint8Array): bigint {
  return readSum(new DataView(node.buffer, node.byteOffset, node.length), 32)
}
