/**
 * What can go wrong when an epoch is recomputed. That a post is wrong is not an error here: it is a verdict.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** Evidence that an answer needs is nowhere to be had. Nothing is said about the epoch then. */
export class EvidenceUnavailable extends GroundworkError {
  readonly code = 'GW_EVIDENCE_UNAVAILABLE'
  readonly blame = 'peer'

  constructor(facts: { network: number; epoch: bigint; missing: readonly string[] }) {
    super(
      `Evidence of epoch ${facts.epoch} is not to be had from anyone: ${facts.missing.join(', ')}. Nothing can be said about the epoch.`,
      facts,
    )
  }
}

/** The chain knows no post of that epoch. */
export class EpochUnknown extends GroundworkError {
  readonly code = 'GW_EPOCH_UNKNOWN'
  readonly blame = 'caller'

  constructor(facts: { network: number; epoch: bigint; why: string }) {
    super(`There is nothing to audit for epoch ${facts.epoch}: ${facts.why}.`, facts)
  }
}

/** A file that should be a CAR is none. */
export class CarMalformed extends GroundworkError {
  readonly code = 'GW_CAR_MALFORMED'
  readonly blame = 'caller'

  constructor(facts: { file: string; reason: string; offset: number }) {
    super(`${facts.file} is no CAR of an epoch's bundle: ${facts.reason} at byte ${facts.offset}.`, facts)
  }
}

/** The watcher's own folder was written by a later version. */
export class WatchStoreForeign extends GroundworkError {
  readonly code = 'GW_WATCH_STORE_FOREIGN'
  readonly blame = 'host'

  constructor(facts: { path: string; found: number; known: number }) {
    super(
      `${facts.path} has version ${facts.found} of the watcher's tables; this program knows up to ${facts.known}.`,
      facts,
    )
  }
}

/** The server could not have its address. */
export class ListenFailed extends GroundworkError {
  readonly code = 'GW_LISTEN_FAILED'
  readonly blame = 'host'

  constructor(facts: { host: string; port: number; reason: string }, options?: ErrorOptions) {
    super(
      `The server cannot listen on ${facts.host}:${facts.port}: ${facts.reason}. Another --port may be free.`,
      facts,
      options,
    )
  }
}
