/**
 * What a caller of /v1 can do wrong.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

export class NotAllowed extends GroundworkError {
  readonly code = 'GW_NOT_ALLOWED'
  readonly blame = 'caller'

  constructor() {
    super(
      'This needs the token of this program, sent as "authorization: Bearer <token>". It lies in the file api-token of its data directory.',
    )
  }
}

/** A body of JSON, or of a bundle, is larger than its route takes. */
export class BodyTooLarge extends GroundworkError {
  readonly code = 'GW_BODY_TOO_LARGE'
  readonly blame = 'caller'

  constructor(options?: ErrorOptions) {
    super('The body is larger than is taken here.', {}, options)
  }
}

/** An address, or a name in it, is longer than any that there is. */
export class UrlTooLong extends GroundworkError {
  readonly code = 'GW_URL_TOO_LONG'
  readonly blame = 'caller'

  constructor(options?: ErrorOptions) {
    super('The address of the request is longer than any that there is here.', {}, options)
  }
}

export class HeadTooLarge extends GroundworkError {
  readonly code = 'GW_HEAD_TOO_LARGE'
  readonly blame = 'caller'

  constructor(options?: ErrorOptions) {
    super('The head of the request is larger than is read here.', {}, options)
  }
}

export class RequestLate extends GroundworkError {
  readonly code = 'GW_REQUEST_LATE'
  readonly blame = 'caller'

  constructor(options?: ErrorOptions) {
    super('The request did not come in time.', {}, options)
  }
}

export class NotFound extends GroundworkError {
  readonly code = 'GW_NOT_FOUND'
  readonly blame = 'caller'

  constructor(facts: { what: string }) {
    super(`There is no ${facts.what} here.`, facts)
  }
}

export class RequestWrong extends GroundworkError {
  readonly code = 'GW_REQUEST_WRONG'
  readonly blame = 'caller'

  constructor(facts: { why: string }, options?: ErrorOptions) {
    super(`The request cannot be understood: ${facts.why}.`, facts, options)
  }
}

export class TooManySponsored extends GroundworkError {
  readonly code = 'GW_TOO_BUSY'
  readonly blame = 'host'

  constructor(facts: { perMinuteMax: number }) {
    super(`No more than ${facts.perMinuteMax} calls are handed in for others each minute.`, facts)
  }
}

export class TooManyStreams extends GroundworkError {
  readonly code = 'GW_TOO_BUSY'
  readonly blame = 'host'

  constructor(facts: { eventStreamsMax: number }) {
    super(`No more than ${facts.eventStreamsMax} event streams are served at once.`, facts)
  }
}

/** A request over loopback under a name that is not ours: a page of a stranger may have made it. */
export class HostUnknown extends GroundworkError {
  readonly code = 'GW_HOST_UNKNOWN'
  readonly blame = 'caller'

  constructor(facts: { host: string }) {
    super(
      `This program does not go by the name ${facts.host}. Use an address in numbers or localhost, or start it with --endpoint naming it.`,
      facts,
    )
  }
}
