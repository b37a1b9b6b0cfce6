/**
 * Releasing a lock whose thaw is over. Anyone may.
 *
 * docs/protocol/money.md#bonds
 *
 * @module
 */

import type { Hex } from 'viem'
import { bondsAbi } from './abi/bonds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type ReleaseThawed = {
  readonly lockId: Hex
}

/** The call as a value. */
export function releaseThawedCall({ addresses }: Deployment, { lockId }: ReleaseThawed): Call {
  return makeCall({ to: addresses.bonds, abi: bondsAbi, functionName: 'releaseThawed', args: [lockId] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function releaseThawed(chain: Chain, terms: ReleaseThawed, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, releaseThawedCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Released. */
export async function releaseThawedSync(
  chain: Chain,
  terms: ReleaseThawed,
  { signal }: Waiting,
): Promise<Done<typeof bondsAbi, 'Released'>> {
  return syncCall(chain, releaseThawedCall(chain.deployment, terms), { abi: bondsAbi, eventName: 'Released', signal })
}
