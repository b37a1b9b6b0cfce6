/**
 * Kinds of devices: band, version, classes and codec.
 *
 * @module
 */

import { macVersions, parameterRevisions, regionNames, regionOf, type DeviceProfile } from '@groundwork/wireless'
import { z } from 'zod'
import type { RouterRole } from '../../wireless/router-role.ts'
import type { Api } from '../make-server.ts'
import { asCustomer, hz, id, idParams, texts } from './shapes.ts'

const codecBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('cayenne-lpp') }),
  z.object({ kind: z.literal('javascript'), script: z.string().max(256 * 1024) }),
])

const profileBody = z.object({
  id,
  name: z.string().max(256).default(''),
  region: z.enum(regionNames),
  macVersion: z.enum(macVersions).default('1.0.4'),
  parameterRevision: z.enum(parameterRevisions).default('RP002-1.0.4'),
  supportsJoin: z.boolean().default(true),
  supportsClassB: z.boolean().default(false),
  supportsClassC: z.boolean().default(false),
  abp: z
    .object({
      rx1DelaySeconds: z.number().int().min(1).max(15).default(1),
      rx1DataRateOffset: z.number().int().min(0).max(7).default(0),
      rx2DataRate: z.number().int().min(0).max(15).optional(),
      rx2FrequencyHz: hz.optional(),
      factoryFrequenciesHz: z.array(hz).max(16).default([]),
    })
    .default({ rx1DelaySeconds: 1, rx1DataRateOffset: 0, factoryFrequenciesHz: [] }),
  classB: z
    .object({
      timeoutSeconds: z.number().int().min(0).default(0),
      pingSlotPeriodicity: z.number().int().min(0).max(7).default(0),
      pingSlotDataRate: z.number().int().min(0).max(15).default(0),
      pingSlotFrequencyHz: hz.default(0),
    })
    .default({ timeoutSeconds: 0, pingSlotPeriodicity: 0, pingSlotDataRate: 0, pingSlotFrequencyHz: 0 }),
  classC: z.object({ timeoutSeconds: z.number().int().min(0).default(5) }).default({ timeoutSeconds: 5 }),
  eirpDbmMax: z.number().min(0).max(36).optional(),
  adr: z.enum(['on', 'off']).default('on'),
  uplinkIntervalSeconds: z.number().int().min(1).default(3_600),
  codec: codecBody.default({ kind: 'none' }),
  tags: texts,
})

export function profilesApi(app: Api, { devices }: RouterRole): void {
  app.get('/v1/wireless/profiles', { schema: { summary: 'Kinds of devices' }, config: asCustomer }, async () =>
    devices.profiles(),
  )
  app.post(
    '/v1/wireless/profiles',
    { schema: { summary: 'Make or change one', body: profileBody } },
    async (request) => {
      const { abp, ...body } = request.body as z.infer<typeof profileBody>
      const region = regionOf(body.region, body.parameterRevision)
      const profile = {
        ...body,
        abp: {
          ...abp,
          rx2DataRate: abp.rx2DataRate ?? region.rx2.dataRate,
          rx2FrequencyHz: abp.rx2FrequencyHz ?? region.rx2.hz,
        },
      } as DeviceProfile
      devices.putProfile(profile)
      return profile
    },
  )
  app.delete(
    '/v1/wireless/profiles/:id',
    { schema: { summary: 'End one that no device has', params: idParams } },
    async (request) => {
      devices.removeProfile((request.params as { id: string }).id)
      return { ok: true }
    },
  )
}
