/**
 * Reading the operators that draws are made from.
 *
 * docs/protocol/epochs.md
 *
 * @module
 */

import type { ContractFunctionReturnType } from 'viem'
import { bondsAbi } from './abi/bonds.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns how many have a seat on a network */
export async function readOperatorCount(
  chain: Chain,
  { network }: { network: number },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof bondsAbi, 'view', 'operatorCount'>> {
  return readCall(chain, { contract: 'bonds', abi: bondsAbi, functionName: 'operatorCount', args: [network] }, at)
}

/** @returns one of them */
export async function readOperatorAt(
  chain: Chain,
  { network, index }: { network: number; index: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof bondsAbi, 'view', 'operatorAt'>> {
  return readCall(chain, { contract: 'bonds', abi: bondsAbi, functionName: 'operatorAt', args: [network, index] }, at)
}
