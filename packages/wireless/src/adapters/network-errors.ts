/**
 * What goes wrong in a network server's own files, and what a caller provisions wrongly.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

export class NetworkDatabaseDamaged extends GroundworkError {
  readonly code = 'GW_WIRELESS_DATABASE_DAMAGED'
  readonly blame = 'host'

  constructor(facts: { path: string; reason: string }, options?: ErrorOptions) {
    super(`The network server's file ${facts.path} cannot be used: ${facts.reason}.`, facts, options)
  }
}

export class KeyWrapFailed extends GroundworkError {
  readonly code = 'GW_KEY_UNREADABLE'
  readonly blame = 'host'

  constructor(facts: { what: string }, options?: ErrorOptions) {
    super(`A kept key cannot be read: ${facts.what}. The data directory's own key is another one.`, facts, options)
  }
}

export class ProvisionRefused extends GroundworkError {
  readonly code = 'GW_PROVISION_REFUSED'
  readonly blame = 'caller'

  constructor(facts: { what: string; why: string }) {
    super(`${facts.what} is not taken: ${facts.why}.`, facts)
  }
}

export class DeviceUnknown extends GroundworkError {
  readonly code = 'GW_DEVICE_UNKNOWN'
  readonly blame = 'caller'

  constructor(facts: { what: string }) {
    super(`There is no ${facts.what}.`, facts)
  }
}
