/**
 * What can go wrong while a network on one machine comes up.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** A provider runs, but has not registered, bonded and offered in time. */
export class OfferMissing extends GroundworkError {
  readonly code = 'GW_OFFER_MISSING'
  readonly blame = 'host'

  constructor(facts: { name: string; secondsMax: number; logPath: string }) {
    super(`The provider ${facts.name} did not offer within ${facts.secondsMax} s. Its log is ${facts.logPath}.`, facts)
  }
}
