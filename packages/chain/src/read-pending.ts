/**
 * Reading the epoch that waits for its window to pass.
 *
 * @module
 */

import type { ContractFunctionReturnType } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns poster is the zero address when none is pending */
export async function readPending(
  chain: Chain,
  { network }: { network: number },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'pending'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'pending', args: [network] }, at)
}
