/**
 * Topping up an allotment, not after notice.
 *
 * docs/protocol/money.md#allotment
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type TopUpAllotment = {
  /** who redeems */
  readonly payee: Address
  /** moved into the allotment */
  readonly credits: bigint
  /** atto-WORK that may be burned to reach full cover */
  readonly coverMaxAtto: bigint
}

/** The call as a value. */
export function topUpAllotmentCall({ addresses }: Deployment, { payee, credits, coverMaxAtto }: TopUpAllotment): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'topUpAllotment',
    args: [payee, credits, coverMaxAtto],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function topUpAllotment(chain: Chain, terms: TopUpAllotment, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, topUpAllotmentCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns AllotmentToppedUp. */
export async function topUpAllotmentSync(
  chain: Chain,
  terms: TopUpAllotment,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'AllotmentToppedUp'>> {
  return syncCall(chain, topUpAllotmentCall(chain.deployment, terms), {
    abi: railsAbi,
    eventName: 'AllotmentToppedUp',
    signal,
  })
}
