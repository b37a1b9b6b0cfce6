/**
 * One HTTP POST to a customer's URL: bounded in time and size, never redirected, never to an address that is not public.
 *
 * The address is judged where the connection looks it up, so that a name cannot answer one thing when it is checked and another
 * when it is used.
 *
 * @module
 */

import { lookup, type LookupAddress } from 'node:dns'
import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** Of an answer's body nothing is used; more than this ends the connection. */
export const answerBytesMax: number = 64 * 1024

export type PostOutcome =
  | { readonly status: number; readonly retryAfterMs?: number }
  | { readonly failed: 'address-not-public' | 'too-slow' | 'unreachable'; readonly description: string }

export interface EventPoster extends Disposable {
  /** Never rejects. */
  post(url: URL, headers: Readonly<Record<string, string>>, body: Uint8Array, signal: AbortSignal): Promise<PostOutcome>
}

export function eventPoster({ allowsPrivateAddresses }: { readonly allowsPrivateAddresses: boolean }): EventPoster {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) }
  const isAllowed = (address: string): boolean => allowsPrivateAddresses || isPublicAddress(address)

  return {
    post(url, headers, body, signal) {
      const host = url.hostname.replace(/^\[|\]$/g, '')
      if (isIP(host) !== 0 && !isAllowed(host)) return Promise.resolve(notPublic(host))
      const options = {
        method: 'POST',
        headers: { ...headers, 'content-length': body.length },
        lookup: publicLookup(isAllowed),
        signal,
      }
      return new Promise((resolve) => {
        const request =
          url.protocol === 'https:'
            ? requestHttps(url, { ...options, agent: agents.https })
            : requestHttp(url, { ...options, agent: agents.http })
        request.on('error', (error: NodeJS.ErrnoException) => resolve(failureOf(error, signal)))
        request.on('response', (response) => {
          let sizeBytes = 0
          const retryAfterMs = readRetryAfter(response.headers['retry-after'])
          const outcome = { status: response.statusCode ?? 0, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
          response.on('data', (chunk: Uint8Array) => {
            sizeBytes += chunk.length
            if (sizeBytes <= answerBytesMax) return
            resolve(outcome)
            request.destroy()
          })
          response.on('end', () => resolve(outcome))
          response.on('error', (error) => resolve(failureOf(error, signal)))
        })
        request.end(body)
      })
    },

    [Symbol.dispose]() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** Answers with allowed addresses alone, and with an error where there is none. */
function publicLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (host, options, answer) => {
    lookup(host, { ...options, all: true }, (error, found: readonly LookupAddress[]) => {
      if (error !== null) return answer(error, '')
      const allowed = found.filter(({ address }) => isAllowed(address))
      const [first] = allowed
      if (first === undefined) return answer(Object.assign(new Error(host), { code: notPublicCode }), '')
      if (options.all === true) answer(null, allowed)
      else answer(null, first.address, first.family)
    })
  }
}

const notPublicCode = 'NOT_PUBLIC'

function notPublic(host: string): PostOutcome {
  return { failed: 'address-not-public', description: `${host} has no public address.` }
}

function failureOf(error: NodeJS.ErrnoException, signal: AbortSignal): PostOutcome {
  if (error.code === notPublicCode) return notPublic(error.message)
  if (signal.aborted) return { failed: 'too-slow', description: 'There was no answer in time.' }
  return { failed: 'unreachable', description: error.code ?? error.message }
}

/** Seconds; a date there is not read. */
function readRetryAfter(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined
}
