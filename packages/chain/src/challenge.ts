/**
 * Challenging a pending epoch before SumJudge: one fault, shown by the smallest thing that has it.
 *
 * A fault drops the post and slashes its poster; anything else is refused with NoFault or the reason why nothing was
 * shown. The reward needs a commitment in an earlier block (`commit-report.ts`). docs/protocol/epochs.md#challenges
 *
 * @module
 */

import type { ContractFunctionArgs, ContractFunctionName, Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { sumJudgeAbi } from './abi/sum-judge.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, eventsIn, minedIn, sendCall } from './send-call.ts'
import { TransactionFailed } from './errors.ts'
import { waitForReceipt } from './wait-for-receipt.ts'

/** challengeLine, challengeLeaf, challengeDropped …: every kind of fault that SumJudge sees. */
export type ChallengeKind = ContractFunctionName<typeof sumJudgeAbi, 'nonpayable'>

export type Challenge<kind extends ChallengeKind = ChallengeKind> = {
  readonly kind: kind
  /** as the contract takes them; the first is the case: network, post, reporter, salt */
  readonly args: ContractFunctionArgs<typeof sumJudgeAbi, 'nonpayable', kind>
}

/** The call as a value. */
export function challengeCall<kind extends ChallengeKind>(
  { addresses }: Deployment,
  { kind, args }: Challenge<kind>,
): Call {
  return makeCall({ to: addresses.sumJudge, abi: sumJudgeAbi, functionName: kind, args })
}

/** Simulates and sends; returns the transaction's hash. */
export async function challenge<kind extends ChallengeKind>(
  chain: Chain,
  terms: Challenge<kind>,
  { signal }: Waiting,
): Promise<Hex> {
  return sendCall(chain, challengeCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns EpochRejected. */
export async function challengeSync<kind extends ChallengeKind>(
  chain: Chain,
  terms: Challenge<kind>,
  { signal }: Waiting,
): Promise<Done<typeof epochsAbi, 'EpochRejected'>> {
  const receipt = await waitForReceipt(chain, await challenge(chain, terms, { signal }), { signal })
  const address = chain.deployment.addresses.epochs
  const [event] = eventsIn(receipt, { abi: epochsAbi, eventName: 'EpochRejected', address })
  const { transactionHash: hash, blockNumber } = receipt
  if (event === undefined) throw new TransactionFailed({ hash, blockNumber, reason: 'it emitted no EpochRejected' })
  return { ...minedIn(receipt), event }
}
