/**
 * A call of a contract as a plain value: where to, which function, which arguments. Nothing is sent here.
 *
 * @module
 */

import { type Abi, type Address, type ContractFunctionArgs, type ContractFunctionName, encodeFunctionData, type Hex } from 'viem'

/** A call that changes state. `gas` stands only where estimating would starve entries that a batch skips. */
export type Call = {
  readonly to: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
  readonly gas?: bigint
}

type Writes = 'nonpayable' | 'payable'

/** Builds a call; the compiler checks name and arguments against the ABI. */
export function makeCall<const abi extends Abi, name extends ContractFunctionName<abi, Writes>>(parts: {
  to: Address
  abi: abi
  functionName: name
  args: ContractFunctionArgs<abi, Writes, name>
  gas?: bigint
}): Call {
  return { ...parts, args: parts.args as readonly unknown[] }
}

/** The calldata of a call. */
export function dataOf({ abi, functionName, args }: Call): Hex {
  return encodeFunctionData({ abi, functionName, args })
}

/** Most gas that one transaction may carry (EIP-7825). */
export const gasMax = 16_777_216n

/**
 * Gas for a batch that skips failing entries. Never estimated: an estimate finds the least gas with which the
 * batch passes, and it passes when its entries fail for want of gas.
 */
export function batchGas({ count, gasPerEntry }: { count: number; gasPerEntry: bigint }): bigint {
  const gas = 200_000n + BigInt(count) * gasPerEntry
  return gas < gasMax ? gas : gasMax
}
