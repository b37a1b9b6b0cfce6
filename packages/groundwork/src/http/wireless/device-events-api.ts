/**
 * Events of an application's devices as they come, for the customer, and for programs that have the application's token.
 *
 * @module
 */

import { isTokenOf } from '@groundwork/wireless'
import { z } from 'zod'
import type { RouterRole } from '../../wireless/router-role.ts'
import { eventStreamsMax } from '../event-stream.ts'
import { NotAllowed, NotFound, TooManyStreams } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { sendDeviceEvents } from './device-events.ts'
import { eui, id } from './shapes.ts'

const eventsQuery = z.object({ applicationId: id, devEui: eui.optional() })

export interface DeviceEventsApiOptions {
  readonly wireless: RouterRole
  readonly signal: AbortSignal
}

export function deviceEventsApi(app: Api, { wireless: { devices, ring }, signal }: DeviceEventsApiOptions): void {
  let streams = 0
  const mayRead = (header: string | undefined, applicationId: string): boolean => {
    if (app.carriesToken(header)) return true
    const login = loginOf(header)
    return login?.user === applicationId && isTokenOf(login.password, devices.tokenHashes(applicationId))
  }

  app.get(
    '/v1/wireless/events',
    {
      schema: {
        summary: 'Events of an application’s devices as server-sent events; Last-Event-ID resumes',
        querystring: eventsQuery,
      },
    },
    async (request, reply) => {
      const { applicationId, devEui } = request.query as z.infer<typeof eventsQuery>
      if (!mayRead(request.headers.authorization, applicationId)) throw new NotAllowed()
      if (devices.application(applicationId) === undefined) throw new NotFound({ what: `application ${applicationId}` })
      if (streams >= eventStreamsMax) throw new TooManyStreams({ eventStreamsMax })
      streams += 1
      reply.hijack()
      const { raw } = reply
      raw.on('error', () => raw.destroy())
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      // Not with the first event, which may be long in coming.
      raw.flushHeaders()
      const lastEventId = request.headers['last-event-id']
      const filter = devEui === undefined ? { applicationId } : { applicationId, devEui }
      try {
        await sendDeviceEvents(raw, {
          ring,
          filter,
          lastEventId: lastEventId === undefined ? undefined : String(lastEventId),
          signal,
        })
      } finally {
        streams -= 1
        raw.end()
      }
      return reply
    },
  )
}

/** The name and password of HTTP's Basic scheme (RFC 7617). */
function loginOf(header: string | undefined): { readonly user: string; readonly password: string } | undefined {
  if (header?.startsWith('Basic ') !== true) return undefined
  const text = Buffer.from(header.slice('Basic '.length), 'base64').toString()
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
