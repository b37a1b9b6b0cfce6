/**
 * Answering a demand in time. Anyone may, and is paid the deposit.
 *
 * @module
 */

import type { Hex } from 'viem'
import { storageJudgeAbi } from './abi/storage-judge.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import type { LeafAnswer } from './leaf-answer.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type Answer = {
  readonly demandId: Hex
  /** the leaf and both its paths */
  readonly answer: LeafAnswer
}

/** The call as a value. */
export function answerCall({ addresses }: Deployment, { demandId, answer }: Answer): Call {
  return makeCall({
    to: addresses.storageJudge,
    abi: storageJudgeAbi,
    functionName: 'answer',
    args: [demandId, answer],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function answer(chain: Chain, terms: Answer, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, answerCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Answered. */
export async function answerSync(
  chain: Chain,
  terms: Answer,
  { signal }: Waiting,
): Promise<Done<typeof storageJudgeAbi, 'Answered'>> {
  return syncCall(chain, answerCall(chain.deployment, terms), { abi: storageJudgeAbi, eventName: 'Answered', signal })
}
