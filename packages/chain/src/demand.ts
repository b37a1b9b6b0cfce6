/**
 * Demanding one named leaf of a data set on chain.
 *
 * Deposits the cost of the answer and holds the stream's pay until it is answered or missed.
 *
 * @module
 */

import type { Hex } from 'viem'
import { storageJudgeAbi } from './abi/storage-judge.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type Demand = {
  /** id of the data set */
  readonly dataSet: Hex
  /** 32-byte leaf, from 0 over the whole set */
  readonly leafIndex: bigint
}

/** The call as a value. */
export function demandCall({ addresses }: Deployment, { dataSet, leafIndex }: Demand): Call {
  return makeCall({
    to: addresses.storageJudge,
    abi: storageJudgeAbi,
    functionName: 'demand',
    args: [dataSet, leafIndex],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function demand(chain: Chain, terms: Demand, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, demandCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Demanded. */
export async function demandSync(
  chain: Chain,
  terms: Demand,
  { signal }: Waiting,
): Promise<Done<typeof storageJudgeAbi, 'Demanded'>> {
  return syncCall(chain, demandCall(chain.deployment, terms), { abi: storageJudgeAbi, eventName: 'Demanded', signal })
}
