/**
 * The devnet's price feed: three posters that all say the same.
 *
 * @module
 */

import { type Chain, type Waiting, withAccount } from '../client.ts'
import { postPriceSync } from '../post-price.ts'
import { type Quote, readQuote } from '../read-quote.ts'
import { sleep } from '../sleep.ts'
import { posterAccounts } from './accounts.ts'

/** Posts one price from every poster and waits; the third post makes the median. */
export async function feedPrice(
  chain: Chain,
  { priceUsd8 }: { priceUsd8: bigint },
  { signal }: Waiting,
): Promise<Quote> {
  const posters = posterAccounts().map((account) => withAccount(chain, account))
  await Promise.all(posters.map((poster) => postPriceSync(poster, { priceUsd8 }, { signal })))
  return readQuote(chain)
}

/**
 * Posts again and again, three times within the time in which a post counts.
 *
 * @param onError is told of a round that failed; the next one follows all the same
 * @returns when the signal is aborted
 */
export async function keepPriceFresh(
  chain: Chain,
  { priceUsd8, onError }: { priceUsd8: bigint; onError: (error: unknown) => void },
  { signal }: Waiting,
): Promise<void> {
  const everyMs = (chain.deployment.parameters.feedFreshSeconds * 1_000) / 3
  while (!signal.aborted) {
    try {
      await sleep(everyMs, { signal })
      await feedPrice(chain, { priceUsd8 }, { signal })
    } catch (error) {
      if (!signal.aborted) onError(error)
    }
  }
}
