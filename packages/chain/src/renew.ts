/**
 * Renewing a stream: its end moves out, or a new segment starts after its end.
 *
 * The whole stream has to be at full cover at today's low price. docs/protocol/money.md#stream
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type Renew = {
  /** stream */
  readonly id: Hex
  /** by how much the end moves out */
  readonly termSeconds: number
  /** moved into the stream */
  readonly credits: bigint
  /** atto-WORK that may be burned to reach full cover */
  readonly coverMaxAtto: bigint
}

/** The call as a value. */
export function renewCall({ addresses }: Deployment, { id, termSeconds, credits, coverMaxAtto }: Renew): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'renew',
    args: [id, termSeconds, credits, coverMaxAtto],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function renew(chain: Chain, terms: Renew, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, renewCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamChanged. */
export async function renewSync(
  chain: Chain,
  terms: Renew,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamChanged'>> {
  return syncCall(chain, renewCall(chain.deployment, terms), { abi: railsAbi, eventName: 'StreamChanged', signal })
}
