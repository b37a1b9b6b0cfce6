/**
 * Many devices at once, as CSV: with keys and sessions when the customer asks for them.
 *
 * @module
 */

import { readDeviceCsv, writeDeviceCsv, type DeviceRow } from '@groundwork/wireless'
import { z } from 'zod'
import type { RouterRole } from '../../wireless/router-role.ts'
import { RequestWrong } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { putSession } from './device-desk.ts'
import { id } from './shapes.ts'

/** Longest file of devices, in bytes. */
const csvBytesMax = 64 * 2 ** 20

export function deviceFilesApi(app: Api, wireless: RouterRole): void {
  const { devices, sessions } = wireless

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: csvBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    scope.post(
      '/v1/wireless/devices/import',
      {
        schema: { summary: 'Devices, keys and sessions from CSV: all of them or none' },
        bodyLimit: csvBytesMax,
        config: { isUpload: true },
      },
      async (request) => {
        const read = readDeviceCsv(String(request.body), {
          hasApplication: (one) => devices.application(one) !== undefined,
          macVersionOf: (one) => devices.profile(one)?.macVersion,
        })
        if ('errors' in read) {
          const first = read.errors
            .slice(0, 20)
            .map(({ line, column, code }) => `line ${line} ${column} ${code}`.replaceAll('  ', ' '))
          throw new RequestWrong({ why: `the file has errors: ${first.join('; ')}` })
        }
        devices.putDevices(
          read.rows.map(({ device, rootKeys }) => (rootKeys === undefined ? { device } : { device, rootKeys })),
        )
        await Promise.all(
          read.rows.flatMap(({ device, session }) =>
            session === undefined ? [] : [putSession(wireless, device, session)],
          ),
        )
        return { devices: read.rows.length }
      },
    )
  })
  const exportBody = z
    .object({ applicationId: id.optional(), withKeys: z.boolean().default(false) })
    .default({ withKeys: false })
  app.post(
    '/v1/wireless/devices/export',
    { schema: { summary: 'Devices as CSV, with keys and sessions when asked', body: exportBody } },
    async (request, reply) => {
      const { applicationId, withKeys } = request.body as z.infer<typeof exportBody>
      const rows = devices.devices(applicationId).map((device): DeviceRow => {
        const rootKeys = withKeys ? devices.rootKeys(device.devEui) : undefined
        const session = withKeys ? sessions.sessionOf(device.devEui) : undefined
        return {
          device,
          ...(rootKeys === undefined ? {} : { rootKeys }),
          ...(session === undefined ? {} : { session }),
        }
      })
      await reply.type('text/csv; charset=utf-8').serializer(String).send(writeDeviceCsv(rows, { withKeys }))
      return reply
    },
  )
}
