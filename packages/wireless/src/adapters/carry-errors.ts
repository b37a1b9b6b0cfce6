/**
 * What the adapters of the market throw: one class for each code.
 *
 * @module
 */

import { GroundworkError, type Blame } from '@groundwork/core/errors/groundwork-error.ts'

/** The ledger's file is not one that this program may write to. */
export class CarryLedgerDamaged extends GroundworkError {
  readonly code = 'GW_CARRY_LEDGER_DAMAGED'
  readonly blame: Blame = 'host'

  constructor(facts: { readonly path: string; readonly reason: string }) {
    super(`The ledger of carried packets cannot be used: ${facts.reason}.`, facts)
  }
}

/** An allotment would cost more WORK than the router's owner allows. */
export class AllotmentTooDear extends GroundworkError {
  readonly code = 'GW_ALLOTMENT_TOO_DEAR'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly owner: string; readonly workAtto: bigint; readonly workAttoMax: bigint }) {
    super(
      `An allotment would cost ${facts.workAtto} atto-WORK, more than the ${facts.workAttoMax} that are allowed.`,
      facts,
    )
  }
}
