/**
 * A simulated town's devices at a running gateway: an application, a profile and all devices in one file, and away with them again.
 *
 * @module
 */

import { writeDeviceCsv, type DeviceRow, type LiveTown, type RegionName } from '@groundwork/wireless'
import type { GatewayClient } from '../gateway/gateway-client.ts'

/** Devices that are removed at once. */
const removalsAtOnce = 16

export interface ProvisionedTown {
  readonly applicationId: string
  /** Ends devices, profile and application; what is gone already is no failure. */
  remove(options: { readonly signal: AbortSignal }): Promise<void>
}

export interface ProvisionOptions {
  readonly client: GatewayClient
  readonly town: LiveTown
  /** names the application and the profile */
  readonly name: string
  readonly region: RegionName
  readonly intervalSeconds: number
  readonly signal: AbortSignal
}

export async function provisionTown(options: ProvisionOptions): Promise<ProvisionedTown> {
  const { client, town, name, region, intervalSeconds, signal } = options
  const post = async (path: string, body: object): Promise<unknown> =>
    client.post(path, { body: JSON.stringify(body), contentType: 'application/json', signal })
  const remove: ProvisionedTown['remove'] = async ({ signal: until }) => {
    for (let at = 0; at < town.deviceEuis.length; at += removalsAtOnce)
      await Promise.allSettled(
        town.deviceEuis
          .slice(at, at + removalsAtOnce)
          .map(async (devEui) => client.delete(`/v1/wireless/devices/${devEui}`, { signal: until })),
      )
    await Promise.allSettled([client.delete(`/v1/wireless/profiles/${name}`, { signal: until })])
    await Promise.allSettled([client.delete(`/v1/wireless/applications/${name}`, { signal: until })])
  }
  await post('/v1/wireless/applications', { id: name })
  await post('/v1/wireless/profiles', {
    id: name,
    region,
    macVersion: '1.0.4',
    uplinkIntervalSeconds: Math.max(1, Math.round(intervalSeconds)),
  })
  const body = writeDeviceCsv(rowsOf(town, name), { withKeys: true })
  try {
    await client.post('/v1/wireless/devices/import', { body, contentType: 'text/csv', signal })
  } catch (error) {
    await remove({ signal })
    throw error
  }
  return { applicationId: name, remove }
}

function* rowsOf({ deviceEuis, joinEui, appKeyOf }: LiveTown, name: string): Generator<DeviceRow> {
  for (const [index, devEui] of deviceEuis.entries())
    yield {
      device: {
        devEui,
        joinEui,
        name: devEui,
        description: 'simulated',
        applicationId: name,
        profileId: name,
        isDisabled: false,
        skipsFrameCounter: false,
        tags: {},
        variables: {},
      },
      rootKeys: { appKey: appKeyOf(index) },
    }
}
