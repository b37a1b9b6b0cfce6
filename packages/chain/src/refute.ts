/**
 * Showing that an entry of a signed batch is wrong, so that leaving the batch out of its epoch is no fault.
 *
 * docs/protocol/evidence.md#refuting
 *
 * @module
 */

import type { Hex } from 'viem'
import { storageJudgeAbi } from './abi/storage-judge.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import type { EvidenceEntry } from './evidence-entry.ts'
import type { EvidenceHeader } from './evidence-header.ts'
import type { LeafAnswer } from './leaf-answer.ts'
import type { PossessionDetail } from './possession-detail.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'
import type { SumPath } from './sum-path.ts'

export type Refute = {
  readonly header: EvidenceHeader
  /** of its signer */
  readonly signature: Hex
  readonly entry: EvidenceEntry
  /** of the entry in its batch */
  readonly index: number
  readonly entryPath: SumPath
  /** what the entry's detail is the hash of */
  readonly detail: PossessionDetail
  /** in draw order */
  readonly answerIndex: number
  /** that the answer was for */
  readonly leafIndex: bigint
  readonly answer: LeafAnswer
  /** in the tree of answers */
  readonly answerPath: SumPath
}

/** The call as a value. */
export function refuteCall(
  { addresses }: Deployment,
  { header, signature, entry, index, entryPath, detail, answerIndex, leafIndex, answer, answerPath }: Refute,
): Call {
  return makeCall({
    to: addresses.storageJudge,
    abi: storageJudgeAbi,
    functionName: 'refute',
    args: [header, signature, entry, index, entryPath, detail, answerIndex, leafIndex, answer, answerPath],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function refute(chain: Chain, terms: Refute, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, refuteCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Refuted. */
export async function refuteSync(
  chain: Chain,
  terms: Refute,
  { signal }: Waiting,
): Promise<Done<typeof storageJudgeAbi, 'Refuted'>> {
  return syncCall(chain, refuteCall(chain.deployment, terms), { abi: storageJudgeAbi, eventName: 'Refuted', signal })
}
