/**
 * All blocks of a bundle in the order of its CAR: root, pages, batches, details; each once.
 *
 * @module
 */

import { decodeBatch } from '@groundwork/core/evidence/batch.ts'
import { cidOfDigest, isNamed, type Block, type BlockSource } from '@groundwork/core/evidence/block.ts'
import { decodeBundle } from '@groundwork/core/evidence/bundle.ts'
import { encodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { CID } from 'multiformats/cid'
import { linksIn } from './fetch-bundle.ts'
import type { KeptBundle } from './watch-store.ts'

/** @returns undefined when a block is not there or is not what its name says */
export function bundleBlocks(
  source: BlockSource,
  { network, evidence }: { readonly network: number; readonly evidence: Hex },
): KeptBundle | undefined {
  const decoded = decodeBundle(evidence, source)
  if (decoded.tag !== 'bundle' || decoded.corrupt.length > 0) return undefined
  const root = cidOfDigest(evidence)
  const batches: { cid: CID; epoch: bigint }[] = []
  const names = [root, ...linksIn(source.get(root.toString()))]
  for (const { cid } of decoded.bundle.batches) {
    const bytes = source.get(cid.toString())
    const batch = bytes === undefined ? undefined : decodeBatch(bytes)
    if (batch === undefined) return undefined
    batches.push({ cid, epoch: batch.header.epoch })
    names.push(cid, ...batch.details)
  }
  const blocks: Block[] = []
  for (const cid of new Map(names.map((name) => [name.toString(), name])).values()) {
    const bytes = source.get(cid.toString())
    if (bytes === undefined || !isNamed(cid, bytes)) return undefined
    blocks.push({ cid, bytes })
  }
  return { network, epoch: decoded.bundle.epoch, evidence, blocks, batches }
}

/** A bundle's blocks as the one file in which it is handed over. */
export function carOf({ blocks }: KeptBundle): Uint8Array {
  const [root, ...rest] = blocks
  if (root === undefined) throw new TypeError('a bundle has a root')
  return encodeBundleCar({ root, blocks: rest })
}
