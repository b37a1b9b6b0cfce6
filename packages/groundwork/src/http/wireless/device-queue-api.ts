/**
 * Payloads that wait for a device's next window.
 *
 * @module
 */

import { downlinkPayloadBytesMax } from '@groundwork/wireless'
import { z } from 'zod'
import type { RouterRole } from '../../wireless/router-role.ts'
import { RequestWrong } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { deviceOf } from './device-desk.ts'
import { asCustomer, euiParams } from './shapes.ts'

const queueBody = z.object({
  fPort: z.number().int().min(1).max(223).optional(),
  data: z.string().optional().describe('base64'),
  object: z.record(z.string(), z.unknown()).optional().describe('written by the device’s codec'),
  isConfirmed: z.boolean().default(false),
  expiresAtMs: z.number().int().optional(),
})

export function deviceQueueApi(app: Api, wireless: RouterRole): void {
  const { queue, applications } = wireless

  app.get(
    '/v1/wireless/devices/:devEui/queue',
    { schema: { summary: 'Payloads that wait for it', params: euiParams }, config: asCustomer },
    async (request) => {
      const { devEui } = deviceOf(wireless, (request.params as { devEui: string }).devEui)
      return queue
        .items(devEui)
        .map(({ payload, ...item }) => ({ ...item, data: Buffer.from(payload).toString('base64') }))
    },
  )
  app.post(
    '/v1/wireless/devices/:devEui/queue',
    { schema: { summary: 'Send it a payload with its next window', params: euiParams, body: queueBody } },
    async (request) => {
      const { devEui, applicationId } = deviceOf(wireless, (request.params as { devEui: string }).devEui)
      const { data, object, fPort, isConfirmed, expiresAtMs } = request.body as z.infer<typeof queueBody>
      if ((data === undefined) === (object === undefined))
        throw new RequestWrong({ why: 'it has to have data or object, and not both' })
      const bytes = Buffer.from(data ?? '', 'base64')
      if (bytes.length > downlinkPayloadBytesMax)
        throw new RequestWrong({ why: `a payload has at most ${downlinkPayloadBytesMax} bytes` })
      const verdict = await applications.enqueue({
        applicationId,
        devEui,
        isConfirmed,
        payload: object === undefined ? { kind: 'bytes', bytes: Uint8Array.from(bytes) } : { kind: 'object', object },
        ...(fPort === undefined ? {} : { fPort }),
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      })
      if (verdict.tag === 'refused') throw new RequestWrong({ why: verdict.description })
      return verdict
    },
  )
  app.delete(
    '/v1/wireless/devices/:devEui/queue',
    { schema: { summary: 'Drop all that waits for it', params: euiParams } },
    async (request) => {
      const { devEui } = deviceOf(wireless, (request.params as { devEui: string }).devEui)
      await queue.clear(devEui)
      return { ok: true }
    },
  )
}
