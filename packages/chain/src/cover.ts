/**
 * Covering: WORK is burned into the own bought pocket, without new credits.
 *
 * It raises the cover of credits bought at a better price. docs/protocol/money.md#pockets
 *
 * @module
 */

import type { Hex } from 'viem'
import { creditsAbi } from './abi/credits.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type Cover = {
  /** atto-WORK to burn */
  readonly workAtto: bigint
}

/** The call as a value. */
export function coverCall({ addresses }: Deployment, { workAtto }: Cover): Call {
  return makeCall({ to: addresses.credits, abi: creditsAbi, functionName: 'cover', args: [workAtto] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function cover(chain: Chain, terms: Cover, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, coverCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Covered. */
export async function coverSync(
  chain: Chain,
  terms: Cover,
  { signal }: Waiting,
): Promise<Done<typeof creditsAbi, 'Covered'>> {
  return syncCall(chain, coverCall(chain.deployment, terms), { abi: creditsAbi, eventName: 'Covered', signal })
}
