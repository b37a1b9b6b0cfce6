/**
 * Taking what is owed after each finalised epoch: settle the streams, convert the credits, claim the leaf.
 *
 * Nothing here remembers anything: the chain says what is payable, what is earned and what was claimed, so a restart neither
 * loses nor repeats a payment.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { claimSync } from '@groundwork/chain/claim.ts'
import { convertSync } from '@groundwork/chain/convert.ts'
import { openStreamsIn } from '@groundwork/chain/indexer/index-queries.ts'
import { readBalances, readGot } from '@groundwork/chain/read-balances.ts'
import { readPayable } from '@groundwork/chain/read-stream.ts'
import { settleManySync } from '@groundwork/chain/settle-many.ts'
import { buildLeafTree, proveLeaf } from '@groundwork/core/epoch/leaves.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { storageNetwork } from '@groundwork/storage'
import { libraryOf, type AuditContext } from '../watch/audit-context.ts'
import { headIn } from '../watch/epoch-history.ts'
import { fetchLeaves } from '../watch/fetch-bundle.ts'

interface Waiting {
  readonly signal: AbortSignal
}

/** What one round brought in. */
export interface Collected {
  /** epochs finalised before this one */
  readonly upToEpoch: bigint
  readonly settledCredits: bigint
  readonly convertedCredits: bigint
  readonly mintedAtto: bigint
  readonly rebateAtto: bigint
  readonly bootstrapAtto: bigint
}

/** Streams settled in one transaction, inclusive. */
const streamsMax = 50

/** @returns a function that collects once per finalised epoch, and undefined while there is nothing new */
export function collectPay({ context, chain }: { readonly context: AuditContext; readonly chain: Chain }): (waiting: Waiting) => Promise<Collected | undefined> {
  const account = chain.account?.address
  invariant(account !== undefined, 'a provider has an account')
  let done: string | undefined

  return async ({ signal }) => {
    await context.advance({ signal })
    const head = headIn(context.index, storageNetwork)
    if (head.next === 0n || head.root === done) return undefined
    const settledCredits = await settle({ context, chain, account }, { signal })
    const converted = await convert({ chain, account }, { signal })
    const claimed = await claim({ context, chain, account }, { signal })
    done = head.root
    return { upToEpoch: head.next, settledCredits, ...converted, ...claimed }
  }
}

async function settle({ context, chain, account }: { context: AuditContext; chain: Chain; account: Address }, { signal }: Waiting): Promise<bigint> {
  const own = openStreamsIn(context.index).filter(({ payee }) => payee.toLowerCase() === account.toLowerCase())
  const due: { id: `0x${string}`; credits: bigint }[] = []
  for (const { id } of own) {
    const credits = await readPayable(chain, { id })
    if (credits > 0n) due.push({ id, credits })
  }
  for (let from = 0; from < due.length; from += streamsMax) {
    await settleManySync(chain, { ids: due.slice(from, from + streamsMax).map(({ id }) => id) }, { signal })
  }
  return due.reduce((total, { credits }) => total + credits, 0n)
}

async function convert({ chain, account }: { chain: Chain; account: Address }, { signal }: Waiting): Promise<Pick<Collected, 'convertedCredits' | 'mintedAtto'>> {
  const { earned } = await readBalances(chain, { account })
  if (earned.credits === 0n) return { convertedCredits: 0n, mintedAtto: 0n }
  const { event } = await convertSync(chain, { credits: earned.credits, minOutAtto: 0n }, { signal })
  return { convertedCredits: event.credits, mintedAtto: event.mintedAtto }
}

async function claim({ context, chain, account }: { context: AuditContext; chain: Chain; account: Address }, { signal }: Waiting): Promise<Pick<Collected, 'rebateAtto' | 'bootstrapAtto'>> {
  const nothing = { rebateAtto: 0n, bootstrapAtto: 0n }
  const library = libraryOf(context, storageNetwork)
  const leaves = await fetchLeaves(library, headIn(context.index, storageNetwork), storageNetwork, { signal })
  invariant(leaves !== undefined, 'the evidence of the finalised head is to be had')
  const proof = proveLeaf({ leaves, leafTree: buildLeafTree(leaves, storageNetwork) }, account)
  if (proof === undefined) return nothing
  const got = await readGot(chain, { network: storageNetwork, account })
  const { rebateAtto, bootstrapAtto } = proof.leaf
  if (got.rebateAtto >= rebateAtto && got.bootstrapAtto >= bootstrapAtto) return nothing
  const { events } = await claimSync(chain, { network: storageNetwork, account, rebateAtto, bootstrapAtto, path: proof.path }, { signal })
  return events[0] ?? nothing
}
