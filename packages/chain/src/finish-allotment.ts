/**
 * Finishing an allotment after its notice: the rest returns to its payer. Anyone may.
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

export type FinishAllotment = {
  readonly payer: Address
  readonly payee: Address
}

/** The call as a value. */
export function finishAllotmentCall({ addresses }: Deployment, { payer, payee }: FinishAllotment): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'finishAllotment', args: [payer, payee] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function finishAllotment(chain: Chain, terms: FinishAllotment, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, finishAllotmentCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns AllotmentClosed. */
export async function finishAllotmentSync(
  chain: Chain,
  terms: FinishAllotment,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'AllotmentClosed'>> {
  return syncCall(chain, finishAllotmentCall(chain.deployment, terms), {
    abi: railsAbi,
    eventName: 'AllotmentClosed',
    signal,
  })
}
