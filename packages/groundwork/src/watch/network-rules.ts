/**
 * What the watcher has to know of one resource network to audit it: the audit, its version, and what it reads from the chain.
 *
 * Types only; `storage-rules.ts` is storage's. A network that is not listed is not watched.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import type { Audit, EpochFacts } from '@groundwork/core/epoch/audit.ts'
import type { ChallengeFacts } from '@groundwork/core/epoch/find-fault.ts'

export interface StateInput {
  readonly index: ChainIndex
  readonly deployment: Deployment
  readonly epoch: bigint
  /** first epoch that was not finalised before this one's post: older ones are over, what was left out of them stays out */
  readonly next: bigint
}

export interface NetworkRules {
  readonly network: number
  readonly name: string
  /** version of the audit, as posts name it */
  readonly rules: bigint
  readonly audit: Audit
  /** `EpochFacts.state`: what the audit reads from the chain as of the close */
  stateOf(input: StateInput): unknown
  /** the rebate kind whose price SumJudge knows, with that price */
  judgedPriceOf(facts: EpochFacts, deployment: Deployment): NonNullable<ChallengeFacts['judgedPrice']> | undefined
}
