/**
 * Where an application wants its events posted to, and what an answer to a post means.
 *
 * @module
 */

import type { DeviceEventName } from './device-event.ts'

/** Endpoints of one application. */
export const endpointsPerApplicationMax = 8

export interface WebhookEndpoint {
  /** unique among all, at most 64 of [A-Za-z0-9_-] */
  readonly id: string
  readonly applicationId: string
  /** http or https, without a user */
  readonly url: string
  /** absent: all */
  readonly events?: readonly DeviceEventName[]
  /** sent with every post, an authorisation for one */
  readonly headers?: Readonly<Record<string, string>>
  /** a file that holds the secret of the signature; absent: unsigned */
  readonly secretFile?: string
}

export type EndpointRefusal = 'url-malformed' | 'not-http' | 'url-has-user'

/** @returns where to post an event to, ChirpStack's `event` in the query, or why the text is no endpoint */
export function postUrl(text: string, event: DeviceEventName): URL | EndpointRefusal {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return 'url-malformed'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'not-http'
  if (url.username !== '' || url.password !== '') return 'url-has-user'
  url.searchParams.set('event', event)
  url.hash = ''
  return url
}

/** What becomes of a delivery: it is done, it is tried again, or it never will succeed. */
export type PostVerdict = 'done' | 'again' | 'never'

/** A redirect is not followed: it could lead anywhere. Everything that says "later" is tried again. */
export function verdictOf(status: number): PostVerdict {
  if (status >= 200 && status < 300) return 'done'
  return status === 408 || status === 425 || status === 429 || status >= 500 ? 'again' : 'never'
}
