/**
 * Epochs and evidence in memory, with the rules of Epochs.sol that a watcher meets: for tests of the loop, and nothing else.
 *
 * Every write mines a block. `before` and `after` hooks let a test kill the program around any call; what stands on the
 * simulated chain and in the simulated store outlives it.
 *
 * @module
 */

import { closeBundle, type ClosedBundle } from '@groundwork/core/epoch/close-bundle.ts'
import { closeEpoch } from '@groundwork/core/epoch/close-epoch.ts'
import type { Leaf } from '@groundwork/core/epoch/leaves.ts'
import { digestOfPost, type EpochPost } from '@groundwork/core/epoch/post.ts'
import {
  evidenceDeadlineOf,
  lapseBlockOf,
  sealBlockOf,
  windowEndOf,
  type EpochTiming,
} from '@groundwork/core/epoch/timing.ts'
import { toyAudit, toyBatch, toyFacts, toyNetwork } from '@groundwork/core/epoch/toy-network.ts'
import type { PreviousEpoch } from '@groundwork/core/evidence/bundle.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { bytesOfBigint } from '@groundwork/core/units/bytes.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { PendingView } from './decide.ts'
import type { ChainDesk, EvidenceDesk, Written } from './desks.ts'
import { noHead } from './epoch-history.ts'

export const simulatedTiming: EpochTiming = {
  startBlock: 10n,
  epochBlocks: 30n,
  evidenceBlocks: 10n,
  windowBlocks: 10n,
}

export interface ChainState {
  readonly block: bigint
  readonly sealed: ReadonlyMap<bigint, Hex>
  readonly head: PreviousEpoch
  readonly leaves: readonly Leaf[]
  readonly pending: (PendingView & { readonly post: EpochPost; readonly leaves: readonly Leaf[] }) | undefined
  /** reports by posted block, with the block they were mined in */
  readonly reports: ReadonlyMap<bigint, bigint>
  readonly finalised: readonly bigint[]
  readonly posted: readonly { readonly epoch: bigint; readonly poster: Address }[]
  readonly rejected: readonly { readonly epoch: bigint; readonly poster: Address; readonly isRewarded: boolean }[]
  readonly lapsed: readonly bigint[]
}

export const genesis: ChainState = {
  block: 10n,
  sealed: new Map(),
  head: noHead,
  leaves: [],
  pending: undefined,
  reports: new Map(),
  finalised: [],
  posted: [],
  rejected: [],
  lapsed: [],
}

/** What outlives a watcher: the chain, and the bundles that somebody serves. */
export interface World {
  chain: ChainState
  /** by evidence */
  readonly served: Map<Hex, ClosedBundle>
  /** what an honest audit finds of bundles that are not honest */
  readonly wrong: Map<Hex, { readonly hasJudge: boolean }>
  /** rises with every fork, so that the same epoch is sealed with another hash */
  fork: bigint
}

export function makeWorld(): World {
  return { chain: genesis, served: new Map(), wrong: new Map(), fork: 0n }
}

export interface Hooks {
  /** around every call of a desk; throws or aborts to kill the program */
  readonly around: (name: string, moment: 'before' | 'after') => void
}

const self: Address = `0x${'11'.repeat(20)}`
export const simulatedSelf: Address = self

/** The honest bundle of an epoch on top of a head; undefined where it has no evidence (every fifth epoch). */
export function honestBundle(chain: ChainState, epoch: bigint): HonestBundle | undefined {
  if (epoch % 5n === 4n) return undefined
  const key = `${chain.head.evidence} ${chain.sealed.get(epoch) ?? ''} ${epoch}`
  const known = bundles.get(key) ?? closeHonestly(chain, epoch)
  bundles.set(key, known)
  return known
}

interface HonestBundle {
  readonly bundle: ClosedBundle
  readonly leaves: readonly Leaf[]
}

/** The same head, seal and epoch give the same bundle, and closing is the slow part of a simulated run. */
const bundles = new Map<string, HonestBundle>()

function closeHonestly({ head, leaves, sealed }: ChainState, epoch: bigint): HonestBundle {
  const facts = {
    ...toyFacts,
    sealedHash: sealed.get(epoch) ?? toyFacts.sealedHash,
    closeBlock: simulatedTiming.startBlock + (epoch + 1n) * 30n,
  }
  const blocks = new Map<string, Uint8Array>()
  const batches = [
    toyBatch({ signer: 1, quantities: [epoch + 5n], epoch }),
    toyBatch({ signer: 2, quantities: [3n, 4n], epoch }),
  ]
  const closed = closeEpoch({
    network: toyNetwork,
    epoch,
    audits: { [toyNetwork]: toyAudit },
    batches,
    blocks,
    facts,
    previousLeaves: leaves,
  })
  return { bundle: closeBundle(closed, { previous: head, blocks }), leaves: closed.leaves }
}

/** Mines empty blocks. */
export function mine(world: World, blocks = 1n): void {
  world.chain = { ...world.chain, block: world.chain.block + blocks }
}

/** Somebody else posts, by the contract's rules. */
export function postAs(
  world: World,
  poster: Address,
  { post, leaves }: { readonly post: EpochPost; readonly leaves: readonly Leaf[] },
): Written {
  const { chain } = world
  const block = chain.block + 1n
  const isOpen =
    post.epoch >= chain.head.next &&
    chain.sealed.has(post.epoch) &&
    block > evidenceDeadlineOf(simulatedTiming, post.epoch)
  if (chain.pending !== undefined || !isOpen) return 'late'
  const pending = {
    epoch: post.epoch,
    digest: digestOfPost(post),
    poster,
    postedBlock: block,
    isAvailable: false,
    post,
    leaves,
  }
  world.chain = { ...chain, block, pending, posted: [...chain.posted, { epoch: post.epoch, poster }] }
  return 'done'
}

export function simulatedDesks(world: World, { around }: Hooks): { chain: ChainDesk; evidence: EvidenceDesk } {
  const call = async <T>(name: string, work: () => T): Promise<T> => {
    around(name, 'before')
    const result = work()
    around(name, 'after')
    return result
  }
  const change = (changed: Partial<ChainState>): Written => {
    world.chain = { ...world.chain, ...changed, block: world.chain.block + 1n }
    return 'done'
  }
  /** The pending post, when the next block meets a condition of the contract. */
  const pendingIf = (
    allows: (pending: NonNullable<ChainState['pending']>, block: bigint) => boolean,
  ): ChainState['pending'] => {
    const { pending, block } = world.chain
    return pending !== undefined && allows(pending, block + 1n) ? pending : undefined
  }

  const chain: ChainDesk = {
    self,
    timing: simulatedTiming,
    view: (network) =>
      call('view', () => {
        const { block, head, sealed, rejected, pending } = world.chain
        const rejectedOwn = new Set(rejected.filter(({ poster }) => poster === self).map(({ epoch }) => epoch))
        return { network, block, next: head.next, sealed, rejectedOwn, pending }
      }),
    isBonded: async () => true,
    pendingPost: (_network, digest) =>
      call('pendingPost', () => (world.chain.pending?.digest === digest ? world.chain.pending.post : undefined)),
    committee: () =>
      call('committee', () =>
        pendingIf(({ postedBlock }, block) => block > postedBlock + 2n) === undefined ? [] : [self],
      ),
    seal: ({ epoch }) =>
      call('seal', () => {
        const { sealed, block } = world.chain
        if (sealed.has(epoch) || block + 1n <= sealBlockOf(simulatedTiming, epoch)) return 'late'
        const hash = toHex(bytesOfBigint(epoch * 1000n + world.fork + 1n, 32))
        return change({ sealed: new Map([...sealed, [epoch, hash]]) })
      }),
    post: ({ post }) =>
      call('post', () => {
        const honest = honestBundle(world.chain, post.epoch)
        return postAs(world, self, { post, leaves: honest?.leaves ?? [] })
      }),
    attest: ({ signatures }) =>
      call('attest', () => {
        const pending = pendingIf((one, block) => block > one.postedBlock + 1n && signatures.length > 0)
        return pending === undefined ? 'late' : change({ pending: { ...pending, isAvailable: true } })
      }),
    finalise: () =>
      call('finalise', () => {
        const pending = pendingIf(
          (one, block) => one.isAvailable && block > windowEndOf(simulatedTiming, one.postedBlock),
        )
        if (pending === undefined) return 'late'
        const { epoch, root, totals, evidence } = pending.post
        const head = { next: epoch + 1n, root, totals, evidence }
        return change({
          head,
          leaves: pending.leaves,
          pending: undefined,
          finalised: [...world.chain.finalised, epoch],
        })
      }),
    lapse: () =>
      call('lapse', () => {
        const pending = pendingIf(
          (one, block) => !one.isAvailable && block > lapseBlockOf(simulatedTiming, one.postedBlock),
        )
        return pending === undefined
          ? 'late'
          : change({ pending: undefined, lapsed: [...world.chain.lapsed, pending.epoch] })
      }),
    isReported: ({ postedBlock }) => call('isReported', () => world.chain.reports.has(postedBlock)),
    commitReport: ({ postedBlock }) =>
      call('commitReport', () =>
        change({ reports: new Map([...world.chain.reports, [postedBlock, world.chain.block + 1n]]) }),
      ),
    challenge: ({ postedBlock }) =>
      call('challenge', () => {
        const pending = pendingIf((one) => one.postedBlock === postedBlock)
        if (pending === undefined) return 'late'
        if (world.wrong.get(pending.post.evidence)?.hasJudge !== true) return 'refused'
        const { epoch, poster } = pending
        const isRewarded = (world.chain.reports.get(postedBlock) ?? world.chain.block + 1n) < world.chain.block + 1n
        return change({ pending: undefined, rejected: [...world.chain.rejected, { epoch, poster, isRewarded }] })
      }),
  }

  const evidence: EvidenceDesk = {
    close: ({ epoch }) =>
      call('close', () => {
        const honest = honestBundle(world.chain, epoch)
        return honest === undefined ? { tag: 'empty' } : { tag: 'closed', bundle: honest.bundle }
      }),
    publish: ({ bundle }) => call('publish', () => void world.served.set(bundle.post.evidence, bundle)),
    inspect: ({ post }) =>
      call('inspect', () => {
        if (!world.served.has(post.evidence)) return { tag: 'unavailable', missing: [post.evidence] }
        const wrong = world.wrong.get(post.evidence)
        if (wrong === undefined) return { tag: 'agrees' }
        const difference = { part: 'lines', index: 0, field: 'quantity', expected: '1', actual: '2' } as const
        return {
          tag: 'differs',
          difference,
          fault: wrong.hasJudge ? { judge: 'sum', letter: 'a', functionName: 'challengeEmpty', args: [] } : undefined,
        }
      }),
    // Drawn operators sign for what they hold and find right.
    askKeepers: ({ post }) =>
      call('askKeepers', () => (world.served.has(post.evidence) && !world.wrong.has(post.evidence) ? ['0x01'] : [])),
  }
  return { chain, evidence }
}
