/**
 * Why a drawn operator does not sign for a bundle.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** The bundle is not one that this operator keeps. */
export class BundleRefused extends GroundworkError {
  readonly code = 'GW_BUNDLE_REFUSED'
  readonly blame = 'caller'

  constructor(facts: { evidence: string; why: string }) {
    super(`The bundle ${facts.evidence} is not kept here: ${facts.why}.`, facts)
  }
}

/** As many bundles as may be are being audited; ask again. */
export class KeeperBusy extends GroundworkError {
  readonly code = 'GW_TOO_BUSY'
  readonly blame = 'host'

  constructor(facts: { bundlesAtOnceMax: number }) {
    super(`This operator audits at most ${facts.bundlesAtOnceMax} bundles at once; ask again.`, facts)
  }
}
