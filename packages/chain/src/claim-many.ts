/**
 * Claiming for many accounts; bad ones are skipped and reported. Anyone may.
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
import type { LeafClaim } from './leaf-claim.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type ClaimMany = {
  readonly claims: readonly LeafClaim[]
}

/** The call as a value. */
export function claimManyCall({ addresses }: Deployment, { claims }: ClaimMany): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'claimMany', args: [claims] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function claimMany(chain: Chain, terms: ClaimMany, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, claimManyCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the Claimed events: none when there was nothing to do. */
export async function claimManySync(
  chain: Chain,
  terms: ClaimMany,
  { signal }: Waiting,
): Promise<DoneMany<typeof epochsAbi, 'Claimed'>> {
  return syncMany(chain, claimManyCall(chain.deployment, terms), { abi: epochsAbi, eventName: 'Claimed', signal })
}
