/**
 * Reading the last finalised epoch of a network.
 *
 * @module
 */

import type { ContractFunctionReturnType } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns epoch is the last finalised plus one: 0 means none */
export async function readHead(
  chain: Chain,
  { network }: { network: number },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'head'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'head', args: [network] }, at)
}
