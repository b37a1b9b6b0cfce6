/**
 * Errors of closing epochs. What strangers posted never throws: `compareBundle` returns what it found.
 *
 * @module
 */

import { GroundworkError } from './groundwork-error.ts'

/** This program carries no audit for the network. */
export class AuditMissing extends GroundworkError {
  readonly code = 'GW_AUDIT_MISSING'
  readonly blame = 'caller'

  constructor(facts: { network: number; known: readonly number[] }) {
    super(`There is no audit for network ${facts.network} here.`, facts)
  }
}
