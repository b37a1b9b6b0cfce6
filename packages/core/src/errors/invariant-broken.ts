/**
 * The error of `invariant()`: our own code is wrong, and going on could pay a wrong sum.
 *
 * Not for bad input from anyone else.
 *
 * @module
 */

import { GroundworkError } from './groundwork-error.ts'

/** Thrown only by `invariant()`. */
export class InvariantBroken extends GroundworkError {
  readonly code = 'GW_INVARIANT_BROKEN'
  readonly blame = 'us'

  constructor(why: string) {
    super(`Broken invariant: ${why}.`, { why })
  }
}
