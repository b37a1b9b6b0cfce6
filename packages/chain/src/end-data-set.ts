/**
 * Ending a data set once its stream is closed: its lock thaws. Anyone may.
 *
 * @module
 */

import type { Hex } from 'viem'
import { dataSetsAbi } from './abi/data-sets.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type EndDataSet = {
  /** data set */
  readonly id: Hex
}

/** The call as a value. */
export function endDataSetCall({ addresses }: Deployment, { id }: EndDataSet): Call {
  return makeCall({ to: addresses.dataSets, abi: dataSetsAbi, functionName: 'end', args: [id] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function endDataSet(chain: Chain, terms: EndDataSet, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, endDataSetCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Ended. */
export async function endDataSetSync(
  chain: Chain,
  terms: EndDataSet,
  { signal }: Waiting,
): Promise<Done<typeof dataSetsAbi, 'Ended'>> {
  return syncCall(chain, endDataSetCall(chain.deployment, terms), { abi: dataSetsAbi, eventName: 'Ended', signal })
}
