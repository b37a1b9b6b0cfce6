/**
 * Reading the price of WORK.
 *
 * @module
 */

import { priceFeedAbi } from './abi/price-feed.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

export type Quote = { readonly lowUsd8: bigint; readonly highUsd8: bigint; readonly fresh: boolean }

/** USD*1e8 per WORK: zero before the first median, not fresh when older than 10 minutes. */
export async function readQuote(chain: Chain, at: At = {}): Promise<Quote> {
  const [lowUsd8, highUsd8, fresh] = await readCall(
    chain,
    { contract: 'priceFeed', abi: priceFeedAbi, functionName: 'quote', args: [] },
    at,
  )
  return { lowUsd8, highUsd8, fresh }
}
