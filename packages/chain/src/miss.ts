/**
 * Recording a missed demand after its deadline: fault, slash, and the reporter's reward.
 *
 * The reward needs a commitment in an earlier block (`commit-report.ts`).
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { storageJudgeAbi } from './abi/storage-judge.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type Miss = {
  readonly demandId: Hex
  /** who committed */
  readonly reporter: Address
  /** of the commitment; 32 bytes */
  readonly salt: Hex
}

/** The call as a value. */
export function missCall({ addresses }: Deployment, { demandId, reporter, salt }: Miss): Call {
  return makeCall({
    to: addresses.storageJudge,
    abi: storageJudgeAbi,
    functionName: 'miss',
    args: [demandId, reporter, salt],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function miss(chain: Chain, terms: Miss, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, missCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the Missed events: none when there was nothing to do. */
export async function missSync(
  chain: Chain,
  terms: Miss,
  { signal }: Waiting,
): Promise<DoneMany<typeof storageJudgeAbi, 'Missed'>> {
  return syncMany(chain, missCall(chain.deployment, terms), { abi: storageJudgeAbi, eventName: 'Missed', signal })
}
