/**
 * Accusing an account: its claims on a network are put off at once, and drawn operators decide.
 *
 * The deposit has to be allowed before (`approve-work.ts`). docs/protocol/holds.md
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { holdsAbi } from './abi/holds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type PlaceHold = {
  readonly network: number
  readonly account: Address
  /** 32 bytes: ASCII, left-aligned */
  readonly reason: Hex
  /** DAG-CBOR block, at most 4096 bytes */
  readonly statement: Hex
}

/** The call as a value. */
export function placeHoldCall({ addresses }: Deployment, { network, account, reason, statement }: PlaceHold): Call {
  return makeCall({
    to: addresses.holds,
    abi: holdsAbi,
    functionName: 'place',
    args: [network, account, reason, statement],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function placeHold(chain: Chain, terms: PlaceHold, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, placeHoldCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns HoldPlaced. */
export async function placeHoldSync(
  chain: Chain,
  terms: PlaceHold,
  { signal }: Waiting,
): Promise<Done<typeof holdsAbi, 'HoldPlaced'>> {
  return syncCall(chain, placeHoldCall(chain.deployment, terms), { abi: holdsAbi, eventName: 'HoldPlaced', signal })
}
