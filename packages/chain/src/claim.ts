/**
 * Claiming rebate and bootstrap of one account up to its cumulative leaf. Anyone may; the account is paid.
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

/** The call as a value. */
export function claimCall({ addresses }: Deployment, leaf: LeafClaim): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'claim', args: [leaf] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function claim(chain: Chain, leaf: LeafClaim, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, claimCall(chain.deployment, leaf), { signal })
}

/** The same, and waits for the block; returns the Claimed events: none when nothing was open. */
export async function claimSync(
  chain: Chain,
  leaf: LeafClaim,
  { signal }: Waiting,
): Promise<DoneMany<typeof epochsAbi, 'Claimed'>> {
  return syncMany(chain, claimCall(chain.deployment, leaf), { abi: epochsAbi, eventName: 'Claimed', signal })
}
