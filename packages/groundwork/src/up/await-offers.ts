/**
 * Waiting until providers that were started offer: whoever stores next needs offers, not processes.
 *
 * @module
 */

import path from 'node:path'
import type { Chain } from '@groundwork/chain/client.ts'
import { readOffers } from '@groundwork/chain/read-operators.ts'
import { sleep } from '@groundwork/chain/sleep.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { OfferMissing } from './up-errors.ts'

/** Gas and WORK come from the faucet, then a registration, a bond and an offer go in: a block each, longer on a busy machine. */
const secondsMax = 60
const pollMs = 200

export interface AwaitOffersOptions {
  readonly network: number
  readonly providers: readonly { readonly operator: Address; readonly plan: { readonly name: string } }[]
  readonly logDir: string
  readonly signal: AbortSignal
}

/** @throws OfferMissing GW_OFFER_MISSING naming the provider that did not come so far in time */
export async function awaitOffers(
  chain: Chain,
  { network, providers, logDir, signal }: AwaitOffersOptions,
): Promise<void> {
  const endMs = performance.now() + secondsMax * 1000
  for (;;) {
    const offers = await readOffers(chain, { network })
    const offering = new Set(offers.map(({ operator }) => operator.toLowerCase()))
    const missing = providers.find(({ operator }) => !offering.has(operator.toLowerCase()))
    if (missing === undefined) return
    const { name } = missing.plan
    if (performance.now() > endMs)
      throw new OfferMissing({ name, secondsMax, logPath: path.join(logDir, `${name}.log`) })
    await sleep(pollMs, { signal })
  }
}
