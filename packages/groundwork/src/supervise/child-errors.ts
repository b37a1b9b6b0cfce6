/**
 * What can go wrong with a program that we started.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

export class ChildFailed extends GroundworkError {
  readonly code = 'GW_CHILD_FAILED'
  readonly blame = 'host'

  constructor(facts: { name: string; why: string; logPath: string }) {
    super(`The ${facts.name} did not start: ${facts.why}. Its log is ${facts.logPath}.`, facts)
  }
}
