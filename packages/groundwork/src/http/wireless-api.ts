/**
 * The wireless face of a gateway's /v1: applications, profiles, devices with their keys and sessions, payloads that wait, rules between
 * devices, gateways, coverage, and events as they come.
 *
 * Keys go in and, when asked for with the token, out; a plain list never shows them.
 *
 * @module
 */

import { logsOf } from '../watch/event-logs.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { asCell } from '@groundwork/core/geography/cell.ts'
import { parseAddress } from '@groundwork/core/identity/address.ts'
import {
  activate,
  coverageMap,
  downlinkPayloadBytesMax,
  formatDevAddr,
  macVersions,
  newApplicationToken,
  parameterRevisions,
  parseDevAddr,
  parseDeviceQr,
  readDeviceCsv,
  readStoredRule,
  regionNames,
  regionOf,
  writeDeviceCsv,
  writeStoredRule,
  type CarriedTraffic,
  type Device,
  type DeviceProfile,
  type DeviceRow,
  type RootKeys,
} from '@groundwork/wireless'
import { z } from 'zod'
import { machineClock, machineRandom } from '../compose.ts'
import { hotspotsIn } from '../watch/carriage-history.ts'
import type { RouterRole } from '../wireless/router-role.ts'
import { eventStreamsMax } from './event-stream.ts'
import { NotFound, RequestWrong, TooManyStreams } from './http-errors.ts'
import type { Api } from './make-server.ts'
import { sendDeviceEvents } from './device-events.ts'

export interface WirelessApiOptions {
  readonly wireless: RouterRole
  readonly index: ChainIndex
  /** the account that buys carriage */
  readonly customer: string
  readonly signal: AbortSignal
}

/** Devices of one answer, inclusive; all of them leave as a file. */
const devicesShownMax = 10_000
/** Longest file of devices, in bytes. */
const csvBytesMax = 64 * 2 ** 20

const id = z.string().regex(/^[\w-]{1,64}$/, '1 to 64 of A-Z, a-z, 0-9, _ and -')
const eui = z.string().regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits in lower case')
const key = z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits in lower case')
const texts = z.record(z.string().max(64), z.string().max(256)).default({})
const hz = z.number().int().min(0).max(1_000_000_000)

const applicationBody = z.object({ id, name: z.string().max(256).default(''), tags: texts })

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

const queueBody = z.object({
  fPort: z.number().int().min(1).max(223).optional(),
  data: z.string().optional().describe('base64'),
  object: z.record(z.string(), z.unknown()).optional().describe('written by the device’s codec'),
  isConfirmed: z.boolean().default(false),
  expiresAtMs: z.number().int().optional(),
})

const idParams = z.object({ id })
const euiParams = z.object({ devEui: eui })

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

export function wirelessApi(app: Api, { wireless, index, customer, signal }: WirelessApiOptions): void {
  const { devices, sessions, queue, network, applications, rules } = wireless
  let streams = 0

  const deviceOf = (devEui: string): Device => {
    const device = devices.device(devEui)
    if (device === undefined) throw new NotFound({ what: `device ${devEui}` })
    return device
  }
  const shown = (device: Device): object => {
    const session = sessions.sessionOf(device.devEui)
    return {
      ...device,
      hasKeys: devices.hasRootKeys(device.devEui),
      session:
        session === undefined
          ? null
          : {
              devAddr: formatDevAddr(session.devAddr),
              startedAtMs: session.startedAtMs,
              fCntUp: session.fCntUp,
              nFCntDown: session.nFCntDown,
              aFCntDown: session.aFCntDown,
              deviceClass: session.radio.deviceClass,
              dataRate: session.radio.dataRate,
              txPowerIndex: session.radio.txPowerIndex,
            },
      queued: queue.count(device.devEui),
    }
  }

  // ---- applications and profiles ----

  app.get('/v1/wireless/applications', { schema: { summary: 'Applications' } }, async () => devices.applications())
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
  app.get('/v1/wireless/profiles', { schema: { summary: 'Kinds of devices' } }, async () => devices.profiles())
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

  // ---- devices ----

  const listQuery = z.object({ applicationId: id.optional() })
  app.get(
    '/v1/wireless/devices',
    { schema: { summary: 'Devices, without keys', querystring: listQuery } },
    async (request) => {
      const { applicationId } = request.query as z.infer<typeof listQuery>
      return devices.devices(applicationId).slice(0, devicesShownMax).map(shown)
    },
  )
  app.get('/v1/wireless/devices/:devEui', { schema: { summary: 'One device', params: euiParams } }, async (request) =>
    shown(deviceOf((request.params as { devEui: string }).devEui)),
  )
  app.post('/v1/wireless/devices', { schema: { summary: 'Make or change one', body: deviceBody } }, async (request) => {
    const { appKey, nwkKey, ...rest } = request.body as z.infer<typeof deviceBody>
    const { unitsPerDayMax, ...plain } = rest
    const device: Device = { ...plain, ...(unitsPerDayMax === undefined ? {} : { unitsPerDayMax }) }
    const rootKeys = keysOf(appKey, nwkKey)
    devices.putDevices([rootKeys === undefined ? { device } : { device, rootKeys }])
    return shown(device)
  })
  app.delete(
    '/v1/wireless/devices/:devEui',
    { schema: { summary: 'End one, with keys and session', params: euiParams } },
    async (request) => {
      const { devEui } = request.params as { devEui: string }
      deviceOf(devEui)
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
      const device = deviceOf((request.params as { devEui: string }).devEui)
      const body = request.body as z.infer<typeof activationBody>
      const nwkSKey = body.nwkSKey ?? body.fNwkSIntKey
      if (nwkSKey === undefined) throw new RequestWrong({ why: 'it has neither nwkSKey nor fNwkSIntKey' })
      const forwarding = bytesOf(nwkSKey)
      await putSession(device, {
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
      return shown(device)
    },
  )
  const putSession = async (device: Device, session: NonNullable<DeviceRow['session']>): Promise<void> => {
    const profile = devices.profile(device.profileId)
    if (profile === undefined) throw new NotFound({ what: `profile ${device.profileId}` })
    const policy = wireless.policyOf(regionOf(profile.region, profile.parameterRevision))
    await sessions.put(activate(device, profile, session, { policy, atMs: machineClock.nowMs() }))
  }
  app.post(
    '/v1/wireless/devices/:devEui/forget-nonces',
    { schema: { summary: 'Let a device join again that lost count of its DevNonces', params: euiParams } },
    async (request) => {
      const { devEui } = deviceOf((request.params as { devEui: string }).devEui)
      await sessions.forgetDevNonces(devEui)
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
      return shown(device)
    },
  )

  // ---- many at once ----

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
          read.rows.flatMap(({ device, session }) => (session === undefined ? [] : [putSession(device, session)])),
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

  // ---- payloads that wait ----

  app.get(
    '/v1/wireless/devices/:devEui/queue',
    { schema: { summary: 'Payloads that wait for it', params: euiParams } },
    async (request) => {
      const { devEui } = deviceOf((request.params as { devEui: string }).devEui)
      return queue
        .items(devEui)
        .map(({ payload, ...item }) => ({ ...item, data: Buffer.from(payload).toString('base64') }))
    },
  )
  app.post(
    '/v1/wireless/devices/:devEui/queue',
    { schema: { summary: 'Send it a payload with its next window', params: euiParams, body: queueBody } },
    async (request) => {
      const { devEui, applicationId } = deviceOf((request.params as { devEui: string }).devEui)
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
      const { devEui } = deviceOf((request.params as { devEui: string }).devEui)
      await queue.clear(devEui)
      return { ok: true }
    },
  )

  // ---- rules between devices ----

  app.get('/v1/wireless/rules', { schema: { summary: 'Rules between devices' } }, async () =>
    rules.rules().map((rule) => JSON.parse(writeStoredRule(rule)) as unknown),
  )
  app.post('/v1/wireless/rules', { schema: { summary: 'Make or change one' } }, async (request) => {
    const read = readStoredRule(JSON.stringify(request.body ?? null))
    if ('refused' in read) throw new RequestWrong({ why: read.refused })
    rules.put(read.rule)
    return JSON.parse(writeStoredRule(read.rule)) as unknown
  })
  app.delete('/v1/wireless/rules/:id', { schema: { summary: 'End one', params: idParams } }, async (request) => {
    rules.remove((request.params as { id: string }).id)
    return { ok: true }
  })

  // ---- what is going on ----

  app.get('/v1/wireless/gateways', { schema: { summary: 'Radio gateways that this network heard from' } }, async () =>
    wireless.gateways.list(),
  )
  app.get('/v1/wireless/status', { schema: { summary: 'Counts and what was dropped, by reason' } }, async () => ({
    route: wireless.route(),
    network: network.counts(),
    dropped: Object.fromEntries(network.drops()),
    applications: applications.counts,
    carry: wireless.carry.counts(),
    hotspots: wireless.carry.sessionCount,
    owed: wireless.carry.owed(),
    mqtt: wireless.mqtt.counts,
  }))
  app.get(
    '/v1/wireless/coverage',
    { schema: { summary: 'Where paid traffic was carried, as GeoJSON by H3 cell' } },
    async () => coverageMap(carriedTraffic(index, customer)),
  )
  const eventsQuery = z.object({ applicationId: id, devEui: eui.optional() })
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
      if (devices.application(applicationId) === undefined) throw new NotFound({ what: `application ${applicationId}` })
      if (streams >= eventStreamsMax) throw new TooManyStreams({ eventStreamsMax })
      streams += 1
      reply.hijack()
      const { raw } = reply
      raw.on('error', () => raw.destroy())
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      const lastEventId = request.headers['last-event-id']
      const filter = devEui === undefined ? { applicationId } : { applicationId, devEui }
      try {
        await sendDeviceEvents(raw, {
          ring: wireless.ring,
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

function keysOf(appKey: string | undefined, nwkKey: string | undefined): RootKeys | undefined {
  if (appKey === undefined) return undefined
  return nwkKey === undefined ? { appKey: bytesOf(appKey) } : { appKey: bytesOf(appKey), nwkKey: bytesOf(nwkKey) }
}

/** What owners were paid for carrying, at the cells where they stand. */
function carriedTraffic(index: ChainIndex, customer: string): CarriedTraffic[] {
  const tip = index.tip()?.number ?? 0n
  const cells = new Map(hotspotsIn(index, { until: tip }).map(({ owner, cell }) => [owner, cell]))
  return logsOf(index, { contract: 'rails', event: 'Redeemed' }).flatMap(({ args }) => {
    const owner = String(args['payee']).toLowerCase()
    const cell = asCell(cells.get(owner as `0x${string}`) ?? 0n)
    if (cell === undefined || customer === owner) return []
    const credits = BigInt(String(args['credits']))
    const units = Number(credits)
    return [{ cell, owner, packets: units, units, paidNanoCredits: credits * 1_000_000_000n, lastMs: 0 }]
  })
}
