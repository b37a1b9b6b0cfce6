/**
 * Multicast groups, and payloads for all their members at once.
 *
 * @module
 */

import {
  downlinkPayloadBytesMax,
  formatDevAddr,
  groupMembersMax,
  groupQueueName,
  parameterRevisions,
  parseDevAddr,
  regionNames,
  regionOf,
  type MulticastGroup,
} from '@groundwork/wireless'
import { z } from 'zod'
import { machineRandom } from '../../compose.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import { NotFound, RequestWrong } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { asCustomer, bytesOf, eui, hz, id, idParams, key } from './shapes.ts'

const groupBody = z.object({
  id,
  name: z.string().max(256).default(''),
  applicationId: id,
  region: z.enum(regionNames),
  parameterRevision: z.enum(parameterRevisions).default('RP002-1.0.4'),
  devAddr: z.string().regex(/^[0-9a-f]{8}$/, '8 hexadecimal digits in lower case'),
  mcNwkSKey: key,
  mcAppSKey: key,
  fCntDown: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional()
    .describe('next used; as it is, or 0 for a new group, when left out'),
  deviceClass: z.enum(['B', 'C']).default('C'),
  frequencyHz: hz.optional().describe('that of the second window, or of ping slots, when left out'),
  dataRate: z.number().int().min(0).max(15).optional().describe('that of the second window when left out'),
  pingSlotPeriodicity: z.number().int().min(0).max(7).default(0),
  members: z.array(eui).max(groupMembersMax).default([]),
})

const groupQueueBody = z.object({
  fPort: z.number().int().min(1).max(223),
  data: z.string().describe('base64'),
  expiresAtMs: z.number().int().optional(),
})

export function multicastApi(app: Api, { devices, groups, queue, network, policyOf }: RouterRole): void {
  const groupOf = (groupId: string): MulticastGroup => {
    const group = groups.group(groupId)
    if (group === undefined) throw new NotFound({ what: `group ${groupId}` })
    return group
  }

  app.get(
    '/v1/wireless/groups',
    { schema: { summary: 'Multicast groups, without keys' }, config: asCustomer },
    async () => groups.groups().map(shown),
  )
  app.post('/v1/wireless/groups', { schema: { summary: 'Make or change one', body: groupBody } }, async (request) => {
    const { devAddr, mcNwkSKey, mcAppSKey, fCntDown, frequencyHz, dataRate, ...body } = request.body as z.infer<
      typeof groupBody
    >
    if (devices.application(body.applicationId) === undefined)
      throw new NotFound({ what: `application ${body.applicationId}` })
    const region = regionOf(body.region, body.parameterRevision)
    const isB = body.deviceClass === 'B'
    // Where devices of class C listen once they have joined here.
    const rx2 = policyOf(region).rx2 ?? region.rx2
    const rate = dataRate ?? (isB ? region.pingSlot.dataRate : rx2.dataRate)
    if (region.downlinkDataRates[rate] === undefined)
      throw new RequestWrong({ why: `${body.region} has no downlink data rate ${rate}` })
    const keys = { mcNwkSKey: bytesOf(mcNwkSKey), mcAppSKey: bytesOf(mcAppSKey) }
    const before = groups.group(body.id)
    const keepsKey =
      before !== undefined && (hexOf(before.mcAppSKey) === mcAppSKey || hexOf(before.mcNwkSKey) === mcNwkSKey)
    const group: MulticastGroup = {
      ...body,
      ...keys,
      devAddr: parseDevAddr(devAddr) ?? 0,
      fCntDown: fCntDown ?? (keepsKey ? before.fCntDown : 0),
      // 0: ping slots hop, where the band has several.
      frequencyHz: frequencyHz ?? (isB ? 0 : rx2.hz),
      dataRate: rate,
    }
    if (!(await groups.put(group)))
      throw new RequestWrong({ why: 'there are too many groups, or the counter would go back under a key that stays' })
    return shown(group)
  })
  app.delete('/v1/wireless/groups/:id', { schema: { summary: 'End one', params: idParams } }, async (request) => {
    const group = groupOf((request.params as { id: string }).id)
    await groups.remove(group.id)
    await queue.clear(groupQueueName(group))
    return { ok: true }
  })
  app.post(
    '/v1/wireless/groups/:id/queue',
    { schema: { summary: 'Send all members a payload', params: idParams, body: groupQueueBody } },
    async (request) => {
      const group = groupOf((request.params as { id: string }).id)
      const { fPort, data, expiresAtMs } = request.body as z.infer<typeof groupQueueBody>
      const payload = Uint8Array.from(Buffer.from(data, 'base64'))
      if (payload.length > downlinkPayloadBytesMax)
        throw new RequestWrong({ why: `a payload has at most ${downlinkPayloadBytesMax} bytes` })
      const item = {
        id: hexOf(machineRandom.bytes(16)),
        devEui: groupQueueName(group),
        fPort,
        payload,
        isConfirmed: false,
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      }
      if (!(await queue.add(item)))
        throw new RequestWrong({ why: 'as many payloads as may wait for the group already do' })
      network.groupChanged(group.id)
      return { tag: 'queued', id: item.id }
    },
  )
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Without keys. */
function shown({ mcNwkSKey: _nwk, mcAppSKey: _app, devAddr, ...group }: MulticastGroup): object {
  return { ...group, devAddr: formatDevAddr(devAddr) }
}
