/**
 * What the watcher's loop needs from the world: the chain's epochs, and the evidence behind them. Types only.
 *
 * Everything that writes may be called again, or be overtaken by another: an adapter answers 'late' when the chain had moved
 * on, and that is as good as done.
 *
 * @module
 */

import type { Challenge } from '@groundwork/core/epoch/challenge.ts'
import type { ClosedBundle } from '@groundwork/core/epoch/close-bundle.ts'
import type { Difference } from '@groundwork/core/epoch/compare-bundle.ts'
import type { EpochPost } from '@groundwork/core/epoch/post.ts'
import type { EpochTiming } from '@groundwork/core/epoch/timing.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { EpochView } from './decide.ts'

export interface Waiting {
  readonly signal: AbortSignal
}

/** done: it stands in a block. late: the chain had moved on, or somebody else did it. */
export type Written = 'done' | 'late'

export interface ChainDesk {
  readonly self: Address
  readonly timing: EpochTiming
  view(network: number, waiting: Waiting): Promise<EpochView>
  /** stake is enough to post */
  isBonded(network: number, waiting: Waiting): Promise<boolean>
  /** the pending post, when its digest is this one */
  pendingPost(network: number, digest: Hex, waiting: Waiting): Promise<EpochPost | undefined>
  /** who was drawn to keep the pending post's evidence; empty while it is not known */
  committee(network: number, waiting: Waiting): Promise<readonly Address[]>
  seal(target: { readonly network: number; readonly epoch: bigint }, waiting: Waiting): Promise<Written>
  post(target: { readonly network: number; readonly post: EpochPost }, waiting: Waiting): Promise<Written>
  attest(
    target: { readonly network: number; readonly post: EpochPost; readonly signatures: readonly Hex[] },
    waiting: Waiting,
  ): Promise<Written>
  finalise(target: { readonly network: number; readonly post: EpochPost }, waiting: Waiting): Promise<Written>
  lapse(target: { readonly network: number }, waiting: Waiting): Promise<Written>
  /** whether the report of this post stands in a block: the reward needs that, earlier than the challenge */
  isReported(
    target: { readonly network: number; readonly epoch: bigint; readonly postedBlock: bigint },
    waiting: Waiting,
  ): Promise<boolean>
  commitReport(
    target: { readonly network: number; readonly epoch: bigint; readonly postedBlock: bigint },
    waiting: Waiting,
  ): Promise<Written>
  /** refused: the judge sees no fault in it */
  challenge(
    target: {
      readonly network: number
      readonly post: EpochPost
      readonly postedBlock: bigint
      readonly fault: Challenge
    },
    waiting: Waiting,
  ): Promise<Written | 'refused'>
}

export type CloseOutcome =
  | { readonly tag: 'closed'; readonly bundle: ClosedBundle }
  /** nothing to pay */
  | { readonly tag: 'empty' }
  | { readonly tag: 'unavailable'; readonly missing: readonly string[] }

export type Inspection =
  | { readonly tag: 'agrees' }
  | { readonly tag: 'differs'; readonly difference: Difference; readonly fault: Challenge | undefined }
  | { readonly tag: 'unavailable'; readonly missing: readonly string[] }

export interface EvidenceDesk {
  /** Recomputes an epoch from everything that can be had. */
  close(target: { readonly network: number; readonly epoch: bigint }, waiting: Waiting): Promise<CloseOutcome>
  /** Keeps a bundle on disk and serves it; flushed when it resolves. */
  publish(target: { readonly network: number; readonly bundle: ClosedBundle }, waiting: Waiting): Promise<void>
  /** Recomputes a posted epoch from its own evidence. */
  inspect(target: { readonly network: number; readonly post: EpochPost }, waiting: Waiting): Promise<Inspection>
  /** Asks drawn operators to keep a posted epoch's evidence. @returns the good signatures that came back */
  askKeepers(
    target: { readonly network: number; readonly post: EpochPost; readonly committee: readonly Address[] },
    waiting: Waiting,
  ): Promise<readonly Hex[]>
}
