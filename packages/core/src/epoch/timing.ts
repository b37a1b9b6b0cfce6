/**
 * When things happen in an epoch, in blocks. The same for every network. docs/protocol/epochs.md#timing
 *
 * @module
 */

import { invariant } from '../invariant.ts'

/** The four numbers of a deployment's parameter file that fix all of it. */
export interface EpochTiming {
  /** first block of epoch 0 */
  readonly startBlock: bigint
  readonly epochBlocks: bigint
  /** after the seal: how long batches for the epoch are admitted */
  readonly evidenceBlocks: bigint
  /** challenge window after a post */
  readonly windowBlocks: bigint
}

/** First block of an epoch. */
export function openBlockOf(timing: EpochTiming, epoch: bigint): bigint {
  return timing.startBlock + epoch * timing.epochBlocks
}

/** The block at which an epoch closes: the first one after it. Data sets count as they stand there. */
export function closeBlockOf(timing: EpochTiming, epoch: bigint): bigint {
  return openBlockOf(timing, epoch + 1n)
}

/** The block whose hash seeds the epoch's draws. */
export function sealBlockOf(timing: EpochTiming, epoch: bigint): bigint {
  return closeBlockOf(timing, epoch) + 1n
}

/** Last block at which a batch for the epoch may be registered; a post comes after it. */
export function evidenceDeadlineOf(timing: EpochTiming, epoch: bigint): bigint {
  return sealBlockOf(timing, epoch) + timing.evidenceBlocks
}

/** Last block in which a post can be challenged. */
export function windowEndOf(timing: EpochTiming, postedBlock: bigint): bigint {
  return postedBlock + timing.windowBlocks
}

/** Last block of a post that never becomes available; after it anyone lets it lapse. */
export function lapseBlockOf(timing: EpochTiming, postedBlock: bigint): bigint {
  return windowEndOf(timing, postedBlock) + timing.windowBlocks
}

/**
 * @param block at or after startBlock
 * @returns the epoch that covers the block
 */
export function epochAt(timing: EpochTiming, block: bigint): bigint {
  invariant(block >= timing.startBlock, 'epochs begin at startBlock')
  return (block - timing.startBlock) / timing.epochBlocks
}
