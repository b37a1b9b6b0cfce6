/**
 * Taking part without coin for gas: the provider signs its registration and its offer, and a gateway hands them in.
 *
 * One look does at most one step. The bond is somebody else's to deposit, as that costs gas and WORK; an offer is made only once it
 * stands, because nobody can store with a provider that has no stake.
 *
 * @module
 */

import { registryAbi } from '@groundwork/chain/abi/registry.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { postOfferCall, type PostOffer } from '@groundwork/chain/post-offer.ts'
import { postOfferForCall } from '@groundwork/chain/post-offer-for.ts'
import { readOffer, readOperator } from '@groundwork/chain/read-operator.ts'
import { readStake } from '@groundwork/chain/read-stake.ts'
import { registerOperatorCall } from '@groundwork/chain/register-operator.ts'
import { registerOperatorForCall } from '@groundwork/chain/register-operator-for.ts'
import { signPostOffer, signRegister } from '@groundwork/chain/sign-typed.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { LocalAccount } from 'viem'
import type { Submit } from './submit.ts'

/** What a provider wants the chain to say of it. */
export interface WantedPlace {
  readonly nodeKey: Hex
  /** H3 index of resolution 7 */
  readonly cell: bigint
  readonly endpoint: string
  /** stake on the offer's network, in atto-WORK */
  readonly bondAtto: bigint
  readonly offer: PostOffer
}

/** What the chain says of a provider. */
export interface Place {
  readonly operator: { readonly nodeKey: string; readonly cell: bigint; readonly endpoint: string }
  readonly stakeAtto: bigint
  readonly offer: { readonly open: boolean; readonly priceNano: bigint; readonly capacity: bigint }
}

export type JoinStep = 'register' | 'await-bond' | 'offer' | 'joined'

/** The first thing that is not as it is wanted. */
export function nextStep(place: Place, wanted: WantedPlace): JoinStep {
  const { nodeKey, cell, endpoint } = place.operator
  if (nodeKey !== wanted.nodeKey || cell !== wanted.cell || endpoint !== wanted.endpoint) return 'register'
  if (place.stakeAtto < wanted.bondAtto) return 'await-bond'
  const { open, priceNano, capacity } = place.offer
  return open && priceNano === wanted.offer.priceNano && capacity === wanted.offer.capacity ? 'joined' : 'offer'
}

export interface JoinSponsoredOptions {
  readonly chain: Chain
  readonly account: LocalAccount
  readonly submit: Submit
  readonly wanted: WantedPlace
}

/** Seconds for which a signature is good: longer than a gateway takes, too short to be of use later. */
const signatureSeconds = 600

/** One look and one step. @returns what the provider still waits for, or 'joined' */
export async function joinSponsored(
  options: JoinSponsoredOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<'joined' | 'registered' | 'bond-missing'> {
  const { chain, account, wanted } = options
  switch (nextStep(await readPlace(chain, account, wanted.offer), wanted)) {
    case 'register':
      await register(options, { signal })
      return 'registered'
    case 'await-bond':
      return 'bond-missing'
    case 'offer':
      await postOffer(options, { signal })
      break
    case 'joined':
  }
  return 'joined'
}

async function readPlace(
  chain: Chain,
  { address: account }: LocalAccount,
  { network }: Pick<PostOffer, 'network'>,
): Promise<Place> {
  const [operator, { totalAtto }, offer] = await Promise.all([
    readOperator(chain, { account }),
    readStake(chain, { operator: account, network }),
    readOffer(chain, { account, network }),
  ])
  return { operator, stakeAtto: totalAtto, offer }
}

async function register(
  { chain, account, submit, wanted }: JoinSponsoredOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { nodeKey, cell, endpoint } = wanted
  const operator = account.address
  await submit.perform(
    {
      own: registerOperatorCall(chain.deployment, { operator, nodeKey, cell, endpoint }),
      anyones: async () =>
        registerOperatorForCall(
          chain.deployment,
          await signRegister(chain, account, { nodeKey, cell, endpoint, deadline: await deadlineFrom(chain) }),
        ),
      abi: registryAbi,
      eventName: 'OperatorRegistered',
      args: { operator },
    },
    { signal },
  )
}

async function postOffer(
  { chain, account, submit, wanted }: JoinSponsoredOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { operator: _own, ...terms } = wanted.offer
  await submit.perform(
    {
      own: postOfferCall(chain.deployment, wanted.offer),
      anyones: async () =>
        postOfferForCall(
          chain.deployment,
          await signPostOffer(chain, account, { ...terms, deadline: await deadlineFrom(chain) }),
        ),
      abi: registryAbi,
      eventName: 'OfferPosted',
      args: { operator: account.address, network: wanted.offer.network },
    },
    { signal },
  )
}

/** Unix seconds until which a signature made now is good, by the chain's clock. */
export async function deadlineFrom(chain: Chain): Promise<number> {
  const { timestamp } = await chain.client.getBlock({ blockTag: 'latest' })
  return Number(timestamp) + signatureSeconds
}
