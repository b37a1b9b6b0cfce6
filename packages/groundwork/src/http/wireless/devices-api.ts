/**
 * Devices one by one: made, shown, given a session or let join again.
 *
 * Keys go in; no answer here shows them.
 *
 * @module
 */

import { parseDevAddr, parseDeviceQr, type Device } from '@groundwork/wireless'
import { z } from 'zod'
import type { RouterRole } from '../../wireless/router-role.ts'
import { RequestWrong } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { deviceOf, putSession, shownDevice } from './device-desk.ts'
import { asCustomer, bytesOf, eui, euiParams, id, key, keysOf, texts } from './shapes.ts'

/** Devices of one answer, inclusive; all of them leave as a file. */
const devicesShownMax = 10_000

const deviceBody = z.object({
  devEui: eui,
  joinEui: eui.default('0000000000000000'),
  name: z.string().max(256).default(''),
  description: z.string().max(2_048).default(''),
  applicationId: id,
  profileId: id,
  isDisabled: z.boolean().default(false),
  skipsFrameCounter: z.boolean().default(false),
  tags: texts,
  variables: texts,
  unitsPerDayMax: z.number().int().min(0).optional(),
  appKey: key.optional().describe('root key; of 1.1 the application’s'),
  nwkKey: key.optional().describe('root key of the network, 1.1 only'),
})

const activationBody = z.object({
  devAddr: z.string().regex(/^[0-9a-f]{8}$/),
  nwkSKey: key.optional().describe('1.0'),
  fNwkSIntKey: key.optional(),
  sNwkSIntKey: key.optional(),
  nwkSEncKey: key.optional(),
  appSKey: key,
  fCntUp: z.number().int().min(0).default(0),
  nFCntDown: z.number().int().min(0).default(0),
  aFCntDown: z.number().int().min(0).default(0),
})

export function devicesApi(app: Api, wireless: RouterRole): void {
  const { devices, sessions, queue } = wireless

  const listQuery = z.object({ applicationId: id.optional() })
  app.get(
    '/v1/wireless/devices',
    { schema: { summary: 'Devices, without keys', querystring: listQuery }, config: asCustomer },
    async (request) => {
      const { applicationId } = request.query as z.infer<typeof listQuery>
      return devices
        .devices(applicationId)
        .slice(0, devicesShownMax)
        .map((device) => shownDevice(wireless, device))
    },
  )
  app.get(
    '/v1/wireless/devices/:devEui',
    { schema: { summary: 'One device', params: euiParams }, config: asCustomer },
    async (request) => shownDevice(wireless, deviceOf(wireless, (request.params as { devEui: string }).devEui)),
  )
  app.post('/v1/wireless/devices', { schema: { summary: 'Make or change one', body: deviceBody } }, async (request) => {
    const { appKey, nwkKey, ...rest } = request.body as z.infer<typeof deviceBody>
    const { unitsPerDayMax, ...plain } = rest
    const { devEui, name } = plain
    const device: Device = {
      ...plain,
      name: name === '' ? devEui : name,
      ...(unitsPerDayMax === undefined ? {} : { unitsPerDayMax }),
    }
    const rootKeys = keysOf(appKey, nwkKey)
    devices.putDevices([rootKeys === undefined ? { device } : { device, rootKeys }])
    return shownDevice(wireless, device)
  })
  app.delete(
    '/v1/wireless/devices/:devEui',
    { schema: { summary: 'End one, with keys and session', params: euiParams } },
    async (request) => {
      const { devEui } = request.params as { devEui: string }
      deviceOf(wireless, devEui)
      await sessions.remove(devEui)
      await queue.clear(devEui)
      devices.removeDevice(devEui)
      return { ok: true }
    },
  )
  app.post(
    '/v1/wireless/devices/:devEui/activate',
    {
      schema: { summary: 'Give it its session: for devices that do not join', params: euiParams, body: activationBody },
    },
    async (request) => {
      const device = deviceOf(wireless, (request.params as { devEui: string }).devEui)
      const body = request.body as z.infer<typeof activationBody>
      const nwkSKey = body.nwkSKey ?? body.fNwkSIntKey
      if (nwkSKey === undefined) throw new RequestWrong({ why: 'it has neither nwkSKey nor fNwkSIntKey' })
      const forwarding = bytesOf(nwkSKey)
      await putSession(wireless, device, {
        devAddr: parseDevAddr(body.devAddr) ?? 0,
        keys: {
          fNwkSIntKey: forwarding,
          sNwkSIntKey: body.sNwkSIntKey === undefined ? forwarding : bytesOf(body.sNwkSIntKey),
          nwkSEncKey: body.nwkSEncKey === undefined ? forwarding : bytesOf(body.nwkSEncKey),
          appSKey: bytesOf(body.appSKey),
        },
        fCntUp: body.fCntUp,
        nFCntDown: body.nFCntDown,
        aFCntDown: body.aFCntDown,
      })
      return shownDevice(wireless, device)
    },
  )
  app.post(
    '/v1/wireless/devices/:devEui/forget-nonces',
    { schema: { summary: 'Let a device join again that lost count of its DevNonces', params: euiParams } },
    async (request) => {
      const { devEui } = deviceOf(wireless, (request.params as { devEui: string }).devEui)
      await sessions.forgetDevNonces(devEui)
      return { ok: true }
    },
  )
  const rejoinBody = z.object({
    rejoinType: z
      .union([z.literal(0), z.literal(2)])
      .default(2)
      .describe('0: the radio is set up anew too; 2: keys and address alone'),
  })
  app.post(
    '/v1/wireless/devices/:devEui/rejoin',
    {
      schema: {
        summary: 'Tell a device of 1.1 to ask for a new session, with its next answers',
        params: euiParams,
        body: rejoinBody,
      },
    },
    async (request) => {
      const { devEui } = deviceOf(wireless, (request.params as { devEui: string }).devEui)
      if (sessions.sessionOf(devEui)?.macVersion !== '1.1.0')
        throw new RequestWrong({ why: 'only a device of 1.1 with a session can be told to rejoin' })
      wireless.network.askRejoin(devEui, (request.body as z.infer<typeof rejoinBody>).rejoinType)
      return { ok: true }
    },
  )
  const qrBody = z.object({
    text: z.string().max(4_296),
    applicationId: id,
    profileId: id,
    appKey: key.optional(),
    nwkKey: key.optional(),
  })
  app.post(
    '/v1/wireless/devices/qr',
    { schema: { summary: 'Make one from the text of its code (TR005)', body: qrBody } },
    async (request) => {
      const { text, applicationId, profileId, appKey, nwkKey } = request.body as z.infer<typeof qrBody>
      const read = parseDeviceQr(text)
      if ('refused' in read) throw new RequestWrong({ why: `the code cannot be read: ${read.refused}` })
      const { devEui, joinEui } = read.device
      const device: Device = {
        devEui,
        joinEui,
        name: devEui,
        description: '',
        applicationId,
        profileId,
        isDisabled: false,
        skipsFrameCounter: false,
        tags: {},
        variables: {},
      }
      const rootKeys = keysOf(appKey, nwkKey)
      devices.putDevices([rootKeys === undefined ? { device } : { device, rootKeys }])
      return shownDevice(wireless, device)
    },
  )
}
