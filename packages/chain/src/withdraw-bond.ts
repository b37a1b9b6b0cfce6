/**
 * Withdrawing free stake of the sender; it leaves at once.
 *
 * docs/protocol/money.md#bonds
 *
 * @module
 */

import type { Hex } from 'viem'
import { bondsAbi } from './abi/bonds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type WithdrawBond = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  /** atto-WORK */
  readonly amountAtto: bigint
}

/** The call as a value. */
export function withdrawBondCall({ addresses }: Deployment, { network, amountAtto }: WithdrawBond): Call {
  return makeCall({ to: addresses.bonds, abi: bondsAbi, functionName: 'withdraw', args: [network, amountAtto] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function withdrawBond(chain: Chain, terms: WithdrawBond, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, withdrawBondCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Withdrawn. */
export async function withdrawBondSync(
  chain: Chain,
  terms: WithdrawBond,
  { signal }: Waiting,
): Promise<Done<typeof bondsAbi, 'Withdrawn'>> {
  return syncCall(chain, withdrawBondCall(chain.deployment, terms), { abi: bondsAbi, eventName: 'Withdrawn', signal })
}
