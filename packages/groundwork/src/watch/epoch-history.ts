/**
 * What the chain's logs say of epochs: posts and what became of them, heads, seals, vouched and excluded batches, stakes.
 *
 * Logs, not views: an audit of an old epoch needs the state as it stood then, and nodes forget old state but not logs. It
 * reads the index and nothing else; amounts are atto-WORK. docs/protocol/epochs.md#facts
 *
 * @module
 */

import { epochStepsIn, type IndexedEpochStep } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { PreviousEpoch } from '@groundwork/core/evidence/bundle.ts'
import type { Available } from '@groundwork/core/evidence/availability.ts'
import { digestOfPost, type EpochPost } from '@groundwork/core/epoch/post.ts'
import { isSameAddress, type Address } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { logsOf, onceForTip, type IndexLog } from './event-logs.ts'

/** What became of a post. */
export type PostOutcome = 'pending' | 'finalised' | 'rejected' | 'lapsed'

export interface PostRecord {
  readonly network: number
  readonly epoch: bigint
  readonly post: EpochPost
  readonly poster: Address
  readonly block: bigint
  readonly tx: Hex
  readonly isAvailable: boolean
  readonly outcome: PostOutcome
}

/** A batch that drawn operators vouched for: leaving it out is a fault. */
export interface VouchedBatch {
  readonly digest: Hex
  readonly epoch: bigint
  readonly block: bigint
}

export interface SealRecord {
  readonly blockHash: Hex
  readonly highUsd8: bigint
}

/** No epoch was finalised. */
export const noHead: PreviousEpoch = {
  next: 0n,
  root: `0x${'00'.repeat(32)}`,
  totals: 0n,
  evidence: `0x${'00'.repeat(32)}`,
}

/** Every post of a network, oldest first, each with what became of it. */
export function postsIn(index: ChainIndex, network: number): readonly PostRecord[] {
  return onceForTip(index, `posts ${network}`, () => readPosts(index, network))
}

function readPosts(index: ChainIndex, network: number): PostRecord[] {
  const posts: PostRecord[] = []
  for (const step of epochStepsIn(index, { network })) {
    const last = posts.at(-1)
    const isOpen = last?.outcome === 'pending' && last.epoch === step.epoch
    if (step.state === 'posted') posts.push(recordOf(step))
    else if (!isOpen) continue
    else if (step.state === 'available') posts[posts.length - 1] = { ...last, isAvailable: true }
    else if (step.state !== 'sealed') posts[posts.length - 1] = { ...last, outcome: step.state }
  }
  return posts
}

function recordOf({ network, epoch, post, actor, block, tx }: IndexedEpochStep): PostRecord {
  if (post === undefined || actor === undefined)
    throw new TypeError('the index keeps post and poster of a posted epoch')
  return { network, epoch, post, poster: lower(actor), block, tx, isAvailable: false, outcome: 'pending' }
}

/** The pending post for which keepers are asked, when that is what is pending: its network, epoch, evidence and digest. */
export function pendingNamedBy(
  index: ChainIndex,
  { network, epoch, evidence, post }: Available,
): PostRecord | undefined {
  const last = postsIn(index, network).at(-1)
  if (last?.outcome !== 'pending' || last.epoch !== epoch || last.post.evidence !== evidence) return undefined
  return digestOfPost(last.post) === post ? last : undefined
}

/** The head that a post adds to: the last epoch finalised before the post's own block and place, or now. */
export function headIn(
  index: ChainIndex,
  network: number,
  { before }: { readonly before?: PostRecord } = {},
): PreviousEpoch {
  const posts = postsIn(index, network)
  const at = before === undefined ? -1 : posts.findIndex(({ tx }) => tx === before.tx)
  const until = at === -1 ? posts.length : at
  const last = posts.slice(0, until).findLast(({ outcome }) => outcome === 'finalised')?.post
  return last === undefined
    ? noHead
    : { next: last.epoch + 1n, root: last.root, totals: last.totals, evidence: last.evidence }
}

/** Seals of a network, by epoch. */
export function sealsIn(index: ChainIndex, network: number): ReadonlyMap<bigint, SealRecord> {
  return onceForTip(index, `seals ${network}`, () => readSeals(index, network))
}

function readSeals(index: ChainIndex, network: number): ReadonlyMap<bigint, SealRecord> {
  const logs = logsOf(index, { contract: 'epochs', event: 'Sealed' }).filter(
    ({ args }) => Number(args['network']) === network,
  )
  return new Map(
    logs.map(({ args }) => [
      BigInt(String(args['epoch'])),
      { blockHash: hexOf(args['blockHash']), highUsd8: BigInt(String(args['highUsd8'])) },
    ]),
  )
}

/** Vouched batches of a network's epochs from `from` to `to`, both included, up to a block. */
export function vouchedIn(
  index: ChainIndex,
  {
    network,
    from,
    to,
    until,
  }: { readonly network: number; readonly from: bigint; readonly to: bigint; readonly until?: bigint | undefined },
): VouchedBatch[] {
  return logsOf(index, { contract: 'epochs', event: 'BatchVouched', until })
    .filter(({ args }) => Number(args['network']) === network)
    .map(({ args, block }) => ({ digest: hexOf(args['digest']), epoch: BigInt(String(args['epoch'])), block }))
    .filter(({ epoch }) => epoch >= from && epoch <= to)
}

/** Batches that a signer contradicted no later than a block: void. */
export function contradictedIn(index: ChainIndex, { until }: { readonly until: bigint }): Hex[] {
  return logsOf(index, { contract: 'receiptJudge', event: 'Equivocated', until }).flatMap(({ args }) => [
    hexOf(args['one']),
    hexOf(args['other']),
  ])
}

/** Batches of storage with an entry that was shown wrong. */
export function refutedIn(index: ChainIndex): Hex[] {
  return logsOf(index, { contract: 'storageJudge', event: 'Refuted' }).map(({ args }) => hexOf(args['digest']))
}

/** Stakes of a network after a block, without those that are empty, by operator in lower case. */
export function stakesIn(
  index: ChainIndex,
  { network, until }: { readonly network: number; readonly until: bigint },
): ReadonlyMap<Address, bigint> {
  const stakes = new Map<Address, bigint>()
  const add = (operator: unknown, atto: bigint): void =>
    void stakes.set(lower(hexOf(operator)), (stakes.get(lower(hexOf(operator))) ?? 0n) + atto)
  const ofNetwork = ({ args }: IndexLog): boolean => Number(args['network']) === network
  const amountOf = ({ args }: IndexLog): bigint => BigInt(String(args['amountAtto']))
  for (const log of logsOf(index, { contract: 'bonds', event: 'Deposited', until }).filter(ofNetwork))
    add(log.args['operator'], amountOf(log))
  for (const log of logsOf(index, { contract: 'bonds', event: 'Withdrawn', until }).filter(ofNetwork))
    add(log.args['operator'], -amountOf(log))
  const networkOfLock = new Map(
    logsOf(index, { contract: 'bonds', event: 'Locked', until }).map(({ args }) => [
      String(args['lockId']),
      Number(args['network']),
    ]),
  )
  for (const log of logsOf(index, { contract: 'bonds', event: 'Slashed', until })) {
    if (networkOfLock.get(String(log.args['lockId'])) === network) add(log.args['operator'], -amountOf(log))
  }
  return new Map([...stakes].filter(([, atto]) => atto > 0n))
}

/** Epochs of which a poster's own post was rejected. */
export function rejectedOf(
  index: ChainIndex,
  { network, poster }: { readonly network: number; readonly poster: Address },
): ReadonlySet<bigint> {
  const own = postsIn(index, network).filter((one) => one.outcome === 'rejected' && isSameAddress(one.poster, poster))
  return new Set(own.map(({ epoch }) => epoch))
}

function hexOf(value: unknown): Hex {
  return String(value) as Hex
}

function lower(address: Hex): Address {
  return address.toLowerCase() as Address
}
