/**
 * Reading streams of Rails.
 *
 * @module
 */

import type { Address, ContractFunctionReturnType, Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns the record; payer is the zero address when there is none */
export async function readStream(
  chain: Chain,
  { id }: { id: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof railsAbi, 'view', 'stream'>> {
  return readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'stream', args: [id] }, at)
}

/** @returns credits that settling would pay now */
export async function readPayable(
  chain: Chain,
  { id }: { id: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof railsAbi, 'view', 'payable_'>> {
  return readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'payable_', args: [id] }, at)
}

/** @returns the id that a stream has or will have */
export async function readStreamId(
  chain: Chain,
  { payer, payee, salt }: { payer: Address; payee: Address; salt: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof railsAbi, 'view', 'streamId'>> {
  return readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'streamId', args: [payer, payee, salt] }, at)
}
