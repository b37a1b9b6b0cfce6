/**
 * Sealing an epoch: the chain stores the block hash that its draws come from. Anyone may.
 *
 * Only while the chain still knows that hash. docs/protocol/epochs.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type SealEpoch = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  readonly epoch: bigint
}

/** The call as a value. */
export function sealEpochCall({ addresses }: Deployment, { network, epoch }: SealEpoch): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'seal', args: [network, epoch] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function sealEpoch(chain: Chain, terms: SealEpoch, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, sealEpochCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the Sealed events: none when there was nothing to do. */
export async function sealEpochSync(
  chain: Chain,
  terms: SealEpoch,
  { signal }: Waiting,
): Promise<DoneMany<typeof epochsAbi, 'Sealed'>> {
  return syncMany(chain, sealEpochCall(chain.deployment, terms), { abi: epochsAbi, eventName: 'Sealed', signal })
}
