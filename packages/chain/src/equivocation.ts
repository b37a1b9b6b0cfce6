/**
 * Showing two headers of one signer, network and counter that differ: neither batch may count from then on.
 *
 * docs/protocol/evidence.md#equivocation
 *
 * @module
 */

import type { Hex } from 'viem'
import { receiptJudgeAbi } from './abi/receipt-judge.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import type { EvidenceHeader } from './evidence-header.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type Equivocation = {
  readonly one: EvidenceHeader
  readonly oneSignature: Hex
  readonly other: EvidenceHeader
  readonly otherSignature: Hex
}

/** The call as a value. */
export function equivocationCall(
  { addresses }: Deployment,
  { one, oneSignature, other, otherSignature }: Equivocation,
): Call {
  return makeCall({
    to: addresses.receiptJudge,
    abi: receiptJudgeAbi,
    functionName: 'equivocation',
    args: [one, oneSignature, other, otherSignature],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function equivocation(chain: Chain, terms: Equivocation, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, equivocationCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns Equivocated. */
export async function equivocationSync(
  chain: Chain,
  terms: Equivocation,
  { signal }: Waiting,
): Promise<Done<typeof receiptJudgeAbi, 'Equivocated'>> {
  return syncCall(chain, equivocationCall(chain.deployment, terms), {
    abi: receiptJudgeAbi,
    eventName: 'Equivocated',
    signal,
  })
}
