/**
 * Settling a stream: its payee is paid what is due and not held. Anyone may.
 *
 * docs/protocol/money.md#stream
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type Settle = {
  /** stream */
  readonly id: Hex
}

/** The call as a value. */
export function settleCall({ addresses }: Deployment, { id }: Settle): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'settle', args: [id] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function settle(chain: Chain, terms: Settle, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, settleCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the StreamSettled events: none when there was nothing to do. */
export async function settleSync(
  chain: Chain,
  terms: Settle,
  { signal }: Waiting,
): Promise<DoneMany<typeof railsAbi, 'StreamSettled'>> {
  return syncMany(chain, settleCall(chain.deployment, terms), { abi: railsAbi, eventName: 'StreamSettled', signal })
}
