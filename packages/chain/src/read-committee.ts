/**
 * Reading who was drawn to keep a pending epoch's evidence.
 *
 * @module
 */

import type { ContractFunctionReturnType } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns known from the second block after the post on */
export async function readCommittee(
  chain: Chain,
  { network }: { network: number },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'committee'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'committee', args: [network] }, at)
}
