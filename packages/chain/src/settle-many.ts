/**
 * Settling many streams in one call; bad ones are skipped. Anyone may.
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

export type SettleMany = {
  /** streams */
  readonly ids: readonly Hex[]
}

/** The call as a value. */
export function settleManyCall({ addresses }: Deployment, { ids }: SettleMany): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'settleMany', args: [ids] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function settleMany(chain: Chain, terms: SettleMany, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, settleManyCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the StreamSettled events: none when there was nothing to do. */
export async function settleManySync(
  chain: Chain,
  terms: SettleMany,
  { signal }: Waiting,
): Promise<DoneMany<typeof railsAbi, 'StreamSettled'>> {
  return syncMany(chain, settleManyCall(chain.deployment, terms), { abi: railsAbi, eventName: 'StreamSettled', signal })
}
