/**
 * Reading what an epoch was sealed with.
 *
 * @module
 */

import type { ContractFunctionReturnType } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns blockHash is zero before the seal */
export async function readSeal(
  chain: Chain,
  { network, epoch }: { network: number; epoch: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'sealOf'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'sealOf', args: [network, epoch] }, at)
}

/** @returns the last block of an epoch */
export async function readCloseBlock(
  chain: Chain,
  { epoch }: { epoch: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'closeBlock'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'closeBlock', args: [epoch] }, at)
}

/** @returns the epoch of a block */
export async function readEpochAt(
  chain: Chain,
  { blockNumber }: { blockNumber: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'epochAt'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'epochAt', args: [blockNumber] }, at)
}

/** @returns bootstrap that an epoch may add, in atto-WORK */
export async function readAllowance(
  chain: Chain,
  { network, epoch }: { network: number; epoch: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'allowance'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'allowance', args: [network, epoch] }, at)
}
