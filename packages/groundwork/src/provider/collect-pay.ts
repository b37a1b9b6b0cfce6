/**
 * Taking what is owed after each finalised epoch: settle the streams, convert the credits, claim the leaf.
 *
 * Nothing here remembers anything: the chain says what is payable, what is earned and what was claimed, so a restart neither
 * loses nor repeats a payment. None of it needs coin for gas: anyone may settle and claim, and a convert is signed. A claim that a
 * hold puts off is made once the hold is over; streams and credits are no business of a hold's.
 *
 * @module
 */

import { epochsAbi } from '@groundwork/chain/abi/epochs.ts'
import { railsAbi } from '@groundwork/chain/abi/rails.ts'
import { claimCall } from '@groundwork/chain/claim.ts'
import { convertCall } from '@groundwork/chain/convert.ts'
import { convertForCall } from '@groundwork/chain/convert-for.ts'
import { openStreamsIn } from '@groundwork/chain/indexer/index-queries.ts'
import { readBalances, readGot } from '@groundwork/chain/read-balances.ts'
import { readPayable } from '@groundwork/chain/read-stream.ts'
import { settleManyCall } from '@groundwork/chain/settle-many.ts'
import { signConvert } from '@groundwork/chain/sign-typed.ts'
import { buildLeafTree, proveLeaf } from '@groundwork/core/epoch/leaves.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { LocalAccount } from 'viem'
import { heldAt } from '../holds/holds-in.ts'
import { libraryOf, type AuditContext } from '../watch/audit-context.ts'
import { headIn } from '../watch/epoch-history.ts'
import { fetchLeaves } from '../watch/fetch-bundle.ts'
import { EvidenceUnavailable } from '../watch/watch-errors.ts'
import { deadlineFrom } from './join-sponsored.ts'
import type { Submit } from './submit.ts'

interface Waiting {
  readonly signal: AbortSignal
}

/** What one round brought in. */
export interface Collected {
  readonly network: number
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

export interface CollectPayOptions {
  readonly network: number
  readonly context: AuditContext
  readonly account: LocalAccount
  readonly submit: Submit
}

/** @returns a function that collects once per finalised epoch, and undefined while there is nothing new */
export function collectPay(options: CollectPayOptions): (waiting: Waiting) => Promise<Collected | undefined> {
  const { context, network } = options
  const nothingPaid = { settledCredits: 0n, convertedCredits: 0n, mintedAtto: 0n }
  const nothingClaimed = { rebateAtto: 0n, bootstrapAtto: 0n }
  let paidRoot: string | undefined
  let claimedRoot: string | undefined

  return async ({ signal }) => {
    await context.advance({ signal })
    const head = headIn(context.index, network)
    const isPaid = head.root === paidRoot
    const isClaimed = head.root === claimedRoot || isHeld(options)
    if (head.next === 0n || (isPaid && isClaimed)) return undefined
    const paid = isPaid ? nothingPaid : await settleAndConvert(options, { signal })
    paidRoot = head.root
    const claimed = isClaimed ? nothingClaimed : await claim(options, { signal })
    if (!isClaimed) claimedRoot = head.root
    return { network, upToEpoch: head.next, ...paid, ...claimed }
  }
}

function isHeld({ context: { index }, network, account }: CollectPayOptions): boolean {
  // A claim is mined in the next block at the earliest.
  const block = (index.tip()?.number ?? 0n) + 1n
  return heldAt(index, { network, block }).has(account.address.toLowerCase() as Address)
}

async function settleAndConvert(
  options: CollectPayOptions,
  { signal }: Waiting,
): Promise<Pick<Collected, 'settledCredits' | 'convertedCredits' | 'mintedAtto'>> {
  const settledCredits = await settle(options, { signal })
  return { settledCredits, ...(await convert(options, { signal })) }
}

async function settle(
  { context: { chain, index }, account, submit }: CollectPayOptions,
  { signal }: Waiting,
): Promise<bigint> {
  const own = openStreamsIn(index).filter(({ payee }) => payee.toLowerCase() === account.address.toLowerCase())
  const due: { id: `0x${string}`; credits: bigint }[] = []
  for (const { id } of own) {
    const credits = await readPayable(chain, { id })
    if (credits > 0n) due.push({ id, credits })
  }
  for (let from = 0; from < due.length; from += streamsMax) {
    const ids = due.slice(from, from + streamsMax).map(({ id }) => id)
    const call = settleManyCall(chain.deployment, { ids })
    // A keeper may settle at the same moment: then less is payable, and nothing is left for our call to do.
    const isDone = async (): Promise<boolean> => {
      const left = await Promise.all(
        due.slice(from, from + streamsMax).map(async ({ id, credits }) => (await readPayable(chain, { id })) < credits),
      )
      return left.every(Boolean)
    }
    await submit.perform(
      { own: call, anyones: async () => call, abi: railsAbi, eventName: 'StreamSettled', args: { id: ids }, isDone },
      { signal },
    )
  }
  return due.reduce((total, { credits }) => total + credits, 0n)
}

async function convert(
  { context: { chain }, account, submit }: CollectPayOptions,
  { signal }: Waiting,
): Promise<Pick<Collected, 'convertedCredits' | 'mintedAtto'>> {
  const { earned } = await readBalances(chain, { account: account.address })
  if (earned.credits === 0n) return { convertedCredits: 0n, mintedAtto: 0n }
  const terms = { credits: earned.credits, minOutAtto: 0n }
  const [event] = await submit.perform(
    {
      own: convertCall(chain.deployment, terms),
      anyones: async () =>
        convertForCall(
          chain.deployment,
          await signConvert(chain, account, { ...terms, deadline: await deadlineFrom(chain) }),
        ),
      abi: railsAbi,
      eventName: 'Converted',
      args: { payee: account.address },
    },
    { signal },
  )
  invariant(event !== undefined, 'a convert that passed shows as Converted')
  return { convertedCredits: event.credits, mintedAtto: event.mintedAtto }
}

async function claim(
  { network, context, account, submit }: CollectPayOptions,
  { signal }: Waiting,
): Promise<Pick<Collected, 'rebateAtto' | 'bootstrapAtto'>> {
  const nothing = { rebateAtto: 0n, bootstrapAtto: 0n }
  const { chain, index } = context
  const library = libraryOf(context, network)
  const leaves = await fetchLeaves(library, headIn(index, network), network, { signal })
  if (leaves === undefined) {
    const missing = library.complaints()
    throw new EvidenceUnavailable({ network, epoch: headIn(index, network).next - 1n, missing })
  }
  const proof = proveLeaf({ leaves, leafTree: buildLeafTree(leaves, network) }, account.address)
  if (proof === undefined) return nothing
  const [got, { rebateLimitAtto, rebateGotAtto }] = await Promise.all([
    readGot(chain, { network, account: account.address }),
    readBalances(chain, { account: account.address }),
  ])
  const { rebateAtto, bootstrapAtto } = proof.leaf
  if (gainOf({ leaf: proof.leaf, got, rebateRoomAtto: less(rebateLimitAtto, rebateGotAtto) }) === 0n) return nothing
  const call = claimCall(chain.deployment, {
    network,
    account: account.address,
    rebateAtto,
    bootstrapAtto,
    path: proof.path,
  })
  const args = { network, account: account.address }
  const [event] = await submit.perform(
    { own: call, anyones: async () => call, abi: epochsAbi, eventName: 'Claimed', args },
    { signal },
  )
  return event ?? nothing
}

const less = (a: bigint, b: bigint): bigint => (a > b ? a - b : 0n)

interface Lanes {
  readonly rebateAtto: bigint
  readonly bootstrapAtto: bigint
}

/** What a claim would pay now, in atto-WORK: rebates stop at the room that fees have made. */
export function gainOf({
  leaf,
  got,
  rebateRoomAtto,
}: {
  readonly leaf: Lanes
  readonly got: Lanes
  readonly rebateRoomAtto: bigint
}): bigint {
  const open = less(leaf.rebateAtto, got.rebateAtto)
  return (open < rebateRoomAtto ? open : rebateRoomAtto) + less(leaf.bootstrapAtto, got.bootstrapAtto)
}
