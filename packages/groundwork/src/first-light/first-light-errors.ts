/**
 * Why first light did not succeed: one class for each thing that can be wrong, so that the code says it.
 *
 * @module
 */

import { GroundworkError, type Facts } from '@groundwork/core/errors/groundwork-error.ts'

/** The gateway refused, or did not answer; its own code is in the facts. */
export class GatewayFailed extends GroundworkError {
  readonly code = 'GW_GATEWAY_FAILED'
  readonly blame = 'peer'

  constructor(facts: { url: string; path: string; code: string; why: string }, options?: ErrorOptions) {
    super(`The gateway at ${facts.url} failed at ${facts.path}: ${facts.why} (${facts.code}).`, facts, options)
  }
}

/** A provider that was alive published no proof for a set it is paid to keep. */
export class ProofMissing extends GroundworkError {
  readonly code = 'GW_PROOF_MISSING'
  readonly blame = 'peer'

  constructor(facts: { provider: string; epoch: bigint }) {
    super(`Provider ${facts.provider} published no proof for epoch ${facts.epoch}.`, facts)
  }
}

/** A posted epoch was shown to be wrong. */
export class EpochWrong extends GroundworkError {
  readonly code: 'GW_EPOCH_OVERPAID' | 'GW_EPOCH_LINE_DROPPED' | 'GW_EPOCH_REJECTED'
  readonly blame = 'peer'

  constructor(code: EpochWrong['code'], facts: { epoch: bigint; reason: string } & Facts) {
    super(`The posted epoch ${facts.epoch} is wrong and was rejected: ${facts.reason}.`, facts)
    this.code = code
  }
}

/** A provider served bytes that are not what they are called. */
export class WrongByteServed extends GroundworkError {
  readonly code = 'GW_WRONG_BYTE'
  readonly blame = 'peer'

  constructor(facts: { provider: string; cid: string }) {
    super(`Provider ${facts.provider} served a wrong byte in ${facts.cid}.`, facts)
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

/** Something that the run waits for did not happen in time. */
export class NothingHappened extends GroundworkError {
  readonly code = 'GW_FIRST_LIGHT_LATE'
  readonly blame = 'host'

  constructor(facts: { what: string; secondsMax: number }) {
    super(`Within ${facts.secondsMax} s this did not happen: ${facts.what}.`, facts)
  }
}

/** A program of the run ended with an error of its own. */
export class StepFailed extends GroundworkError {
  readonly code = 'GW_FIRST_LIGHT_STEP'
  readonly blame = 'us'

  constructor(facts: { step: string; why: string }) {
    super(`${facts.step} failed: ${facts.why}.`, facts)
  }
}
