/**
 * What can be wrong with the words of a command line.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** The command was told to stop before its work was done. */
export class Stopped extends GroundworkError {
  readonly code = 'GW_STOPPED'
  readonly blame = 'caller'

  constructor({ why }: { why: string }, options?: ErrorOptions) {
    super(`Not finished: ${why}.`, { why }, options)
  }
}

export class UsageWrong extends GroundworkError {
  readonly code = 'GW_USAGE_WRONG'
  readonly blame = 'caller'

  constructor({ why, tip }: { why: string; tip: string }) {
    super(`${why.charAt(0).toUpperCase()}${why.slice(1).replace(/\.$/, '')}. Try: ${tip}.`, { why })
  }
}
