/**
 * Answers to what never became a request (bad framing, a head over its bound, one that does not come), in the form of every other error.
 *
 * @module
 */

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import type { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { toJson } from '../cli/show.ts'
import { errorBody } from './error-body.ts'
import { HeadTooLarge, RequestLate, RequestWrong } from './http-errors.ts'

/** Time for a sender to read the answer before the connection is broken off. */
const lingerMs = 5_000

/** For a server's `clientError`: there is no response to answer with, so the socket gets one by hand, and closes. */
export function answerBroken(error: Error & { readonly code?: string }, socket: Socket): void {
  // What still comes after the answer is broken as well.
  if (socket.writableEnded) return
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  socket.setTimeout(lingerMs, () => socket.destroy())
  const ours = oursOf(error)
  const { httpStatus } = outcomeOf(ours)
  const body = toJson(errorBody(ours))
  socket.end(
    [
      `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

function oursOf(cause: Error & { readonly code?: string }): GroundworkError {
  if (cause.code === 'HPE_HEADER_OVERFLOW') return new HeadTooLarge({ cause })
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RequestLate({ cause })
  return new RequestWrong({ why: 'it is no HTTP/1.1' }, { cause })
}
