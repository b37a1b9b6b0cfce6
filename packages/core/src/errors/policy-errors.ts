/**
 * Errors of content that this node will not keep or serve.
 *
 * @module
 */

import { GroundworkError, type Facts } from './groundwork-error.ts'

/** The rule as it stands in its list: whoever is refused can look it up. */
interface DenialFacts extends Facts {
  readonly content: string
  readonly list: string
  readonly author: string
  readonly line: number
  readonly reason: string
}

/** A denylist names the content: HTTP 451. */
export class ContentDenied extends GroundworkError {
  readonly code = 'GW_CONTENT_DENIED'
  readonly blame = 'caller'

  constructor(facts: DenialFacts) {
    super(
      `This content is denied here by line ${facts.line} of the list '${facts.list}' (reason: ${facts.reason}).`,
      facts,
    )
  }
}

/** A denylist names the content and asks for HTTP 410. */
export class ContentGone extends GroundworkError {
  readonly code = 'GW_CONTENT_GONE'
  readonly blame = 'caller'

  constructor(facts: DenialFacts) {
    super(
      `This content is gone from here by line ${facts.line} of the list '${facts.list}' (reason: ${facts.reason}).`,
      facts,
    )
  }
}
