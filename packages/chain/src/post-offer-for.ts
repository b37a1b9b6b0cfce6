/**
 * Posting an offer by its operator's EIP-712 signature; the sender only pays the gas.
 *
 * `signPostOffer` makes the signature.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { registryAbi } from './abi/registry.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type PostOfferFor = {
  /** who offers */
  readonly operator: Address
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  /** in the network's unit; storage: bytes */
  readonly capacity: bigint
  /** in the network's unit; storage: nano-credits per GiB-second */
  readonly priceNano: bigint
  /** sha256 of the offer document; 32 zero bytes when the fields say all */
  readonly terms: Hex
  /** whether new work is taken */
  readonly open: boolean
  /** Unix seconds */
  readonly deadline: number
  /** of the operator */
  readonly signature: Hex
}

/** The call as a value. */
export function postOfferForCall(
  { addresses }: Deployment,
  { operator, network, capacity, priceNano, terms, open, deadline, signature }: PostOfferFor,
): Call {
  return makeCall({
    to: addresses.registry,
    abi: registryAbi,
    functionName: 'postOfferFor',
    args: [{ operator, network, capacity, priceNano, terms, open }, deadline, signature],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function postOfferFor(chain: Chain, terms: PostOfferFor, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, postOfferForCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns OfferPosted. */
export async function postOfferForSync(
  chain: Chain,
  terms: PostOfferFor,
  { signal }: Waiting,
): Promise<Done<typeof registryAbi, 'OfferPosted'>> {
  return syncCall(chain, postOfferForCall(chain.deployment, terms), {
    abi: registryAbi,
    eventName: 'OfferPosted',
    signal,
  })
}
