/**
 * The accused's word: an answer to the accusation, or an appeal from the first verdict.
 *
 * Who has no gas signs it and lets another hand it in (`appeal-hold-for.ts`). docs/protocol/holds.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { holdsAbi } from './abi/holds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type AppealHold = {
  readonly id: Hex
  /** DAG-CBOR block, at most 4096 bytes */
  readonly statement: Hex
}

/** The call as a value. */
export function appealHoldCall({ addresses }: Deployment, { id, statement }: AppealHold): Call {
  return makeCall({ to: addresses.holds, abi: holdsAbi, functionName: 'appeal', args: [id, statement] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function appealHold(chain: Chain, terms: AppealHold, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, appealHoldCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns HoldAppealed. */
export async function appealHoldSync(
  chain: Chain,
  terms: AppealHold,
  { signal }: Waiting,
): Promise<Done<typeof holdsAbi, 'HoldAppealed'>> {
  return syncCall(chain, appealHoldCall(chain.deployment, terms), { abi: holdsAbi, eventName: 'HoldAppealed', signal })
}
