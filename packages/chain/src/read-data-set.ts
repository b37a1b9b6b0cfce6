/**
 * Reading data sets.
 *
 * Their history is in the logs: `indexer/`.
 *
 * @module
 */

import type { Address, ContractFunctionReturnType, Hex } from 'viem'
import { dataSetsAbi } from './abi/data-sets.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns the record as it stands; version 0 when there is none */
export async function readDataSet(
  chain: Chain,
  { id }: { id: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof dataSetsAbi, 'view', 'dataSet'>> {
  return readCall(chain, { contract: 'dataSets', abi: dataSetsAbi, functionName: 'dataSet', args: [id] }, at)
}

/** @returns the id of a pair of parties */
export async function readDataSetId(
  chain: Chain,
  { customer, provider }: { customer: Address; provider: Address },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof dataSetsAbi, 'pure', 'idOf'>> {
  return readCall(
    chain,
    { contract: 'dataSets', abi: dataSetsAbi, functionName: 'idOf', args: [customer, provider] },
    at,
  )
}

/** @returns the lock behind a set */
export async function readDataSetLockId(
  chain: Chain,
  { id }: { id: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof dataSetsAbi, 'view', 'lockIdOf'>> {
  return readCall(chain, { contract: 'dataSets', abi: dataSetsAbi, functionName: 'lockIdOf', args: [id] }, at)
}

/** @returns the stream that pays for a set */
export async function readDataSetStream(
  chain: Chain,
  { id }: { id: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof dataSetsAbi, 'view', 'streamOf'>> {
  return readCall(chain, { contract: 'dataSets', abi: dataSetsAbi, functionName: 'streamOf', args: [id] }, at)
}
