/**
 * Running several calls of Rails in one transaction, each under a key that only its success uses up.
 *
 * The same batch may be sent twice: what was done is skipped. docs/protocol/money.md#rails
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, dataOf, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { readCall } from './read-call.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type RailsEntry = {
  /** 32 bytes, unique for this sender and purpose */
  readonly key: Hex
  /** a call of Rails, as any of its actions builds it */
  readonly call: Call
}

/** Most entries that one batch carries. */
export const railsEntriesMax = 50

/** The call as a value. */
export function railsBatchCall({ addresses }: Deployment, entries: readonly RailsEntry[]): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'batch',
    args: [entries.map(({ key, call }) => ({ key, call: dataOf(call) }))],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function railsBatch(chain: Chain, entries: readonly RailsEntry[], { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, railsBatchCall(chain.deployment, entries), { signal })
}

/** The same, and waits for the block; returns the EntryFailed events: empty when all entries ran. */
export async function railsBatchSync(
  chain: Chain,
  entries: readonly RailsEntry[],
  { signal }: Waiting,
): Promise<DoneMany<typeof railsAbi, 'EntryFailed'>> {
  return syncMany(chain, railsBatchCall(chain.deployment, entries), { abi: railsAbi, eventName: 'EntryFailed', signal })
}

/** True when the key was used up by `sender`. */
export async function readKeyUsed(chain: Chain, { sender, key }: { sender: Hex; key: Hex }): Promise<boolean> {
  return readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'keyUsed', args: [sender, key] })
}
