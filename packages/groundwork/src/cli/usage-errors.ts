/**
 * What can be wrong with the words of a command line.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

export class UsageWrong extends GroundworkError {
  readonly code = 'GW_USAGE_WRONG'
  readonly blame = 'caller'

  constructor({ why, tip }: { why: string; tip: string }) {
    super(`${why.charAt(0).toUpperCase()}${why.slice(1).replace(/\.$/, '')}. Try: ${tip}.`, { why })
  }
}
