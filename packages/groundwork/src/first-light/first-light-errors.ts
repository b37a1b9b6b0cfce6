/**
 * Why first light did not succeed: one class for each thing that can be wrong, so that the code says it.
 *
 * @module
 */

import { GroundworkError, type Facts } from '@groundwork/core/errors/groundwork-error.ts'

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
