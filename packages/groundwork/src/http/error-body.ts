/**
 * The body of an answer that is an error: code, blame, message and facts.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** What a face says of an error; of what is not ours it tells nothing. */
export function errorBody(error: unknown): object {
  if (!(error instanceof GroundworkError))
    return { code: 'GW_UNEXPECTED', blame: 'us', message: 'Something went wrong here; the log says what.', facts: {} }
  const { code, blame, message, facts } = error
  return { code, blame, message, facts }
}
