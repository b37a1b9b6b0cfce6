/**
 * The one table from an error to an HTTP status, an exit code and a log level.
 *
 * Derived from `blame`; a few codes have a status that other protocols fix, and they stand here too, so that no
 * status is chosen at a throw.
 *
 * @module
 */

import { GroundworkError, type Blame } from './groundwork-error.ts'

/** What a face of the program says about an error. */
export interface Outcome {
  readonly httpStatus: number
  /** process exit code; 1 is left for a run that ended without an error of ours */
  readonly exitCode: number
  readonly logLevel: 'info' | 'warn' | 'error' | 'fatal'
}

const outcomeByBlame: Readonly<Record<Blame, Outcome>> = {
  caller: { httpStatus: 400, exitCode: 2, logLevel: 'info' },
  peer: { httpStatus: 502, exitCode: 4, logLevel: 'warn' },
  host: { httpStatus: 503, exitCode: 5, logLevel: 'error' },
  us: { httpStatus: 500, exitCode: 70, logLevel: 'fatal' },
}

/** Codes whose status or exit code is fixed elsewhere: IPIP-383 (410, 451), RFC 9110, `audit` (exit 3: unavailable), and what shells say of Ctrl-C (130). */
const outcomeByCode: Readonly<Record<string, Partial<Outcome>>> = {
  GW_CONTENT_DENIED: { httpStatus: 451 },
  GW_CONTENT_GONE: { httpStatus: 410 },
  GW_NOT_FOUND: { httpStatus: 404 },
  GW_NOT_ALLOWED: { httpStatus: 403 },
  GW_NOT_AUTHENTICATED: { httpStatus: 401 },
  GW_BODY_TOO_LARGE: { httpStatus: 413 },
  GW_REQUEST_LATE: { httpStatus: 408 },
  GW_URL_TOO_LONG: { httpStatus: 414 },
  GW_HEAD_TOO_LARGE: { httpStatus: 431 },
  GW_RANGE_NOT_SATISFIABLE: { httpStatus: 416 },
  GW_TOO_BUSY: { httpStatus: 429 },
  GW_EVIDENCE_UNAVAILABLE: { exitCode: 3 },
  GW_STOPPED: { exitCode: 130 },
}

/**
 * @param error anything that was thrown; what is not ours counts as our own mistake
 * @returns status, exit code and log level
 */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof GroundworkError)) return outcomeByBlame.us
  return { ...outcomeByBlame[error.blame], ...outcomeByCode[error.code] }
}
