/**
 * What can be wrong with a key at rest.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

export class KeystoreBroken extends GroundworkError {
  readonly code = 'GW_KEYSTORE_BROKEN'
  readonly blame = 'host'

  constructor(why: string, options?: ErrorOptions) {
    super(`The key file cannot be used: ${why}.`, { why }, options)
  }
}

export class PasswordWrong extends GroundworkError {
  readonly code = 'GW_PASSWORD_WRONG'
  readonly blame = 'caller'

  constructor() {
    super('The password does not open this key.')
  }
}
