/**
 * Depositing WORK of the sender into an operator's stake on one network.
 *
 * Needs no allowance. docs/protocol/money.md#bonds
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { bondsAbi } from './abi/bonds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type DepositBond = {
  /** whose stake */
  readonly operator: Address
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  /** atto-WORK */
  readonly amountAtto: bigint
}

/** The call as a value. */
export function depositBondCall({ addresses }: Deployment, { operator, network, amountAtto }: DepositBond): Call {
  return makeCall({
    to: addresses.bonds,
    abi: bondsAbi,
    functionName: 'deposit',
    args: [operator, network, amountAtto],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function depositBond(chain: Chain, terms: DepositBond, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, depositBondCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Deposited. */
export async function depositBondSync(
  chain: Chain,
  terms: DepositBond,
  { signal }: Waiting,
): Promise<Done<typeof bondsAbi, 'Deposited'>> {
  return syncCall(chain, depositBondCall(chain.deployment, terms), { abi: bondsAbi, eventName: 'Deposited', signal })
}
