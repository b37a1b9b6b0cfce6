/**
 * Handing in the signatures of drawn operators that keep a posted epoch's evidence. Anyone may.
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
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type AttestEpoch = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  /** the pending one */
  readonly post: EpochPost
  /** over Available{network, epoch, evidence, post}, post being its digest */
  readonly signatures: readonly Hex[]
}

/** The call as a value. */
export function attestEpochCall({ addresses }: Deployment, { network, post, signatures }: AttestEpoch): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'attest', args: [network, post, signatures] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function attestEpoch(chain: Chain, terms: AttestEpoch, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, attestEpochCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the EpochAvailable events: none when there was nothing to do. */
export async function attestEpochSync(
  chain: Chain,
  terms: AttestEpoch,
  { signal }: Waiting,
): Promise<DoneMany<typeof epochsAbi, 'EpochAvailable'>> {
  return syncMany(chain, attestEpochCall(chain.deployment, terms), {
    abi: epochsAbi,
    eventName: 'EpochAvailable',
    signal,
  })
}
