/**
 * Covering a stream: WORK of its payer is burned into one of its open streams.
 *
 * docs/protocol/money.md#pockets
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type CoverStream = {
  /** stream */
  readonly id: Hex
  /** atto-WORK to burn */
  readonly workAtto: bigint
}

/** The call as a value. */
export function coverStreamCall({ addresses }: Deployment, { id, workAtto }: CoverStream): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'coverStream', args: [id, workAtto] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function coverStream(chain: Chain, terms: CoverStream, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, coverStreamCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamChanged. */
export async function coverStreamSync(
  chain: Chain,
  terms: CoverStream,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamChanged'>> {
  return syncCall(chain, coverStreamCall(chain.deployment, terms), {
    abi: railsAbi,
    eventName: 'StreamChanged',
    signal,
  })
}
