/**
 * Paying a network fee: a convert with nothing minted.
 *
 * docs/protocol/money.md#convert
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type PayFee = {
  /** from the earned pocket, else from the bought one */
  readonly fromEarned: boolean
  /** the fee */
  readonly credits: bigint
  /** what the fee is for; 32 bytes */
  readonly reference: Hex
}

/** The call as a value. */
export function payFeeCall({ addresses }: Deployment, { fromEarned, credits, reference }: PayFee): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'payFee',
    args: [fromEarned, credits, reference],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function payFee(chain: Chain, terms: PayFee, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, payFeeCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns FeePaid. */
export async function payFeeSync(
  chain: Chain,
  terms: PayFee,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'FeePaid'>> {
  return syncCall(chain, payFeeCall(chain.deployment, terms), { abi: railsAbi, eventName: 'FeePaid', signal })
}
