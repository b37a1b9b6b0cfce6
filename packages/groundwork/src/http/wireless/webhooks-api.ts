/**
 * Where an application's events are posted to, and what could not be delivered.
 *
 * @module
 */

import { deviceEventNames, postUrl, type WebhookEndpoint } from '@groundwork/wireless'
import { z } from 'zod'
import type { RouterRole } from '../../wireless/router-role.ts'
import { NotFound, RequestWrong } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { asCustomer, id, idParams } from './shapes.ts'

const endpointBody = z.object({
  id,
  applicationId: id,
  url: z.string().max(2_048),
  events: z.array(z.enum(deviceEventNames)).max(deviceEventNames.length).optional().describe('all when left out'),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
      z
        .string()
        .max(4_096)
        .regex(/^[ -~]*$/),
    )
    .optional()
    .describe('sent with each post, and never shown'),
  secretFile: z.string().max(4_096).optional().describe('file on the gateway’s machine with the secret of signatures'),
})

const letterQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})
const idsBody = z.object({ ids: z.array(z.number().int()).max(5_000).optional() }).default({})

interface Ids {
  readonly ids?: readonly number[]
}

export function webhooksApi(app: Api, { devices, endpoints, webhooks }: RouterRole): void {
  const endpointOf = (params: unknown): WebhookEndpoint => {
    const { id: endpointId } = params as { id: string }
    const found = endpoints.endpoint(endpointId)
    if (found === undefined) throw new NotFound({ what: `webhook ${endpointId}` })
    return found
  }
  const shown = ({ headers, ...endpoint }: WebhookEndpoint): object => ({
    ...endpoint,
    headerNames: Object.keys(headers ?? {}),
  })

  app.get(
    '/v1/wireless/webhooks',
    { schema: { summary: 'Where events are posted' }, config: asCustomer },
    async () => ({
      endpoints: endpoints.endpoints().map(shown),
      counts: webhooks.counts,
    }),
  )
  app.post(
    '/v1/wireless/webhooks',
    { schema: { summary: 'Make or change one', body: endpointBody } },
    async (request) => {
      const endpoint = request.body as WebhookEndpoint
      if (devices.application(endpoint.applicationId) === undefined)
        throw new NotFound({ what: `application ${endpoint.applicationId}` })
      const url = postUrl(endpoint.url, 'up')
      if (typeof url === 'string') throw new RequestWrong({ why: `the URL cannot be posted to: ${url}` })
      endpoints.put(endpoint)
      return shown(endpoint)
    },
  )
  app.delete('/v1/wireless/webhooks/:id', { schema: { summary: 'End one', params: idParams } }, async (request) => {
    endpoints.remove(endpointOf(request.params).id)
    return { ok: true }
  })
  app.get(
    '/v1/wireless/webhooks/:id/dead-letters',
    {
      schema: { summary: 'What could not be delivered', params: idParams, querystring: letterQuery },
      config: asCustomer,
    },
    async (request) =>
      webhooks.deadLetters(endpointOf(request.params).id, request.query as z.infer<typeof letterQuery>),
  )
  app.post(
    '/v1/wireless/webhooks/:id/dead-letters/replay',
    { schema: { summary: 'Deliver them again: all, or those named', params: idParams, body: idsBody } },
    async (request) => ({
      waiting: webhooks.replay(endpointOf(request.params).id, request.body as Ids),
    }),
  )
  app.post(
    '/v1/wireless/webhooks/:id/dead-letters/purge',
    { schema: { summary: 'Forget them: all, or those named', params: idParams, body: idsBody } },
    async (request) => ({
      gone: webhooks.purge(endpointOf(request.params).id, request.body as Ids),
    }),
  )
}
