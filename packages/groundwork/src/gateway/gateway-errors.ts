/**
 * What can go wrong between a person and a gateway.
 *
 * @module
 */

import { GroundworkError, type Blame } from '@groundwork/core/errors/groundwork-error.ts'

/** What to do about some codes of a gateway. */
const tips: Readonly<Record<string, string>> = {
  GW_GATEWAY_UNREACHABLE: 'Is it running? `npm start` brings one up and prints its address; --gateway names another.',
  GW_NOT_ALLOWED: 'Give --data-dir the folder of that gateway: its token lies there.',
  GW_TOO_FEW_PROVIDERS: 'Ask for fewer --copies, or wait until more providers have joined.',
}

/** The gateway refused, or did not answer; its own code is in the facts, and what it blames on its caller is the caller's here. */
export class GatewayFailed extends GroundworkError {
  readonly code = 'GW_GATEWAY_FAILED'
  readonly blame: Blame = 'peer'

  constructor(
    facts: { url: string; path: string; code: string; why: string; blame?: unknown; read?: string },
    options?: ErrorOptions,
  ) {
    const { url, path, code, why, blame } = facts
    const tip = tips[code]
    super(
      `The gateway at ${url} failed at ${path}: ${why.replace(/\.$/, '')} (${code}).${tip === undefined ? '' : ` ${tip}`}`,
      facts,
      options,
    )
    if (blame === 'caller') this.blame = 'caller'
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
