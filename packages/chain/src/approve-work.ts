/**
 * Allowing a contract to take WORK of the sender: what Holds needs before it takes an accuser's deposit.
 *
 * The other contracts that take deposits need no allowance; Holds has no right of its own over anyone's WORK.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { workTokenAbi } from './abi/work-token.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type ApproveWork = {
  readonly spender: Address
  /** replaces what was allowed before */
  readonly amountAtto: bigint
}

/** The call as a value. */
export function approveWorkCall({ addresses }: Deployment, { spender, amountAtto }: ApproveWork): Call {
  return makeCall({ to: addresses.workToken, abi: workTokenAbi, functionName: 'approve', args: [spender, amountAtto] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function approveWork(chain: Chain, terms: ApproveWork, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, approveWorkCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Approval. */
export async function approveWorkSync(
  chain: Chain,
  terms: ApproveWork,
  { signal }: Waiting,
): Promise<Done<typeof workTokenAbi, 'Approval'>> {
  return syncCall(chain, approveWorkCall(chain.deployment, terms), { abi: workTokenAbi, eventName: 'Approval', signal })
}
