/**
 * Raising the rate of a stream: its payer starts a new segment from now.
 *
 * Refused while pay is held. docs/protocol/money.md#stream
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type RaiseRate = {
  /** stream */
  readonly id: Hex
  /** nano-credits per second from now on */
  readonly rateNano: bigint
  /** moved into the stream */
  readonly credits: bigint
  /** atto-WORK that may be burned to reach full cover */
  readonly coverMaxAtto: bigint
}

/** The call as a value. */
export function raiseRateCall({ addresses }: Deployment, { id, rateNano, credits, coverMaxAtto }: RaiseRate): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'raise',
    args: [id, rateNano, credits, coverMaxAtto],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function raiseRate(chain: Chain, terms: RaiseRate, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, raiseRateCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamChanged. */
export async function raiseRateSync(
  chain: Chain,
  terms: RaiseRate,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamChanged'>> {
  return syncCall(chain, raiseRateCall(chain.deployment, terms), { abi: railsAbi, eventName: 'StreamChanged', signal })
}
