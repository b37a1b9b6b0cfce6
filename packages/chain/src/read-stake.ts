/**
 * Reading stakes and locks of Bonds.
 *
 * @module
 */

import type { Address, ContractFunctionReturnType, Hex } from 'viem'
import { bondsAbi } from './abi/bonds.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns all of a stake, and what is locked of it, in atto-WORK */
export async function readStake(
  chain: Chain,
  { operator, network }: { operator: Address; network: number },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof bondsAbi, 'view', 'stake'>> {
  return readCall(chain, { contract: 'bonds', abi: bondsAbi, functionName: 'stake', args: [operator, network] }, at)
}

/** @returns what may leave at once, in atto-WORK */
export async function readFreeStake(
  chain: Chain,
  { operator, network }: { operator: Address; network: number },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof bondsAbi, 'view', 'free'>> {
  return readCall(chain, { contract: 'bonds', abi: bondsAbi, functionName: 'free', args: [operator, network] }, at)
}

/** @returns one lock */
export async function readLock(
  chain: Chain,
  { lockId }: { lockId: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof bondsAbi, 'view', 'lockOf'>> {
  return readCall(chain, { contract: 'bonds', abi: bondsAbi, functionName: 'lockOf', args: [lockId] }, at)
}
