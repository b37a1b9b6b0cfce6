/**
 * Reading a view of one of our contracts, now or as of an earlier block.
 *
 * @module
 */

import type { Abi, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from 'viem'
import type { Chain } from './connection.ts'
import { decodeError } from './decode-error.ts'
import type { Addresses } from './deployment.ts'

/** Which block to read as of; the latest when left out. */
export type At = { readonly blockNumber?: bigint | undefined }

type Reads = 'view' | 'pure'

/** @throws ChainRefused, ChainUnreachable */
export async function readCall<const abi extends Abi, name extends ContractFunctionName<abi, Reads>>(
  { client, deployment, rpcUrl }: Pick<Chain, 'client' | 'deployment' | 'rpcUrl'>,
  parts: { contract: keyof Addresses; abi: abi; functionName: name; args: ContractFunctionArgs<abi, Reads, name> },
  { blockNumber }: At = {},
): Promise<ContractFunctionReturnType<abi, Reads, name>> {
  try {
    const { abi, functionName }: { readonly abi: Abi; readonly functionName: string } = parts
    const result = await client.readContract({
      address: deployment.addresses[parts.contract],
      abi,
      functionName,
      args: parts.args as readonly unknown[],
      ...(blockNumber === undefined ? {} : { blockNumber }),
    })
    return result as ContractFunctionReturnType<abi, Reads, name>
  } catch (error) {
    throw decodeError(error, { rpcUrl, functionName: parts.functionName })
  }
}
