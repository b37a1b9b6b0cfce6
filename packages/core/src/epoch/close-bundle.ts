/**
 * From a closed epoch to its published bundle and the post that names it.
 *
 * @module
 */

import type { CID } from 'multiformats/cid'
import { encodeBatch } from '../evidence/batch.ts'
import type { Block, BlockSource } from '../evidence/block.ts'
import { encodeBundle, type Bundle, type PreviousEpoch } from '../evidence/bundle.ts'
import { encodeBundleCar } from '../evidence/bundle-car.ts'
import type { ClosedEpoch } from './close-epoch.ts'
import type { EpochPost } from './post.ts'

/** What is stored and what is posted. */
export interface ClosedBundle {
  readonly bundle: Bundle
  readonly post: EpochPost
  /** the bundle's root block; its sha256 is `post.evidence` */
  readonly root: Block
  /** root, pages, batches and details, each once */
  readonly car: Uint8Array
  /** details that `blocks` did not have: the bundle is not whole without them */
  readonly missing: readonly CID[]
}

/**
 * @param sources previous: the head that the epoch adds to; blocks: the details that its batches link to
 */
export function closeBundle(
  closed: ClosedEpoch,
  { previous, blocks }: { readonly previous: PreviousEpoch; readonly blocks: BlockSource },
): ClosedBundle {
  const batchBlocks = closed.batches.map(encodeBatch)
  const bundle = bundleOf(closed, { previous, batchBlocks })
  const { evidence, root, pages } = encodeBundle(bundle)
  const links = closed.batches.flatMap(({ details }) => details)
  const details = links.flatMap((cid) => {
    const bytes = blocks.get(cid.toString())
    return bytes === undefined ? [] : [{ cid, bytes }]
  })
  return {
    bundle,
    post: { ...closed.post, evidence },
    root,
    car: encodeBundleCar({ root, blocks: [...pages, ...batchBlocks, ...details] }),
    missing: links.filter((cid) => blocks.get(cid.toString()) === undefined),
  }
}

function bundleOf(
  { network, epoch, facts, previousLeaves, batches, lines }: ClosedEpoch,
  { previous, batchBlocks }: { readonly previous: PreviousEpoch; readonly batchBlocks: readonly Block[] },
): Bundle {
  const { rules, closeBlock, sealedHash, highUsd8, allowanceAtto } = facts
  const cids = batches.flatMap(({ digest }, index) => {
    const block = batchBlocks[index]
    return block === undefined ? [] : [{ cid: block.cid, digest }]
  })
  return {
    network,
    epoch,
    rules,
    closeBlock,
    sealedHash,
    highUsd8,
    allowanceAtto,
    previous,
    previousLeaves,
    batches: cids,
    lines,
  }
}
