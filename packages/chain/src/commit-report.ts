/**
 * Committing to a report, a block or more before it is shown, so that nobody can copy it.
 *
 * `reportCommitment` makes the commitment. docs/protocol/money.md#bonds
 *
 * @module
 */

import type { Hex } from 'viem'
import { bondsAbi } from './abi/bonds.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type CommitReport = {
  /** keccak256(abi.encode(reporter, lockId, salt)) */
  readonly commitment: Hex
}

/** The call as a value. */
export function commitReportCall({ addresses }: Deployment, { commitment }: CommitReport): Call {
  return makeCall({ to: addresses.bonds, abi: bondsAbi, functionName: 'commitReport', args: [commitment] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function commitReport(chain: Chain, terms: CommitReport, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, commitReportCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns ReportCommitted. */
export async function commitReportSync(
  chain: Chain,
  terms: CommitReport,
  { signal }: Waiting,
): Promise<Done<typeof bondsAbi, 'ReportCommitted'>> {
  return syncCall(chain, commitReportCall(chain.deployment, terms), {
    abi: bondsAbi,
    eventName: 'ReportCommitted',
    signal,
  })
}
