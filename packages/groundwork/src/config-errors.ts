/**
 * What can be wrong with the configuration.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

export class ConfigWrong extends GroundworkError {
  readonly code = 'GW_CONFIG_WRONG'
  readonly blame = 'caller'

  constructor(facts: { where: string; why: string }, options?: ErrorOptions) {
    super(`A setting in ${facts.where} is wrong: ${facts.why}.`, facts, options)
  }
}
