/**
 * Posting an offer of the sender for one network; it replaces the one before.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { registryAbi } from './abi/registry.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type PostOffer = {
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
}

/** The call as a value. */
export function postOfferCall(
  { addresses }: Deployment,
  { operator, network, capacity, priceNano, terms, open }: PostOffer,
): Call {
  return makeCall({
    to: addresses.registry,
    abi: registryAbi,
    functionName: 'postOffer',
    args: [{ operator, network, capacity, priceNano, terms, open }],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function postOffer(chain: Chain, terms: PostOffer, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, postOfferCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns OfferPosted. */
export async function postOfferSync(
  chain: Chain,
  terms: PostOffer,
  { signal }: Waiting,
): Promise<Done<typeof registryAbi, 'OfferPosted'>> {
  return syncCall(chain, postOfferCall(chain.deployment, terms), { abi: registryAbi, eventName: 'OfferPosted', signal })
}
