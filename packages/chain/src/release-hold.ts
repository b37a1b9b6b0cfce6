/**
 * Ending a hold that is over, or one's own accusation before anyone decided. Anyone may end what is over.
 *
 * docs/protocol/holds.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { holdsAbi } from './abi/holds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type ReleaseHold = {
  readonly id: Hex
}

/** The call as a value. */
export function releaseHoldCall({ addresses }: Deployment, { id }: ReleaseHold): Call {
  return makeCall({ to: addresses.holds, abi: holdsAbi, functionName: 'release', args: [id] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function releaseHold(chain: Chain, terms: ReleaseHold, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, releaseHoldCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns HoldReleased. */
export async function releaseHoldSync(
  chain: Chain,
  terms: ReleaseHold,
  { signal }: Waiting,
): Promise<Done<typeof holdsAbi, 'HoldReleased'>> {
  return syncCall(chain, releaseHoldCall(chain.deployment, terms), {
    abi: holdsAbi,
    eventName: 'HoldReleased',
    signal,
  })
}
