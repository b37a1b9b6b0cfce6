/**
 * Reading one operator and its offers from the contract's state.
 *
 * All of them are read from logs: `read-operators.ts`.
 *
 * @module
 */

import type { Address, ContractFunctionReturnType } from 'viem'
import { registryAbi } from './abi/registry.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns operator is the zero address when it never registered */
export async function readOperator(
  chain: Chain,
  { account }: { account: Address },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof registryAbi, 'view', 'operator'>> {
  return readCall(chain, { contract: 'registry', abi: registryAbi, functionName: 'operator', args: [account] }, at)
}

/** @returns operator is the zero address when it never offered */
export async function readOffer(
  chain: Chain,
  { account, network }: { account: Address; network: number },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof registryAbi, 'view', 'offer'>> {
  return readCall(
    chain,
    { contract: 'registry', abi: registryAbi, functionName: 'offer', args: [account, network] },
    at,
  )
}
