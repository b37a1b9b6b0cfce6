/**
 * What can go wrong for a provider besides its storage and its chain.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** A gateway took a call to hand in, and the chain does not show it. It is tried again, perhaps by another gateway. */
export class SponsorSlow extends GroundworkError {
  readonly code = 'GW_SPONSOR_SLOW'
  readonly blame = 'peer'

  constructor(facts: { url: string; functionName: string; waitedMs: number }) {
    super(
      `The gateway at ${facts.url} took ${facts.functionName} to hand in, but the chain does not show it after ${facts.waitedMs} ms.`,
      facts,
    )
  }
}
