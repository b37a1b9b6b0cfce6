/**
 * Reading the lock behind a post: what a reporter commits to before it challenges.
 *
 * @module
 */

import type { ContractFunctionReturnType } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns the lock of the pending or the head's post of that epoch, else zero */
export async function readPosterLockId(
  chain: Chain,
  { network, epoch }: { network: number; epoch: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'posterLockId'>> {
  return readCall(
    chain,
    { contract: 'epochs', abi: epochsAbi, functionName: 'posterLockId', args: [network, epoch] },
    at,
  )
}
