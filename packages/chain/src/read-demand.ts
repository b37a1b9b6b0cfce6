/**
 * Reading demands of StorageJudge.
 *
 * @module
 */

import type { ContractFunctionReturnType, Hex } from 'viem'
import { storageJudgeAbi } from './abi/storage-judge.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns the demand; openedAt is 0 when there is none */
export async function readDemand(
  chain: Chain,
  { demandId }: { demandId: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof storageJudgeAbi, 'view', 'demandOf'>> {
  return readCall(
    chain,
    { contract: 'storageJudge', abi: storageJudgeAbi, functionName: 'demandOf', args: [demandId] },
    at,
  )
}
