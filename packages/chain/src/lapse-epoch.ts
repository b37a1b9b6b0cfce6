/**
 * Dropping a pending epoch that never became available; its poster keeps the bond. Anyone may.
 *
 * docs/protocol/epochs.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type LapseEpoch = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
}

/** The call as a value. */
export function lapseEpochCall({ addresses }: Deployment, { network }: LapseEpoch): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'lapse', args: [network] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function lapseEpoch(chain: Chain, terms: LapseEpoch, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, lapseEpochCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns EpochLapsed. */
export async function lapseEpochSync(
  chain: Chain,
  terms: LapseEpoch,
  { signal }: Waiting,
): Promise<Done<typeof epochsAbi, 'EpochLapsed'>> {
  return syncCall(chain, lapseEpochCall(chain.deployment, terms), { abi: epochsAbi, eventName: 'EpochLapsed', signal })
}
