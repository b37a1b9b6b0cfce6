/**
 * Handing in the verdict of a quorum of the drawn operators (`signVerdict`). Anyone may.
 *
 * docs/protocol/holds.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { holdsAbi } from './abi/holds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type DecideHold = {
  readonly id: Hex
  readonly upheld: boolean
  /** DAG-CBOR block with the reasons, at most 4096 bytes; '0x' for none */
  readonly opinion: Hex
  /** over Verdict{hold, instance, upheld, opinion} */
  readonly signatures: readonly Hex[]
}

/** The call as a value. */
export function decideHoldCall({ addresses }: Deployment, { id, upheld, opinion, signatures }: DecideHold): Call {
  return makeCall({
    to: addresses.holds,
    abi: holdsAbi,
    functionName: 'decide',
    args: [id, upheld, opinion, signatures],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function decideHold(chain: Chain, terms: DecideHold, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, decideHoldCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns HoldDecided. */
export async function decideHoldSync(
  chain: Chain,
  terms: DecideHold,
  { signal }: Waiting,
): Promise<Done<typeof holdsAbi, 'HoldDecided'>> {
  return syncCall(chain, decideHoldCall(chain.deployment, terms), { abi: holdsAbi, eventName: 'HoldDecided', signal })
}
