/**
 * Reading allotments of Rails.
 *
 * @module
 */

import type { Address, ContractFunctionReturnType } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns the record; signer is the zero address when there is none */
export async function readAllotment(
  chain: Chain,
  { payer, payee }: { payer: Address; payee: Address },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof railsAbi, 'view', 'allotment'>> {
  return readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'allotment', args: [payer, payee] }, at)
}
