/**
 * Handing in the accused's word with its signature (`signAppeal`). Anyone may.
 *
 * @module
 */

import type { Hex } from 'viem'
import { holdsAbi } from './abi/holds.ts'
import type { AppealHold } from './appeal-hold.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type AppealHoldFor = AppealHold & {
  /** of the accused, over Appeal{hold, instance, evidence} */
  readonly signature: Hex
}

/** The call as a value. */
export function appealHoldForCall({ addresses }: Deployment, { id, statement, signature }: AppealHoldFor): Call {
  return makeCall({
    to: addresses.holds,
    abi: holdsAbi,
    functionName: 'appealFor',
    args: [id, statement, signature],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function appealHoldFor(chain: Chain, terms: AppealHoldFor, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, appealHoldForCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns HoldAppealed. */
export async function appealHoldForSync(
  chain: Chain,
  terms: AppealHoldFor,
  { signal }: Waiting,
): Promise<Done<typeof holdsAbi, 'HoldAppealed'>> {
  return syncCall(chain, appealHoldForCall(chain.deployment, terms), {
    abi: holdsAbi,
    eventName: 'HoldAppealed',
    signal,
  })
}
