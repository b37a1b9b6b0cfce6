/**
 * A call of a contract as a plain value: where to, which function, which arguments. Nothing is sent here.
 *
 * @module
 */

import {
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  encodeFunctionData,
  type Hex,
} from 'viem'

/** A call that changes state. */
export type Call = {
  readonly to: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
}

type Writes = 'nonpayable' | 'payable'

/** Builds a call; the compiler checks name and arguments against the ABI. */
export function makeCall<const abi extends Abi, name extends ContractFunctionName<abi, Writes>>(parts: {
  to: Address
  abi: abi
  functionName: name
  args: ContractFunctionArgs<abi, Writes, name>
}): Call {
  return { ...parts, args: parts.args as readonly unknown[] }
}

/** The calldata of a call. */
export function dataOf({ abi, functionName, args }: Call): Hex {
  return encodeFunctionData({ abi, functionName, args })
}

/** Most gas that one transaction may carry (EIP-7825). */
export const gasMax = 16_777_216n
