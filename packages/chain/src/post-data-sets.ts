/**
 * Posting data sets that customer and provider both signed; bad ones are skipped and reported.
 *
 * The event `EntryFailed` names the skipped ones; `readDataSet` shows what stands.
 *
 * @module
 */

import type { Hex } from 'viem'
import { dataSetsAbi } from './abi/data-sets.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import type { PieceSet } from './piece-set.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type PostDataSets = {
  /** what both signed */
  readonly sets: readonly PieceSet[]
  /** in the order of the sets */
  readonly customerSignatures: readonly Hex[]
  /** in the order of the sets */
  readonly providerSignatures: readonly Hex[]
}

/** The call as a value. */
export function postDataSetsCall(
  { addresses }: Deployment,
  { sets, customerSignatures, providerSignatures }: PostDataSets,
): Call {
  return makeCall({
    to: addresses.dataSets,
    abi: dataSetsAbi,
    functionName: 'postMany',
    args: [sets, customerSignatures, providerSignatures],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function postDataSets(chain: Chain, terms: PostDataSets, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, postDataSetsCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the Posted events: none when there was nothing to do. */
export async function postDataSetsSync(
  chain: Chain,
  terms: PostDataSets,
  { signal }: Waiting,
): Promise<DoneMany<typeof dataSetsAbi, 'Posted'>> {
  return syncMany(chain, postDataSetsCall(chain.deployment, terms), { abi: dataSetsAbi, eventName: 'Posted', signal })
}
