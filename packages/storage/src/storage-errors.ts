/**
 * What the storage network throws: one class for each code.
 *
 * Status and exit code follow from `blame` in core's one table. Not for the bytes of strangers inside a parser: those are
 * tagged results, turned into one of these only at the edge that has to answer.
 *
 * @module
 */

import { GroundworkError, type Blame, type Facts } from '@groundwork/core/errors/groundwork-error.ts'

/** The bytes are not a CAR that we keep. */
export class CarMalformed extends GroundworkError {
  readonly code = 'GW_CAR_MALFORMED'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly fault: string }) {
    super(`The piece is not a CAR that can be kept: ${facts.fault}.`, facts)
  }
}

/** The text is not a CID, or not one of the kind that is asked for. */
export class CidMalformed extends GroundworkError {
  readonly code = 'GW_CID_MALFORMED'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly cid: string; readonly wanted: string }) {
    super(`"${facts.cid.slice(0, 100)}" is not ${facts.wanted}.`, { ...facts, cid: facts.cid.slice(0, 100) })
  }
}

/** The bytes that came hash to another piece than the one announced. */
export class PieceMismatch extends GroundworkError {
  readonly code = 'GW_PIECE_MISMATCH'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly expected: string; readonly actual: string }) {
    super(`The bytes are piece ${facts.actual}, not ${facts.expected}.`, facts)
  }
}

/** A body is longer than its limit. */
export class BodyTooLarge extends GroundworkError {
  readonly code = 'GW_BODY_TOO_LARGE'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly sizeBytesMax: number }) {
    super(`The body is larger than ${facts.sizeBytesMax} bytes.`, facts)
  }
}

/** A body is not what the route reads. */
export class BodyMalformed extends GroundworkError {
  readonly code = 'GW_BODY_MALFORMED'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly wanted: string }) {
    super(`The body is not ${facts.wanted}.`, facts)
  }
}

/** Nothing is kept here under that name. */
export class NotFound extends GroundworkError {
  readonly code = 'GW_NOT_FOUND'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly what: string }) {
    super(`Nothing is kept here as ${facts.what}.`, facts)
  }
}

/** A range lies outside what there is. */
export class RangeNotSatisfiable extends GroundworkError {
  readonly code = 'GW_RANGE_NOT_SATISFIABLE'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly range: string; readonly sizeBytes: number }) {
    super(`The range "${facts.range}" lies outside the ${facts.sizeBytes} bytes there are.`, facts)
  }
}

/** A write without a valid request signature. */
export class NotAuthenticated extends GroundworkError {
  readonly code = 'GW_NOT_AUTHENTICATED'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly reason: string }) {
    super(`The request is not authenticated: ${facts.reason}.`, facts)
  }
}

/** The provider keeps what it promised to others; there is no room for this. */
export class NoRoom extends GroundworkError {
  readonly code = 'GW_NO_ROOM'
  readonly blame: Blame = 'host'

  constructor(facts: { readonly capacityBytes: number; readonly usedBytes: number; readonly wantedBytes: number }) {
    super(
      `There is no room for ${facts.wantedBytes} bytes: ${facts.usedBytes} of ${facts.capacityBytes} are used.`,
      facts,
    )
  }
}

/** Too much is under way already. */
export class TooBusy extends GroundworkError {
  readonly code = 'GW_TOO_BUSY'
  readonly blame: Blame = 'host'

  constructor(facts: { readonly what: string; readonly countMax: number }) {
    super(`No more than ${facts.countMax} ${facts.what} at once.`, facts)
  }
}

/** A piece set that the other side does not sign, and why. */
export class SetRefused extends GroundworkError {
  readonly code = 'GW_SET_REFUSED'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly reason: string } & Facts) {
    super(`The piece set is refused: ${facts.reason}.`, facts)
  }
}

/** A receipt that does not hold. */
export class ReceiptRefused extends GroundworkError {
  readonly code = 'GW_RECEIPT_REFUSED'
  readonly blame: Blame = 'peer'

  constructor(facts: { readonly reason: string } & Facts) {
    super(`The provider's receipt is refused: ${facts.reason}.`, facts)
  }
}

/** A provider served bytes that do not match their name. */
export class WrongByte extends GroundworkError {
  readonly code = 'GW_WRONG_BYTE'
  readonly blame: Blame = 'peer'

  constructor(facts: { readonly provider: string; readonly cid: string }) {
    super(`Provider ${facts.provider} served wrong bytes for ${facts.cid}.`, facts)
  }
}

/** A provider did not answer, or answered with an error. */
export class PeerFailed extends GroundworkError {
  readonly code = 'GW_PEER_FAILED'
  readonly blame: Blame = 'peer'

  constructor(
    facts: { readonly endpoint: string; readonly what: string; readonly status?: number; readonly reason: string },
    options?: ErrorOptions,
  ) {
    super(`${facts.endpoint} failed to ${facts.what}: ${facts.reason}.`, facts, options)
  }
}

/** Fewer distinct operators fit than copies are wanted. */
export class TooFewProviders extends GroundworkError {
  readonly code = 'GW_TOO_FEW_PROVIDERS'
  readonly blame: Blame = 'peer'

  constructor(facts: { readonly wanted: number; readonly found: number; readonly excluded: Facts }) {
    super(`${facts.wanted} distinct operators are wanted, ${facts.found} fit.`, facts)
  }
}

/** No provider that we know serves this content. */
export class ContentUnavailable extends GroundworkError {
  readonly code = 'GW_CONTENT_UNAVAILABLE'
  readonly blame: Blame = 'peer'

  constructor(facts: { readonly cid: string; readonly tried: number }, options?: ErrorOptions) {
    super(`None of ${facts.tried} providers served ${facts.cid}.`, facts, options)
  }
}

/** Another process writes into this directory. */
export class DirectoryLocked extends GroundworkError {
  readonly code = 'GW_DIRECTORY_LOCKED'
  readonly blame: Blame = 'host'

  constructor(facts: { readonly path: string; readonly pid: number }) {
    super(`Process ${facts.pid} writes into ${facts.path}; one writer at a time.`, facts)
  }
}

/** What is on disk is not what the index says. */
export class StoreDamaged extends GroundworkError {
  readonly code = 'GW_STORE_DAMAGED'
  readonly blame: Blame = 'host'

  constructor(facts: { readonly path: string; readonly reason: string }) {
    super(`The store at ${facts.path} is damaged: ${facts.reason}.`, facts)
  }
}

/** Evidence that is needed cannot be had. */
export class EvidenceUnavailable extends GroundworkError {
  readonly code = 'GW_EVIDENCE_UNAVAILABLE'
  readonly blame: Blame = 'peer'

  constructor(facts: { readonly what: string }) {
    super(`The evidence is not available: ${facts.what}.`, facts)
  }
}

/** The consumer of a stream left; what the producer still has is no longer wanted. */
export class QueueStopped extends GroundworkError {
  readonly code = 'GW_QUEUE_STOPPED'
  readonly blame: Blame = 'caller'

  constructor() {
    super('Nobody takes what comes next.')
  }
}

/** A form of the content that is not served here. */
export class FormatUnsupported extends GroundworkError {
  readonly code = 'GW_FORMAT_UNSUPPORTED'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly format: string; readonly wanted: string }) {
    super(`"${facts.format}" is not served here; ask for ${facts.wanted}.`, facts)
  }
}

/** A bundle that this operator does not vouch for. */
export class BundleRefused extends GroundworkError {
  readonly code = 'GW_BUNDLE_REFUSED'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly reason: string }) {
    super(`The bundle is not kept here: ${facts.reason}.`, facts)
  }
}
