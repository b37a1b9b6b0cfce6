/**
 * Buying credits: WORK is burned at the low price.
 *
 * Refused while inflows are paused or the feed is stale. docs/protocol/money.md#pockets
 *
 * @module
 */

import type { Hex } from 'viem'
import { creditsAbi } from './abi/credits.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type BuyCredits = {
  /** atto-WORK to burn */
  readonly workAtto: bigint
  /** least credits that the caller accepts */
  readonly creditsMin: bigint
}

/** The call as a value. */
export function buyCreditsCall({ addresses }: Deployment, { workAtto, creditsMin }: BuyCredits): Call {
  return makeCall({ to: addresses.credits, abi: creditsAbi, functionName: 'buy', args: [workAtto, creditsMin] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function buyCredits(chain: Chain, terms: BuyCredits, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, buyCreditsCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Bought. */
export async function buyCreditsSync(
  chain: Chain,
  terms: BuyCredits,
  { signal }: Waiting,
): Promise<Done<typeof creditsAbi, 'Bought'>> {
  return syncCall(chain, buyCreditsCall(chain.deployment, terms), { abi: creditsAbi, eventName: 'Bought', signal })
}
