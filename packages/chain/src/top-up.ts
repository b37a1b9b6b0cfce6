/**
 * Topping up a stream: more credits from its payer, not after notice.
 *
 * docs/protocol/money.md#stream
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type TopUp = {
  /** stream */
  readonly id: Hex
  /** moved into the stream */
  readonly credits: bigint
  /** atto-WORK that may be burned to reach full cover */
  readonly coverMaxAtto: bigint
}

/** The call as a value. */
export function topUpCall({ addresses }: Deployment, { id, credits, coverMaxAtto }: TopUp): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'topUp', args: [id, credits, coverMaxAtto] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function topUp(chain: Chain, terms: TopUp, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, topUpCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamChanged. */
export async function topUpSync(
  chain: Chain,
  terms: TopUp,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamChanged'>> {
  return syncCall(chain, topUpCall(chain.deployment, terms), { abi: railsAbi, eventName: 'StreamChanged', signal })
}
