/**
 * Posting the price of WORK, by one of the feed's posters.
 *
 * docs/protocol/money.md#feed
 *
 * @module
 */

import type { Hex } from 'viem'
import { priceFeedAbi } from './abi/price-feed.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type PostPrice = {
  /** USD*1e8 per WORK, within [100, 2^62] */
  readonly priceUsd8: bigint
}

/** The call as a value. */
export function postPriceCall({ addresses }: Deployment, { priceUsd8 }: PostPrice): Call {
  return makeCall({ to: addresses.priceFeed, abi: priceFeedAbi, functionName: 'post', args: [priceUsd8] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function postPrice(chain: Chain, terms: PostPrice, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, postPriceCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Posted. */
export async function postPriceSync(
  chain: Chain,
  terms: PostPrice,
  { signal }: Waiting,
): Promise<Done<typeof priceFeedAbi, 'Posted'>> {
  return syncCall(chain, postPriceCall(chain.deployment, terms), { abi: priceFeedAbi, eventName: 'Posted', signal })
}
