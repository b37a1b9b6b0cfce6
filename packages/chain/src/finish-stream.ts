/**
 * Finishing a stream once it may: it is settled, and the rest returns to its payer. Anyone may.
 *
 * docs/protocol/money.md#stream
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type FinishStream = {
  /** stream */
  readonly id: Hex
}

/** The call as a value. */
export function finishStreamCall({ addresses }: Deployment, { id }: FinishStream): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'finish', args: [id] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function finishStream(chain: Chain, terms: FinishStream, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, finishStreamCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamClosed. */
export async function finishStreamSync(
  chain: Chain,
  terms: FinishStream,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamClosed'>> {
  return syncCall(chain, finishStreamCall(chain.deployment, terms), {
    abi: railsAbi,
    eventName: 'StreamClosed',
    signal,
  })
}
