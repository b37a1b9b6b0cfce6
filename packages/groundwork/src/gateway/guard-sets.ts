/**
 * The natural watcher of a customer's own pieces: when a finalised epoch lacks the proof of a set of ours, a leaf of it is demanded on
 * chain. Whoever still has the data answers and keeps its pay; whoever lost it loses the stream and the lock.
 *
 * Each set is asked at most once per epoch; a restart may ask once more, which costs an honest provider nothing.
 *
 * @module
 */

import { randomInt } from 'node:crypto'
import type { Chain } from '@groundwork/chain/client.ts'
import { dataSetsAsOf, type IndexedDataSet } from '@groundwork/chain/indexer/index-queries.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { closeBlockOf } from '@groundwork/core/epoch/timing.ts'
import { storageNetwork } from '@groundwork/storage'
import type { Logger } from 'pino'
import type { ComposedCustomer } from '../compose.ts'
import { demandLeaf } from '../demand/demand-leaf.ts'
import { libraryOf, type AuditContext } from '../watch/audit-context.ts'
import { timingOf } from '../watch/chain-desk.ts'
import { postsIn, type PostRecord } from '../watch/epoch-history.ts'
import { batchesOf, fetchBundle } from '../watch/fetch-bundle.ts'
import { decodeBundle } from '@groundwork/core/evidence/bundle.ts'

export interface GuardSetsOptions {
  readonly context: AuditContext
  readonly chain: Chain
  readonly customer: Address
  /** which drawn leaf its provider does not serve, if there is one */
  readonly lostLeaf: ComposedCustomer['lostLeaf']
  readonly log: Logger
}

interface Waiting {
  readonly signal: AbortSignal
}

/** Leaves are numbered within what one draw of the machine reaches. */
const leafMax = 2 ** 47

/** @returns one look: the sets that it demanded a leaf of, each seen through to its end */
export function guardSets({
  context,
  chain,
  customer,
  lostLeaf,
  log,
}: GuardSetsOptions): (waiting: Waiting) => Promise<readonly Hex[]> {
  let seen: bigint | undefined

  return async ({ signal }) => {
    const record = postsIn(context.index, storageNetwork).findLast(({ outcome }) => outcome === 'finalised')
    if (record === undefined || record.epoch === seen) return []
    const unproven = await unprovenSets({ context, customer, record }, { signal })
    seen = record.epoch
    if (unproven === undefined) return []
    await Promise.all(
      unproven.map(async (set) => {
        const { id, leafCount, provider } = set
        // Who lost one piece of many would answer almost any leaf: the one to demand is one that it does not serve.
        const lost = await lostLeaf({ set, epoch: record.epoch }, { signal })
        const leafIndex = BigInt(lost ?? randomInt(Number(leafCount > BigInt(leafMax) ? leafMax : leafCount)))
        log.warn(
          { epoch: record.epoch, dataSet: id, provider, leafIndex },
          'a set of ours was not proven: a leaf is demanded',
        )
        const { outcome, slashedAtto } = await demandLeaf({ chain, reporter: customer, dataSet: id, leafIndex, signal })
        log.warn({ dataSet: id, provider, outcome, slashedAtto }, 'the demand is over')
      }),
    )
    return unproven.map(({ id }) => id)
  }
}

/** Our sets that stood at the close, stand still, and are in no counted batch; undefined when the evidence is not to be had. */
async function unprovenSets(
  {
    context,
    customer,
    record,
  }: { readonly context: AuditContext; readonly customer: Address; readonly record: PostRecord },
  { signal }: Waiting,
): Promise<readonly IndexedDataSet[] | undefined> {
  const isOurs = (set: IndexedDataSet): boolean => set.customer.toLowerCase() === customer.toLowerCase()
  const { index, chain } = context
  const atClose = dataSetsAsOf(index, { block: closeBlockOf(timingOf(chain.deployment), record.epoch) }).filter(isOurs)
  if (atClose.length === 0) return []
  const library = libraryOf(context, storageNetwork)
  await fetchBundle(library, record.post.evidence, { signal })
  const decoded = decodeBundle(record.post.evidence, library)
  if (decoded.tag !== 'bundle') return undefined
  const proven = new Set(
    batchesOf(decoded.bundle, library).flatMap(
      (batch) => batch?.entries.map(({ subject }) => subject.toLowerCase()) ?? [],
    ),
  )
  const now = new Set(dataSetsAsOf(index, { block: index.tip()?.number ?? 0n }).map(({ id }) => id))
  return atClose.filter(({ id }) => now.has(id) && !proven.has(id.toLowerCase()))
}
