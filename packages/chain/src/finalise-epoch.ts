/**
 * Finalising a pending epoch after its window, once it is available. Anyone may.
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

export type FinaliseEpoch = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  /** the pending one */
  readonly post: EpochPost
}

/** The call as a value. */
export function finaliseEpochCall({ addresses }: Deployment, { network, post }: FinaliseEpoch): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'finalise', args: [network, post] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function finaliseEpoch(chain: Chain, terms: FinaliseEpoch, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, finaliseEpochCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns EpochFinalised. */
export async function finaliseEpochSync(
  chain: Chain,
  terms: FinaliseEpoch,
  { signal }: Waiting,
): Promise<Done<typeof epochsAbi, 'EpochFinalised'>> {
  return syncCall(chain, finaliseEpochCall(chain.deployment, terms), {
    abi: epochsAbi,
    eventName: 'EpochFinalised',
    signal,
  })
}
