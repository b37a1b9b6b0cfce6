/**
 * What can go wrong between a person and a gateway.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** The gateway refused, or did not answer; its own code is in the facts. */
export class GatewayFailed extends GroundworkError {
  readonly code = 'GW_GATEWAY_FAILED'
  readonly blame = 'peer'

  constructor(facts: { url: string; path: string; code: string; why: string; read?: string }, options?: ErrorOptions) {
    super(`The gateway at ${facts.url} failed at ${facts.path}: ${facts.why} (${facts.code}).`, facts, options)
  }
}

/** What came back is not what was stored. */
export class BytesDiffer extends GroundworkError {
  readonly code = 'GW_BYTES_DIFFER'
  readonly blame = 'us'

  constructor(facts: { file: string; why: string }) {
    super(`The file ${facts.file} did not come back as it was stored: ${facts.why}.`, facts)
  }
}

/** A folder with more files than one put may have. */
export class FilesTooMany extends GroundworkError {
  readonly code = 'GW_FILES_TOO_MANY'
  readonly blame = 'caller'

  constructor(facts: { input: string; countMax: number }) {
    super(`${facts.input} has more than ${facts.countMax} files. Store its folders one by one.`, facts)
  }
}
