/**
 * Converting earned credits for somebody else, by its EIP-712 signature; the sender only pays the gas.
 *
 * `signConvert` makes the signature, over Convert{account, credits, minOutAtto, nonce, deadline}. docs/protocol/money.md#convert
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type ConvertFor = {
  /** whose credits, and who gets the WORK */
  readonly account: Address
  /** from its earned pocket */
  readonly credits: bigint
  /** least atto-WORK that it accepts */
  readonly minOutAtto: bigint
  /** Unix seconds */
  readonly deadline: number
  /** of the account */
  readonly signature: Hex
}

/** The call as a value. */
export function convertForCall(
  { addresses }: Deployment,
  { account, credits, minOutAtto, deadline, signature }: ConvertFor,
): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'convertFor',
    args: [account, credits, minOutAtto, deadline, signature],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function convertFor(chain: Chain, terms: ConvertFor, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, convertForCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Converted. */
export async function convertForSync(
  chain: Chain,
  terms: ConvertFor,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'Converted'>> {
  return syncCall(chain, convertForCall(chain.deployment, terms), { abi: railsAbi, eventName: 'Converted', signal })
}
