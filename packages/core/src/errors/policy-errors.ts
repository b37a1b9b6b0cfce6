/**
 * Errors of content that this node will not keep or serve.
 *
 * @module
 */

import { GroundworkError } from './groundwork-error.ts'

/** A denylist names the content: HTTP 451. */
export class ContentDenied extends GroundworkError {
  readonly code = 'GW_CONTENT_DENIED'
  readonly blame = 'caller'

  constructor(facts: { content: string; list: string; line: number }) {
    super(`This content is denied here by line ${facts.line} of the list '${facts.list}'.`, facts)
  }
}

/** A denylist names the content and asks for HTTP 410. */
export class ContentGone extends GroundworkError {
  readonly code = 'GW_CONTENT_GONE'
  readonly blame = 'caller'

  constructor(facts: { content: string; list: string; line: number }) {
    super(`This content is gone from here by line ${facts.line} of the list '${facts.list}'.`, facts)
  }
}
