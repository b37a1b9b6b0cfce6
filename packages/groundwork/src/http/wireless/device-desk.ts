/**
 * Devices as the routes of the wireless network look them up, show them and give them sessions.
 *
 * @module
 */

import { activate, formatDevAddr, regionOf, type Device, type DeviceRow } from '@groundwork/wireless'
import { machineClock } from '../../compose.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import { NotFound } from '../http-errors.ts'

/** @throws NotFound */
export function deviceOf({ devices }: RouterRole, devEui: string): Device {
  const device = devices.device(devEui)
  if (device === undefined) throw new NotFound({ what: `device ${devEui}` })
  return device
}

/** Without keys. */
export function shownDevice({ devices, sessions, queue }: RouterRole, device: Device): object {
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

/** @throws NotFound when the device's profile is gone */
export async function putSession(
  { devices, sessions, policyOf }: RouterRole,
  device: Device,
  session: NonNullable<DeviceRow['session']>,
): Promise<void> {
  const profile = devices.profile(device.profileId)
  if (profile === undefined) throw new NotFound({ what: `profile ${device.profileId}` })
  const policy = policyOf(regionOf(profile.region, profile.parameterRevision))
  await sessions.put(activate(device, profile, session, { policy, atMs: machineClock.nowMs() }))
}
