/**
 * Converting earned credits into WORK, by the sender for itself.
 *
 * Mints at the high price, never more than the lineage of the credits allows. docs/protocol/money.md#convert
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type Convert = {
  /** from the earned pocket */
  readonly credits: bigint
  /** least atto-WORK that the caller accepts */
  readonly minOutAtto: bigint
}

/** The call as a value. */
export function convertCall({ addresses }: Deployment, { credits, minOutAtto }: Convert): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'convert', args: [credits, minOutAtto] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function convert(chain: Chain, terms: Convert, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, convertCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Converted. */
export async function convertSync(
  chain: Chain,
  terms: Convert,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'Converted'>> {
  return syncCall(chain, convertCall(chain.deployment, terms), { abi: railsAbi, eventName: 'Converted', signal })
}
