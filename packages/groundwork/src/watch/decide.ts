/**
 * What a watcher does next, from what stands on chain and what it knows: one pure function.
 *
 * Level-triggered: it looks at how things are, never at what was done before. So a watcher that was killed, or a chain that
 * went back, changes nothing but the next look. docs/protocol/epochs.md#watching
 *
 * @module
 */

import {
  evidenceDeadlineOf,
  lapseBlockOf,
  sealBlockOf,
  windowEndOf,
  type EpochTiming,
} from '@groundwork/core/epoch/timing.ts'
import { isSameAddress, type Address } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'

/** A watcher looks this many epochs back: later ones admit what was left out of them. */
export const epochsBackMax = 8n

/** Others do what a poster may have died of this many blocks after it could have. */
export const patienceBlocks = 3n

/** A block's hash can be sealed while the chain knows it (EIP-2935), less some blocks to be mined in. */
export const sealAgeBlocksMax = 8_000n

/** The post that waits for its window. */
export interface PendingView {
  readonly epoch: bigint
  /** digest of the whole post */
  readonly digest: Hex
  readonly poster: Address
  readonly postedBlock: bigint
  readonly isAvailable: boolean
}

/** A network's epochs as of one block. */
export interface EpochView {
  readonly network: number
  readonly block: bigint
  /** first epoch that may be posted */
  readonly next: bigint
  /** hash by epoch */
  readonly sealed: ReadonlyMap<bigint, Hex>
  /** of epochs whose post by this watcher was rejected: it does not insist */
  readonly rejectedOwn: ReadonlySet<bigint>
  readonly pending: PendingView | undefined
}

/** What this watcher has found out about a post. */
export type Opinion = 'agrees' | 'differs' | 'unavailable'

export interface Knowledge {
  readonly self: Address
  /** posts epochs, not only checks them */
  readonly isPoster: boolean
  /** has stake enough to post */
  readonly isBonded: boolean
  /** by `postKey` */
  opinionOf(key: string): Opinion | undefined
  /** whether the epoch that was sealed with this hash had nothing to post when this watcher looked */
  isEmpty(epoch: bigint, sealedHash: Hex): boolean
}

/** Names a post together with what its audit stands on, so that an opinion does not outlive a rollback of the chain. */
export function postKey({ sealed }: EpochView, { digest, epoch, postedBlock }: PendingView): string {
  return `${digest} ${postedBlock} ${sealed.get(epoch) ?? ''}`
}

export type Step =
  | { readonly do: 'seal'; readonly epoch: bigint }
  | { readonly do: 'inspect' }
  | { readonly do: 'challenge' }
  | { readonly do: 'attest' }
  | { readonly do: 'finalise' }
  | { readonly do: 'lapse' }
  | { readonly do: 'post'; readonly epoch: bigint }

/** @returns the steps of one pass, in order; those that need an earlier one come in a later pass */
export function decide(view: EpochView, timing: EpochTiming, knowledge: Knowledge): Step[] {
  const seals = epochsToSeal(view, timing, knowledge).map((epoch): Step => ({ do: 'seal', epoch }))
  const { pending } = view
  if (pending !== undefined) return [...seals, ...stepsFor(pending, view, timing, knowledge)]
  const epoch = epochToPost(view, timing, knowledge)
  return epoch === undefined ? seals : [...seals, { do: 'post', epoch }]
}

/** Epochs that are closed, may still be posted, and have no seal yet. */
function epochsToSeal(view: EpochView, timing: EpochTiming, { isPoster }: Knowledge): bigint[] {
  const waitBlocks = isPoster ? 0n : patienceBlocks
  return recentEpochs(view, timing).filter((epoch) => {
    const sealBlock = sealBlockOf(timing, epoch)
    const isDue = view.block >= sealBlock + waitBlocks && view.block - sealBlock <= sealAgeBlocksMax
    return isDue && !view.sealed.has(epoch)
  })
}

/** Epochs whose seal block is mined and which may still be posted, oldest first; at most `epochsBackMax`. */
export function recentEpochs({ block, next }: EpochView, timing: EpochTiming): bigint[] {
  const sealedEnd = block - timing.startBlock - 1n
  const endEpoch = sealedEnd < timing.epochBlocks ? 0n : sealedEnd / timing.epochBlocks
  const oldest = endEpoch > epochsBackMax ? endEpoch - epochsBackMax : 0n
  const epochs: bigint[] = []
  for (let epoch = next > oldest ? next : oldest; epoch < endEpoch; epoch += 1n) epochs.push(epoch)
  return epochs
}

function stepsFor(pending: PendingView, view: EpochView, timing: EpochTiming, knowledge: Knowledge): Step[] {
  const isOwn = isSameAddress(pending.poster, knowledge.self)
  const opinion = isOwn ? 'agrees' : knowledge.opinionOf(postKey(view, pending))
  const waitBlocks = isOwn ? 0n : patienceBlocks
  // A transaction that is sent now stands in the next block at the earliest.
  const nextBlock = view.block + 1n
  if (!pending.isAvailable && nextBlock > lapseBlockOf(timing, pending.postedBlock) + waitBlocks)
    return [{ do: 'lapse' }]
  if (opinion === undefined || opinion === 'unavailable') return [{ do: 'inspect' }]
  if (opinion === 'differs') return [{ do: 'challenge' }]
  if (!pending.isAvailable) return view.block >= pending.postedBlock + 2n + waitBlocks ? [{ do: 'attest' }] : []
  return nextBlock > windowEndOf(timing, pending.postedBlock) + waitBlocks ? [{ do: 'finalise' }] : []
}

/** The oldest epoch that can be posted and is worth it. */
function epochToPost(view: EpochView, timing: EpochTiming, knowledge: Knowledge): bigint | undefined {
  if (!knowledge.isPoster || !knowledge.isBonded) return undefined
  return recentEpochs(view, timing).find((epoch) => {
    const sealedHash = view.sealed.get(epoch)
    if (sealedHash === undefined || view.block < evidenceDeadlineOf(timing, epoch)) return false
    return !knowledge.isEmpty(epoch, sealedHash) && !view.rejectedOwn.has(epoch)
  })
}
