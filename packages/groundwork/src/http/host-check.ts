/**
 * Which names a server on loopback answers to: a page of a stranger may make its own name lead to 127.0.0.1 and then read, in the
 * visitor's browser, what is meant for this machine alone (DNS rebinding). A name that is ours cannot be made to do that.
 *
 * @module
 */

import { isIP } from 'node:net'

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/** Where only this machine reaches a server. */
export function isLoopback(host: string): boolean {
  return loopback.has(host) || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

/** @param header the request's `host` header @returns its name without port and brackets, in lower case */
export function nameOfHost(header: string | undefined): string {
  const text = (header ?? '').trim().toLowerCase()
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d+)?$/.exec(text)
  return bracketed?.[1] ?? text.replace(/:\d+$/, '')
}

/**
 * Whether a request that came in over loopback means us: by number, as localhost, or by a name that we were told is ours.
 *
 * @param names of the configured endpoint, when others reach this program by name through a proxy
 */
export function isOurName(header: string | undefined, names: readonly string[]): boolean {
  const name = nameOfHost(header)
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || names.includes(name)
}
