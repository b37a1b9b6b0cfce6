/**
 * What customers provision: applications with their tokens, profiles, devices with their root keys. All of it in memory, all of it on
 * disk before a write returns.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Application, Device, DeviceProfile, RootKeys } from '../model/device.ts'
import type { Eui } from '../model/radio.ts'
import type { Devices } from '../ports.ts'
import { isEui } from '../wire/little-endian.ts'
import type { KeyWrap } from './key-wrap.ts'
import { inTransaction } from './network-database.ts'
import { ProvisionRefused } from './network-errors.ts'

/** Devices of one network server, inclusive. */
export const devicesMax = 2_000_000
export const applicationsMax = 10_000
export const profilesMax = 10_000
/** Tokens of one application that are good at once, inclusive. */
export const tokensMax = 16

export interface DeviceEntry {
  readonly device: Device
  /** left out: the keys stay as they are */
  readonly rootKeys?: RootKeys
}

export interface DeviceStore extends Devices {
  applications(): readonly Application[]
  profiles(): readonly DeviceProfile[]
  devices(applicationId?: string): readonly Device[]
  hasRootKeys(devEui: Eui): boolean
  tokenHashes(applicationId: string): readonly Hex[]
  /** @throws ProvisionRefused; then nothing is changed */
  putApplication(application: Application): void
  removeApplication(id: string): void
  putProfile(profile: DeviceProfile): void
  removeProfile(id: string): void
  /** All of them or none. */
  putDevices(entries: readonly DeviceEntry[]): void
  removeDevice(devEui: Eui): void
  addToken(applicationId: string, hash: Hex): void
  removeTokens(applicationId: string): void
}

const keyBytes = 16

export function openDeviceStore({
  database,
  wrap,
}: {
  readonly database: DatabaseSync
  readonly wrap: KeyWrap
}): DeviceStore {
  const applications = new Map<string, Application>()
  const profiles = new Map<string, DeviceProfile>()
  const devices = new Map<Eui, Device>()
  const wrappedKeys = new Map<Eui, { readonly appKey: Uint8Array; readonly nwkKey: Uint8Array | undefined }>()
  const tokens = new Map<string, Hex[]>()
  const rows = (sql: string): Record<string, unknown>[] => database.prepare(sql).all()

  for (const { id, json } of rows('SELECT * FROM wireless_applications'))
    applications.set(String(id), JSON.parse(String(json)) as Application)
  for (const { id, json } of rows('SELECT * FROM wireless_profiles'))
    profiles.set(String(id), JSON.parse(String(json)) as DeviceProfile)
  for (const { dev_eui: devEui, json, app_key: appKey, nwk_key: nwkKey } of rows('SELECT * FROM wireless_devices')) {
    devices.set(String(devEui), JSON.parse(String(json)) as Device)
    if (appKey instanceof Uint8Array)
      wrappedKeys.set(String(devEui), { appKey, nwkKey: nwkKey instanceof Uint8Array ? nwkKey : undefined })
  }
  for (const { application, hash } of rows('SELECT * FROM wireless_tokens'))
    tokens.set(String(application), [...(tokens.get(String(application)) ?? []), String(hash) as Hex])

  const putDeviceRow = database.prepare('INSERT OR REPLACE INTO wireless_devices VALUES (?, ?, ?, ?, ?)')
  const run = (sql: string, ...values: (string | Uint8Array)[]): void => void database.prepare(sql).run(...values)

  const check = ({ device, rootKeys }: DeviceEntry): void => {
    const { devEui, joinEui, applicationId, profileId } = device
    const refuse = (why: string): never => {
      throw new ProvisionRefused({ what: `device ${devEui.slice(0, 32)}`, why })
    }
    if (!isEui(devEui)) refuse('its DevEUI is not 16 lower-case hexadecimal digits')
    if (!isEui(joinEui)) refuse('its JoinEUI is not 16 lower-case hexadecimal digits')
    if (!applications.has(applicationId)) refuse(`there is no application ${applicationId}`)
    const profile = profiles.get(profileId)
    if (profile === undefined) return refuse(`there is no profile ${profileId}`)
    if (rootKeys === undefined) return
    if (rootKeys.appKey.length !== keyBytes) refuse('its AppKey is not 16 bytes')
    if (rootKeys.nwkKey !== undefined && rootKeys.nwkKey.length !== keyBytes) refuse('its NwkKey is not 16 bytes')
    if (profile.macVersion === '1.1.0' && rootKeys.nwkKey === undefined) refuse('a device of 1.1 has a NwkKey')
  }

  return {
    device: (devEui) => devices.get(devEui),
    profile: (id) => profiles.get(id),
    application: (id) => applications.get(id),
    rootKeys(devEui) {
      const wrapped = wrappedKeys.get(devEui)
      if (wrapped === undefined) return undefined
      const appKey = wrap.unwrap(wrapped.appKey)
      return wrapped.nwkKey === undefined ? { appKey } : { appKey, nwkKey: wrap.unwrap(wrapped.nwkKey) }
    },
    applications: () => [...applications.values()],
    profiles: () => [...profiles.values()],
    devices: (applicationId) =>
      [...devices.values()].filter((device) => applicationId === undefined || device.applicationId === applicationId),
    hasRootKeys: (devEui) => wrappedKeys.has(devEui),
    tokenHashes: (applicationId) => tokens.get(applicationId) ?? [],
    putApplication(application) {
      if (!applications.has(application.id) && applications.size >= applicationsMax)
        throw new ProvisionRefused({
          what: `application ${application.id}`,
          why: `there are ${applicationsMax} already`,
        })
      run('INSERT OR REPLACE INTO wireless_applications VALUES (?, ?)', application.id, JSON.stringify(application))
      applications.set(application.id, application)
    },
    removeApplication(id) {
      if ([...devices.values()].some(({ applicationId }) => applicationId === id))
        throw new ProvisionRefused({ what: `the end of application ${id}`, why: 'it has devices' })
      run('DELETE FROM wireless_applications WHERE id = ?', id)
      run('DELETE FROM wireless_tokens WHERE application = ?', id)
      applications.delete(id)
      tokens.delete(id)
    },
    putProfile(profile) {
      if (!profiles.has(profile.id) && profiles.size >= profilesMax)
        throw new ProvisionRefused({ what: `profile ${profile.id}`, why: `there are ${profilesMax} already` })
      run('INSERT OR REPLACE INTO wireless_profiles VALUES (?, ?)', profile.id, JSON.stringify(profile))
      profiles.set(profile.id, profile)
    },
    removeProfile(id) {
      if ([...devices.values()].some(({ profileId }) => profileId === id))
        throw new ProvisionRefused({ what: `the end of profile ${id}`, why: 'devices have it' })
      run('DELETE FROM wireless_profiles WHERE id = ?', id)
      profiles.delete(id)
    },
    putDevices(entries) {
      for (const entry of entries) check(entry)
      const fresh = new Set(entries.map(({ device }) => device.devEui).filter((devEui) => !devices.has(devEui)))
      if (devices.size + fresh.size > devicesMax)
        throw new ProvisionRefused({ what: `${fresh.size} devices`, why: `more than ${devicesMax} are not kept` })
      const wrapped = entries.map(({ device, rootKeys }) => {
        const { appKey, nwkKey } = rootKeys ?? {}
        if (appKey === undefined) return { device, keys: wrappedKeys.get(device.devEui) }
        return {
          device,
          keys: { appKey: wrap.wrap(appKey), nwkKey: nwkKey === undefined ? undefined : wrap.wrap(nwkKey) },
        }
      })
      inTransaction(database, () => {
        for (const { device, keys } of wrapped)
          putDeviceRow.run(
            device.devEui,
            device.applicationId,
            JSON.stringify(device),
            keys?.appKey ?? null,
            keys?.nwkKey ?? null,
          )
      })
      for (const { device, keys } of wrapped) {
        devices.set(device.devEui, device)
        if (keys !== undefined) wrappedKeys.set(device.devEui, keys)
      }
    },
    removeDevice(devEui) {
      inTransaction(database, () => {
        // JoinNonces stay: a device that is made again with the same keys takes no answer with one that it knows.
        for (const table of ['wireless_devices', 'wireless_dev_nonces', 'wireless_queue'])
          run(`DELETE FROM ${table} WHERE dev_eui = ?`, devEui)
      })
      devices.delete(devEui)
      wrappedKeys.delete(devEui)
    },
    addToken(applicationId, hash) {
      const known = tokens.get(applicationId) ?? []
      if (known.length >= tokensMax)
        throw new ProvisionRefused({ what: 'one more token', why: `an application has at most ${tokensMax}` })
      run('INSERT OR IGNORE INTO wireless_tokens VALUES (?, ?)', applicationId, hash)
      tokens.set(applicationId, [...known, hash])
    },
    removeTokens(applicationId) {
      run('DELETE FROM wireless_tokens WHERE application = ?', applicationId)
      tokens.delete(applicationId)
    },
  }
}
