/**
 * The facts of an epoch as its audit takes them: all from the chain, none from the evidence.
 *
 * @module
 */

import { readAllowance } from '@groundwork/chain/read-seal.ts'
import type { EpochFacts } from '@groundwork/core/epoch/audit.ts'
import { excludedByJudge } from '@groundwork/core/epoch/find-fault.ts'
import { closeBlockOf, evidenceDeadlineOf } from '@groundwork/core/epoch/timing.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { AuditContext } from './audit-context.ts'
import { timingOf } from './chain-desk.ts'
import { contradictedIn, refutedIn, sealsIn } from './epoch-history.ts'
import type { NetworkRules } from './network-rules.ts'

/** What evidence is signed under. */
export function evidenceDomain({ chain }: Pick<AuditContext, 'chain'>): Domain {
  return { chainId: chain.chainId, verifyingContract: chain.deployment.addresses.epochs.toLowerCase() as Address }
}

export interface FactsOf {
  readonly rules: NetworkRules
  readonly epoch: bigint
  /** first epoch that was not finalised before its post */
  readonly next: bigint
}

/** @returns undefined while the epoch is not sealed */
export async function readFacts(
  context: AuditContext,
  { rules, epoch, next }: FactsOf,
): Promise<EpochFacts | undefined> {
  const { chain, index } = context
  const { deployment } = chain
  const seal = sealsIn(index, rules.network).get(epoch)
  if (seal === undefined) return undefined
  const timing = timingOf(deployment)
  const excluded = new Map<Hex, string>()
  for (const digest of contradictedIn(index, { until: evidenceDeadlineOf(timing, epoch) }))
    excluded.set(digest, excludedByJudge.contradicted)
  for (const digest of refutedIn(index)) excluded.set(digest, excludedByJudge.refuted)
  return {
    domain: evidenceDomain(context),
    rules: rules.rules,
    closeBlock: closeBlockOf(timing, epoch),
    sealedHash: seal.blockHash,
    highUsd8: seal.highUsd8,
    allowanceAtto: await readAllowance(chain, { network: rules.network, epoch }),
    excluded,
    state: rules.stateOf({ index, deployment, epoch, next }),
  }
}
