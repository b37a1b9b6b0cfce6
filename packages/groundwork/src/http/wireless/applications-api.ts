/**
 * Applications of the customer's devices, and the tokens with which their programs log in.
 *
 * @module
 */

import { parseAddress } from '@groundwork/core/identity/address.ts'
import { newApplicationToken } from '@groundwork/wireless'
import { z } from 'zod'
import { machineRandom } from '../../compose.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import { NotFound, RequestWrong } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { asCustomer, id, idParams, texts } from './shapes.ts'

const applicationBody = z.object({ id, name: z.string().max(256).default(''), tags: texts })

export function applicationsApi(app: Api, { devices }: RouterRole): void {
  app.get('/v1/wireless/applications', { schema: { summary: 'Applications' }, config: asCustomer }, async () =>
    devices.applications(),
  )
  app.post(
    '/v1/wireless/applications',
    { schema: { summary: 'Make or change one', body: applicationBody } },
    async (request) => {
      const application = request.body as z.infer<typeof applicationBody>
      const { owner } = application.tags
      if (owner !== undefined && parseAddress(owner) === undefined)
        throw new RequestWrong({ why: 'the tag owner is no address of an account' })
      devices.putApplication(application)
      return application
    },
  )
  app.delete(
    '/v1/wireless/applications/:id',
    { schema: { summary: 'End one that has no devices', params: idParams } },
    async (request) => {
      devices.removeApplication((request.params as { id: string }).id)
      return { ok: true }
    },
  )
  app.post(
    '/v1/wireless/applications/:id/tokens',
    { schema: { summary: 'A new token for MQTT; it is shown this once', params: idParams } },
    async (request) => {
      const { id: applicationId } = request.params as { id: string }
      if (devices.application(applicationId) === undefined) throw new NotFound({ what: `application ${applicationId}` })
      const { token, hash } = newApplicationToken(machineRandom)
      devices.addToken(applicationId, hash)
      return { username: applicationId, token }
    },
  )
  app.delete(
    '/v1/wireless/applications/:id/tokens',
    { schema: { summary: 'End all its tokens', params: idParams } },
    async (request) => {
      devices.removeTokens((request.params as { id: string }).id)
      return { ok: true }
    },
  )
}
