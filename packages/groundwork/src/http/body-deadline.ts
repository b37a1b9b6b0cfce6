/**
 * Bodies that do not come: a client that sends one byte now and then would hold a connection for ever.
 *
 * Only time is bounded here; how large a body may be is for its route.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'

export interface BodyDeadline {
  /** the whole body has to be there within this; without it only `stillMs` counts, as for uploads */
  readonly wholeMs?: number | undefined
  /** some of it has to come within each such stretch */
  readonly stillMs: number
}

/** Breaks the connection off when a body is late. A body that we are slow to read ourselves counts as late as well. */
export function keepToDeadline(request: IncomingMessage, { wholeMs, stillMs }: BodyDeadline): void {
  const { socket } = request
  let bytesBefore = socket.bytesRead
  const late = (): void => {
    if (!request.complete) request.destroy()
  }
  const still = setInterval(() => {
    if (socket.bytesRead === bytesBefore) late()
    bytesBefore = socket.bytesRead
  }, stillMs).unref()
  const whole = wholeMs === undefined ? undefined : setTimeout(late, wholeMs).unref()
  const over = (): void => {
    clearInterval(still)
    clearTimeout(whole)
  }
  request.once('end', over).once('close', over)
}
