/**
 * Posting the next epoch of a network, behind the sender's bond.
 *
 * docs/protocol/epochs.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import type { EpochPost } from './epoch-post.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type PostEpoch = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  readonly post: EpochPost
}

/** The call as a value. */
export function postEpochCall({ addresses }: Deployment, { network, post }: PostEpoch): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'post', args: [network, post] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function postEpoch(chain: Chain, terms: PostEpoch, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, postEpochCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns EpochPosted. */
export async function postEpochSync(
  chain: Chain,
  terms: PostEpoch,
  { signal }: Waiting,
): Promise<Done<typeof epochsAbi, 'EpochPosted'>> {
  return syncCall(chain, postEpochCall(chain.deployment, terms), { abi: epochsAbi, eventName: 'EpochPosted', signal })
}
