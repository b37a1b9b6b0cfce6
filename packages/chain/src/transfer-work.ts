/**
 * Sending WORK.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { workTokenAbi } from './abi/work-token.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type TransferWork = {
  readonly to: Address
  /** atto-WORK */
  readonly amountAtto: bigint
}

/** The call as a value. */
export function transferWorkCall({ addresses }: Deployment, { to, amountAtto }: TransferWork): Call {
  return makeCall({ to: addresses.workToken, abi: workTokenAbi, functionName: 'transfer', args: [to, amountAtto] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function transferWork(chain: Chain, terms: TransferWork, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, transferWorkCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Transfer. */
export async function transferWorkSync(
  chain: Chain,
  terms: TransferWork,
  { signal }: Waiting,
): Promise<Done<typeof workTokenAbi, 'Transfer'>> {
  return syncCall(chain, transferWorkCall(chain.deployment, terms), {
    abi: workTokenAbi,
    eventName: 'Transfer',
    signal,
  })
}
