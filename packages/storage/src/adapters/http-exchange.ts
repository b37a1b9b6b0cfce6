/**
 * One HTTP request and its answer, as the routes of the piece server see them: bounded bodies, JSON, errors by their table.
 *
 * On node:http alone. Which status an error has is decided in core's one table, never here.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { BodyTooLarge } from '../storage-errors.ts'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  /** path and query exactly as they came */
  readonly target: string
  /** parts of the path, decoded */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly signal: AbortSignal
}

/** After an answer, this much of an unread body is taken and dropped before the connection is closed. */
const drainBytesMax: number = 2 ** 20
const drainMsMax = 2_000

/** @returns undefined when the target is no path */
export function openExchange({
  request,
  response,
  signal,
}: {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly signal: AbortSignal
}): Exchange | undefined {
  const target = request.url ?? ''
  if (!target.startsWith('/') || target.length > 4096) return undefined
  const [pathname = '', search = ''] = target.split('?', 2)
  try {
    const path = pathname.split('/').slice(1).map(decodeURIComponent)
    return {
      request,
      response,
      method: request.method ?? 'GET',
      target,
      path,
      query: new URLSearchParams(search),
      signal,
    }
  } catch {
    return undefined
  }
}

/** Reads a whole body into memory. @throws BodyTooLarge */
export async function readBody(
  { request, signal }: Exchange,
  { sizeBytesMax }: { readonly sizeBytesMax: number },
): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > sizeBytesMax) throw new BodyTooLarge({ sizeBytesMax })
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of request) {
    signal.throwIfAborted()
    const bytes = part as Uint8Array
    sizeBytes += bytes.length
    if (sizeBytes > sizeBytesMax) throw new BodyTooLarge({ sizeBytesMax })
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

/** Answers with JSON; bigint as decimal text. */
export function sendJson(
  { response, method }: Exchange,
  { status, value }: { readonly status: number; readonly value: unknown },
): void {
  const text = JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : text)
}

/** Answers with bytes as they come; the receiver sets the pace. */
export async function sendBytes(
  { response, method, signal }: Exchange,
  {
    status,
    headers,
    bytes,
  }: {
    readonly status: number
    readonly headers: Readonly<Record<string, string | number>>
    readonly bytes: () => AsyncIterable<Uint8Array>
  },
): Promise<void> {
  response.writeHead(status, headers)
  if (method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(Readable.from(bytes(), { objectMode: false }), response, { signal })
}

/** Answers with an error; when the answer has begun already, cuts it, so that nobody takes half for the whole. */
export function sendError(exchange: Exchange, error: unknown): void {
  const { response, request } = exchange
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { httpStatus } = outcomeOf(error)
  const told =
    error instanceof GroundworkError
      ? { code: error.code, message: error.message, facts: error.facts }
      : { code: 'GW_INTERNAL', message: 'The server made a mistake.', facts: {} }
  if (!request.complete) response.setHeader('connection', 'close')
  sendJson(exchange, { status: httpStatus, value: { error: told } })
  if (!request.complete) drain(request)
}

/** A sender that is still sending sees our answer only when its bytes are taken for a while. */
function drain(request: IncomingMessage): void {
  let takenBytes = 0
  const timer = setTimeout(() => request.destroy(), drainMsMax)
  request.on('data', (bytes: Uint8Array) => {
    takenBytes += bytes.length
    if (takenBytes > drainBytesMax) request.destroy()
  })
  request.on('close', () => clearTimeout(timer))
  request.on('error', () => clearTimeout(timer))
  request.resume()
}
